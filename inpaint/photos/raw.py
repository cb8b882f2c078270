"""Recognise raw photos of cameras by their first bytes; for those that are TIFF files see `tiff.raw`."""

HEADS = (
    (0, b"FUJIFILMCCD-RAW", "RAF"),
    (0, b"IIU\0", "RW2"),
    (0, b"IIRO", "ORF"),
    (0, b"IIRS", "ORF"),
    (0, b"MMOR", "ORF"),
    (0, b"\0MRM", "MRW"),
    (0, b"FOVb", "X3F"),
    (6, b"HEAPCCDR", "CRW"),
    (4, b"ftypcrx ", "CR3"),
)
"""(position, first bytes, kind) of raw files that are no TIFF."""
_ADVICE = "develop it in a raw converter, export it as 16-bit TIFF, and fill that"


def raw_kind(head: bytes) -> str | None:
    """Return the kind of a raw file that is no TIFF, such as "RAF"; None for other files.

    Args:
        head: the first bytes of the file, at least 16.
    """
    return next((kind for at, start, kind in HEADS if head[at : at + len(start)] == start), None)


def refusal(name: str, kind: str, camera: str = "") -> str:
    """Return the sentence that refuses a raw file.

    Args:
        name: of the file.
        kind: such as "DNG".
        camera: its maker and model, if known.
    """
    of_camera = f" of a {camera}" if camera else ""
    return (
        f"{name} is a raw photo{of_camera} ({kind}), which is the data of a sensor and no finished picture: {_ADVICE}"
    )
