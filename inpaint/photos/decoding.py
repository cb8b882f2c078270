"""Decode photo files: by Pillow, or by the readers of TIFF and Netpbm files where Pillow loses something."""

import contextlib
import importlib
import io
import os
import struct
from typing import BinaryIO, NamedTuple

from PIL import Image, ImageFile

from .errors import PhotoError, PhotoTooLargeError, RawPhotoError
from .formats import TIFF_SIGNATURES, is_heic, is_lossless_webp, readable_formats, register_heic
from .metadata.jpeg_segments import MOST_SCANS, count_scans
from .modes import GREY_BITS, MODES
from .orientation import orientation_of, upright
from .raw import raw_kind, refusal
from .sixteen_bit import is_deep, load_deep, raw_mode
from .unreadable import describe, jpeg_kind

FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "PPM", "JPEG2000", "HEIF")
_PLUGINS = {
    "JPEG": "JpegImagePlugin",
    "PNG": "PngImagePlugin",
    "WEBP": "WebPImagePlugin",
    "TIFF": "TiffImagePlugin",
    "BMP": "BmpImagePlugin",
    "GIF": "GifImagePlugin",
    "AVIF": "AvifImagePlugin",
    "PPM": "PpmImagePlugin",
    "JPEG2000": "Jpeg2KImagePlugin",
}
"""Pillow's plugins. Each is imported once no format before it fits; `Image.init` would import forty."""


class Decoded(NamedTuple):
    """A decoded photo.

    Attributes:
        photo: upright.
        orientation: the EXIF orientation of its file, 1 to 8.
        page: which picture of the file it is, counted from 0.
    """

    photo: Image.Image
    orientation: int
    page: int


def decode(file: BinaryIO, name: str, max_pixels: int | None, page: int | None) -> Decoded:
    """Read a photo file.

    Args:
        file: seekable, at its beginning.
        name: of the file in messages.
        max_pixels: largest number of pixels; None: any.
        page: of a TIFF file, counted from 1; None: the first page of full resolution.

    Raises:
        PhotoTooLargeError: more pixels than allowed.
        PhotoError: not an image, of an unsupported format or mode, a raw photo, without pixels or without the page.
        Exception: nearly any other one, of a decoder that reads a damaged file.
    """
    return (
        _read_tiff(file, name, max_pixels, page)
        or _read_netpbm(file, name, max_pixels, page)
        or _read(file, name, max_pixels, page)
    )


def _read(file: BinaryIO, name: str, limit: int | None, page: int | None) -> Decoded:
    """Read a file by Pillow."""
    if page not in (None, 1):
        raise PhotoError(f"page {page} of {name} does not exist: only TIFF files have pages; leave out the page")
    image = checked(identify(file, name), name, limit)
    try:
        loaded = _load(image, file, name)
    except OSError as error:  # libjpeg does not say why
        if image.format == "JPEG" and (kind := jpeg_kind(file)):
            raise PhotoError(f"{name} is not an image that can be read; it is {kind}") from error
        raise
    return Decoded(upright(loaded), orientation_of(loaded), 0)


def _read_tiff(file: BinaryIO, name: str, limit: int | None, page: int | None) -> Decoded | None:
    """Read a TIFF file as `_read` does; None if it is none, or has to be read by Pillow."""
    head = file.read(16)
    file.seek(0)
    if (kind := raw_kind(head)) is not None:
        raise RawPhotoError(refusal(name, kind))
    if head[:4] not in TIFF_SIGNATURES:
        return None
    reading = importlib.import_module("inpaint.photos.tiff.reading")  # not before a file needs it
    try:
        photo, orientation, index = reading.read_tiff(file, name, limit, page)
        return Decoded(checked(photo, name), orientation, index)
    except reading.TiffFallbackError as error:
        file.seek(0)
        try:
            return _read(file, name, limit, page)
        except PhotoTooLargeError:
            raise
        except Exception:
            raise PhotoError(str(error)) from error


def _read_netpbm(file: BinaryIO, name: str, limit: int | None, page: int | None) -> Decoded | None:
    """Read a PBM, PGM, PPM or PAM file as `_read` does; None if it is none."""
    head = file.read(16)
    file.seek(0)
    netpbm = importlib.import_module("inpaint.photos.netpbm") if head[:1] == b"P" else None  # not before it is needed
    if netpbm is None or not netpbm.MAGIC.match(head) or page not in (None, 1):
        return None
    data = file.read()
    header = netpbm.read_header(data)
    _check_size((header.width, header.height), name, limit)
    photo = netpbm.read_pixels(data, header)
    photo.format = "PPM"
    return Decoded(photo, 1, 0)


def identify(file: BinaryIO, name: str) -> Image.Image:
    """Return an image of which only the header has been read.

    Like `PIL.Image.open`, but without its limit of pixels, which is a setting of the whole process; the caller checks
    its own limit.
    """
    head = file.read(256)
    if is_heic(head) and not register_heic():
        raise PhotoError(f"{name} is a HEIC image: run  pip install pillow-heif  to read it, or save it as JPEG")
    for format in FORMATS:
        if format in _PLUGINS:
            importlib.import_module(f"PIL.{_PLUGINS[format]}")
        factory, accept = Image.OPEN.get(format, (None, None))
        if factory is None:
            continue
        verdict = accept is None or accept(head[:16])
        if verdict and not isinstance(verdict, str):
            file.seek(0)
            with contextlib.suppress(SyntaxError, IndexError, TypeError, struct.error):
                return factory(file, "")
    if kind := describe(file):
        raise PhotoError(f"{name} is not an image that can be read; it is {kind}")
    raise PhotoError(f"{name} is not an image that can be read; use {readable_formats()}")


def _check_size(size: tuple[int, int], name: str, max_pixels: int | None) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise PhotoError(f"{name} has no pixels: it is {width}x{height}; use another file")
    if max_pixels is not None and width * height > max_pixels:
        raise PhotoTooLargeError(
            f"{name} has too many pixels: it is {width}x{height} and the limit is {max_pixels / 1e6:g} million; shrink "
            "it, or raise the limit if you trust the file (--max-megapixels, or max_pixels in Python)"
        )


def checked(image: Image.Image, name: str, max_pixels: int | None = None) -> Image.Image:
    """Return an image; raise a PhotoError if it has too many pixels or none, or a mode that is not supported."""
    _check_size(image.size, name, max_pixels)
    if image.mode not in MODES:
        raise PhotoError(f"{name} has mode {image.mode}, which is not supported; convert it to RGB first")
    return image


def _load(image: Image.Image, file: BinaryIO, name: str) -> Image.Image:
    """Decode the pixels of a file, and record its quality in `info`."""
    format, grey_bits = image.format, {"L;2": 2, "L;4": 4}.get(raw_mode(image)) if image.format == "PNG" else None
    if is_deep(image):
        twin = io.BytesIO()
        file.seek(0)
        twin.write(file.read())
        image = load_deep(image, identify(_rewound(twin), name))
        image.format = format
    elif format in ("AVIF", "HEIF", "JPEG2000"):
        full_depth = importlib.import_module("inpaint.photos.full_depth")  # not before a file needs it
        image = full_depth.load_full_depth(image, _rewound(file)) or image
        image.format = format
    if format in ("JPEG", "MPO") and count_scans(_rewound(file).read()) > MOST_SCANS:
        raise PhotoError(
            f"{name} is a JPEG of more than {MOST_SCANS} scans, which would take too long to decode; save it again as "
            "an ordinary JPEG"
        )
    if format == "JPEG" and isinstance(image, ImageFile.ImageFile):
        image.decodermaxblock = file.seek(0, os.SEEK_END)  # arithmetic coding can't be decoded piece by piece
    image.load()
    if grey_bits is not None:
        image.info[GREY_BITS] = grey_bits
        if isinstance(key := image.info.get("transparency"), int):  # of 2 or 4 bits, while the pixels become 8
            image.info["transparency"] = key * 255 // (2**grey_bits - 1)
    if format in ("WEBP", "AVIF", "HEIF"):
        image.info["file_bytes"] = file.seek(0, os.SEEK_END)
        image.info["lossless"] = format == "WEBP" and is_lossless_webp(_rewound(file))
    return image


def _rewound(file: BinaryIO) -> BinaryIO:
    file.seek(0)
    return file
