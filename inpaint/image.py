"""Photos and masks at the boundary: open and check them, convert to tensors and back, save with what they carried."""

import io
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from PIL import ExifTags, Image, ImageOps, JpegImagePlugin
from torch import Tensor

from .modes import DEEP_MODES, MODES

FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "PPM", "JPEG2000")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif", ".ppm", ".pgm", ".jp2")
TIFF_WORDS = (270, 271, 272, 305, 306, 315, 33432)  # description, make, model, software, time, artist, copyright
LOSSLESS_TIFF = ("raw", "packbits", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate")

PhotoSource = str | os.PathLike[str] | bytes | BinaryIO | Image.Image | np.ndarray


class PhotoError(ValueError):
    """A photo that cannot be read, or that this program does not handle; the message is a sentence for its owner."""


class MaskError(ValueError):
    """A mask that does not say which pixels of the photo to fill; the message names the rule and the next move."""


def open_photo(source: PhotoSource, *, what: str = "photo") -> Image.Image:
    """Read a photo completely, turn it upright, and keep its mode and what it carries (EXIF, ICC profile, dpi).

    Args:
        source: a path, a file's bytes, an open binary file, a PIL image, or uint8 pixels (H, W), (H, W, 3) or
            (H, W, 4). A PIL image is copied. Of an animation the first frame is read.
        what: how a message calls it ("photo" or "mask").

    Returns:
        An upright image in the file's own mode, with `format` set; its orientation tag is gone. A JPEG's
        quantization tables and subsampling are put in `info`, so that `save_photo` can keep its quality.

    Raises:
        PhotoError: no such file, not a picture, a truncated one, an unknown format or mode, no pixels, or more
            than `PIL.Image.MAX_IMAGE_PIXELS` of them (raise that limit for larger pictures that you trust).
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, what)
    name = f"the {what}" if isinstance(source, Image.Image | bytes) or hasattr(source, "read") else f"{source}"
    try:
        if isinstance(source, Image.Image):
            return _upright(source, name)
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        with Image.open(file, formats=_readable_formats()) as image:
            return _upright(image, name)
    except PhotoError:
        raise
    except FileNotFoundError:
        raise PhotoError(f"cannot open {name}: there is no such file; check the path") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PhotoError(_too_large(name)) from None
    except Image.UnidentifiedImageError:
        raise PhotoError(f"{name} is not a picture that can be read; use one of {', '.join(FORMATS)}") from None
    except Exception as error:  # Pillow's decoders raise nearly any type on damaged files
        reason = f"{type(error).__name__}: {error}"
        raise PhotoError(f"{name} is damaged or cannot be read ({reason}); try to save it again as PNG") from error


def _readable_formats() -> list[str]:
    Image.init()
    return [name for name in (*FORMATS, "HEIF") if name in Image.OPEN]


def _too_large(name: str) -> str:
    limit = (Image.MAX_IMAGE_PIXELS or 0) / 1e6
    return (
        f"{name} has too many pixels: the limit is {limit:.0f} million; shrink it, "
        "or set PIL.Image.MAX_IMAGE_PIXELS higher if you trust the file"
    )


def _from_array(pixels: np.ndarray, what: str) -> Image.Image:
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or channels not in (1, 3, 4) or pixels.size == 0:
        raise PhotoError(
            f"the {what} is an array of shape {pixels.shape} and type {pixels.dtype}; "
            "it must be uint8 of shape (H, W), (H, W, 3) or (H, W, 4)"
        )
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.ndim == 3 and channels == 1 else pixels))


def _upright(image: Image.Image, name: str) -> Image.Image:
    """Load and check an image, and return an upright copy that no longer depends on a file."""
    width, height = image.size
    if width < 1 or height < 1:
        raise PhotoError(f"{name} has no pixels: it is {width}x{height}")
    if Image.MAX_IMAGE_PIXELS is not None and width * height > Image.MAX_IMAGE_PIXELS:
        raise PhotoError(_too_large(name))
    if getattr(image, "n_frames", 1) > 1:
        image.seek(0)
    image.load()
    if image.mode not in MODES:
        raise PhotoError(f"{name} has mode {image.mode}, which is not supported; convert it to RGB first")
    try:
        upright = ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF: the picture is good, so go on without it
        upright = image.copy()
        upright.info.pop("exif", None)
    upright.format = image.format
    if image.format == "TIFF":
        upright.info["exif"] = _tiff_exif(image.getexif())
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        upright.info["qtables"] = image.quantization
        upright.info["subsampling"] = JpegImagePlugin.get_sampling(image)
    return upright


def _tiff_exif(tags: Image.Exif) -> bytes:
    """What a TIFF says about its picture, without the tags that say how its pixels are stored."""
    kept = Image.Exif()
    for tag in TIFF_WORDS:
        if tag in tags:
            kept[tag] = tags[tag]
    for directory in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        if directory in tags:
            kept.get_ifd(directory).update(tags.get_ifd(directory))
    return kept.tobytes()


def to_mask(mask: PhotoSource, size: tuple[int, int]) -> np.ndarray:
    """Read a mask: which pixels of a photo are to be filled.

    Args:
        mask: a path, bytes, PIL image or array. White (128 or more of 255, half of the range at 16 bits) is the hole.
            A picture whose alpha channel varies, or is 0 everywhere, is a sketch: painted where alpha > 0, whatever
            the colour. An array is bool (H, W), True = hole, or uint8 with 0 and 255.
        size: (width, height) of the photo.

    Returns:
        bool (H, W), True = hole; the caller may change it.

    Raises:
        MaskError: another size than the photo's, or an array of another type, or uint8 with nothing above 1.
        PhotoError: the mask's file cannot be read.
    """
    hole = _array_to_hole(mask) if isinstance(mask, np.ndarray) else _picture_to_hole(open_photo(mask, what="mask"))
    height, width = hole.shape
    if (width, height) != tuple(size):
        raise MaskError(
            f"the mask is {width}x{height} and the photo is {size[0]}x{size[1]}; they must have the same size: "
            "paint the mask on the photo itself, or resize the mask without smoothing"
        )
    return hole


def _array_to_hole(mask: np.ndarray) -> np.ndarray:
    if mask.ndim == 3 and mask.shape[2] == 1:
        mask = mask[..., 0]
    if mask.ndim == 2 and mask.dtype == bool:
        return mask.copy()
    if mask.dtype != np.uint8 or mask.ndim not in (2, 3) or (mask.ndim == 3 and mask.shape[2] not in (3, 4)):
        raise MaskError(
            f"the mask is an array of shape {mask.shape} and type {mask.dtype}; "
            "it must be bool (H, W) with True = hole, or uint8 with 255 = hole"
        )
    if mask.size and mask.max() == 1 and mask.shape[2:] != (4,):
        raise MaskError("the mask's largest value is 1; in uint8 a hole is 255: pass mask.astype(bool) or mask * 255")
    return _picture_to_hole(_from_array(mask, "mask"))


def _picture_to_hole(picture: Image.Image) -> np.ndarray:
    if picture.mode in DEEP_MODES:
        values = np.asarray(picture)
        return values >= (32768 if picture.mode.startswith("I;16") or values.max() > 255 else 128)
    if picture.mode in ("LA", "PA", "RGBA") or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        low, high = rgba.getchannel("A").getextrema()
        if low != high or high == 0:
            return np.asarray(rgba.getchannel("A")) > 0
        picture = rgba
    return np.asarray(picture.convert("RGB").convert("L")) >= 128


def save_photo(photo: Image.Image, target: str | os.PathLike[str] | BinaryIO, format: str | None = None) -> None:
    """Write a photo with its EXIF, ICC profile and dpi; a JPEG keeps its quantization tables and subsampling.

    Args:
        photo: as `open_photo` or the inpainter returned it.
        target: a path or an open binary file.
        format: Pillow's name of the format; None: from the target's suffix, else the photo's own, else PNG.

    Raises:
        PhotoError: the format is unknown or cannot hold the photo's mode.
        OSError: the file cannot be written.
    """
    if format is None and isinstance(target, str | os.PathLike):
        format = Image.registered_extensions().get(Path(target).suffix.lower())
        if format is None:
            raise PhotoError(f"{target} does not end like a picture's name; use one of {', '.join(SUFFIXES)}")
    format = format or photo.format or "PNG"
    format = "JPEG" if format == "MPO" else format
    try:
        photo.save(target, format, **_save_options(photo, format))
    except (KeyError, ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise PhotoError(f"a {photo.mode} photo cannot be saved as {format} ({error}); save it as PNG") from error


def _save_options(photo: Image.Image, format: str) -> dict[str, Any]:
    options = {key: photo.info[key] for key in ("exif", "icc_profile", "dpi") if photo.info.get(key)}
    if format == "JPEG":
        options |= {"quality": 95, "progressive": bool(photo.info.get("progressive"))}
        if photo.info.get("subsampling", -1) in (0, 1, 2):
            options["subsampling"] = photo.info["subsampling"]
        if photo.info.get("qtables") and photo.format in ("JPEG", "MPO"):
            options = {**options, "qtables": photo.info["qtables"]}
            del options["quality"]
    elif format in ("WEBP", "AVIF"):
        options |= {"quality": 95} | ({"exact": True} if format == "WEBP" else {})
    elif format == "TIFF":
        kept = photo.info.get("compression")
        options["compression"] = kept if kept in LOSSLESS_TIFF else "tiff_lzw"
    return options


def to_tensor(pixels: np.ndarray) -> Tensor:
    """RGB uint8 (H, W, 3) -> float32 (1, 3, H, W) in [-1, 1]. `to_pixels` gives back exactly the same pixels."""
    return torch.from_numpy(np.array(pixels, order="C")).permute(2, 0, 1)[None].to(torch.float32) / 127.5 - 1


def to_pixels(image: Tensor) -> np.ndarray:
    """(1, 3, H, W) or (3, H, W) in [-1, 1], any device or float type -> RGB uint8 (H, W, 3); values outside are cut."""
    image = image[0] if image.ndim == 4 else image
    scaled = ((image.detach().float() + 1) * 127.5).nan_to_num(127.5).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(scaled.permute(1, 2, 0).cpu().numpy())


def composite(image: Tensor, prediction: Tensor, mask: Tensor) -> Tensor:
    """The prediction in the hole and the image outside, exactly.

    Args:
        image: (B, 3, H, W).
        prediction: (B, 3, H, W).
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.
    """
    return torch.where(mask > 0.5, prediction, image)


def reflect_indices(start: int, stop: int, size: int) -> np.ndarray:
    """For positions start..stop-1 on a line of `size` pixels, the pixel to read: beyond an end the line is mirrored.

    The end pixels are not repeated (like reflection padding), and an overhang of any length is allowed.
    """
    if size == 1:
        return np.zeros(stop - start, np.intp)
    position = np.arange(start, stop) % (2 * size - 2)
    return np.minimum(position, 2 * size - 2 - position)
