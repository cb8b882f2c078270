"""Compile the kernels before they are needed: `python -m inpaint.warm_up`, or a thread at the start.

They are kept on disk (see `compiled.jit`), from where later processes load them in less than a second.
"""

import argparse
import atexit
import dataclasses
import io
import logging
import os
import sys
import threading
import time
from typing import Any

import numpy as np

from inpaint.compiled.available import importing, is_available
from inpaint.compiled.compiling import leave_if_process_ends, process_ends
from inpaint.synthesis.settings import SETTINGS

_FAST = dataclasses.replace(SETTINGS, iterations=(2,), sweeps=(1,), mean_votes=1, starts=2, poisson_iterations=1)
_starting = threading.Lock()
_thread: threading.Thread | None = None


def warm_up() -> bool:
    """Compile every kernel for the types that fills use, or load them from disk: by tiny fills on every path.

    Once it has returned, no fill compiles anything.

    Returns:
        Whether the kernels are available; if not, the log says why.
    """
    if not is_available():
        return False
    from inpaint.pyramid.fills import compile_kernels

    for step in (compile_kernels, _draw, _synthesize, _fill, _find_damage, _edit_jpegs):
        leave_if_process_ends()
        step()
    return True


def _draw() -> None:
    """Draw a stroke."""
    from inpaint.engine.brush import stroke_to_mask

    stroke_to_mask([[2, 2], [9, 6]], 3, (12, 12))


def _synthesize() -> None:
    """Synthesize a surface on every path."""
    from inpaint.synthesis.synthesize import synthesize

    side = 96
    picture = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    picture[:, side // 2 :] //= 4  # an edge, which is continued into the hole
    hole = np.zeros((side, side), bool)
    hole[24:72, 24:72] = True
    for most_pixels in (SETTINGS.most_pixels, int(hole.sum()) // 8):  # with the second, two levels are only refined
        synthesize(picture.copy(), hole, ~hole, 48, settings=dataclasses.replace(_FAST, most_pixels=most_pixels))


def _fill() -> None:
    """Plan and fill a thick hole and a scratch that leads away from it."""
    from inpaint.engine.filler import Filler
    from inpaint.networks.config import FreeFormConfig, GeneratorConfig

    class Black:
        config: GeneratorConfig = FreeFormConfig()
        multiple: int = 16
        fixed_size: int | None = None

        def __call__(
            self, masked_image: np.ndarray, mask: np.ndarray, coarse_fill: np.ndarray | None = None
        ) -> np.ndarray:
            return masked_image

    photo = np.random.default_rng(0).integers(0, 256, (700, 700, 3), dtype=np.uint8)
    mask = np.zeros((700, 700), bool)
    mask[40:160, 40:160] = True
    places = np.arange(100, 690)
    for shift in range(4):
        mask[places, places + shift] = True
    for _ in Filler(Black(), synthesis=False).fills(photo, mask):
        pass


def _find_damage() -> None:
    """Find damage in noise that is larger than what the network sees, with a threshold instead of networks."""
    from inpaint.segmentation.network_input import unshuffled_with_contrast

    from .damage import DamageFinder

    class Threshold:
        window_pixels = 1 << 20

        def __call__(self, pixels: np.ndarray) -> np.ndarray:
            return pixels[..., 0].astype(np.float32) - 200

        def release_memory(self) -> None:
            pass

    class Nothing:
        def __call__(self, fused: np.ndarray) -> np.ndarray:
            return np.zeros((2 * fused.shape[1], 2 * fused.shape[2]), np.float32)

        def release_memory(self) -> None:
            pass

    class Finder(DamageFinder):
        def _loaded_runtime(self) -> Any:
            return Threshold()

        def _loaded_fusion(self) -> Any:
            return Nothing()

    noise = np.random.default_rng(0).integers(0, 256, (1200, 64, 3), dtype=np.uint8)  # of several scales
    noise[:64] = 255  # thick damage
    unshuffled_with_contrast(noise[:64])
    Finder()(noise, grow_px=2)


def _edit_jpegs() -> None:
    """Save an edited JPEG, with and without codes for all that is new in it, and a progressive one."""
    from PIL import Image

    from inpaint.photos.opening import open_photo
    from inpaint.photos.saving import save_photo

    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    for picture, options in ((noise, {}), (noise.convert("L"), {"optimize": True}), (noise, {"progressive": True})):
        picture.resize((16, 16)).resize((64, 64)).save(file := io.BytesIO(), "JPEG", **options)
        photo = open_photo(file.getvalue())
        photo.paste(picture.crop((0, 0, 8, 8)), (8, 8))
        save_photo(photo, io.BytesIO())


def start_warm_up() -> threading.Thread:
    """Start `warm_up` in a thread that ends with the process. A second call returns the same thread.

    Fills that need a kernel meanwhile wait until it is compiled. A process that ends waits for the kernel that is under
    way, no more: one that ends while compiled code runs in another thread is aborted.
    """
    global _thread
    with _starting:
        if _thread is None:
            _hold_back_forks(importing)
            _thread = threading.Thread(target=_warm_up_and_log, daemon=True, name="warm_up")
            atexit.register(_end, _thread)
            _thread.start()
        return _thread


def _end(thread: threading.Thread) -> None:
    process_ends.set()
    thread.join()


def is_compiling() -> bool:
    """Return whether `start_warm_up` has not finished yet, so that a fill of a thick hole may have to wait."""
    return _thread is not None and _thread.is_alive()


def _warm_up_and_log() -> None:
    try:
        if is_available():
            from numba.core.compiler_lock import global_compiler_lock

            _hold_back_forks(global_compiler_lock)
            warm_up()
    except Exception:
        logging.getLogger(__name__).exception("The kernels cannot be compiled ahead of the first fill")


def _hold_back_forks(lock: Any) -> None:
    """Make forks wait until a lock is free: in the child process nobody would release it."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m inpaint.warm_up", description=__doc__).parse_args()
    started = time.perf_counter()
    if not warm_up():
        sys.exit(1)
    print(f"The kernels are compiled: {time.perf_counter() - started:.1f} s.")
