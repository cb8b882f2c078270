"""Open photos from untrusted files, with limits, and from images and arrays."""

import contextlib
import importlib
import io
import os
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFile

from inpaint.os_errors import words_of

from .formats import FORMAT_OF_SUFFIX, TIFF_SIGNATURES, is_heic, is_lossless_webp, register_heic
from .modes import GREY_BITS, MODES
from .orientation import orientation_of, upright
from .original import remember_original
from .raw import raw_kind, refusal
from .sixteen_bit import from_deep_array, is_deep, load_deep, raw_mode
from .unreadable import describe, jpeg_kind

FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "PPM", "JPEG2000", "HEIF")
SUFFIXES = tuple(FORMAT_OF_SUFFIX)
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
MAX_BYTES = 1 << 30
_LOADING = threading.Lock()

PhotoSource = str | os.PathLike[str] | bytes | BinaryIO | Image.Image | np.ndarray


class PhotoError(ValueError):
    """A photo cannot be read or is not supported; the message can be shown to its owner."""


class PhotoTooLargeError(PhotoError):
    """A photo has more pixels or bytes than allowed; the message says how to raise the limit."""


class MaskError(ValueError):
    """A mask does not define which pixels of the photo to fill; the message says what to change."""


def open_photo(
    source: PhotoSource,
    *,
    what: str = "photo",
    max_pixels: int | None = None,
    max_bytes: int = MAX_BYTES,
    copy: bool = True,
    page: int | None = None,
) -> Image.Image:
    """Read a photo completely and rotate it upright, keeping its mode, EXIF data, ICC profile and resolution.

    This is the only place where untrusted image files are decoded: formats are limited to FORMATS, sizes are checked
    before pixels are decoded, and every exception of a decoder becomes a PhotoError.

    Args:
        source: a path, a file's bytes, an open binary file, a PIL image, or pixels (H, W), (H, W, 3) or (H, W, 4) in
            uint8 or uint16. A PIL image is copied, at its current frame. Of an animation in a file the first frame is
            read.
        what: the name of the source in messages, such as "photo" or "mask".
        max_pixels: largest number of pixels of a file; None: `PIL.Image.MAX_IMAGE_PIXELS`, which is 89 million by
            default. Images and arrays are in memory already and may be larger.
        max_bytes: largest length of a file.
        copy: whether a PIL image is copied; False: the result may share its pixels, and must not be modified.
        page: of a TIFF file, counted from 1; None: the first page of full resolution.

    Returns:
        An upright image in the file's own mode, with `format` set and without an orientation tag. Its `info` has what
        `save_photo` needs to keep the quality of the file: the quantization tables and subsampling of a JPEG,
        otherwise the length of the file and whether it is lossless. For 16-bit colour see `modes.LOW_BYTES`.

    Raises:
        PhotoTooLargeError: more pixels or bytes than allowed.
        PhotoError: no such file, not an image, truncated, of an unsupported format or mode, a raw photo of a camera,
            without pixels, or without the page.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, what)
    if not isinstance(source, str | os.PathLike | bytes | Image.Image) and not hasattr(source, "seekable"):
        raise PhotoError(
            f"the {what} is of type {type(source).__name__}; it must be a path, a file's bytes, an open binary file, "
            "a PIL image or a numpy array"
        )
    name = str(source) if isinstance(source, str | os.PathLike) else f"the {what}"
    try:
        if isinstance(source, Image.Image):
            with _LOADING:  # several threads may share an image that is not loaded yet
                source.load()
                return upright(_checked(source, name), copy=copy)
        limit = Image.MAX_IMAGE_PIXELS if max_pixels is None else max_pixels
        with _open_file(source, name, max_bytes) as file:
            found = _read_tiff(file, name, limit, page) or _read_netpbm(file, name, limit, page)
            photo, orientation, index = found or _read(file, name, limit, page)
            remember_original(photo, _lasting(source, file), photo.format or "", orientation, index)
            return photo
    except PhotoError:
        raise
    except FileNotFoundError:
        raise PhotoError(f"cannot open {name}: there is no such file; check the path") from None
    except IsADirectoryError:
        raise PhotoError(f"{name} is a folder; give the path of an image in it") from None
    except OSError as error:
        if error.errno is None:  # of a decoder
            raise _damaged(name, error) from error
        raise PhotoError(f"cannot open {name}: {words_of(error)}; check the file") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise PhotoTooLargeError(f"{name} needs too much memory ({error}); shrink it") from error
    except Exception as error:  # Pillow's decoders raise nearly any type on damaged files
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> PhotoError:
    reason = f"{type(error).__name__}: {error}"
    return PhotoError(f"{name} is damaged or cannot be read ({reason}); try to save it again as PNG")


@contextlib.contextmanager
def _open_file(source: str | os.PathLike[str] | bytes | BinaryIO, name: str, max_bytes: int) -> Iterator[BinaryIO]:
    """Yield a source as a seekable file at its beginning, after checking its length."""
    if isinstance(source, str | os.PathLike):
        with Path(source).open("rb") as opened, _open_file(opened, name, max_bytes) as file:
            yield file
        return
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    if file.seekable():
        length = file.seek(0, os.SEEK_END)
        file.seek(0)
    else:
        data = file.read(max_bytes + 1)
        file, length = io.BytesIO(data), len(data)
    if length > max_bytes:
        raise PhotoTooLargeError(
            f"{name} is a file of more than {max_bytes} bytes, which is the limit; shrink it, or raise max_bytes if "
            "you trust the file"
        )
    if length == 0:
        raise PhotoError(f"{name} is an empty file; check where it came from")
    yield file


def _read(file: BinaryIO, name: str, limit: int | None, page: int | None) -> tuple[Image.Image, int, int]:
    """Read a file by Pillow; return its upright photo, its EXIF orientation, and 0, the index of the page."""
    if page not in (None, 1):
        raise PhotoError(f"page {page} of {name} does not exist: only TIFF files have pages; leave out the page")
    image = _checked(_identify(file, name), name, limit)
    try:
        loaded = _load(image, file, name)
    except OSError as error:  # libjpeg does not say why
        if image.format == "JPEG" and (kind := jpeg_kind(file)):
            raise PhotoError(f"{name} is not an image that can be read; it is {kind}") from error
        raise
    return upright(loaded), orientation_of(loaded), 0


def _read_tiff(file: BinaryIO, name: str, limit: int | None, page: int | None) -> tuple[Image.Image, int, int] | None:
    """Read a TIFF file as `_read` does; None if it is none, or has to be read by Pillow."""
    head = file.read(16)
    file.seek(0)
    if (kind := raw_kind(head)) is not None:
        raise PhotoError(refusal(name, kind))
    if head[:4] not in TIFF_SIGNATURES:
        return None
    reading = importlib.import_module("inpaint.photos.tiff.reading")  # not before a file needs it
    try:
        photo, orientation, index = reading.read_tiff(file, name, limit, page)
        return _checked(photo, name), orientation, index
    except reading.TiffFallbackError as error:
        file.seek(0)
        try:
            return _read(file, name, limit, page)
        except PhotoTooLargeError:
            raise
        except Exception:
            raise PhotoError(str(error)) from error


def _read_netpbm(file: BinaryIO, name: str, limit: int | None, page: int | None) -> tuple[Image.Image, int, int] | None:
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
    return photo, 1, 0


def _identify(file: BinaryIO, name: str) -> Image.Image:
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
    raise PhotoError(f"{name} is not an image that can be read; use one of {', '.join(FORMATS)}")


def _check_size(size: tuple[int, int], name: str, max_pixels: int | None) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise PhotoError(f"{name} has no pixels: it is {width}x{height}; use another file")
    if max_pixels is not None and width * height > max_pixels:
        raise PhotoTooLargeError(
            f"{name} has too many pixels: it is {width}x{height} and the limit is {max_pixels / 1e6:g} million; shrink "
            "it, or raise the limit if you trust the file (--max-megapixels, or max_pixels in Python)"
        )


def _checked(image: Image.Image, name: str, max_pixels: int | None = None) -> Image.Image:
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
        image = load_deep(image, _identify(_rewound(twin), name))
        image.format = format
    elif format in ("AVIF", "HEIF", "JPEG2000"):
        full_depth = importlib.import_module("inpaint.photos.full_depth")  # not before a file needs it
        image = full_depth.load_full_depth(image, _rewound(file)) or image
        image.format = format
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


def _lasting(source: str | os.PathLike[str] | bytes | BinaryIO, file: BinaryIO) -> str | os.PathLike[str] | bytes:
    """Return what a file can be read from later: its path, or its bytes where it has none."""
    if isinstance(source, str | os.PathLike | bytes):
        return source
    path = getattr(file, "name", None)
    if isinstance(file, io.BufferedReader) and isinstance(path, str) and Path(path).is_file():
        return path
    return _rewound(file).read()


def _rewound(file: BinaryIO) -> BinaryIO:
    file.seek(0)
    return file


def _from_array(pixels: np.ndarray, what: str) -> Image.Image:
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    fits = pixels.dtype in (np.uint8, np.uint16) and pixels.ndim in (2, 3) and channels in (1, 3, 4)
    if not fits or pixels.size == 0:
        raise PhotoError(
            f"the {what} is an array of shape {pixels.shape} and type {pixels.dtype}; "
            "it must be uint8 or uint16 of shape (H, W), (H, W, 3) or (H, W, 4)"
        )
    pixels = pixels[..., 0] if pixels.ndim == 3 and channels == 1 else pixels
    return from_deep_array(pixels) if pixels.dtype == np.uint16 else Image.fromarray(np.ascontiguousarray(pixels))
