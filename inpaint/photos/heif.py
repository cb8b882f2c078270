"""Decode HEIC pictures at their full depth, and encode them with a given coding, by pillow-heif."""

import importlib
import io

import numpy as np
from PIL import Image

from .coded import IDENTITY, Coding
from .modes import low_bytes
from .sixteen_bit import from_deep_array, to_array

ENCODER_OPTIONS = {"preset": "veryfast"}
"""Of x265. The default preset takes twice as long for files that are 5 % smaller."""
_CHROMA = {"4:4:4": "444", "4:2:2": "422", "4:2:0": "420"}


def decode_deep(data: bytes) -> Image.Image:
    """Return a picture of 10 or 12 bits as 16-bit colour, see `modes.LOW_BYTES`; upright.

    Raises:
        Exception: what pillow-heif raises on damaged files.
    """
    picture = importlib.import_module("pillow_heif").open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    depth = min(picture.info.get("bit_depth", 16), 16)
    values = np.asarray(picture)
    if values.ndim == 2:
        values = np.repeat(values[..., None], 3, axis=2)
    return from_deep_array(values | values >> depth)  # pillow-heif leaves the lowest bits 0


def encode(photo: Image.Image, coding: Coding, quality: int) -> bytes:
    """Return a HEIC file with a picture and its alpha, without metadata.

    Args:
        photo: mode L, RGB or RGBA; with lower bytes if the coding has more than 8 bits and they are to be kept.
        coding: how to code it.
        quality: from 1 to 100; a lossless coding has none.
    """
    heif = importlib.import_module("pillow_heif")
    deep = coding.depth > 8 and low_bytes(photo) is not None
    subsampling = coding.subsampling
    if subsampling == "4:0:0":
        grey = photo.mode == "RGB" and not deep and photo.convert("L").convert("RGB").tobytes() == photo.tobytes()
        photo = photo.convert("L") if grey else photo
    values = to_array(photo)
    picture = heif.HeifFile()
    picture.add_frombytes(photo.mode + (";16" if deep else ""), photo.size, values.tobytes())
    options = {} if photo.mode == "L" else {"chroma": _CHROMA.get(subsampling, "444")}
    picture.save(
        file := io.BytesIO(),
        quality=-1 if coding.lossless else quality,
        enc_params=dict(ENCODER_OPTIONS),
        bit_depth=coding.depth if deep else 8,
        matrix_coefficients=coding.matrix if coding.matrix in (IDENTITY, 1, 5, 6, 9) else 6,
        **options,
    )
    return file.getvalue()
