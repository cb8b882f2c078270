"""What errors of the operating system mean, in words for whoever uses the program."""

import errno
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

_WORDS = {
    errno.EACCES: "this user has no permission",
    errno.EPERM: "this user has no permission",
    errno.EROFS: "the disk or folder is read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota of this user is used up",
    errno.EFBIG: "it is too large for this disk",
    errno.ENOENT: "there is no such file or folder",
    errno.ENOTDIR: "a part of its path is a file, not a folder",
    errno.EISDIR: "it is a folder",
    errno.EEXIST: "there is a file of that name",
    errno.ENAMETOOLONG: "its name is too long",
    errno.ELOOP: "it is a link that leads in a circle",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
    errno.EIO: "the disk reports an error",
    errno.ESTALE: "the network drive is gone",
    errno.EBUSY: "it is in use",
    errno.ETXTBSY: "it is in use",
    errno.EPIPE: "what reads the output has ended",
}


def words_of(error: OSError) -> str:
    """Return why a file cannot be read or written, such as "the disk is full", without numbers and names of files."""
    if error.errno in _WORDS:
        return _WORDS[error.errno]
    return (error.strerror or "for a reason that the system does not tell").lower()


def reason_in(error: BaseException) -> str:
    """Return why something failed: `words_of` the system's error that an error is or comes from, else its message.

    A decoder or torch may raise an error of its own while one of the system is handled.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno is not None:
            return words_of(cause)
        cause = cause.__cause__ or cause.__context__
    return str(error) or type(error).__name__


def sentence_of(error: BaseException) -> str:
    """Return the message of an error; for one of the operating system, its file and what it means."""
    if isinstance(error, OSError) and error.errno is not None:
        return f"{error.filename or 'a file'}: {words_of(error)}"
    return str(error) or type(error).__name__


def add_filename(error: OSError, path: str | os.PathLike[str]) -> None:
    """Add the file that was written to an error that says that there is no room: of a write, the system names none."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) and error.filename is None:
        error.filename = os.fspath(path)


def check_writable(folders: Iterable[Path]) -> None:
    """Raise OSError, with a sentence, if files cannot be written to folders, which may be missing.

    A file without a name is created for it, in the folder or the nearest one above that exists.
    """
    checked = set()
    for folder in folders:
        existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if existing in checked:
            continue
        checked.add(existing)
        try:
            with tempfile.TemporaryFile(dir=existing):
                pass
        except OSError as error:
            words = "it is a file, not a folder" if existing.is_file() else words_of(error)
            raise OSError(f"nothing can be written to {existing}: {words}; choose another OUT") from error
