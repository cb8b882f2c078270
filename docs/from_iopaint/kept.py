"""What a result of a fill has kept of its photo."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, IptcImagePlugin

from inpaint import open_photo, to_array

from .files import CAPTION, hole_of

AWAY_PX = 16
"""Rows above and below the hole that are not compared: a JPEG's blocks are changed as a whole."""
PROPERTIES = (
    "written",
    "format",
    "size",
    "mode and depth",
    "EXIF",
    "captions",
    "colour space",
    "resolution",
    "alpha",
    "pages",
    "known pixels",
    "hole filled",
)


def kept(before: Path, after: Path | None) -> dict[str, bool | None]:
    """Return which of the PROPERTIES the result has kept.

    Args:
        before: the photo.
        after: the result; None: there is none, and nothing is kept.

    Returns:
        For each property, None if the photo has nothing of the kind.
    """
    old = _contents(before)
    new: Mapping[str, Any] = {} if after is None else _contents(after)
    answers = {name: None if value is None else new.get(name) == value for name, value in old.items()}
    known, filled = (False, False) if after is None or not answers["size"] else _pixels_kept(before, after)
    return answers | {"written": after is not None, "known pixels": known, "hole filled": filled}


def _contents(path: Path) -> dict[str, Any]:
    """Return what is in a file, in values that can be compared; None for what is not there."""
    photo = open_photo(path)
    with Image.open(path) as file:
        info = file.info
        exif = file.getexif()
        tags = {**exif.get_ifd(0x8769), **exif.get_ifd(0x8825)}
        colour_space = info.get("icc_profile"), info.get("gamma")
        pages = getattr(file, "n_frames", 1) if file.format == "TIFF" else 1
        facts = {
            "format": (file.format or "").replace("MPO", "JPEG"),
            "EXIF": (exif.get(0x010E), sorted(map(str, tags.items()))) if exif.get(0x010E) and tags else None,
            "captions": _captions(file) or None,
            "colour space": colour_space if any(colour_space) else None,
            "resolution": tuple(map(round, info["dpi"])) if info.get("dpi", (1, 1)) != (1, 1) else None,
            "pages": pages if pages > 1 else None,
        }
    transparent = photo.has_transparency_data
    facts["alpha"] = photo.convert("RGBA").getchannel("A").tobytes() if transparent else None
    return facts | {"size": photo.size, "mode and depth": (photo.mode, str(to_array(photo).dtype))}


def _captions(file: Image.Image) -> set[str]:
    """Return where the caption stands: in XMP, IPTC, a comment or texts."""
    places = {"XMP": file.info.get("xmp"), "comment": file.info.get("comment"), **getattr(file, "text", {})}
    if file.format in ("JPEG", "TIFF"):
        places["IPTC"] = (IptcImagePlugin.getiptcinfo(file) or {}).get((2, 120))
    return {name for name, value in places.items() if CAPTION in _text(value)}


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _pixels_kept(before: Path, after: Path) -> tuple[bool, bool]:
    """Return whether the pixels away from the hole are as before, and whether those in the hole are not."""
    (old, visible), (new, _) = _colours(before), _colours(after)
    if old.dtype != new.dtype or old.shape != new.shape:
        return False, True
    hole = hole_of((old.shape[1], old.shape[0]))
    rows = np.flatnonzero(hole.any(axis=1))
    away = visible.copy()
    away[rows[0] - AWAY_PX : rows[-1] + AWAY_PX + 1] = False
    return np.array_equal(old[away], new[away]), not np.array_equal(old[hole], new[hole])


def _colours(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the colours of a photo at its full depth, and which pixels are not fully transparent."""
    photo = open_photo(path)
    shown, pixels = np.asarray(photo.convert("RGBA")), to_array(photo)
    return pixels if pixels.dtype == np.uint16 else shown[..., :3], shown[..., 3] > 0
