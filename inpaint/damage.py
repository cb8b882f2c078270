"""The DamageFinder, which segments the damage of old photos."""

import math
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inpaint.engine.regions import dilate
from inpaint.hub.files import read_folder
from inpaint.hub.weights import BUNDLED, load_network
from inpaint.morphology.distance import distance_transform
from inpaint.networks.config import DamageConfig, damage_config_from_dict
from inpaint.segmentation.full_resolution import refined
from inpaint.segmentation.resize import average_with_enlarged, box_downscale, enlarged_at_most, maximum_with_enlarged
from inpaint.segmentation.thresholding import hysteresis, near_thick

if TYPE_CHECKING:  # PyTorch takes a second to import
    import torch

    from inpaint.networks.damage import DamageNetwork
    from inpaint.runtime.damage_runtimes import DamageRuntime

BUNDLED_DAMAGE = BUNDLED / "damage"
THRESHOLD = 0.5
GROW_PX = 1.0
WORK_PIXELS = 3_000_000
"""Larger photos are downscaled to this number of pixels, at which a
hairline one pixel wide in a photo of 12 megapixels is still visible."""
OVERVIEW_PX = 640
"""Large damage is searched in a copy whose long side has this number of pixels."""
LOW_THRESHOLD = 0.6
"""Hysteresis: damage continues into adjacent pixels down to this multiple of the threshold."""
MIN_COMPONENT_PX = 3
THICK_GROW = 6
"""Thick damage is a stain or a lost piece with soft edges: it is dilated by this multiple of `grow_px`."""
THICK_REACH_PX, THICK_LOW_THRESHOLD = 24, 0.3
"""Within this distance of thick damage, pixels are marked down to this multiple of the threshold: the unmarked half of
a stain would be continued into the fill of the other half."""
USUAL_SHARE, SHARE_OFFSET = 0.003, 0.0003
"""The share of damaged pixels at which probabilities are left unchanged, and what is added to the share of
a photo, so that it is never 0."""
REFINED_SCALE = 0.75
"""A mask that was found at less than this scale of the photo is too coarse: its rim is decided at full resolution."""
SURE_DEPTH_PX = 2.5
"""Damage deeper inside its mask than this, at the scale at which it was found, is no rim."""
RIM_THRESHOLD, RIM_GROW = 0.2, 2
"""There a pixel of the rim is damage down to this multiple of the threshold, and the mask is dilated by this multiple
of `grow_px`: what is left of a hair's soft rim is visible as a faint line."""
MIN_SHIFT, MAX_SHIFT = -1.5, 1.5
"""Bounds of the shift of a photo's logits."""


class DamageFinder:
    """Marks scratches, cracks, tears, folds, dust, blotches and missing corners. Any number of threads may use it.

    Args:
        network: with trained weights, on any device, which PyTorch runs; None: the bundled network, loaded when first
            used. On a CPU OpenVINO or ONNX Runtime runs it if one of them is installed.
        device: where the network runs, any device of PyTorch.
    """

    def __init__(self, network: "DamageNetwork | None" = None, device: "str | torch.device" = "cpu") -> None:
        self.device = str(device)
        self._lock = threading.Lock()
        self._runtime = None if network is None else self._in_pytorch(network)

    def __call__(self, pixels: np.ndarray, *, threshold: float = THRESHOLD, grow_px: float = GROW_PX) -> np.ndarray:
        """Return the mask of a photo's damage.

        Args:
            pixels: RGB uint8 (H, W, 3); not modified.
            threshold: mark pixels with at least this probability of damage, above 0 and below 1; lower marks more.
            grow_px: dilate the mask by this number of pixels, and thick damage by THICK_GROW times as many: the fill
                must not continue from a damaged rim.

        Returns:
            bool (H, W), True = damage, that is a hole.

        Raises:
            ValueError: the threshold is out of range.
            MaskError: `grow_px` is out of range.
            WeightsError: the bundled weights are missing or damaged.
        """
        (mask,) = self.masks(pixels, [threshold], grow_px=grow_px)
        return mask

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
            WeightsError: the bundled weights are missing or damaged.
        """
        thresholds = list(thresholds)
        for threshold in thresholds:
            check_threshold(threshold)
        logits = self._logits(pixels)
        dilation_px = grow_px * _working_scale(*pixels.shape[:2])
        for threshold in thresholds:
            found = hysteresis(logits, _logit(threshold * LOW_THRESHOLD), _logit(threshold), MIN_COMPONENT_PX)
            around = near_thick(found, THICK_REACH_PX)
            if around is not None:
                found |= around & (logits > _logit(threshold * THICK_LOW_THRESHOLD))
            mask = dilate(found, dilation_px)
            around = near_thick(found, dilation_px * THICK_GROW)
            if around is not None:
                mask = mask | around
            if mask.shape != pixels.shape[:2]:
                mask = self._at_full_resolution(pixels, found, around, mask, threshold, grow_px)
            yield mask

    def _at_full_resolution(
        self,
        pixels: np.ndarray,
        found: np.ndarray,
        around: np.ndarray | None,
        mask: np.ndarray,
        threshold: float,
        grow_px: float,
    ) -> np.ndarray:
        """Return a mask that was found in a smaller copy of a photo at the photo's size, with its rim decided there.

        Args:
            pixels: the photo.
            found: bool (h, w), what was found in the copy.
            around: bool (h, w), what lies at thick damage, whose soft rim stays; None if there is none.
            mask: bool (h, w), all that is marked.
            threshold: as for a call.
            grow_px: as for a call.
        """
        shape = pixels.shape[:2]
        enlarged = _enlarged(mask, shape)
        if _working_scale(*shape) > REFINED_SCALE:
            return enlarged
        sure = distance_transform(found) > SURE_DEPTH_PX
        if around is not None:
            sure |= around
        level = _logit(threshold * RIM_THRESHOLD)
        rim_decided = refined(pixels, enlarged, _enlarged(sure, shape), self._loaded_runtime(), level)
        self._loaded_runtime().release_memory()
        return dilate(rim_decided, grow_px * RIM_GROW)

    def probability(self, pixels: np.ndarray) -> np.ndarray:
        """Return the probability of damage of each pixel, adjusted to the photo by `adjust_to_prior`.

        Args:
            pixels: RGB uint8 (H, W, 3); not modified.

        Returns:
            float32 (H, W) in [0, 1]; smaller for a photo of more than WORK_PIXELS.

        Raises:
            WeightsError: the bundled weights are missing or damaged.
        """
        return 0.5 + 0.5 * np.tanh(self._logits(pixels) / 2)

    def _logits(self, pixels: np.ndarray) -> np.ndarray:
        """Return the logit of each pixel, adjusted to the photo: float32 (H, W), at most WORK_PIXELS."""
        photo = box_downscale(pixels, _working_scale(*pixels.shape[:2]))
        logits = self._two_scale_logits(photo)
        longer = max(photo.shape)
        if longer > 1.5 * OVERVIEW_PX:
            maximum_with_enlarged(logits, self._two_scale_logits(box_downscale(photo, OVERVIEW_PX / longer)))
        self._loaded_runtime().release_memory()
        return adjust_to_prior(logits)

    def _two_scale_logits(self, photo: np.ndarray) -> np.ndarray:
        """Return the mean of the logits at full and half resolution, float32 (H, W).

        A branch may look like a scratch at one of them, but seldom at both.
        """
        logits = self._strip_logits(photo)
        average_with_enlarged(logits, self._strip_logits(box_downscale(photo, 0.5)))
        return logits

    def _strip_logits(self, pixels: np.ndarray) -> np.ndarray:
        """Return the logit of each pixel at one scale, float32 (H, W), computed strip by strip."""
        runtime = self._loaded_runtime()
        height, width = pixels.shape[:2]
        multiple, reach = DamageConfig.multiple, DamageConfig.reach
        rows = max(2 * reach, runtime.strip_pixels // width) // multiple * multiple
        logits = np.empty((height, width), np.float32)
        for top in range(0, height, rows):
            first, last = max(0, top - reach), min(height, top + rows + reach)
            strip = _pad_to_multiple(pixels[first:last], multiple)
            logits[top : top + rows] = runtime(strip)[top - first : min(top + rows, height) - first, :width]
        return logits

    def _loaded_runtime(self) -> "DamageRuntime":
        with self._lock:
            if self._runtime is None:
                self._runtime = self._without_pytorch() or self._in_pytorch(load_damage_network())
            return self._runtime

    def _without_pytorch(self) -> "DamageRuntime | None":
        if self.device != "cpu":
            return None
        from inpaint.runtime.damage_runtimes import load_damage_runtime

        return load_damage_runtime(*read_folder(BUNDLED_DAMAGE, _BUNDLED_NAME, damage_config_from_dict))

    def _in_pytorch(self, network: "DamageNetwork") -> "DamageRuntime":
        from inpaint.runtime.damage_runtimes import PyTorchDamage

        return PyTorchDamage(network, self.device)


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


def adjust_to_prior(logits: np.ndarray) -> np.ndarray:
    """Return logits adjusted to the share of damage in the photo: more damage raises the weak ones.

    Args:
        logits: float32 (H, W), as the network predicts them for each pixel; not modified.

    Returns:
        float32 (H, W): the logarithm of the share of pixels above 0, over the usual share, is added to all. It is
        clamped to MIN_SHIFT and MAX_SHIFT.

    Reference:
        Saerens et al. 2002, "Adjusting the Outputs of a Classifier to New a Priori Probabilities", Neural Computation
        14(1), Eq. 2.4, with the photo as the new distribution.
    """
    share = np.count_nonzero(logits > 0) / logits.size
    shift = math.log((share + SHARE_OFFSET) / USUAL_SHARE)
    return logits + np.float32(min(max(shift, MIN_SHIFT), MAX_SHIFT))


def check_threshold(threshold: float) -> None:
    """Raise ValueError unless the threshold is a probability above 0 and below 1."""
    if not 0 < threshold < 1:
        raise ValueError(f"threshold is {threshold}; it must lie between 0 and 1, and lower marks more: try 0.5")


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def _enlarged(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return a mask at a larger size, with smooth edges: bool."""
    return enlarged_at_most(1 - mask.astype(np.float32), shape, 0.5)


def _working_scale(height: int, width: int) -> float:
    return min(1.0, math.sqrt(WORK_PIXELS / (height * width)))


def _pad_to_multiple(pixels: np.ndarray, multiple: int) -> np.ndarray:
    """Return uint8 (H, W, 3) padded by its reflection until both sides are multiples; itself if nothing is missing."""
    below, right = (-side % multiple for side in pixels.shape[:2])
    return np.pad(pixels, ((0, below), (0, right), (0, 0)), mode="reflect") if below or right else pixels
