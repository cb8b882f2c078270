"""A limit on the memory of this process, for one that reads what strangers have published."""

import contextlib

MAX_MEMORY_BYTES = 4_000_000_000
"""For a preview of nine pictures; reading a shard of Parquet takes about 1 GB."""


def limit_memory(limit_bytes: int = MAX_MEMORY_BYTES) -> None:
    """Let this process get no more memory than this: what exceeds it raises a MemoryError.

    It limits private writable memory (RLIMIT_DATA), which PyArrow and NumPy allocate from, and not address space, of
    which both reserve more than they use. Windows has no such limit, and macOS does not apply it.
    """
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        limit = limit_bytes if hard == resource.RLIM_INFINITY else min(limit_bytes, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
