"""Annotations in JSON as masks: COCO, LabelMe, and single segmentations."""

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import numpy as np

from inpaint.photos.errors import MaskError

from .labelme import is_labelme, labelme_to_hole
from .run_lengths import read_runs, runs_to_hole
from .shapes import add_polygon, checked_overlap, checked_points

MAX_BYTES = 512 << 20
BOXES = "the annotations of the photo have no outlines, so their boxes are the hole"
_NAMED = 5


def annotations_to_hole(data: bytes, size: tuple[int, int], name: str | None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the hole of annotations, which is the union of all that are of the photo, and notes about it.

    Args:
        data: a JSON file: a COCO dataset (the photo is found by its name, or is the only one), COCO results of one
            photo, a LabelMe file, one annotation, or one segmentation (polygons or a run-length encoding).
        size: (width, height) of the photo.
        name: the name of its file; None: unknown.

    Returns:
        bool (H, W), True = hole, and sentences.

    Raises:
        MaskError: it is damaged, of another kind or size, or has no such photo.
    """
    if len(data) > MAX_BYTES:
        raise MaskError(f"the mask is a JSON file of more than {MAX_BYTES >> 20} MB; pass the annotations of one photo")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MaskError(f"the mask is a text file, and no JSON that can be read ({error}); export it again") from None
    if is_labelme(content):
        return labelme_to_hole(content, size)
    hole, boxes = np.zeros((size[1], size[0]), bool), False
    annotations = _annotations_of(content, size, name)
    runs = [read_runs(each["segmentation"], size) for each in annotations if _has_run_lengths(each)]
    if runs:
        hole |= runs_to_hole(runs, size)
    drawn = 0
    for annotation in annotations:
        if not _has_run_lengths(annotation):
            for outline, is_box in _outlines(annotation):
                drawn = checked_overlap(drawn, outline, hole)
                add_polygon(hole, outline)
                boxes |= is_box
    if not hole.any() and not all(_has_run_lengths(annotation) for annotation in annotations):
        raise MaskError(
            "the mask's annotations of the photo mark none of its pixels: polygons and boxes must be in pixels from "
            "its upper left corner; export the annotations as COCO or LabelMe, or as a picture"
        )
    return hole, (BOXES,) if boxes else ()


def _annotations_of(content: Any, size: tuple[int, int], name: str | None) -> list[Any]:
    """Return the annotations of one photo, each a dict with "segmentation" or "bbox"."""
    if isinstance(content, dict) and isinstance(content.get("annotations"), list):
        images = content.get("images", [content["image"]] if "image" in content else None)
        if not isinstance(images, list):
            return list(content["annotations"])
        image = _image_named(images, name)
        _check_size(image, size)
        key = image.get("id", image.get("image_id"))
        own = [each for each in content["annotations"] if isinstance(each, dict)]
        return own if "images" not in content else [each for each in own if str(each.get("image_id")) == str(key)]
    if isinstance(content, dict) and ("segmentation" in content or "bbox" in content):
        return [content]
    if isinstance(content, dict) and "counts" in content:
        return [{"segmentation": content}]
    if isinstance(content, list) and content and all(isinstance(each, dict) for each in content):
        if any(each.get("image_id") != content[0].get("image_id") for each in content):
            raise MaskError("the mask is a list of COCO results of several photos; pass those of one, or a dataset")
        return [each if "counts" not in each else {"segmentation": each} for each in content]
    if isinstance(content, list) and content:
        return [{"segmentation": content if _is_list_of_rings(content) else [content]}]
    raise MaskError(
        "the mask is JSON, but no annotation that can be read: pass a COCO dataset, a LabelMe file, or a segmentation "
        '(polygons, or {"size": ..., "counts": ...})'
    )


def _is_list_of_rings(content: list[Any]) -> bool:
    """Return whether a list holds outlines, not the points (x, y) or the numbers of one."""
    return isinstance(content[0], list) and not all(isinstance(each, list) and len(each) == 2 for each in content)


def _has_run_lengths(annotation: Any) -> bool:
    return isinstance(annotation, dict) and isinstance(annotation.get("segmentation"), dict)


def _image_named(images: list[Any], name: str | None) -> dict:
    """Return the entry of a dataset for a photo: that of its name, of its name without suffix, or the only one."""
    entries = [image for image in images if isinstance(image, dict)]
    names = [_normalised(str(image.get("file_name", ""))) for image in entries]
    for key in (_normalised, _stem) if name else ():
        found = [entry for entry, own in zip(entries, names, strict=True) if key(own) == key(_normalised(name or ""))]
        if len(found) == 1:
            return found[0]
        if found:
            raise MaskError(f"the mask has annotations of {len(found)} photos with the name {name}; pass those of one")
    if len(entries) == 1:
        return entries[0]
    listed = ", ".join(str(entry.get("file_name")) for entry in entries[:_NAMED])
    raise MaskError(
        f"the mask has annotations of {len(entries)} photos ({listed}, ...), and none has the name "
        f"{name or 'of this photo, which is unknown'}; rename the photo, or pass the annotations of this one alone"
    )


def _check_size(image: dict, size: tuple[int, int]) -> None:
    own = image.get("width"), image.get("height")
    if own != (None, None) and [str(side).removesuffix(".0") for side in own] != [str(side) for side in size]:
        raise MaskError(
            f"the mask has annotations of a photo of {own[0]}x{own[1]}, and this one is {size[0]}x{size[1]}; they must "
            "have the same size: use the photo that was annotated"
        )


def _outlines(annotation: Any) -> Iterator[tuple[np.ndarray, bool]]:
    """Yield the outlines of an annotation, and whether each is but a box."""
    segmentation = annotation.get("segmentation") if isinstance(annotation, dict) else None
    if isinstance(segmentation, list) and segmentation:
        for ring in segmentation if _is_list_of_rings(segmentation) else [segmentation]:
            points = checked_points(ring)
            if len(points) > 2:
                yield points, False
    elif isinstance(annotation, dict) and isinstance(annotation.get("bbox"), list) and len(annotation["bbox"]) == 4:
        (left, top), (width, height) = checked_points(annotation["bbox"])
        right, bottom = left + width, top + height
        yield np.array([[left, top], [right, top], [right, bottom], [left, bottom]]), True


def _normalised(name: str) -> str:
    base = PurePosixPath(unquote(name) if "://" in name else name.replace("\\", "/")).name
    return unicodedata.normalize("NFC", base).casefold()


def _stem(name: str) -> str:
    return Path(name).stem
