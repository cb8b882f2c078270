"""Decode AVIF pictures at their full depth, and encode them with a given coding."""

import importlib
import importlib.util
import io
from typing import Any

import numpy as np
from PIL import Image

from .coded import IDENTITY, Coding
from .modes import low_bytes, without_info
from .sixteen_bit import from_deep_array, to_array

SPEED = 6
"""From 0, slow and small, to 10; the default of the library."""


def has_full_codec() -> bool:
    """Return whether the optional package imagecodecs is installed, which reads and writes 10 and 12 bits."""
    return importlib.util.find_spec("imagecodecs") is not None


def decode_deep(data: bytes, depth: int) -> Image.Image:
    """Return a picture of 10 or 12 bits as 16-bit colour, see `modes.LOW_BYTES`.

    Args:
        data: an AVIF file.
        depth: its bits per sample.

    Raises:
        Exception: what imagecodecs raises on damaged files.
    """
    values = importlib.import_module("imagecodecs").avif_decode(data)
    if values.ndim == 2:
        values = np.repeat(values[..., None], 3, axis=2)
    if values.shape[2] == 2:
        values = values[..., [0, 0, 0, 1]]
    values = values.astype(np.uint16)
    return from_deep_array(values << (16 - depth) | values >> (2 * depth - 16))


def encode(photo: Image.Image, coding: Coding, quality: int) -> bytes:
    """Return an AVIF file with a picture and its alpha, without metadata.

    Args:
        photo: mode L, RGB or RGBA; with lower bytes if the coding has more than 8 bits and they are to be kept.
        coding: how to code it. Without imagecodecs, matrix and depth are 6 and 8, and 4:0:0 becomes 4:4:4.
        quality: from 1 to 100, where a lossless coding counts as 100.
    """
    if not has_full_codec():
        return _encode_with_pillow(photo, coding, quality)
    deep = coding.depth > 8 and low_bytes(photo) is not None
    values = to_array(photo) >> (16 - coding.depth) if deep else np.asarray(photo)
    if values.ndim == 2:
        values = np.repeat(values[..., None], 3, axis=2)
    options: dict[str, Any] = {"pixelformat": coding.subsampling.replace(":", ""), "matrix": _matrix(coding)}
    if coding.lossless:
        options["pixelformat"], quality = "444", 100
    if coding.subsampling == "4:0:0":
        options["pixelformat"] = "400" if (values[..., :3] == values[..., :1]).all() else "444"
        if options["pixelformat"] == "400" and values.shape[2] == 3 and quality == 100:
            values = values[..., 0]  # which imagecodecs codes without losses, whatever the quality
    encoder = importlib.import_module("imagecodecs").avif_encode
    return bytes(
        encoder(
            np.ascontiguousarray(values), quality, speed=SPEED, bitspersample=coding.depth if deep else 8, **options
        )
    )


def _matrix(coding: Coding) -> int:
    """Return the matrix of the coding, or that of BT.601 in place of an unspecified or unusual one."""
    if coding.lossless:
        return IDENTITY
    return coding.matrix if coding.matrix in (1, 5, 6, 9) else 6


def _encode_with_pillow(photo: Image.Image, coding: Coding, quality: int) -> bytes:
    plain = without_info(photo)
    subsampling = "4:4:4" if coding.subsampling == "4:0:0" or coding.lossless else coding.subsampling
    plain.save(file := io.BytesIO(), "AVIF", quality=100 if coding.lossless else quality, subsampling=subsampling)
    return file.getvalue()
