"""Import Gradio and build a page in half the time, so that it answers soon after its start."""

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

COMPONENT_META = "gradio.component_meta"
PANDAS = "pandas"


def import_gradio() -> ModuleType:
    """Import Gradio without two things that take half of the time and that this page does not need.

    For each of its components, Gradio parses the source and writes a file of type stubs beside it, at every start. It
    also imports pandas, which it uses for data frames, and for the statistics of its queue: that import now happens
    when one of them is used. A version of Gradio that does neither is imported as it is.
    """
    if "gradio" in sys.modules:
        return sys.modules["gradio"]
    finder = _WithoutStubFiles()
    sys.meta_path.insert(0, finder)
    if PANDAS not in sys.modules:
        sys.modules[PANDAS] = _ImportedOnUse(PANDAS)
    try:
        return importlib.import_module("gradio")
    finally:
        sys.meta_path.remove(finder)
        if isinstance(sys.modules.get(PANDAS), _ImportedOnUse):
            del sys.modules[PANDAS]


@contextlib.contextmanager
def one_application() -> Iterator[None]:
    """Build a page in this context without its ASGI application, which `launch` builds.

    Gradio builds it, with some eighty routes, when a page is begun, when it is complete and for each further route, and
    once more when it is launched; only the last one is used.
    """
    from gradio.routes import App

    create_app = App.create_app
    App.create_app = staticmethod(lambda *_, **__: None)  # type: ignore[assignment]
    try:
        yield
    finally:
        App.create_app = staticmethod(create_app)  # type: ignore[method-assign]


class _WithoutStubFiles(importlib.abc.MetaPathFinder):
    """Finds the module that writes the stub files, and replaces the function that does it once it is loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != COMPONENT_META:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            if hasattr(module, "create_or_modify_pyi"):
                module.create_or_modify_pyi = lambda *_: None

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


class _ImportedOnUse(ModuleType):
    """Stands for a module until one of its names is used."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = importlib.machinery.ModuleSpec(name, None)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # such as __path__, which the import system looks for
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)
