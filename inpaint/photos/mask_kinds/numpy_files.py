"""NumPy files (.npy, .npz) with one mask or several, as segmentation networks such as SAM are saved."""

import io
import math
import zipfile
from itertools import pairwise
from typing import IO

import numpy as np

from inpaint.photos.errors import MaskError

MAX_BYTES = 1 << 30
"""Of all arrays of a file, once they are read: zeros are compressed to a thousandth."""
BEST = "the file holds several masks with scores, and the one with the best score is the hole"
_KEYS = ("mask", "masks", "segmentation", "segmentations", "arr_0")
_SCORES = ("scores", "iou_predictions", "iou_preds", "predicted_iou")
_MAX_CHOICES = 4
_NESTED = 0.8


def load_mask_array(data: bytes, size: tuple[int, int]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the mask of a NumPy file as an array (H, W) of any type, and notes about it.

    Several masks are joined, unless they are nested, as those that SAM offers for one click.

    Args:
        data: of a .npy or .npz file. Nothing in it is executed: pickled objects are refused.
        size: (width, height) of the photo.

    Raises:
        MaskError: it is damaged, too large, not a mask of this size, or it cannot be told which of its masks is meant.
    """
    try:
        arrays = {"mask": _read(io.BytesIO(data), size, len(data))} if data[:1] == b"\x93" else _read_all(data, size)
    except MaskError:
        raise
    except Exception as error:  # NumPy's and zipfile's parsers raise nearly any type on damaged files
        raise MaskError(f"the mask is a NumPy file that cannot be read ({error}); save it again") from None
    key = next((key for key in _KEYS if key in arrays), None)
    pictures = {name: each for name, each in arrays.items() if _fits(each.shape, size)}
    if key not in pictures and len(pictures) != 1:
        shapes = ", ".join(f"{name} {each.shape}" for name, each in list(arrays.items())[:5])
        raise MaskError(
            f"the mask's file holds {shapes or 'no array'}, and the photo is {size[0]}x{size[1]}: save one array "
            f"(H, W) = ({size[1]}, {size[0]}), named mask"
        )
    mask = pictures[key] if key in pictures else next(iter(pictures.values()))
    scores = next((arrays[name] for name in _SCORES if name in arrays), None)
    return _joined(mask, scores, size)


def _fits(shape: tuple[int, ...], size: tuple[int, int]) -> bool:
    """Return whether an array is one mask or several: (H, W), (H, W, 1, 3 or 4), (N, H, W) or (N, 1, H, W)."""
    if len(shape) == 3 and shape[2] in (1, 3, 4) and (shape[1], shape[0]) == tuple(size):
        return True
    if len(shape) == 4 and shape[1] == 1:
        shape = (shape[0], *shape[2:])
    return len(shape) in (2, 3) and (shape[-1], shape[-2]) == tuple(size)


def _joined(mask: np.ndarray, scores: np.ndarray | None, size: tuple[int, int]) -> tuple[np.ndarray, tuple[str, ...]]:
    if mask.ndim == 2 or (mask.ndim == 3 and (mask.shape[1], mask.shape[0]) == tuple(size)):
        return mask, ()
    planes = mask.reshape(-1, *mask.shape[-2:])
    if len(planes) == 1:
        return planes[0], ()
    if scores is not None and scores.size == len(planes) <= _MAX_CHOICES and scores.dtype.kind == "f":
        return planes[int(scores.argmax())], (BEST,)
    if planes.dtype.kind == "f" and planes.min() < 0:
        raise MaskError("the mask's file holds values below 0 (logits): save masks > 0")
    holes = planes != 0 if planes.dtype.kind != "f" else planes >= 0.5
    if len(planes) <= _MAX_CHOICES and _are_nested(holes):
        raise MaskError(
            f"the mask's file holds {len(planes)} masks that lie in each other, as SAM offers them for one click: save "
            "one of them, such as masks[scores.argmax()]"
        )
    return np.asarray(holes.any(axis=0)), ()


def _are_nested(holes: np.ndarray) -> bool:
    by_area = sorted(holes, key=lambda hole: int(np.count_nonzero(hole)))
    return all(
        np.count_nonzero(small & large) > _NESTED * np.count_nonzero(small) for small, large in pairwise(by_area)
    )


def _read_all(data: bytes, size: tuple[int, int]) -> dict[str, np.ndarray]:
    """Return those arrays of a .npz file that may be masks of this size, or scores."""
    arrays: dict[str, np.ndarray] = {}
    refused: MaskError | None = None
    left = MAX_BYTES
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist()[:64]:
            name = entry.filename.removesuffix(".npy")
            if name == entry.filename:
                continue
            try:
                with archive.open(entry) as file:
                    arrays[name] = _read(file, size, min(entry.file_size, left))
                left -= arrays[name].nbytes
            except MaskError as error:  # of an array that may be something else, such as the photo
                refused = refused or error
    if not arrays and refused:
        raise refused
    return arrays


def _read(file: IO[bytes], size: tuple[int, int], length: int) -> np.ndarray:
    """Return an array after its header was checked: it is a mask of this size, or small, such as scores."""
    version = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read_header(file)
    if dtype.hasobject or dtype.kind not in "buif":
        raise MaskError(f"the mask's file holds values of the type {dtype}; save numbers or bool, without pickle")
    count = math.prod(shape)
    if not _fits(shape, size) and count > 4096:
        raise MaskError(
            f"the mask's file holds an array of shape {shape}, and the photo is {size[0]}x{size[1]}: save an array "
            f"(H, W) = ({size[1]}, {size[0]})"
        )
    if count * dtype.itemsize > min(MAX_BYTES, length):
        raise MaskError("the mask's file is truncated or too large; save it again, with the mask alone")
    values = np.frombuffer(_read_exactly(file, count * dtype.itemsize), dtype)
    return values.reshape(shape, order="F" if fortran else "C")


def _read_exactly(file: IO[bytes], length: int) -> bytes:
    data = file.read(length)
    if len(data) != length:
        raise MaskError("the mask's file is truncated; save it again")
    return data
