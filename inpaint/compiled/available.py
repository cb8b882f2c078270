"""Whether the compiled kernels are available: whether numba is installed and works."""

import functools
import logging
import threading

importing = threading.RLock()
"""Held while numba is imported."""


def is_available() -> bool:
    """Return whether the kernels can be compiled; if not, log once what is missing.

    The first call imports numba, which takes some tenths of a second and 100 MB.
    """
    with importing:
        return _can_be_imported()


@functools.cache
def _can_be_imported() -> bool:
    try:
        from . import jit  # noqa: F401
    except Exception as error:  # a broken installation may raise anything
        is_missing = isinstance(error, ModuleNotFoundError) and error.name == "numba"
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        logging.getLogger(__name__).warning(
            "%s, so thick holes are filled with less texture: run  pip install --upgrade numba",
            "numba is not installed" if is_missing else f"numba cannot be used ({reason})",
        )
        return False
    return True
