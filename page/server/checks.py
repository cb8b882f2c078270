"""Checks of untrusted input: paths of uploads, pictures and the mask's margin."""

from pathlib import Path

from gradio.utils import get_upload_folder
from PIL import Image

from inpaint import PhotoTooLargeError, open_photo
from page.server.errors import PageError

MAX_MEGAPIXELS = 300
MAX_UPLOAD_MB = 200
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
    folder, file = Path(get_upload_folder()).resolve(), Path(path).resolve()
    if folder not in file.parents or not file.is_file():
        raise PageError("upload_missing")
    return file


def open_upload(path: Path) -> Image.Image:
    """Return an uploaded photo, upright and completely decoded.

    Args:
        path: as returned by `check_upload`. The file is not removed.

    Raises:
        PageError: "too_many_pixels", before any pixel is decoded; "upload_missing" if the file is gone.
        PhotoError: it is not a picture, or is damaged.
    """
    try:
        with path.open("rb") as file:
            return open_photo(file, max_pixels=MAX_MEGAPIXELS * 1_000_000)
    except PhotoTooLargeError:
        raise PageError("too_many_pixels", megapixels=MAX_MEGAPIXELS) from None
    except OSError:
        raise PageError("upload_missing") from None


def check_grow_px(grow_px: object) -> float:
    """Return by how many photo pixels a mask is dilated.

    Raises:
        PageError: "bad_request" for anything but a number between 0 and MAX_GROW_PX.
    """
    if not isinstance(grow_px, int | float) or isinstance(grow_px, bool) or not 0 <= grow_px <= MAX_GROW_PX:
        raise PageError("bad_request")
    return float(grow_px)
