"""Turn photos upright by their EXIF orientation, and keep the metadata that still holds."""

import contextlib

from PIL import ExifTags, Image, ImageOps, JpegImagePlugin

from .modes import LOW_BYTES, low_bytes

TIFF_TEXT_TAGS = (270, 271, 272, 305, 306, 315, 33432)
"""Description, make, model, software, date and time, artist, copyright."""
_TURNED = range(2, 9)
TURNED_BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How to turn a photo back from upright, by its EXIF orientation."""
TURNED_UPRIGHT = TURNED_BACK | {6: Image.Transpose.ROTATE_270, 8: Image.Transpose.ROTATE_90}
"""How to turn a photo upright, by its EXIF orientation."""


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation of an image, 1 to 8; 1 where its EXIF data is damaged or missing."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # damaged EXIF data
        return 1
    return orientation if orientation in _TURNED else 1


def upright(image: Image.Image, *, copy: bool = False) -> Image.Image:
    """Return an upright photo that no longer depends on a file, in the mode and with the metadata of a loaded image.

    Args:
        image: upright or not.
        copy: whether the result has pixels of its own; False: it may share those of `image`, which must not be used
            any more then.
    """
    low = low_bytes(image)
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        photo = ImageOps.exif_transpose(image) if orientation in _TURNED else _plain(image, copy)
        if low is not None:
            photo.info[LOW_BYTES] = (
                low.transpose(TURNED_UPRIGHT[orientation]) if orientation in _TURNED else _plain(low, copy)
            )
    except Exception:  # damaged EXIF data: the pixels are good, so continue without it
        photo = _plain(image, copy)
        if (turn := TURNED_UPRIGHT.get(orientation_of(image))) is not None:
            photo = transposed(photo, turn)
        photo.info.pop("exif", None)
    photo.format = image.format
    if image.format == "TIFF":
        with contextlib.suppress(Exception):  # damaged tags, as above
            photo.info["exif"] = tiff_exif(image.getexif())
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        photo.info["qtables"] = image.quantization
        photo.info["subsampling"] = JpegImagePlugin.get_sampling(image)
    return photo


def stored(photo: Image.Image, orientation: int) -> Image.Image:
    """Return a photo as a file with an EXIF orientation stores its pixels: what `upright` did, undone.

    Args:
        photo: upright; not modified.
        orientation: 1 to 8.
    """
    turn = TURNED_BACK.get(orientation)
    return photo if turn is None else transposed(photo, turn)


def transposed(photo: Image.Image, turn: Image.Transpose) -> Image.Image:
    """Return a turned or mirrored copy of a photo, with its lower bytes if it has any."""
    turned, low = photo.transpose(turn), low_bytes(photo)
    if low is not None:
        turned.info = turned.info | {LOW_BYTES: low.transpose(turn)}
    return turned


def _plain(image: Image.Image, copy: bool) -> Image.Image:
    """Return an image that is not of a class of files."""
    if copy:
        return image.copy()
    return image._new(image.im)  # what `Image.copy` does, but for the copy, which may take hundreds of megabytes


def tiff_exif(tags: Image.Exif) -> bytes:
    """Return the EXIF data of a TIFF without the tags that describe how its pixels are stored.

    Args:
        tags: all tags of a directory of the TIFF.
    """
    kept = Image.Exif()
    for tag in TIFF_TEXT_TAGS:
        if tag in tags:
            kept[tag] = tags[tag]
    for directory in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        if directory in tags:
            kept.get_ifd(directory).update(tags.get_ifd(directory))
    return kept.tobytes()
