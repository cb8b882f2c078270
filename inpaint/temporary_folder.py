"""Folders for temporary files that bear a lock, so that those of killed processes are found and removed."""

import contextlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from inpaint.os_errors import add_filename

if sys.platform != "win32":
    import fcntl

PREFIX = "inpaint-"
LOCK = ".lock"
"""A file in the folder that its process keeps locked; the system unlocks it however the process ends."""


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder that only this user can read, and remove it at the end, with those of dead processes at the start.

    Raises:
        OSError: it cannot be made; with the folder's name also if the disk is full while the context writes to it.
    """
    above = Path(tempfile.gettempdir())
    remove_dead_folders(above)
    folder, descriptor = make_folder(above)
    try:
        yield folder
    except OSError as error:
        add_filename(error, folder)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def make_folder(above: Path) -> tuple[Path, int]:
    """Return a new locked folder, and the descriptor of its lock, which ends when that is closed."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=above))
    return folder, _lock(folder)


def remove_dead_folders(above: Path) -> None:
    """Remove the folders of this user's processes that have ended without removing them; others stay."""
    if sys.platform == "win32":  # where folders bear no lock
        return
    for folder in above.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if _is_ours(folder) and _can_lock(folder / LOCK):
                shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path) -> int:
    """Lock the folder and return the descriptor. The file gets its name once it is locked."""
    descriptor = os.open(folder / f"{LOCK}.new", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    if sys.platform != "win32":
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.rename(folder / f"{LOCK}.new", folder / LOCK)
    return descriptor


def _is_ours(folder: Path) -> bool:
    is_named = re.fullmatch(PREFIX + "[a-z0-9_]{8}", folder.name) is not None
    return is_named and not folder.is_symlink() and folder.is_dir() and folder.stat().st_uid == os.getuid()


def _can_lock(file: Path) -> bool:
    """Return whether no process holds the lock; OSError if there is no such file."""
    descriptor = os.open(file, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
