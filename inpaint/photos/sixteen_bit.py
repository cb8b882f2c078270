"""Read and write 16-bit colour, for which Pillow has no mode.

Such a photo is held as two images, one of the upper and one of the lower bytes: see `modes.LOW_BYTES`. Pillow decodes
the file twice. With the byte order of the values reversed, it returns the lower byte instead of the upper one. PNG and
TIFF files are encoded here.
"""

import struct
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

import numpy as np
from PIL import Image, TiffImagePlugin

from .modes import LOW_BYTES, low_bytes, strips
from .png import SIGNATURE, Header, deep_idat, deep_packer, new_chunk

DEEP_FORMATS = ("PNG", "TIFF")
_OTHER_ORDER = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
_PNG_COLOUR_TYPES = {"RGB": 2, "LA": 4, "RGBA": 6}
_TIFF_PHOTOMETRIC = {"LA": 1, "RGB": 2, "RGBA": 2, "CMYK": 5}


def is_deep(image: Image.Image) -> bool:
    """Return whether an image that is opened, but not loaded, has 16-bit colour that `load_deep` reads."""
    raw = raw_mode(image)
    return raw in ("LA;16B",) or (raw[:-1] in ("RGB;16", "RGBA;16", "CMYK;16") and raw[-1] in _OTHER_ORDER)


def load_deep(image: Image.Image, twin: Image.Image) -> Image.Image:
    """Load 16-bit colour.

    Args:
        image: opened, but not loaded; `is_deep` is true for it.
        twin: the same file, opened a second time.

    Returns:
        The upper bytes, with the lower bytes in `info`: `image` itself, or a new image for greyscale with alpha.
    """
    raw = raw_mode(image)
    if raw == "LA;16B":  # four bytes per pixel: upper and lower of grey, upper and lower of alpha
        _set_raw_mode(image, "RGBA")
        bands = image.split()
        grey = Image.merge("LA", (bands[0], bands[2]))
        grey.info = image.info | {LOW_BYTES: Image.merge("LA", (bands[1], bands[3]))}
        return grey
    _set_raw_mode(twin, raw[:-1] + _OTHER_ORDER[raw[-1]])
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(twin.load)
        image.load()
        loading.result()
    image.info[LOW_BYTES] = twin
    return image


def raw_mode(image: Image.Image) -> str:
    """Return Pillow's raw mode of the stored pixels; "?" if tiles differ or there are none."""
    stored = {tile[3] if isinstance(tile[3], str) else (tile[3] or ("",))[0] for tile in getattr(image, "tile", [])}
    found = stored.pop() if len(stored) == 1 else ""
    return found if isinstance(found, str) and len(found) > 1 else "?"


def _set_raw_mode(image: Image.Image, raw: str) -> None:
    tiles = image.tile  # type: ignore[attr-defined]
    for index, tile in enumerate(tiles):
        tiles[index] = tile._replace(args=raw if isinstance(tile[3], str) else (raw, *tile[3][1:]))


def from_deep_array(pixels: np.ndarray) -> Image.Image:
    """Return pixels as a photo.

    Args:
        pixels: uint16 (H, W), (H, W, 3) or (H, W, 4).
    """
    if pixels.ndim == 2:
        return Image.fromarray(np.ascontiguousarray(pixels))
    photo = Image.fromarray((pixels >> 8).astype(np.uint8))
    photo.info[LOW_BYTES] = Image.fromarray((pixels & 255).astype(np.uint8))
    return photo


def to_array(photo: Image.Image) -> np.ndarray:
    """Return a photo as an array of its own depth: like `numpy.asarray`, but uint16 for 16-bit colour."""
    low = low_bytes(photo)
    if low is None:
        return np.asarray(photo)
    return np.asarray(photo).astype(np.uint16) << 8 | np.asarray(low)


def array_strips(photo: Image.Image) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield the rows of a photo in strips, each as an array of the photo's own depth, see `to_array`."""
    low = low_bytes(photo)
    for rows, strip in strips(photo):
        values = np.asarray(strip)
        if low is not None:
            values = values.astype(np.uint16) << 8 | np.asarray(low.crop((0, rows.start, photo.width, rows.stop)))
        yield rows, values


def save_deep(photo: Image.Image, target: BinaryIO, format: str) -> None:
    """Write 16-bit colour with its EXIF data, ICC profile and resolution.

    Args:
        photo: with lower bytes.
        target: an open binary file.
        format: one of DEEP_FORMATS.

    Raises:
        ValueError: the photo is CMYK and the format PNG.
    """
    if photo.mode not in (_PNG_COLOUR_TYPES if format == "PNG" else _TIFF_PHOTOMETRIC):
        raise ValueError(f"cannot write 16-bit {photo.mode} as {format}")
    if format == "PNG":
        _save_png(photo, target)
    else:
        _save_tiff(photo, target)


def _save_png(photo: Image.Image, target: BinaryIO) -> None:
    """Write a PNG file.

    Reference:
        W3C, Portable Network Graphics (PNG) Specification, third edition, sections 9 and 11.
    """
    chunks = [Header(*photo.size, 16, _PNG_COLOUR_TYPES[photo.mode], False).chunk()]
    if photo.info.get("icc_profile"):
        chunks.append(new_chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(photo.info["icc_profile"])))
    if photo.info.get("dpi"):
        per_metre = [round(float(value) / 0.0254) for value in photo.info["dpi"]]
        chunks.append(new_chunk(b"pHYs", struct.pack(">2IB", *per_metre, 1)))
    if photo.info.get("exif"):
        chunks.append(new_chunk(b"eXIf", photo.info["exif"].removeprefix(b"Exif\0\0")))
    target.write(SIGNATURE)
    target.writelines(chunk.raw for chunk in chunks)
    target.writelines(chunk.raw for chunk in deep_idat(rows for _, rows in array_strips(photo)))
    target.write(new_chunk(b"IEND", b"").raw)


def _save_tiff(photo: Image.Image, target: BinaryIO) -> None:
    """Write a TIFF file with one strip, compressed by deflate after horizontal differencing.

    Reference:
        Adobe, TIFF 6.0, sections 8, 14 and 16; compression 8 is from the Photoshop supplement of 2002.
    """
    packer, strip = deep_packer(), bytearray()
    channels = 0
    for _, rows in array_strips(photo):
        channels = rows.shape[2]
        rows[:, 1:] -= rows[:, :-1].copy()
        strip += packer.compress(rows.astype("<u2").tobytes())
    strip += packer.flush()
    tags = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"II")
    exif = Image.Exif()
    exif.load(photo.info.get("exif") or b"")
    for tag in exif:
        tags[tag] = exif.get_ifd(tag) if tag in (0x8769, 0x8825) else exif[tag]
    tags[256], tags[257], tags[258] = photo.width, photo.height, (16,) * channels
    tags[259], tags[262] = 8, _TIFF_PHOTOMETRIC[photo.mode]
    tags[273], tags[277], tags[278], tags[279] = 0, channels, photo.height, len(strip)
    tags[284], tags[317] = 1, 2
    if photo.mode in ("LA", "RGBA"):
        tags[338] = 2
    if photo.info.get("dpi"):
        tags[282], tags[283] = photo.info["dpi"]
        tags[296] = 2
    if photo.info.get("icc_profile"):
        tags[34675] = photo.info["icc_profile"]
    tags.save(target)
    target.write(strip)
