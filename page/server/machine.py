"""How much memory this machine, or the container on it, has."""

import contextlib
import os
from pathlib import Path

DESIGNED_BYTES = 16_000_000_000
"""Memory for which the limits are stated; a machine with less has smaller ones, and one with more the same."""
_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def memory_bytes(cgroup_limits: tuple[str, ...] = _CGROUP_LIMITS) -> int:
    """Return the memory of this machine, or what a container has of it.

    Args:
        cgroup_limits: files that may hold the limit of a container, of the two versions of Linux control groups.
    """
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for file in cgroup_limits:
        with contextlib.suppress(OSError, ValueError):  # there is no such group, or it has no limit: "max"
            found.append(int(Path(file).read_text()))
    return min(found)


def scaled_to_machine(size: int) -> int:
    """Return a limit that is stated for DESIGNED_BYTES, for this machine."""
    return size * min(memory_bytes(), DESIGNED_BYTES) // DESIGNED_BYTES
