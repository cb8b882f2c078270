"""The decorator of the kernels: numba's `njit`, with a cache on disk that makes no fill fail.

numba looks for a folder when it decorates a function, and raises an error if it can write neither to the function's
own folder nor to the user's cache. It also raises the errors of reading and writing the cache, on each call. And it
takes compiled code for current as long as the function's own file is unchanged, although functions of other files were
compiled into it: an update of a clone that changes only those would have no effect.
"""

import contextlib
import functools
import hashlib
import logging
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .compiling import leave_if_process_ends, note_compiling
from .numba_import import import_numba, load_compiled, prepare_compiler

numba = import_numba()
log = logging.getLogger(__name__)


def njit(**options: Any) -> Callable[[Callable], Any]:
    """Return the decorator `numba.njit` with these options, and with a cache on disk if any folder can be written.

    The folder is the first of these that can be written: NUMBA_CACHE_DIR, `__pycache__` beside the function's file,
    the user's cache, and a private one below the folder for temporary files.
    """

    def decorate(function: Callable) -> Any:
        with contextlib.suppress(RuntimeError):  # no folder can be written
            return _tolerant(numba.njit(cache=True, **options)(function))
        folder = _private_folder()
        with contextlib.suppress(RuntimeError), _cache_folder(folder):
            return _tolerant(numba.njit(cache=folder is not None, **options)(function))
        return numba.njit(**options)(function)

    return decorate


def _tolerant(dispatcher: Any) -> Any:
    """Make a function's cache treat entries as missing that cannot be read, are outdated or of another signature.

    Processes that compile one function for two signatures at the same time may leave a cache in which they are
    exchanged.
    """
    cache = getattr(dispatcher, "_cache", None)
    if cache is None:  # NUMBA_DISABLE_JIT
        return dispatcher
    save = cache.save_overload
    with contextlib.suppress(AttributeError, OSError):  # another version of numba; files in an archive
        stamp = _folder_stamp(Path(dispatcher.py_func.__code__.co_filename).parent)
        cache._cache_file._source_stamp = cache._cache_file._source_stamp, stamp

    def load_overload(signature: Any, target: Any) -> Any:
        leave_if_process_ends()
        found = None
        try:
            found = load_compiled(cache, signature, target)
        except Exception as error:  # a truncated file may raise anything
            _warn_once(f"Compiled code in {cache.cache_path} cannot be read and is compiled again: {error!r}")
            with contextlib.suppress(Exception):
                cache.flush()
        if found is not None and tuple(found.signature.args) == tuple(getattr(signature, "args", signature)):
            return found
        note_compiling()
        prepare_compiler()
        return None

    def save_overload(signature: Any, compiled: Any) -> None:
        try:
            save(signature, compiled)
        except Exception as error:  # no space is left, say
            _warn_once(f"Compiled code cannot be kept in {cache.cache_path} for the next start: {error!r}")

    cache.load_overload, cache.save_overload = load_overload, save_overload
    return dispatcher


@functools.cache
def _folder_stamp(folder: Path) -> tuple[tuple[str, str], ...]:
    """Return name and digest of the Python files of a folder: kernels use those beside them only.

    Times of change would not do: a layer of a container's image keeps whole seconds of them.
    """
    files = sorted(path for path in folder.iterdir() if path.suffix == ".py")
    return tuple((path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files)


@contextlib.contextmanager
def _cache_folder(folder: Path | None) -> Iterator[None]:
    """Make numba choose this folder for the functions that are decorated meanwhile."""
    before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(folder or "")
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before


@functools.cache
def _private_folder() -> Path | None:
    """Return a folder that only this user can write, as what lies in a cache is run; None if there is none."""
    user = os.getuid() if hasattr(os, "getuid") else None  # on Windows, each user has a folder for temporary files
    try:
        folder = Path(tempfile.gettempdir(), "inpaint-numba" if user is None else f"inpaint-numba-{user}")
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        is_private = stat.S_ISDIR(status.st_mode) and status.st_mode & 0o022 == 0 and status.st_uid == user
        if user is None or is_private:
            return folder
        reason = f"others may write {folder}"
    except OSError as error:
        reason = str(error)
    _warn_once(
        "The patch synthesis is compiled anew by each process, as no folder can be written to keep it (the last one "
        f"that was tried: {reason}): set NUMBA_CACHE_DIR to one"
    )
    return None


@functools.cache
def _warn_once(message: str) -> None:
    log.warning(message)
