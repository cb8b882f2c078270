"""The file that a photo came from, kept with it so that saving changes only what was edited."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

ORIGINAL = "original"
"""Key in a photo's `info` of its Original."""
METADATA = ("exif", "icc_profile", "xmp", "dpi", "transparency")


@dataclass(frozen=True)
class Original:
    """The file that a photo came from.

    Attributes:
        source: its path, or its bytes where it had none.
        format: Pillow's name of its format.
        orientation: its EXIF orientation, 1 to 8; the photo was turned upright by it.
        page: which picture of the file it is, counted from 0.
        size: (width, height) of the upright photo.
        mode: Pillow's mode of the photo.
        metadata: the METADATA that the photo had in its `info` when it was opened.
        stamp: length and time of change of the file at `source`; None for bytes.
    """

    source: Path | bytes
    format: str
    orientation: int
    page: int
    size: tuple[int, int]
    mode: str
    metadata: dict[str, Any]
    stamp: tuple[int, int] | None

    def read(self) -> bytes | None:
        """Return the bytes of the file; None if it is gone or has changed since the photo was opened."""
        if isinstance(self.source, bytes):
            return self.source
        try:
            return self.source.read_bytes() if _stamp(self.source) == self.stamp else None
        except OSError:
            return None

    def is_of(self, photo: Image.Image) -> bool:
        """Return whether a photo is this one, with other pixels at most: not resized, converted, or tagged anew."""
        return (self.size, self.mode, self.metadata) == (photo.size, photo.mode, metadata_of(photo))


def remember_original(
    photo: Image.Image, source: str | os.PathLike[str] | bytes, format: str, orientation: int = 1, page: int = 0
) -> None:
    """Write into a photo's `info` which file it came from.

    Args:
        photo: upright, with all of its metadata.
        source: the path or the bytes of its file.
        format: Pillow's name of the file's format.
        orientation: the file's EXIF orientation, 1 to 8.
        page: which picture of the file it is, counted from 0.
    """
    kept = source if isinstance(source, bytes) else Path(source).absolute()
    stamp = None if isinstance(kept, bytes) else _stamp(kept)
    photo.info[ORIGINAL] = Original(kept, format, orientation, page, photo.size, photo.mode, metadata_of(photo), stamp)


def file_name_of(photo: Image.Image) -> str | None:
    """Return the name of the file that a photo came from; None if it is unknown."""
    original = photo.info.get(ORIGINAL)
    return original.source.name if isinstance(original, Original) and isinstance(original.source, Path) else None


def relocate_original(photo: Image.Image, path: Path) -> None:
    """Write into a photo's `info` that its file lies elsewhere now, with its length and time of change; if it has one.

    Args:
        photo: as `open_photo` returned it.
        path: where the file is.
    """
    original = photo.info.get(ORIGINAL)
    if isinstance(original, Original):
        photo.info[ORIGINAL] = replace(original, source=path.absolute(), stamp=_stamp(path))


def original_of(photo: Image.Image) -> Original | None:
    """Return the file that a photo came from; None if it is unknown, or not of this photo any more."""
    original = photo.info.get(ORIGINAL)
    return original if isinstance(original, Original) and original.is_of(photo) else None


def metadata_of(photo: Image.Image) -> dict[str, Any]:
    """Return what a photo's `info` holds of METADATA."""
    return {key: photo.info[key] for key in METADATA if key in photo.info}


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
