"""Remove from the tags of a TIFF page what shows the photo before it was edited."""

from collections.abc import Callable

from inpaint.photos.errors import PhotoError
from inpaint.photos.metadata.jpeg_streams import jpeg_streams
from inpaint.photos.metadata.photoshop import iptc_without_previews
from inpaint.photos.metadata.photoshop import without_previews as photoshop_without_previews
from inpaint.photos.metadata.removed import CREDENTIALS, LAYERS, PREVIEW, Cleaned
from inpaint.photos.metadata.xmp import without_previews as xmp_without_previews
from inpaint.photos.tiff.pages import is_reduced
from inpaint.photos.tiff.structure import Directory, Structure

from .tiff_file import TiffFile

_CLEANERS: dict[int, Callable[[bytes], Cleaned]] = {
    700: xmp_without_previews,
    33723: iptc_without_previews,
    34377: photoshop_without_previews,
}
_REMOVED = {37724: LAYERS, 52545: CREDENTIALS}
"""ImageSourceData, in which Photoshop keeps its layers, and C2PA."""
_KEPT = (347, 34675)
"""JPEG tables and ICC profile, which hold no picture."""
_EXIF = 34665
_BYTES = (1, 7)


def clean_metadata(structure: Structure, page: Directory, file: TiffFile) -> set[str]:
    """Remove previews, layers and signatures from the tags of a page and its EXIF data.

    Args:
        structure: of the file before it is changed.
        page: the edited page.
        file: written to.

    Returns:
        What was removed, names of `metadata.removed`.
    """
    removed: set[str] = set()
    first = structure.chain[0]
    for directory in {page.offset: page, **({first.offset: first} if is_reduced(structure, first) else {})}.values():
        removed |= _clean(structure, directory, file)
        try:
            offset = structure.first(directory, _EXIF, 0)
            removed |= _clean(structure, structure.directory_at(offset), file) if offset else set()
        except PhotoError:  # damaged EXIF data
            continue
    return removed


def _clean(structure: Structure, directory: Directory, file: TiffFile) -> set[str]:
    removed: set[str] = set()
    for tag, entry in directory.entries.items():
        if tag in _REMOVED:
            file.remove_tag(directory, tag)
            removed.add(_REMOVED[tag])
        elif tag in _CLEANERS or (entry.type in _BYTES and tag not in _KEPT):
            raw = structure.raw(directory, tag)
            cleaned = _CLEANERS.get(tag, _without_jpegs)(raw)
            if cleaned.data == raw:
                continue
            removed |= cleaned.removed
            if cleaned.data:
                file.write_value(directory, tag, cleaned.data)
            else:
                file.remove_tag(directory, tag)
    return removed


def _without_jpegs(value: bytes) -> Cleaned:
    """Return a value with the JPEG files in it, say previews in maker notes, set to 0."""
    result = bytearray(value)
    for start, end in jpeg_streams(value):
        result[start:end] = bytes(end - start)
    return Cleaned(bytes(result), frozenset({PREVIEW}))
