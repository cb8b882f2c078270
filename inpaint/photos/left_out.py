"""What a batch leaves out of a folder of photos, and why."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from .formats import SUFFIXES
from .raw import raw_kind

_RAW_SUFFIXES = (
    "3fr arw bay cap cr2 cr3 crw dcr dng eip erf fff gpr iiq k25 kdc mdc mef mos mrw nef nrw orf ori pef ptx raf raw "
    "rw2 rwl rwz sr2 srf srw x3f"
)
_UNREADABLE_SUFFIXES = (
    "ai avi bpg clip cur dcm dds djvu emf eps exr fit fits flif hdr ico icns jls jxl jxr kra m4v mng mov mp4 ora pcx "
    "pdf pfm pict pct psb psd qoi ras rgb rgba sgi svg svgz tga wbmp wdp wmf xbm xcf xpm"
)
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"GIF8")
_NAMED = 5


class LeftOut(NamedTuple):
    """A file or folder that is not filled.

    Attributes:
        path: where it is.
        reason: as words, such as "a subfolder".
    """

    path: Path
    reason: str


def left_out_of(paths: Iterable[Path], known: Iterable[Path]) -> list[LeftOut]:
    """Return what is left out among the entries of a folder or the matches of a pattern.

    Files that are no pictures, such as texts, and hidden ones are not mentioned.

    Args:
        paths: the entries or matches.
        known: photos, masks, and the folders of masks and results, which are not left out.
    """
    taken = {os.path.realpath(path) for path in known}
    reasons = ((path, _reason(path)) for path in paths if not path.name.startswith("."))
    return [LeftOut(path, reason) for path, reason in reasons if reason and os.path.realpath(path) not in taken]


def told(left_out: list[LeftOut]) -> str:
    """Return what is left out as the part of a sentence, such as "2 left out: old/ (a subfolder), a.nef (raw)"."""
    names = [f"{each.path.name}{'/' * each.path.is_dir()} ({each.reason})" for each in left_out[:_NAMED]]
    more = f" and {len(left_out) - _NAMED} more" if len(left_out) > _NAMED else ""
    return f"{len(left_out)} left out: {', '.join(names)}{more}"


def _reason(path: Path) -> str:
    """Return why a path is left out; "" if it is taken, or not worth mentioning."""
    suffix = path.suffix.lower()
    if path.is_symlink() and not path.exists():
        return "a link to nothing"
    if path.is_dir():
        return "a subfolder" if any(path.iterdir()) else ""
    if suffix in SUFFIXES:
        return "" if path.is_file() else "not a file"
    if suffix[1:] in _RAW_SUFFIXES.split():
        return "a raw photo"
    if suffix[1:] in _UNREADABLE_SUFFIXES.split():
        return f"{suffix} cannot be read"
    return _hidden_picture(path) if path.is_file() else ""


def _hidden_picture(path: Path) -> str:
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError:
        return ""
    if raw_kind(head.ljust(16, b"\0")):
        return "a raw photo"
    return "a picture without the suffix of one" if head.startswith(_PICTURES) or head[8:12] == b"WEBP" else ""
