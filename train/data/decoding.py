"""The bytes of a file become a picture that can be trained on, or a reason why they do not."""

import io

from PIL import ExifTags, Image, ImageOps

MAX_PIXELS = 89_000_000
"""Larger pictures are left out: two at a time would take more than a gigabyte."""
MIN_SIDE = 8
"""Smaller pictures are left out: enlarged to a crop they show one colour."""


class NotAPicture(ValueError):
    """Why something cannot be trained on, in a few words."""


def decode(data: bytes, mode: str | None = "RGB") -> Image.Image:
    """The picture in a file, upright.

    Args:
        data: the file.
        mode: Pillow's name of the mode that it is converted to; None leaves it as it is.

    Raises:
        NotAPicture: it cannot be decoded, or it is too small or too large; found out before it is decoded.
    """
    try:
        photo: Image.Image = Image.open(io.BytesIO(data))
        if min(photo.size) < MIN_SIDE:
            raise NotAPicture(f"smaller than {MIN_SIDE} pixels")
        if photo.width * photo.height > MAX_PIXELS:
            raise NotAPicture(f"larger than {MAX_PIXELS // 10**6} megapixels")
        photo.load()
        if photo.getexif().get(ExifTags.Base.Orientation) is not None:
            photo = ImageOps.exif_transpose(photo)
        return photo if mode in (None, photo.mode) else photo.convert(mode)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotAPicture(f"larger than {MAX_PIXELS // 10**6} megapixels") from None
    except NotAPicture:
        raise
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, EOFError, MemoryError, ArithmeticError) as error:
        raise NotAPicture("not readable as a picture") from error
