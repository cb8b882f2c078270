"""The folder of this run of the page, which holds all that visitors send and download; those of dead runs go.

Nothing here imports Gradio, which decides while it is imported where some of its files go.
"""

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from pathlib import Path

PREFIX = "inpaint-"
TEMPORARY = "temporary"
"""The part of it that is this process's folder for temporary files: weights and previews of private runs, above all."""
LOCK = ".lock"
"""A file in the folder that the run keeps locked; the system unlocks it however the process ends."""


def use_run_folder() -> Path:
    """Make the folder of this run, which only this user can read, and set GRADIO_TEMP_DIR to it.

    Temporary files of this process lie in it too, but not those of processes that it starts, which may last longer. It
    lies below the folder that GRADIO_TEMP_DIR names, which may be missing, or below the system's folder for temporary
    files. What runs that were killed have left there is removed.
    """
    above = Path(os.getenv("GRADIO_TEMP_DIR") or tempfile.gettempdir()).resolve()
    above.mkdir(parents=True, exist_ok=True)
    remove_dead_runs(above)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=above))
    _lock(folder)
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    (folder / TEMPORARY).mkdir()
    tempfile.tempdir = str(folder / TEMPORARY)
    return folder


def remove_dead_runs(above: Path) -> None:
    """Remove the folders of this user's runs that have ended without removing them; others stay."""
    for folder in above.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if _is_run_folder(folder) and _can_lock(folder / LOCK):
                shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path) -> None:
    """Lock the folder for as long as this process lives. The file gets its name once it is locked."""
    descriptor = os.open(folder / f"{LOCK}.new", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)  # never closed
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.rename(folder / f"{LOCK}.new", folder / LOCK)


def _is_run_folder(folder: Path) -> bool:
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
