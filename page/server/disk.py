"""A full disk: what failed is removed at once, and the visitor is told."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from page.server.errors import PageError

_FULL = (errno.ENOSPC, errno.EDQUOT)


def is_disk_full(error: BaseException) -> bool:
    """Return whether an error was raised since the disk, or this user's share of it, is full."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    return error.__cause__ is not None and is_disk_full(error.__cause__)


@contextlib.contextmanager
def complete_file(target: Path) -> Iterator[Path]:
    """Write a file in this context; after an error it is removed.

    Raises:
        PageError: "disk_full" in place of the error that says so.
    """
    try:
        yield target
    except BaseException as error:
        with contextlib.suppress(OSError):
            target.unlink(missing_ok=True)
        if is_disk_full(error):
            raise PageError("disk_full") from error
        raise
