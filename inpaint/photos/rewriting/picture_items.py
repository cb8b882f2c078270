"""Put a newly coded picture into the items of an AVIF or HEIC file, and keep what still holds of the others."""

import dataclasses

from inpaint.photos import isobmff
from inpaint.photos.coded import coding_of, nclx_of, with_primaries
from inpaint.photos.isobmff import Item, ItemFile, Property, Reference
from inpaint.photos.metadata import exif, xmp
from inpaint.photos.metadata.removed import CREDENTIALS, DEPTH, GAIN_MAP, PICTURES, TRAILING, VIDEO, Cleaned, sentences

_OF_THE_CODING = (b"av1C", b"hvcC", b"ispe", b"pixi", b"a1op", b"a1lx", b"lsel", b"clap")
_METADATA = (b"Exif", b"mime", b"uri ")
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0", b"urn:mpeg:hevc:2015:auxid:1\0")
_OTHER_BOXES = {b"mpvd": VIDEO, b"sefd": TRAILING, isobmff.CREDENTIALS: CREDENTIALS}
_ANIMATION = "it is an animation: only its first picture was filled, and the others were removed"


def with_picture(file: ItemFile, coded: ItemFile) -> tuple[ItemFile, tuple[str, ...]]:
    """Return a file whose primary picture, and its alpha, are newly coded, and sentences about what was removed.

    Metadata about the picture stay, and its properties but for those of the coding. All other pictures go: tiles,
    thumbnails, depth and gain maps show the photo before it was edited.

    Args:
        file: the original.
        coded: what an encoder wrote: a picture, and alpha if there is any.
    """
    number = file.primary
    removed = {_OTHER_BOXES[kind] for kind in file.others if kind in _OTHER_BOXES}
    items = {number: _picture(file, coded)}
    references = []
    for other, item in file.items.items():
        if item.kind in _METADATA and number in file.targets(b"cdsc", other):
            cleaned = _without_previews(item)
            removed |= cleaned.removed
            items[other] = dataclasses.replace(item, payload=cleaned.data)
            references.append(Reference(b"cdsc", other, (number,)))
        elif other != number:
            removed |= _meaning(file, other)
    for source in coded.sources(b"auxl", coded.primary):
        alpha = max(*items, *file.items) + 1
        turned = tuple(entry for entry in file.items[number].properties if entry.kind in (b"irot", b"imir"))
        items[alpha] = dataclasses.replace(
            coded.items[source], properties=(*coded.items[source].properties, *turned), hidden=True
        )
        references.append(Reference(b"auxl", alpha, (number,)))
    animation = (_ANIMATION,) if b"moov" in file.others else ()
    written = ItemFile(_brands(file.brands), number, items, tuple(references))
    return written, animation + sentences(removed)


def _picture(file: ItemFile, coded: ItemFile) -> Item:
    """Return the primary item with a new payload and the properties that still hold."""
    before, after, coding = file.items[file.primary], coded.items[coded.primary], coding_of(file)
    new = tuple(entry for entry in after.properties if entry.kind in _OF_THE_CODING)
    if (colour := nclx_of(after)) is not None:
        new = (*new, Property(b"colr", with_primaries(colour, coding.primaries, coding.transfer)))
    kept = (
        entry
        for entry in before.properties
        if entry.kind not in _OF_THE_CODING and not (entry.kind == b"colr" and entry.content[:4] == b"nclx")
    )
    return dataclasses.replace(
        after, properties=(*new, *kept), description=before.description.partition(b"\0")[0] + b"\0"
    )


def _without_previews(item: Item) -> Cleaned:
    if item.kind == b"Exif" and len(item.payload) > 4:
        start = 4 + int.from_bytes(item.payload[:4], "big")
        cleaned = exif.without_previews(item.payload[start:])
        return cleaned._replace(data=item.payload[:start] + cleaned.data)
    if b"rdf+xml" in item.description:
        return xmp.without_previews(item.payload)
    return Cleaned(item.payload)


def _meaning(file: ItemFile, number: int) -> set[str]:
    """Return what is removed with an item: nothing to speak of with tiles, thumbnails and alpha."""
    item, primary = file.items[number], file.primary
    if item.kind in _METADATA or number in file.targets(b"dimg", primary) or file.targets(b"thmb", number):
        return set()
    if item.kind == b"tmap" or any(
        file.items[user].kind == b"tmap" for user in file.sources(b"dimg", number) if user in file.items
    ):
        return {GAIN_MAP}
    users = file.sources(b"dimg", number)
    if users:  # a tile of what is counted itself
        return set()
    kind = item.first(b"auxC")
    if kind is None:
        return {PICTURES}
    if any(kind[4:].startswith(urn[:-1]) for urn in _ALPHA):
        return set()
    return {GAIN_MAP if b"hdrgainmap" in kind else DEPTH if b"depth" in kind or b"auxid:2" in kind else PICTURES}


def _brands(content: bytes) -> bytes:
    """Return the content of an ftyp box without the brands of animations and gain maps."""
    brands = [content[start : start + 4] for start in range(8, len(content) - 3, 4)]
    still = b"avif" if any(brand.startswith(b"av") for brand in (content[:4], *brands)) else b"heic"
    major = still if content[:4] in (b"avis", b"msf1", b"hevc", b"hevx") else content[:4]
    gone = (b"avis", b"avio", b"msf1", b"hevc", b"hevx", b"iso8", b"tmap")
    kept = dict.fromkeys([still, b"mif1", *(brand for brand in brands if brand not in gone)])
    return major + content[4:8] + b"".join(kept)
