"""Whether the compiled kernels are available: whether numba is installed and works."""

import contextlib
import functools
import logging
import threading

importing = threading.RLock()
"""Held while numba is imported."""

LOADING_S = 0.4
"""About how long it takes to import numba and to load the first kernel from the disk."""

_imported = False
_numpy_s = 0.0


def is_available() -> bool:
    """Return whether the kernels can be compiled; if not, log once what is missing.

    The first call imports numba, which takes some tenths of a second and 100 MB.
    """
    global _imported
    with importing:
        _imported = _can_be_imported()
        return _imported


def start_importing() -> None:
    """Import numba in a thread, for kernels that are needed later: meanwhile this one computes in OpenVINO.

    `are_worth_it` does not count it as imported before it has been used.
    """

    def work() -> None:
        with importing:
            _can_be_imported()

    if not _imported:
        with contextlib.suppress(RuntimeError):  # no more threads can be started
            threading.Thread(target=work, name="import_numba").start()


def are_worth_it(numpy_s: float) -> bool:
    """Return whether to use the kernels for work that NumPy can do as well, with the same result.

    They are loaded once pieces of work add up to what loading takes: a small hole in one photo is filled without.

    Args:
        numpy_s: about how many seconds the work takes in NumPy.
    """
    global _numpy_s
    if _imported:
        return True
    _numpy_s += numpy_s
    return _numpy_s > LOADING_S and is_available()


@functools.cache
def _can_be_imported() -> bool:
    try:
        from . import jit  # noqa: F401
    except Exception as error:  # a broken installation may raise anything
        is_missing = isinstance(error, ModuleNotFoundError) and error.name == "numba"
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        logging.getLogger(__name__).warning(
            "%s, so fills take longer and thick holes get no texture: run  pip install --upgrade numba",
            "numba is not installed" if is_missing else f"numba cannot be used ({reason})",
        )
        return False
    return True
