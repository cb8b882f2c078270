"""What is removed from an edited photo's file, because it still shows the photo as it was, and how that is told."""

from collections.abc import Collection
from typing import NamedTuple

PREVIEW = "preview"
GAIN_MAP = "gain map"
VIDEO = "video"
DEPTH = "depth map"
CREDENTIALS = "content credentials"
LAYERS = "layers"
PICTURES = "further pictures"
TRAILING = "trailing data"
_SENTENCES = {
    GAIN_MAP: "the HDR gain map was removed, because it still showed what the fill replaced: the photo is SDR now",
    VIDEO: "the video of this motion photo was removed, because it still showed what the fill replaced",
    DEPTH: "the depth map was removed, because it still showed what the fill replaced",
    CREDENTIALS: "the Content Credentials (C2PA) were removed, because they no longer hold for the edited photo",
    LAYERS: "the Photoshop layers were removed, because they still showed what the fill replaced",
    PICTURES: "the further pictures in this file were removed, because they still showed what the fill replaced",
    TRAILING: "the data after the end of the picture was removed, because it may still show what the fill replaced",
}


class Cleaned(NamedTuple):
    """Metadata without what shows the photo before it was edited.

    Attributes:
        data: the metadata; the same bytes as before where nothing was removed.
        removed: what was removed, names of this module such as PREVIEW.
    """

    data: bytes
    removed: frozenset[str] = frozenset()


def sentences(removed: Collection[str]) -> tuple[str, ...]:
    """Return sentences for the photo's owner about what was removed; none about small previews, which anyone expects.

    Args:
        removed: names of this module, in any order.
    """
    kinds = set(removed)
    if kinds & {GAIN_MAP, VIDEO, DEPTH}:  # these are the further pictures and the trailing data
        kinds -= {PICTURES, TRAILING}
    if PICTURES in kinds:
        kinds -= {TRAILING}
    return tuple(sentence for kind, sentence in _SENTENCES.items() if kind in kinds)


def captions_lost(format: str) -> str:
    """Return a sentence for the owner of a photo with IPTC captions that is written in another format.

    Args:
        format: Pillow's name of it.
    """
    return f"its captions and keywords (IPTC) were not written: {format} has no place for them"
