"""`datasets` and `pyarrow`, imported when they are first used.

They take seconds to import, and a GPU machine that trains on a pack of pictures (`train.sprint`) has neither.
"""

from importlib import import_module
from types import ModuleType
from typing import Any


class _ImportedWhenUsed(ModuleType):
    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)


datasets: Any = _ImportedWhenUsed("datasets")
pyarrow: Any = _ImportedWhenUsed("pyarrow")
parquet: Any = _ImportedWhenUsed("pyarrow.parquet")
