"""JPEG files of many kinds, and what libjpeg (by jpeglib) reads of their coefficients."""

import tempfile
from pathlib import Path

import jpeglib
import numpy as np
from PIL import Image

from tests.pictures import file_bytes

SIZE = (83, 61)  # in no sampling a whole number of blocks
SAMPLINGS = {  # (down, across) of each component
    "4:4:4": ((1, 1), (1, 1), (1, 1)),
    "4:2:2": ((1, 2), (1, 1), (1, 1)),
    "4:2:0": ((2, 2), (1, 1), (1, 1)),
    "4:4:0": ((2, 1), (1, 1), (1, 1)),
    "4:1:1": ((1, 4), (1, 1), (1, 1)),
    "4:1:0": ((2, 4), (1, 1), (1, 1)),
    "each chroma of its own": ((2, 2), (1, 2), (2, 1)),
    "luma smaller than chroma": ((1, 1), (2, 1), (1, 2)),
}
OPTIONS = {
    "baseline": {},
    "progressive": {"progressive": True},
    "optimised": {"optimize": True, "quality": 90},
    "restarts": {"restart_marker_blocks": 5},
    "restarts in rows": {"restart_marker_rows": 1, "progressive": True, "subsampling": 1},
    "coarse": {"quality": 10, "optimize": True},
    "fine": {"quality": 100, "subsampling": 0, "progressive": True},
    "16-bit tables": {"qtables": [[300 + k for k in range(64)], [20 + 5 * k for k in range(64)]]},
    "RGB": {"keep_rgb": True},
}
NAMES = [*SAMPLINGS, *OPTIONS, "grey", "grey, progressive", "grey of factor 2", "CMYK", "YCCK", "one pixel"]


def smooth(mode="RGB", size=SIZE, seed=0):
    """A picture with soft colours and a little noise, so that coefficients of all frequencies occur."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 4), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    noisy = np.asarray(coarse) + rng.normal(0, 5, (size[1], size[0], 4))
    pixels = Image.fromarray(noisy.clip(0, 255).astype(np.uint8)[..., : 4 if mode == "CMYK" else 3].copy())
    return Image.frombytes("CMYK", size, pixels.tobytes()) if mode == "CMYK" else pixels.convert(mode)


def jpeg(name, size=SIZE, seed=0, **more):
    """The bytes of a JPEG file of a kind from NAMES."""
    if name in SAMPLINGS:
        picture = jpeglib.from_spatial(np.array(smooth(size=size, seed=seed)))
        picture.samp_factor = SAMPLINGS[name]
        with tempfile.TemporaryDirectory() as folder:
            picture.write_spatial(f"{folder}/x.jpg")
            return Path(folder, "x.jpg").read_bytes()
    if name == "one pixel":
        return file_bytes(smooth(size=(1, 1)), "JPEG")
    if name == "YCCK":
        # what Pillow writes as CMYK, said to be YCCK: a sample is a sample
        plain = file_bytes(smooth("CMYK", size, seed), "JPEG", **more)
        place = plain.index(b"Adobe") + 11
        return plain[:place] + b"\2" + plain[place + 1 :]
    if name == "grey of factor 2":  # which means nothing where there is one component
        plain = file_bytes(smooth("L", size, seed), "JPEG")
        place = plain.index(b"\xff\xc0") + 11
        return plain[:place] + b"\x22" + plain[place + 1 :]
    mode = {"gr": "L", "CM": "CMYK"}.get(name[:2], "RGB")
    options = OPTIONS.get(name, {"progressive": name.endswith("progressive")}) | more
    return file_bytes(smooth(mode, size, seed), "JPEG", **options)


def coefficients(data):
    """All quantized coefficients of a file by component: int16 (rows, columns, 8, 8), as libjpeg reads them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "x.jpg").write_bytes(data)
        read = jpeglib.read_dct(f"{folder}/x.jpg")
        return [part.copy() for part in (read.Y, read.Cb, read.Cr, read.K) if part is not None]


def touched_blocks(changed, shape, factor):
    """Which blocks of a component cover a changed pixel: bool of `shape`.

    Args:
        changed: bool (h, w), of the stored picture.
        shape: rows and columns of blocks.
        factor: (down, across), how many pixels a sample covers.
    """
    touched = np.zeros(shape, bool)
    for row, column in np.argwhere(changed):
        place = row // (8 * factor[0]), column // (8 * factor[1])
        touched[place] = True
    return touched


def factors(data):
    """How many pixels a sample of each component covers: [(down, across), ...]."""
    at = 2
    while data[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    pairs = [data[place] for place in range(at + 11, at + 11 + 3 * data[at + 9] - 2, 3)]
    down, across = max(pair & 15 for pair in pairs), max(pair >> 4 for pair in pairs)
    return [(down // (pair & 15), across // (pair >> 4)) for pair in pairs]


def markers(data):
    """All segments before and between the scans but for Huffman tables: [(marker, payload), ...]."""
    found, at = [], 2
    while data[at + 1] != 0xD9:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        found.append((data[at + 1], data[at + 4 : at + 2 + length]))
        at += 2 + length
        while found[-1][0] == 0xDA and (data[at] != 0xFF or data[at + 1] in (0, *range(0xD0, 0xD8))):
            at += 1
    return [segment for segment in found if segment[0] != 0xC4]
