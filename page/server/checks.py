"""What the page checks before it works: limits, uploads, headers and strokes. It may come from anybody."""

from pathlib import Path

from gradio.utils import get_upload_folder
from PIL import Image

from inpaint import PhotoTooLargeError, open_photo
from page.server.refusal import Refusal

MAX_MEGAPIXELS = 300
MAX_UPLOAD_MB = 200
MAX_STROKES, MAX_POINTS, MAX_BRUSH_PX = 64, 20_000, 4_000
MAX_GROW_PX = 100
GROW_PX = 2
"""Strokes are filled so much wider than painted: what is painted over rarely reaches to the last pixel of a thing."""


def uploaded(path: object) -> Path:
    """A path that the browser sent, if it is a file in the folder of uploads; Refusal "upload_missing" otherwise."""
    if not isinstance(path, str) or not path or "\0" in path or len(path) > 4096:
        raise Refusal("upload_missing")
    folder, file = Path(get_upload_folder()).resolve(), Path(path).resolve()
    if folder not in file.parents or not file.is_file():
        raise Refusal("upload_missing")
    return file


def opened(path: Path, what: str = "photo") -> Image.Image:
    """An uploaded picture, upright and completely read; the file stays where it is.

    Args:
        path: as `uploaded` has checked it.
        what: how a PhotoError calls it.

    Raises:
        Refusal: "too_many_pixels", before any of them is decoded.
        PhotoError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return open_photo(file, what=what, max_pixels=MAX_MEGAPIXELS * 1_000_000)
    except PhotoTooLargeError:
        raise Refusal("too_many_pixels", megapixels=MAX_MEGAPIXELS) from None
    except OSError:
        raise Refusal("upload_missing") from None


def checked_strokes(strokes: object) -> list[dict]:
    """Strokes as the browser sends them, with every number finite; Refusal "bad_request" otherwise."""
    if not isinstance(strokes, list) or not 0 < len(strokes) <= MAX_STROKES:
        raise Refusal("bad_request")
    checked, points_left = [], MAX_POINTS
    for stroke in strokes:
        points = stroke.get("points") if isinstance(stroke, dict) else None
        if not isinstance(points, list) or not 0 < len(points) <= points_left:
            raise Refusal("bad_request")
        points_left -= len(points)
        if not all(isinstance(point, list) and len(point) == 2 for point in points):
            raise Refusal("bad_request")
        numbers = [stroke.get("brush"), *(coordinate for point in points for coordinate in point)]
        if not all(_is_number(number) for number in numbers):
            raise Refusal("bad_request")
        if not 0 < stroke["brush"] <= MAX_BRUSH_PX or not isinstance(stroke.get("erase"), bool):
            raise Refusal("bad_request")
        grow_px = checked_grow_px(stroke.get("grow_px", GROW_PX))
        checked.append(
            {"points": points, "brush": float(stroke["brush"]), "erase": stroke["erase"], "grow_px": grow_px}
        )
    return checked


def checked_grow_px(grow_px: object) -> float:
    """By how many pixels holes are to be made wider; Refusal "bad_request" for anything else."""
    if not isinstance(grow_px, int | float) or isinstance(grow_px, bool) or not 0 <= grow_px <= MAX_GROW_PX:
        raise Refusal("bad_request")
    return float(grow_px)


def _is_number(value: object) -> bool:
    """A number below a million either way; NaN is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6
