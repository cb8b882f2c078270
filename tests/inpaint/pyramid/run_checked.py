"""Call every function of the fills on small pictures, with kernels that are not compiled, and check every index.

Run as a module, with NUMBA_DISABLE_JIT=1, see `tests.inpaint.synthesis.run_checked`.
"""

import numpy as np

from inpaint.pyramid import fills, kernels, pixel_kernels
from tests.inpaint.synthesis.run_checked import checked

KERNELS = {kernels: ("halve", "fill"), pixel_kernels: ("downscale", "composite", "transfer_low_frequencies")}


def with_checks(kernel):
    return lambda *arguments: kernel(*checked(arguments))


def main():
    for module, names in KERNELS.items():
        for name in names:
            setattr(module, name, with_checks(getattr(module, name)))
    rng, count = np.random.default_rng(0), 0
    for size in ((1, 1), (1, 5), (4, 1), (2, 2), (3, 7), (8, 6)):
        for share in (0.3, 1):
            photo, hole = rng.integers(0, 256, (*size, 3), dtype=np.uint8), rng.random(size) < share
            for factor in (1, 2, 3):
                block = np.ones((factor, factor), bool)
                large = np.kron(photo, block[..., None].astype(np.uint8))
                image, mask = fills.downscale(large, np.kron(hole, block), factor)
                filled = fills.initial_fill(image, mask)
                for side in (1, 2):
                    if not size[0] % side and not size[1] % side:
                        filled = fills.transfer_low_frequencies(filled, image, mask, side)
                count += fills.composite_pixels(image, filled, mask).shape == photo.shape
    print(f"{count} pictures")


if __name__ == "__main__":
    main()
