"""Memory that a pass has used stays with the process for the next one, and goes back when something large has gone."""

import ctypes
import sys
from typing import Any

# the numbers of glibc's malloc.h
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_SETTINGS = {_M_MMAP_MAX: 0, _M_TRIM_THRESHOLD: 2**31 - 1, _M_TOP_PAD: 256 * 1024 * 1024}


def keep_memory() -> bool:
    """Tells glibc's malloc to keep large blocks for the next pass, for the whole process.

    By default each large activation is mapped, filled with zeros by the kernel and unmapped again, which costs a pass
    on a CPU about a tenth of its time. For programs, not for libraries: call it once, before anything large is
    computed.

    Returns:
        Whether it could be set: False on other systems than Linux with glibc, where nothing changes.

    Reference:
        man 3 mallopt.
    """
    mallopt = _glibc("mallopt")
    return mallopt is not None and all(mallopt(parameter, value) == 1 for parameter, value in _SETTINGS.items())


def give_back_memory() -> bool:
    """Returns to the kernel what is free in the heap, also between blocks that are in use; takes some 30 ms.

    For after something large is gone for good, such as a photo: what comes next seldom fits into the gaps it leaves, so
    that without this a server with `keep_memory` grows with every visitor.

    Returns:
        Whether anything was returned: False on other systems than Linux with glibc.

    Reference:
        man 3 malloc_trim.
    """
    trim = _glibc("malloc_trim")
    return trim is not None and trim(ctypes.c_size_t(0)) == 1


def _glibc(function: str) -> Any:
    """A function of glibc's, or None on other systems."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return getattr(ctypes.CDLL(None), function)
    except (OSError, AttributeError):  # musl has no such functions
        return None
