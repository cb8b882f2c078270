"""The DamageFinder, which segments the damage of old photos."""

import contextlib
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inpaint.damage_masks import GROW_PX, THRESHOLD, check_threshold, damage_mask
from inpaint.engine.regions import check_grow_px
from inpaint.hub.files import read_folder
from inpaint.hub.weights import BUNDLED, load_network
from inpaint.networks.activation_ranges import read_ranges
from inpaint.networks.config import damage_config_from_dict, damage_fusion_config_from_dict
from inpaint.segmentation.kinds import KINDS, check_kinds
from inpaint.segmentation.network_input import unshuffled_with_contrast
from inpaint.segmentation.prior import adjust_to_prior
from inpaint.segmentation.scales import ENLARGED_PIXELS, multi_scale_logits, searched_pixels
from inpaint.segmentation.windows import logits_in_windows

if TYPE_CHECKING:  # PyTorch takes a second to import
    import torch

    from inpaint.networks.damage import DamageNetwork
    from inpaint.networks.damage_fusion import DamageFusion
    from inpaint.runtime.damage_runtimes import DamageRuntime
    from inpaint.runtime.fusion_runtimes import FusionRuntime

OnProgress = Callable[[float], object]
BUNDLED_DAMAGE = BUNDLED / "damage"
BUNDLED_FUSION = BUNDLED_DAMAGE / "fusion"


class DamageFinder:
    """Marks scratches, cracks, tears, folds, dust, blotches and missing corners. Any number of threads may use it.

    Args:
        network: with trained weights, on any device, which PyTorch runs; None: the bundled network, loaded when first
            used. On a CPU OpenVINO or ONNX Runtime runs it if one of them is installed.
        device: where the network runs, any device of PyTorch.
        fusion: folder of the network that decides from the logits of small photos; None: the bundled one with the
            bundled network, and none with another one, in which the mean of the logits decides.
    """

    def __init__(
        self,
        network: "DamageNetwork | None" = None,
        device: "str | torch.device" = "cpu",
        *,
        fusion: str | Path | None = None,
    ) -> None:
        self.device = str(device)
        self._lock = threading.Lock()
        self._runtime = None if network is None else self._in_pytorch(network)
        folder = BUNDLED_FUSION if fusion is None and network is None else fusion
        self._fusion_folder = None if folder is None else Path(folder)
        self._fusion: FusionRuntime | None = None

    def start_loading(self) -> threading.Thread:
        """Load the network in a thread, while other things are loaded; an error is raised when the network is used.

        The compiled kernels are loaded in another thread meanwhile: numba and OpenVINO take the same time. The process
        does not end before they are: if it did while OpenVINO loads, it would be aborted.
        """

        def load_kernels() -> None:
            with contextlib.suppress(Exception):
                unshuffled_with_contrast(np.zeros((64, 64, 3), np.uint8))

        def load() -> None:
            with contextlib.suppress(Exception):
                self._loaded_runtime()(np.zeros((64, 64, 3), np.uint8))

        threading.Thread(target=load_kernels, name="load_damage_kernels", daemon=False).start()
        thread = threading.Thread(target=load, name="load_damage_network", daemon=False)
        thread.start()
        return thread

    def __call__(
        self,
        pixels: np.ndarray,
        *,
        threshold: float = THRESHOLD,
        grow_px: float = GROW_PX,
        kinds: Collection[str] = KINDS,
    ) -> np.ndarray:
        """Return the mask of a photo's damage.

        Args:
            pixels: RGB uint8 (H, W, 3); not modified.
            threshold: as for `damage_mask`.
            grow_px: as for `damage_mask`.
            kinds: as for `damage_mask`.

        Returns:
            bool (H, W), True = damage, that is a hole.

        Raises:
            ValueError: the threshold is out of range, or a kind is unknown.
            MaskError: `grow_px` is out of range.
            WeightsError: the bundled weights or those of `fusion` are missing or damaged.
        """
        return self.find_damage(pixels, threshold=threshold, grow_px=grow_px, kinds=kinds)[0]

    def find_damage(
        self,
        pixels: np.ndarray,
        *,
        threshold: float = THRESHOLD,
        grow_px: float = GROW_PX,
        kinds: Collection[str] = KINDS,
        on_progress: OnProgress | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the mask of a photo's damage, bool (H, W), and its probability; see a call and `probability`."""
        check_threshold(threshold)
        check_grow_px(grow_px)
        check_kinds(kinds)
        probability = self.probability(pixels, on_progress=on_progress)
        return damage_mask(probability, threshold=threshold, grow_px=grow_px, kinds=kinds), probability

    def masks(
        self, pixels: np.ndarray, thresholds: Iterable[float], *, grow_px: float = GROW_PX
    ) -> Iterator[np.ndarray]:
        """Yield the mask for each of several thresholds; the network runs once.

        Args:
            pixels: as for a call.
            thresholds: as for a call, any number of them.
            grow_px: as for a call.

        Yields:
            bool (H, W) for each threshold, in order.

        Raises:
            ValueError: a threshold is out of range.
            MaskError: `grow_px` is out of range.
            WeightsError: the bundled weights or those of `fusion` are missing or damaged.
        """
        thresholds = list(thresholds)
        for threshold in thresholds:
            check_threshold(threshold)
        probability = self.probability(pixels)
        for threshold in thresholds:
            yield damage_mask(probability, threshold=threshold, grow_px=grow_px)

    def probability(self, pixels: np.ndarray, *, on_progress: OnProgress | None = None) -> np.ndarray:
        """Return the probability of damage of each pixel, adjusted to the photo by `adjust_to_prior`.

        Args:
            pixels: RGB uint8 (H, W, 3); not modified.
            on_progress: called with the share that is done, above 0 and at last 1, after each window. What it raises
                ends the search. None: nobody is told.

        Returns:
            float32 (H, W) in [0, 1]. `damage_mask` turns it into a mask.

        Raises:
            WeightsError: the bundled weights or those of `fusion` are missing or damaged.
        """
        runtime = self._loaded_runtime()
        steps = _Steps(on_progress, pixels)
        of_picture = partial(self.logits, done=steps.done)
        fusion = None
        if self._fusion_folder is not None and pixels.shape[0] * pixels.shape[1] <= ENLARGED_PIXELS:
            fusion = self._loaded_fusion()
        try:
            logits = multi_scale_logits(pixels, of_picture, runtime, steps.done, fusion)
        finally:
            runtime.release_memory()
            if fusion is not None:
                fusion.release_memory()
        values = adjust_to_prior(logits)
        values *= 0.5
        np.tanh(values, out=values)
        values += 1
        values *= 0.5
        return values

    def logits(self, pixels: np.ndarray, done: Callable[[int], object] = lambda pixels: None) -> np.ndarray:
        """Return the network's logits of damage of a picture as it is, not of its copies: float32 (H, W).

        Args:
            pixels: RGB uint8 (H, W, 3); not modified.
            done: called after each window with its number of pixels.

        Raises:
            WeightsError: the bundled weights are missing or damaged.
        """
        runtime = self._loaded_runtime()
        return logits_in_windows(pixels, runtime, runtime.window_pixels, done)

    def _loaded_runtime(self) -> "DamageRuntime":
        with self._lock:
            if self._runtime is None:
                self._runtime = self._without_pytorch() or self._in_pytorch(load_damage_network())
            return self._runtime

    def _loaded_fusion(self) -> "FusionRuntime":
        """Return the network that decides in small photos, of a folder that is given."""
        with self._lock:
            if self._fusion is None:
                self._fusion = self._open_fusion(self._fusion_folder or BUNDLED_FUSION)
            return self._fusion

    def _open_fusion(self, folder: Path) -> "FusionRuntime":
        from inpaint.runtime.fusion_runtimes import PyTorchFusion, load_fusion_runtime

        runtime = None
        if self.device == "cpu":
            runtime = load_fusion_runtime(*read_folder(folder, _fusion_name(folder), damage_fusion_config_from_dict))
        return runtime or PyTorchFusion(load_damage_fusion(folder), self.device)

    def _without_pytorch(self) -> "DamageRuntime | None":
        if self.device != "cpu":
            return None
        from inpaint.runtime.damage_runtimes import load_damage_runtime

        network = read_folder(BUNDLED_DAMAGE, _BUNDLED_NAME, damage_config_from_dict)
        return load_damage_runtime(*network, read_ranges(BUNDLED_DAMAGE))

    def _in_pytorch(self, network: "DamageNetwork") -> "DamageRuntime":
        from inpaint.runtime.damage_runtimes import PyTorchDamage

        return PyTorchDamage(network, self.device)


class _Steps:
    """How much of a search is done, in pixels of the photo and its copies."""

    def __init__(self, on_progress: OnProgress | None, pixels: np.ndarray) -> None:
        self._on_progress, self._pixels = on_progress, 0.0
        self._total = searched_pixels(*pixels.shape[:2])

    def done(self, pixels: float) -> None:
        self._pixels += pixels
        if self._on_progress is not None:
            self._on_progress(self._pixels / self._total)


_BUNDLED_NAME = "The bundled damage weights"


def load_damage_network(folder: str | Path | None = None) -> "DamageNetwork":
    """Return the damage network with trained weights, in eval mode on the CPU.

    Args:
        folder: with `model.safetensors` and `config.json`; None: the bundled weights.

    Raises:
        WeightsError: the weights are missing or damaged, or do not fit their config.
    """
    from inpaint.networks.damage import DamageNetwork

    name = _BUNDLED_NAME if folder is None else str(folder)
    return load_network(Path(folder or BUNDLED_DAMAGE), name, damage_config_from_dict, DamageNetwork)


def load_damage_fusion(folder: str | Path = BUNDLED_FUSION) -> "DamageFusion":
    """Return the network that decides from the logits of three sizes, with trained weights, in eval mode on the CPU.

    Args:
        folder: with `model.safetensors` and `config.json`.

    Raises:
        WeightsError: the weights are missing or damaged, or do not fit their config.
    """
    from inpaint.networks.damage_fusion import DamageFusion

    folder = Path(folder)
    return load_network(folder, _fusion_name(folder), damage_fusion_config_from_dict, DamageFusion)


def _fusion_name(folder: Path) -> str:
    return _BUNDLED_NAME if folder == BUNDLED_FUSION else str(folder)
