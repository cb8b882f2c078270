"""COCO's run-length encoding of masks."""

from collections.abc import Sequence

import numpy as np

from inpaint.photos.errors import MaskError


def runs_to_hole(encodings: Sequence[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """Return the union of run-length encodings: bool (H, W), True = hole.

    The time does not depend on how many there are, but on the number of their runs and on the size of the photo.

    Args:
        encodings: each as `read_runs` returns it.
        size: (width, height) of the photo.
    """
    width, height = size
    starts, stops = np.concatenate([np.zeros((0, 2), np.int64), *encodings]).T
    changes = np.concatenate([starts, stops])
    order = np.argsort(changes, kind="stable")
    depth = np.cumsum(np.repeat(np.array([1, -1], np.int64), len(starts))[order])
    ends = np.concatenate([changes[order], [width * height]])
    lengths = np.diff(ends, prepend=0)
    return np.repeat(np.concatenate([[False], depth > 0]), lengths).reshape(width, height).T.copy()


def read_runs(segmentation: dict, size: tuple[int, int]) -> np.ndarray:
    """Return the runs of a run-length encoding that lie in the hole: int64 (N, 2), first and one past the last pixel.

    Pixels are counted column by column.

    Args:
        segmentation: {"size": [height, width], "counts": ...}, where the counts are a list of numbers or COCO's
            compressed string: of pixels outside and inside the hole in turn, column by column.
        size: (width, height) of the photo.

    Raises:
        MaskError: it is damaged, or of another size.

    Reference:
        github.com/cocodataset/cocoapi, common/maskApi.c: rleDecode and rleFrString.
    """
    own = segmentation.get("size")
    if not isinstance(own, list) or len(own) != 2 or not all(isinstance(side, int) and side > 0 for side in own):
        raise MaskError(f"the mask's run-length encoding has the size {own!r}; it must be [height, width]")
    height, width = own
    if (width, height) != tuple(size):
        raise MaskError(
            f"the mask is {width}x{height} and the photo is {size[0]}x{size[1]}; they must have the same size: use the "
            "photo that was annotated"
        )
    counts = segmentation.get("counts")
    lengths = _uncompressed(counts, width * height) if isinstance(counts, str) else counts
    if not isinstance(lengths, list) or not all(type(length) is int and length >= 0 for length in lengths):
        raise MaskError("the mask's run-length encoding has counts that are no numbers of pixels; export it again")
    if sum(lengths) != width * height:
        raise MaskError(
            f"the mask's run-length encoding counts {sum(lengths)} pixels, and its size is {width}x{height}; it is "
            "damaged: export it again"
        )
    ends = np.cumsum(lengths, dtype=np.int64)
    return np.stack([ends[: len(ends) // 2 * 2 : 2], ends[1::2]], axis=1)


def _uncompressed(text: str, pixels: int) -> list[int]:
    """Return the numbers of COCO's compressed string: 5 bits a character, as differences to the last number but one."""
    lengths: list[int] = []
    value = shift = total = 0
    for character in text.encode("ascii", "replace"):
        bits = character - 48
        if not 0 <= bits < 64 or shift > 40 or total > pixels:
            raise MaskError("the mask's run-length encoding is damaged: export it again")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        lengths.append(value + lengths[-2] if len(lengths) > 2 else value)
        total += lengths[-1]
        value = shift = 0
    return lengths
