"""Decode and encode small JPEG files, sound and damaged ones, with kernels that are not compiled; check every index.

Run as a module, with NUMBA_DISABLE_JIT=1, see `tests.inpaint.synthesis.run_checked`.
"""

import numpy as np

from inpaint.photos.rewriting import jpeg_coding, jpeg_decode_kernels, jpeg_encode_kernels, jpeg_file
from inpaint.photos.rewriting.jpeg_structure import Scan
from inpaint.photos.rewriting.rewrite import CannotRewriteError
from tests.inpaint.photos.rewriting.jpegs import jpeg
from tests.inpaint.synthesis.run_checked import checked

KINDS = ("4:2:0", "restarts", "restarts in rows", "fine", "CMYK", "grey, progressive")


def check(module, name):
    kernel = getattr(module, name)
    setattr(module, name, lambda *arguments: kernel(*checked(arguments)))


def main():
    for module, names in (
        (jpeg_decode_kernels, ("decode_first", "decode_dc_bit", "decode_ac_first", "decode_ac_bit")),
        (jpeg_encode_kernels, ("encode_first", "encode_dc_bit", "encode_ac_first", "encode_ac_bit")),
        (jpeg_encode_kernels, ("count_symbols", "write")),
    ):
        for name in names:
            check(module, name)
    rng, same, damaged = np.random.default_rng(0), 0, 0
    for kind in KINDS:
        data = jpeg(kind, (27, 19))
        file = jpeg_file.read(data)
        coefficients = jpeg_coding.decode(file, data)
        same += jpeg_coding.encode(file, file.parts, coefficients) == data
        rng.shuffle(coefficients.reshape(-1))  # needs codes that the file has not
        encoded = jpeg_coding.encode(file, file.parts, coefficients)
        assert np.array_equal(jpeg_coding.decode(jpeg_file.read(encoded), encoded), coefficients)
        start = next(part.start for part in file.parts if isinstance(part, Scan))
        for _ in range(12):
            broken = bytearray(data)
            for place in rng.integers(start, len(data) - 2, 3):
                broken[place] = rng.integers(256)
            try:
                again = jpeg_file.read(bytes(broken))
                jpeg_coding.encode(again, again.parts, jpeg_coding.decode(again, bytes(broken)))
            except CannotRewriteError:
                damaged += 1
    print(f"{same} files, {damaged > 10}")


if __name__ == "__main__":
    main()
