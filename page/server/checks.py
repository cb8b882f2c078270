"""Checks of untrusted input: paths of uploads, pictures and the mask's margin."""

from pathlib import Path

from gradio.utils import get_upload_folder
from PIL import Image

from inpaint import PhotoError, PhotoTooLargeError, open_photo
from inpaint.photos.mask_kinds.files import is_annotation_file
from inpaint.photos.memory import metadata_bytes, reckon
from page.server.errors import PageError
from page.server.machine import scaled_to_machine

MAX_MEGAPIXELS = 300
MAX_SIDE = 65_535
"""Pixels along one side, as in a JPEG. Crops have a least height and width: those of a line of pixels, of which a small
file may have millions, would take hundreds of times its memory, and hours to be searched for damage.
"""
MAX_UPLOAD_MB = 200
MAX_OPENING_BYTES = 5_000_000_000
"""Memory that one photo may take while it opens, on a machine with 16 GB: two are opened at once."""
MAX_METADATA_BYTES = 32_000_000
"""Of one photo: colour profile, EXIF, XMP and comments. The profiles of printers have four megabytes at most."""
MAX_JSON_MB = 20
MAX_GROW_PX = 100
GROW_PX = 2
"""Default dilation of strokes in photo pixels: a painted stroke rarely covers a defect to its last pixel."""


def check_upload(path: object) -> Path:
    """Return the path of an upload, as the browser sent it.

    Raises:
        PageError: "upload_missing" if it is not a file inside the upload folder, links resolved.
    """
    if not isinstance(path, str) or not path or "\0" in path or len(path) > 4096:
        raise PageError("upload_missing")
    try:
        folder, file = Path(get_upload_folder()).resolve(), Path(path).resolve()
        if folder in file.parents and file.is_file():
            return file
    except UnicodeEncodeError:  # half of a character, which JSON can hold
        pass
    raise PageError("upload_missing")


def open_upload(path: Path) -> Image.Image:
    """Return an uploaded photo, upright and completely decoded.

    Args:
        path: as returned by `check_upload`. The file is not removed.

    Raises:
        PageError: as `memory_of_upload`; "too_much_metadata"; "too_long_side".
        PhotoError: it is not a picture, or is damaged.
    """
    memory_of_upload(path)
    try:
        with path.open("rb") as file:
            photo = open_photo(file, max_pixels=MAX_MEGAPIXELS * 1_000_000)
    except PhotoTooLargeError:
        raise PageError("too_many_pixels", megapixels=MAX_MEGAPIXELS) from None
    except OSError:
        raise PageError("upload_missing") from None
    if max(photo.size) > MAX_SIDE:
        raise PageError("too_long_side", side=max(photo.size), limit=MAX_SIDE)
    if (size := metadata_bytes(photo)) > MAX_METADATA_BYTES:
        raise PageError("too_much_metadata", size=round(size / 1e6), limit=round(MAX_METADATA_BYTES / 1e6))
    return photo


def memory_of_upload(path: Path) -> int:
    """Return the bytes that an uploaded photo takes once it is open; 0 if it is none. Only its header is read.

    Raises:
        PageError: "too_many_pixels"; "too_much_memory" if it takes more than MAX_OPENING_BYTES while it opens;
            "upload_missing" if the file is gone.
    """
    try:
        with path.open("rb") as file:
            memory = reckon(file, "the photo")
    except PhotoError:  # which opening it raises too
        return 0
    except OSError:
        raise PageError("upload_missing") from None
    if memory.pixels > MAX_MEGAPIXELS * 1_000_000:
        raise PageError("too_many_pixels", megapixels=MAX_MEGAPIXELS)
    if memory.opening > (limit := scaled_to_machine(MAX_OPENING_BYTES)):
        raise PageError("too_much_memory", size=f"{memory.opening / 1e9:.1f}", limit=f"{limit / 1e9:.1f}")
    return memory.open


def check_mask_upload(path: Path) -> Path:
    """Return the path of an uploaded mask, which may be a picture, or annotations in JSON.

    Raises:
        PageError: as for a photo; "mask_too_long" if it is JSON of more than MAX_JSON_MB, of which each megabyte takes
            up to thirty in memory.
    """
    if not memory_of_upload(path) and path.stat().st_size > MAX_JSON_MB * 1_000_000 and is_annotation_file(path):
        raise PageError("mask_too_long", limit=MAX_JSON_MB)
    return path


def check_grow_px(grow_px: object) -> float:
    """Return by how many photo pixels a mask is dilated.

    Raises:
        PageError: "bad_request" for anything but a number between 0 and MAX_GROW_PX.
    """
    if not isinstance(grow_px, int | float) or isinstance(grow_px, bool) or not 0 <= grow_px <= MAX_GROW_PX:
        raise PageError("bad_request")
    return float(grow_px)
