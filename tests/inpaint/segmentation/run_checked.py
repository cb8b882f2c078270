"""Run the kernels around the damage network on small pictures, not compiled, and check every index.

Run as a module, with NUMBA_DISABLE_JIT=1, see `tests.inpaint.synthesis.run_checked`.
"""

import numpy as np

from inpaint.segmentation import kernels, network_input, resize
from inpaint.segmentation.thresholding import hysteresis
from tests.inpaint.synthesis.run_checked import checked, parallel


def main():
    resize.parallel = network_input.parallel = parallel
    compiled = kernels.hysteresis
    kernels.hysteresis = lambda *arguments: compiled(*checked(arguments))
    rng, count = np.random.default_rng(0), 0
    for height, width in ((1, 1), (1, 9), (7, 2), (16, 16), (32, 48)):
        pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        values = rng.normal(0, 1, (height, width)).astype(np.float32)
        for scale in (0.01, 0.5, 0.7):
            shape = resize.box_downscale(pixels, scale).shape[:2]
            small = rng.normal(0, 1, shape).astype(np.float32)
            resize.average_with_enlarged(values, small, 0.4)
            resize.maximum_with_enlarged(values, small)
            resize.enlarged_at_most(small, values.shape, 0)
        hysteresis(values, -0.3, 0.2, 3)
        if height % 16 == width % 16 == 0:
            network_input.unshuffled_with_contrast(pixels)
        count += 1
    print(f"{count} pictures")


if __name__ == "__main__":
    main()
