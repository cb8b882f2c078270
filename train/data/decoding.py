"""Decode the bytes of an image file into a photo to train on, or say why it cannot be used."""

from PIL import Image

from inpaint.photos.errors import PhotoError, PhotoTooLargeError
from inpaint.photos.opening import open_photo

MAX_PIXELS = 89_000_000
"""Larger photos are skipped: two at a time would take more than a gigabyte."""
MIN_SIDE = 8
"""Smaller photos are skipped: enlarged to a crop they show a single colour."""


class UnusableImageError(ValueError):
    """An image that cannot be trained on; the message is the reason in a few words, which are counted."""


def decode(data: bytes, mode: str | None = "RGB") -> Image.Image:
    """Decode an image file and turn the photo upright.

    Args:
        data: the bytes of the file.
        mode: Pillow's name of the mode that the photo is converted to; None keeps the file's mode.

    Raises:
        UnusableImageError: the file cannot be decoded, or its photo is too small or too large. What is too large is
            rejected before its pixels are decoded.
    """
    try:
        photo = open_photo(data, max_pixels=MAX_PIXELS)
        if min(photo.size) < MIN_SIDE:
            raise UnusableImageError(f"smaller than {MIN_SIDE} pixels")
        return photo if mode in (None, photo.mode) else photo.convert(mode)
    except UnusableImageError:
        raise
    except PhotoTooLargeError:
        raise UnusableImageError(f"larger than {MAX_PIXELS // 10**6} megapixels") from None
    except (PhotoError, ValueError, MemoryError) as error:
        raise UnusableImageError("not readable as an image") from error
