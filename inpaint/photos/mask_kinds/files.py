"""Mask files that are no pictures: annotations in JSON, and NumPy arrays."""

import io
import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from inpaint.photos.errors import MaskError
from inpaint.photos.opening import MAX_BYTES, PhotoSource

_HEAD_BYTES = 64
_NUMPY, _ZIP = b"\x93NUMPY", b"PK\3\4"
_File = str | os.PathLike[str] | bytes | BinaryIO


def load_mask_file(source: PhotoSource, size: tuple[int, int], name: str | None) -> tuple[PhotoSource, tuple[str, ...]]:
    """Return the mask of a file of annotations or arrays as an array, and notes about it; other sources as they are.

    Args:
        source: as for `read_mask`.
        size: (width, height) of the photo.
        name: the name of its file, by which it is found in the annotations of several photos; None: unknown.

    Raises:
        MaskError: the file is damaged, or it cannot be told what its mask is.
    """
    if isinstance(source, np.ndarray | Image.Image):
        return source, ()
    file, head = _with_head(source)
    if head.startswith((_NUMPY, _ZIP)):
        from .numpy_files import load_mask_array

        return load_mask_array(_content(file), size)
    if _is_json(head):
        from .annotations import annotations_to_hole

        return annotations_to_hole(_content(file), size, name)
    return file, ()


def is_annotation_file(path: Path) -> bool:
    """Return whether a file is read as annotations in JSON; False if it cannot be opened."""
    return _is_json(_with_head(path)[1])


def _is_json(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def _with_head(source: _File) -> tuple[_File, bytes]:
    """Return a source that can be read from its beginning, and its first bytes; none if it cannot be opened."""
    if isinstance(source, bytes):
        return source, source[:_HEAD_BYTES]
    if isinstance(source, str | os.PathLike):
        try:
            with Path(source).open("rb") as file:
                return source, file.read(_HEAD_BYTES)
        except OSError:
            return source, b""
    if not hasattr(source, "seekable"):
        return source, b""
    if not source.seekable():
        source = io.BytesIO(source.read(MAX_BYTES + 1))
    source.seek(0)
    head = source.read(_HEAD_BYTES)
    source.seek(0)
    return source, head


def _content(source: _File) -> bytes:
    if isinstance(source, bytes):
        data = source
    elif isinstance(source, str | os.PathLike):
        with Path(source).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    else:
        data = source.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise MaskError(f"the mask is a file of more than {MAX_BYTES >> 20} MB; pass the mask of one photo")
    return data
