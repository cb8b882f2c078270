"""TIFF files made by tifffile, for tests."""

import io

import numpy as np
import tifffile

HEIGHT, WIDTH = 40, 52
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH]


def ramp(dtype, channels=1, low=0.05, high=0.95):
    """Samples that rise over the picture, from the share `low` to the share `high` of the type's range."""
    share = (COLUMNS / (WIDTH - 1) + ROWS / (HEIGHT - 1)) / 2
    share = low + (high - low) * np.stack([share, share[::-1], share[:, ::-1], 1 - share / 2][:channels], axis=-1)
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        limits = np.iinfo(dtype)
        share = (float(limits.min) + share * (float(limits.max) - float(limits.min))).round()
    values = share.astype(dtype)
    return values[..., 0] if channels == 1 else values


def tiff_bytes(pixels, **options):
    """The bytes of a TIFF of (H, W) or (H, W, channels); `planarconfig="separate"` stores them plane by plane."""
    if options.get("planarconfig") == "separate":
        pixels = np.moveaxis(pixels, 2, 0)
    options.setdefault("photometric", "rgb" if pixels.ndim == 3 else "minisblack")
    tifffile.imwrite(file := io.BytesIO(), pixels, **options)
    return file.getvalue()


def several(pages):
    """The bytes of a TIFF of several pages: (pixels, options of tifffile) of each."""
    with tifffile.TiffWriter(file := io.BytesIO()) as writer:
        for pixels, options in pages:
            writer.write(pixels, **({"photometric": "rgb" if pixels.ndim == 3 else "minisblack"} | options))
    return file.getvalue()
