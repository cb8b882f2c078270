"""Importing OpenVINO without its model converter, which reports each import over the network."""

import importlib
import sys
import threading
from typing import Any

_CONVERTER = "openvino.tools.ovc"
_CONVERTS = ("convert_model",)
"""The names that `openvino` has from the converter."""
_LOCK = threading.Lock()


def import_openvino() -> Any:
    """Import OpenVINO; its model converter is imported when it is first used.

    The converter (OpenVINO 2026.4 with its requirement openvino-telemetry 2025.2) leaves a client's number in the
    user's home and forks a process that sends an event to a web analytics service, with each import of `openvino`.
    Filling a photo sends nothing anywhere. Without the converter the import also takes a third of the time.

    A program that has imported `openvino` before keeps what it has; `openvino.convert_model` stays available.

    Raises:
        ImportError: openvino is missing.
    """
    with _LOCK:
        if "openvino" in sys.modules or _CONVERTER in sys.modules:
            return importlib.import_module("openvino")
        sys.modules[_CONVERTER] = None  # type: ignore[assignment]  # importing it is an ImportError, which is expected
        try:
            openvino: Any = importlib.import_module("openvino")
        finally:
            del sys.modules[_CONVERTER]
        if not hasattr(openvino, _CONVERTS[0]):
            openvino.__getattr__ = _import_converter
        return openvino


def _import_converter(name: str) -> Any:
    if name not in _CONVERTS:
        raise AttributeError(f"module 'openvino' has no attribute {name!r}")
    return getattr(importlib.import_module(_CONVERTER), name)
