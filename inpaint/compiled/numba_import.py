"""Importing numba without what no kernel needs, which takes a third of the time."""

import contextlib
import gc
import importlib.util
import sys
from importlib import import_module
from typing import Any


def import_numba() -> Any:
    """Import numba, with all of it that is needed to load or compile a kernel, and return it.

    To see whether there is a BLAS for matrix products, numba imports scipy.linalg, which takes 0.2 s and 20 MB. Here
    numba is told whether it is installed; code with matrix products imports it once it is compiled. Nor is garbage
    collected meanwhile, as there is none among so many new objects.
    """
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        numba = import_module("numba")
        with contextlib.suppress(ImportError, AttributeError):  # another version may have it elsewhere
            _import_without_blas()
    finally:
        if is_enabled:
            gc.enable()
    return numba


def _import_without_blas() -> None:
    """Import the module of numba that would import scipy."""
    linalg: Any = import_module("numba.np.linalg")
    ensure_blas, name = linalg.ensure_blas, "numba.np.arraymath"
    if name in sys.modules or "scipy.linalg" in sys.modules:
        return
    linalg.ensure_blas = _ensure_scipy
    try:
        import_module(name)
    finally:
        linalg.ensure_blas = ensure_blas


def _ensure_scipy() -> None:
    if importlib.util.find_spec("scipy") is None:
        raise ImportError("scipy is not installed")
