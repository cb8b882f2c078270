"""Open photos from untrusted files, with limits, and from images and arrays."""

import contextlib
import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from inpaint.os_errors import words_of

from .decoding import checked, decode
from .errors import PhotoError, PhotoTooLargeError
from .orientation import upright
from .original import remember_original
from .sixteen_bit import from_deep_array

MAX_BYTES = 1 << 30
_LOADING = threading.Lock()

PhotoSource = str | os.PathLike[str] | bytes | BinaryIO | Image.Image | np.ndarray


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

    This is the only way to untrusted image files: formats are limited to `decoding.FORMATS`, sizes are checked
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
                return upright(checked(source, name), copy=copy)
        limit = Image.MAX_IMAGE_PIXELS if max_pixels is None else max_pixels
        with _open_file(source, name, max_bytes) as file:
            photo, orientation, index = decode(file, name, limit, page)
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


def _lasting(source: str | os.PathLike[str] | bytes | BinaryIO, file: BinaryIO) -> str | os.PathLike[str] | bytes:
    """Return what a file can be read from later: its path, or its bytes where it has none."""
    if isinstance(source, str | os.PathLike | bytes):
        return source
    path = getattr(file, "name", None)
    if isinstance(file, io.BufferedReader) and isinstance(path, str) and Path(path).is_file():
        return path
    file.seek(0)
    return file.read()


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
