"""Save photos in their own format and quality, with their metadata."""

import contextlib
import importlib
import io
import os
import struct
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, PngImagePlugin

from . import heif, netpbm
from .carried_over import CarriedOver, with_chunks
from .errors import PhotoError
from .formats import FORMAT_OF_SUFFIX, SUFFIXES, register_heic
from .metadata import exif, xmp
from .metadata.jpeg_options import JpegOptions, jpeg_options
from .metadata.removed import sentences
from .modes import LOW_BYTES, low_bytes
from .original import ORIGINAL, Original, original_of, relocate_original
from .png_compression import png_options
from .quality import matching_quality
from .rewriting.rewrite import CannotRewriteError, rewrite
from .sixteen_bit import DEEP_FORMATS, save_deep
from .transparency import has_transparent_colour, with_alpha

LOSSLESS_TIFF = ("raw", "packbits", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate")
LOSSY = ("WEBP", "AVIF", "HEIF")
_WITH_ALPHA = ("WEBP", "AVIF", "HEIF", "TIFF", "JPEG2000", "PPM")
"""Formats that hold an alpha channel, but no transparent colour."""
DEFAULT_QUALITY = 95


def format_of(name: str | os.PathLike[str]) -> str:
    """Return Pillow's name of the image format that a file name ends with.

    Args:
        name: a file name, or a suffix such as "jpg" or ".jpg".

    Raises:
        PhotoError: it does not end like the name of an image file.
    """
    suffix = (Path(name).suffix or f".{Path(name).name}").lower()
    format = FORMAT_OF_SUFFIX.get(suffix)
    if format is None:
        raise PhotoError(f"{name} does not end like the name of an image file; use one of {', '.join(SUFFIXES)}")
    return format


def save_photo(
    photo: Image.Image,
    target: str | os.PathLike[str] | BinaryIO,
    format: str | None = None,
    quality: int | None = None,
) -> tuple[str, ...]:
    """Write a photo with its EXIF data, ICC profile and resolution, in its own quality.

    Where the photo came from a file of the same format, only what differs from that file is changed in it, see
    `rewriting`; previews that show the photo as it was go. Otherwise a JPEG keeps its quantization tables. The quality
    of a lossy WebP, AVIF or HEIC file is not stored in the file; the photo is saved with the quality that gives about
    as many bytes per pixel as its file had. 16-bit colour keeps its depth in PNG and TIFF; other formats get the upper
    bytes.

    Args:
        photo: as `open_photo` or the inpainter returned it.
        target: a path or an open binary file.
        format: Pillow's name of the format; None: by the target's suffix, else the photo's own, else PNG.
        quality: of a lossy format, 1 to 100; None: the photo's own, or 95 if the photo comes from another format.

    Returns:
        Sentences that say what of the original file could not be kept, to be shown to the photo's owner.

    Raises:
        PhotoError: the format is unknown or does not support the photo's mode, or quality is out of range.
        OSError: the file cannot be written.
    """
    check_quality(quality)
    if format is None and isinstance(target, str | os.PathLike):
        format = format_of(target)
    format = format or photo.format or "PNG"
    format = "JPEG" if format == "MPO" else format
    if format == "HEIF" and not register_heic():
        raise PhotoError("HEIC cannot be written: run  pip install pillow-heif  or save the photo as JPEG")
    original = original_of(photo)
    notes: tuple[str, ...] = ()
    if original is not None and _same_format(original.format, format):
        try:
            data, notes = rewrite(photo, original, quality)
            _write(data, target)
            if isinstance(target, str | os.PathLike) and Path(target).absolute() == original.source:
                relocate_original(photo, Path(target))  # the next save changes this file again
            return notes
        except CannotRewriteError as error:
            notes = (str(error),) if str(error) else ()
    if original is not None and original.format == "TIFF" != format:
        notes += importlib.import_module("inpaint.photos.tiff.losses").losses(original.source, original.page, format)
    return notes + CarriedOver(photo).losses(format) + _encode(photo, target, format, quality)


def _same_format(first: str, second: str) -> bool:
    return first.replace("MPO", "JPEG") == second.replace("MPO", "JPEG")


def _write(data: bytes, target: str | os.PathLike[str] | BinaryIO) -> None:
    if isinstance(target, str | os.PathLike):
        Path(target).write_bytes(data)
    else:
        target.write(data)


def _encode(
    photo: Image.Image, target: str | os.PathLike[str] | BinaryIO, format: str, quality: int | None
) -> tuple[str, ...]:
    """Write all pixels of a photo anew, and return what is to be told, see `save_photo`."""
    try:
        if format in _WITH_ALPHA and has_transparent_colour(photo) and photo.mode != "I;16":
            photo = _with_alpha(photo)
        if format == "PNG":
            _write(_encoded_png(photo), target)
            return ()
        if low_bytes(photo) is not None and format in DEEP_FORMATS:
            with contextlib.ExitStack() as stack:
                path = isinstance(target, str | os.PathLike)
                file = stack.enter_context(open(target, "w+b")) if path else target  # type: ignore[arg-type]
                save_deep(photo, file, format)  # type: ignore[arg-type]
            return ()
        if format == "PPM":
            netpbm.write(photo, file := io.BytesIO())
            _write(file.getvalue(), target)
            return ()
        if format == "JPEG" and photo.mode in ("P", "HSV") and "transparency" not in photo.info:
            photo = photo.convert("RGB")
        options = _save_options(photo, format, quality)
        carried = _carried_over(photo, options.get("xmp")) if format == "JPEG" else JpegOptions({}, frozenset())
        photo.save(target, format, **options | carried.options)
        return sentences(carried.removed)
    except (KeyError, ValueError, OSError, struct.error) as error:  # the last one for a size that is too large
        if isinstance(error, OSError) and error.errno is not None:
            raise
        advice = "TIFF" if format == "PNG" else "PNG"
        raise PhotoError(f"a {photo.mode} photo cannot be saved as {format} ({error}); save it as {advice}") from error


def _with_alpha(photo: Image.Image) -> Image.Image:
    """Return a photo with alpha in place of a transparent colour, with its metadata."""
    converted, low = with_alpha(photo, low_bytes(photo))
    kept = {key: value for key, value in photo.info.items() if key not in ("transparency", LOW_BYTES)}
    converted.info = kept | ({} if low is None else {LOW_BYTES: low})
    converted.format = photo.format
    return converted


def _encoded_png(photo: Image.Image) -> bytes:
    """Return a PNG file with the photo's colour space, texts and XMP."""
    file = io.BytesIO()
    if low_bytes(photo) is not None:
        save_deep(photo, file, "PNG")
    else:
        photo.save(file, "PNG", **_save_options(photo, "PNG", None))
    chunks = CarriedOver(photo).png_chunks()
    return with_chunks(file.getvalue(), chunks) if chunks else file.getvalue()


def _carried_over(photo: Image.Image, packet: bytes | None) -> JpegOptions:
    """Return the metadata of the JPEG file that a photo came from, also where it is of another size now."""
    original = photo.info.get(ORIGINAL)
    data = original.read() if isinstance(original, Original) and original.format in ("JPEG", "MPO") else None
    return jpeg_options(data, packet) if data is not None else JpegOptions({}, frozenset())


def check_quality(quality: int | None) -> None:
    """Raise PhotoError unless `quality` is None or a quality of a lossy format: 1 to 100."""
    if quality is not None and not 1 <= quality <= 100:
        raise PhotoError(f"quality is {quality}; it must be a whole number from 1 to 100: try {DEFAULT_QUALITY}")


def _save_options(photo: Image.Image, format: str, quality: int | None) -> dict[str, Any]:
    options = {key: photo.info[key] for key in ("exif", "icc_profile", "dpi") if photo.info.get(key)}
    if "exif" in options:
        options["exif"] = exif.without_previews(options["exif"]).data
    if format in ("JPEG", *LOSSY) and isinstance(photo.info.get("xmp"), bytes):
        options["xmp"] = xmp.without_previews(photo.info["xmp"]).data
    if format == "JPEG":
        options |= {"quality": quality or DEFAULT_QUALITY, "progressive": bool(photo.info.get("progressive"))}
        if "subsampling" in photo.info and photo.mode == "RGB":  # -1: one that Pillow does not write, such as 4:1:1
            options["subsampling"] = max(0, photo.info["subsampling"])
        if photo.info.get("qtables") and photo.format in ("JPEG", "MPO") and quality is None:
            options = {**options, "qtables": photo.info["qtables"]}
            del options["quality"]
    elif format in LOSSY:
        if format == "WEBP":
            options["exact"] = True  # keep the colours of transparent pixels
        if format == "HEIF":
            options["enc_params"] = dict(heif.ENCODER_OPTIONS)
        if format == "WEBP" and photo.format == format and photo.info.get("lossless") and quality is None:
            options["lossless"] = True
        else:
            options["quality"] = quality or _own_quality(photo, format, options)
    elif format == "TIFF":
        kept = photo.info.get("compression")
        options["compression"] = kept if kept in LOSSLESS_TIFF else "tiff_lzw"
    elif format == "PNG":
        options |= png_options(photo)
        if photo.mode == "1" and photo.info.get("transparency"):
            options["transparency"] = 1  # of one bit
        if "gamma" in photo.info and "icc_profile" not in photo.info:
            options["pnginfo"] = PngImagePlugin.PngInfo()
            options["pnginfo"].add(b"gAMA", round(photo.info["gamma"] * 100_000).to_bytes(4, "big"))
    return options


def _own_quality(photo: Image.Image, format: str, options: dict[str, Any]) -> int:
    """Return the quality that leads to as many bytes as the photo's file has, if that has the same format."""
    if photo.format != format or not photo.info.get("file_bytes"):
        return DEFAULT_QUALITY
    metadata = sum(len(options.get(key, b"")) for key in ("exif", "icc_profile", "xmp"))

    def encoded_bytes(sample: Image.Image, quality: int) -> int:
        sample.save(file := io.BytesIO(), format, quality=quality)
        return file.tell()

    return matching_quality(photo, photo.info["file_bytes"] - metadata, encoded_bytes)
