"""Settings of glibc's malloc for long-running programs that allocate large tensors."""

import ctypes
import sys
from typing import Any

# the numbers of glibc's malloc.h
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -4, -8
_SETTINGS = {_M_MMAP_MAX: 0, _M_TRIM_THRESHOLD: 2**31 - 1, _M_TOP_PAD: 256 * 1024 * 1024, _M_ARENA_MAX: 2}
"""Two arenas, as each one but the first keeps up to 64 MB at its end that `trim_memory` cannot return."""


def keep_memory() -> bool:
    """Make glibc's malloc reuse large freed blocks, for the whole process.

    By default every large tensor is mapped, zeroed by the kernel and unmapped again, which takes about a tenth of the
    time of a forward pass on a CPU. For programs, not for libraries: call it once, before anything large is computed.

    Returns:
        True if it was set; False on systems other than Linux with glibc, where nothing changes.

    Reference:
        man 3 mallopt.
    """
    mallopt = _glibc("mallopt")
    return mallopt is not None and all(mallopt(parameter, value) == 1 for parameter, value in _SETTINGS.items())


def trim_memory() -> bool:
    """Return free heap memory to the kernel, also from between blocks in use. Takes about 30 ms.

    Call it after something large, such as a photo, has been freed for good. Later allocations seldom fit into the gaps,
    so that a server that uses `keep_memory` would grow with every visitor.

    Returns:
        True if memory was returned; False if there was none, and on systems other than Linux with glibc.

    Reference:
        man 3 malloc_trim.
    """
    trim = _glibc("malloc_trim")
    return trim is not None and trim(ctypes.c_size_t(0)) == 1


def _glibc(function: str) -> Any:
    """Return a function of glibc, or None on other systems."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return getattr(ctypes.CDLL(None), function)
    except (OSError, AttributeError):  # musl has no such functions
        return None
