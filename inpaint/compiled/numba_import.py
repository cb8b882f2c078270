"""Importing and starting numba without what no kernel needs, which takes half of the time until a kernel is loaded."""

import contextlib
import gc
import importlib.util
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

_TESTED = (0, 68)


def import_numba() -> Any:
    """Import numba, without collecting garbage meanwhile: there is none among so many new objects."""
    with _no_garbage_collection():
        return import_module("numba")


def load_compiled(cache: Any, signature: Any, target: Any) -> Any:
    """Return a function's compiled code from its cache on disk, None if there is none.

    numba's own `load_overload` first registers all types and functions that a kernel could be compiled of, which takes
    0.15 s. Code that is loaded refers to numba's runtime only. A version of numba for which this has not been tested
    does it in its own way, as code that refers to anything else would end the process.

    Args:
        cache: of a dispatcher, an instance of `numba.core.caching.FunctionCache`.
        signature: of the function.
        target: numba's target context.
    """
    if import_numba().version_info[:2] != _TESTED or not hasattr(cache, "_load_overload"):
        prepare_compiler()
        return type(cache).load_overload(cache, signature, target)
    import_module("numba.core.runtime.nrt").rtsys.initialize(target)
    with cache._guard_against_spurious_io_errors(), _lean_environments():
        return cache._load_overload(signature, target)


@contextlib.contextmanager
def _lean_environments() -> Iterator[None]:
    """Load compiled code without importing the parts of numba whose functions were inlined into it.

    Such a function's environment names its module, so that loading `min` of two integers imports numba's strings, which
    takes 0.1 s. Only code that calls back into Python reads an environment's globals, and no kernel does.
    """
    module: Any = import_module("numba.core.environment")
    rebuild = module._rebuild_env

    def rebuild_lean(name: str, constants: Any, environment: str) -> Any:
        is_known = module.lookup_environment(environment) is not None
        if is_known or constants or name in sys.modules or not name.startswith("numba."):
            return rebuild(name, constants, environment)
        lean = module.Environment({"__name__": name})
        lean.env_name = environment
        module.Environment._memo[environment] = lean
        return lean

    module._rebuild_env = rebuild_lean
    try:
        yield
    finally:
        module._rebuild_env = rebuild


def prepare_compiler() -> None:
    """Import the part of numba that would import scipy.linalg; to be called before anything is compiled.

    To see whether there is a BLAS for matrix products, numba imports scipy.linalg, which takes 0.2 s and 20 MB. Here
    numba is told whether it is installed; code with matrix products imports it once it is compiled.
    """
    with _no_garbage_collection(), contextlib.suppress(ImportError, AttributeError):  # others have it elsewhere
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


@contextlib.contextmanager
def _no_garbage_collection() -> Iterator[None]:
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_enabled:
            gc.enable()
