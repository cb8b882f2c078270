"""Write a file completely or not at all."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from inpaint.os_errors import add_filename

_unfinished: set[Path] = set()


def remove_unfinished() -> None:
    """Remove the temporary files of all writes of this process, which ends: for threads that end it during a write."""
    for temporary in list(_unfinished):
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_write(target: str | os.PathLike[str], *, single_writer: bool = False) -> Iterator[BinaryIO]:
    """Open a temporary file next to the target; rename it over the target when the block ends without an error.

    A reader sees the old content or the new content, never a part of it. The data is on the disk before the file is
    renamed. After an error the temporary file is removed and the target is unchanged.

    Args:
        target: the file to write. Missing parent folders are created. An existing file passes its permissions on to
            the new one; otherwise these are the permissions of any new file.
        single_writer: no other process writes this file at the same time. The temporary file then always has the same
            name, so that the next write replaces what a killed process left behind.

    Yields:
        The temporary file, open for binary reading and writing.

    Raises:
        OSError: the folder cannot be created, or the file cannot be written or renamed.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    # 40 characters take at most 160 bytes in UTF-8; a file name may have 255
    suffix = "new" if single_writer else f"{secrets.token_hex(4)}.new"
    temporary = target.with_name(f".{target.name[:40]}.{suffix}")
    _unfinished.add(temporary)
    try:
        with open(temporary, "w+b" if single_writer else "x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            add_filename(error, target)
        raise
    finally:
        _unfinished.discard(temporary)
