"""Choose among the pictures of a TIFF file: pages, beside reduced copies and transparency masks."""

import io

from inpaint.photos.errors import PhotoError
from inpaint.photos.formats import TIFF_SIGNATURES

from .structure import Directory, Structure

_REDUCED, _MASK = 1, 4
_OLD_REDUCED = 2
_THUMBNAIL_PX = 320
_THUMBNAIL_SHRINK = 4
_ASPECT_TOLERANCE = 0.02


def is_reduced(structure: Structure, directory: Directory) -> bool:
    """Return whether a directory says that its picture is a reduced copy of another one."""
    if 254 in directory.entries:
        return bool(structure.first(directory, 254, 0) & _REDUCED)
    return structure.first(directory, 255, 0) == _OLD_REDUCED


def is_mask(structure: Structure, directory: Directory) -> bool:
    """Return whether a directory says that its picture is a transparency mask of another one."""
    return bool(structure.first(directory, 254, 0) & _MASK)


def has_pixels(directory: Directory) -> bool:
    """Return whether a directory has a picture."""
    return {256, 257} <= directory.entries.keys() and bool({273, 324} & directory.entries.keys())


def pixels_of(structure: Structure, directory: Directory) -> int:
    """Return how many pixels the picture of a directory has."""
    return structure.first(directory, 256, 0) * structure.first(directory, 257, 0)


def pages_of(structure: Structure) -> list[Directory]:
    """Return the pages of a file, in its order: the pictures of full resolution.

    If the main directories have none, they are looked for in the SubIFDs; if there are none either, all pictures count.

    Raises:
        PhotoError: there is no picture.
    """
    pictures = [[d for d in group if has_pixels(d)] for group in (structure.chain, structure.children)]
    for group in pictures:
        pages = [d for d in group if not is_reduced(structure, d) and not is_mask(structure, d)]
        if pages:
            return pages
    if not any(pictures):
        raise structure.damaged("it has no picture")
    return pictures[0] + pictures[1]


def choose_page(structure: Structure, page: int | None) -> int:
    """Return the index of a page in `pages_of`.

    Args:
        structure: of the file.
        page: counted from 1; None: the first, or the largest where the first picture of the file is no page.

    Raises:
        PhotoError: there is no such page.
    """
    pages = pages_of(structure)
    if page is None:
        if pages[0] is structure.chain[0] and not _is_thumbnail(structure, pages):
            return 0
        return max(range(len(pages)), key=lambda index: pixels_of(structure, pages[index]))
    if not 1 <= page <= len(pages):
        count = "1 page; use page 1" if len(pages) == 1 else f"{len(pages)} pages; use one from 1 to {len(pages)}"
        raise PhotoError(f"page {page} of {structure.name} does not exist: it has {count}")
    return page - 1


def _is_thumbnail(structure: Structure, pages: list[Directory]) -> bool:
    """Return whether the first page is a small copy of another one, although it does not say so."""
    (width, height), *others = [(structure.first(d, 256, 0), structure.first(d, 257, 0)) for d in pages]
    if max(width, height) > _THUMBNAIL_PX:
        return False
    return any(
        min(wide / max(1, width), high / max(1, height)) >= _THUMBNAIL_SHRINK
        and abs(wide * height - high * width) <= _ASPECT_TOLERANCE * wide * height
        for wide, high in others
    )


def page_sizes(data: bytes) -> list[tuple[int, int]]:
    """Return (width, height) of each page of a file, as they are stored; of one that is no TIFF, an empty list.

    Raises:
        PhotoError: the TIFF is damaged.
    """
    if data[:4] not in TIFF_SIGNATURES:
        return []
    structure = Structure(io.BytesIO(data), "the file")
    return [(structure.first(d, 256, 0), structure.first(d, 257, 0)) for d in pages_of(structure)]
