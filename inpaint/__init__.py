"""Fill holes in photographs: `Inpainter.from_pretrained()(photo, mask)`.

Names are imported when first used, so that parts that need no PyTorch start without it.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

# The threads of PyTorch, and those that NumPy's OpenBLAS keeps for matrices, wait in a busy loop. If other processes
# use the same cores, a pass of PyTorch then takes seven times as long as with threads that sleep; and a fit of half a
# millisecond in NumPy keeps a core busy for 0.1 s. Both libraries read these variables when they are first imported.
# GNU's OpenMP may spin for a fifth of a millisecond, which costs less than falling asleep after each layer.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")

_MODULES = {
    "ContextEncoder": "networks.context_encoder",
    "ContextEncoderConfig": "networks.config",
    "FreeFormConfig": "networks.config",
    "FreeFormGenerator": "networks.free_form",
    "GENERATORS": "networks.generators",
    "Inpainter": "inpainter",
    "MaskError": "photos.errors",
    "Patch": "photos.modes",
    "PhotoError": "photos.errors",
    "PhotoTooLargeError": "photos.errors",
    "Session": "session",
    "WeightsError": "networks.errors",
    "damage_mask": "damage_masks",
    "open_photo": "photos.opening",
    "restore_tone": "photos.tone",
    "save_photo": "photos.saving",
    "ToneCurve": "photos.tone",
    "to_array": "photos.sixteen_bit",
    "to_mask": "photos.masks",
}

if TYPE_CHECKING:
    from inpaint.damage_masks import damage_mask
    from inpaint.inpainter import Inpainter
    from inpaint.networks.config import ContextEncoderConfig, FreeFormConfig
    from inpaint.networks.context_encoder import ContextEncoder
    from inpaint.networks.errors import WeightsError
    from inpaint.networks.free_form import FreeFormGenerator
    from inpaint.networks.generators import GENERATORS
    from inpaint.photos.errors import MaskError, PhotoError, PhotoTooLargeError
    from inpaint.photos.masks import to_mask
    from inpaint.photos.modes import Patch
    from inpaint.photos.opening import open_photo
    from inpaint.photos.saving import save_photo
    from inpaint.photos.sixteen_bit import to_array
    from inpaint.photos.tone import ToneCurve, restore_tone
    from inpaint.session import Session

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
    "damage_mask",
    "open_photo",
    "restore_tone",
    "save_photo",
    "to_array",
    "to_mask",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
