"""Say what of a TIFF file another format has no place for."""

import io
from pathlib import Path

from inpaint.photos.errors import PhotoError
from inpaint.photos.metadata.removed import captions_lost

from .layout import UnsupportedTiffError
from .pages import pages_of
from .picture import picture_of
from .structure import Structure

_IPTC = 33723


def losses(source: Path | bytes, page: int, format: str) -> tuple[str, ...]:
    """Return sentences about pages, captions and samples that are not in a file of another format.

    Args:
        source: the TIFF file, or its bytes.
        page: index of the page that was written.
        format: Pillow's name of the other format.
    """
    sentences = []
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            structure = Structure(file, "the file")
            pages = pages_of(structure)
            if len(pages) > 1:
                sentences.append(f"only page {page + 1} of {len(pages)} was written: {format} has no pages, TIFF has")
            if _IPTC in pages[page].entries:
                sentences.append(captions_lost(format))
            picture = picture_of(structure, pages[page])
            further = picture.layout.samples - len(picture.rendition().channels)
            if further > 0:
                sentences.append(
                    f"samples beyond the colours, such as infrared, were not written ({further} of "
                    f"{picture.layout.samples}): {format} has no place for them, TIFF has"
                )
    except (OSError, IndexError, PhotoError, UnsupportedTiffError):  # the file is gone, or was read by Pillow
        pass
    return tuple(sentences)
