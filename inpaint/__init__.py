"""Fill holes in photographs: `Inpainter.from_pretrained()(photo, mask)`.

Names are imported when they are first used, so that parts that need no PyTorch start without it.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

# PyTorch's threads wait for each other in a busy loop. Where other work wants the same cores, a pass then takes four
# times as long as with threads that sleep. It is read when PyTorch is first imported; a setting of your own wins.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

_HOMES = {
    "ContextEncoder": "generators",
    "ContextEncoderConfig": "config",
    "FreeFormConfig": "config",
    "FreeFormGenerator": "generators",
    "GENERATORS": "generators",
    "Inpainter": "inpainter",
    "MaskError": "image",
    "Patch": "modes",
    "PhotoError": "image",
    "PhotoTooLargeError": "image",
    "Session": "session",
    "WeightsError": "pretrained",
    "open_photo": "image",
    "restore_tone": "tone",
    "save_photo": "saving",
    "ToneCurve": "tone",
    "to_array": "deep",
    "to_mask": "holes",
}

if TYPE_CHECKING:
    from .config import ContextEncoderConfig, FreeFormConfig
    from .deep import to_array
    from .generators import GENERATORS, ContextEncoder, FreeFormGenerator
    from .holes import to_mask
    from .image import MaskError, PhotoError, PhotoTooLargeError, open_photo
    from .inpainter import Inpainter
    from .modes import Patch
    from .pretrained import WeightsError
    from .saving import save_photo
    from .session import Session
    from .tone import ToneCurve, restore_tone

__all__ = [
    "GENERATORS",
    "ContextEncoder",
    "ContextEncoderConfig",
    "FreeFormConfig",
    "FreeFormGenerator",
    "Inpainter",
    "MaskError",
    "Patch",
    "PhotoError",
    "PhotoTooLargeError",
    "Session",
    "ToneCurve",
    "WeightsError",
    "open_photo",
    "restore_tone",
    "save_photo",
    "to_array",
    "to_mask",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
