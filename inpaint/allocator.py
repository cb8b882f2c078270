"""Memory that a pass has used stays with the process for the next one, and goes back when something large has gone."""

import ctypes
import sys

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
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # musl has no such function
        return False
    return all(mallopt(parameter, value) == 1 for parameter, value in _SETTINGS.items())


def give_back_memory() -> bool:
    """Returns to the kernel what is free in the heap, also between blocks that are in use; takes some 30 ms.

    For after something large is gone for good, such as a photo: what comes next seldom fits into the gaps it leaves, so
    that without this a server with `keep_memory` grows with every visitor.

    Returns:
        Whether anything was returned: False on other systems than Linux with glibc.

    Reference:
        man 3 malloc_trim.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return False
    return trim(ctypes.c_size_t(0)) == 1
