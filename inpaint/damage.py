"""The DamageFinder, which segments the damage of old photos."""

import math
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from inpaint.engine.regions import dilate
from inpaint.hub.weights import BUNDLED, load_network
from inpaint.morphology.distance import distance_transform
from inpaint.morphology.labels import label
from inpaint.networks.config import damage_config_from_dict
from inpaint.networks.damage import DamageNetwork, fused
from inpaint.networks.tensors import pad_to_multiple

BUNDLED_DAMAGE = BUNDLED / "damage"
THRESHOLD = 0.5
GROW_PX = 1.0
WORK_PIXELS = 3_000_000
"""Larger photos are downscaled to this number of pixels, at which a
hairline one pixel wide in a photo of 12 megapixels is still visible."""
STRIP_PIXELS = 1_200_000
"""The network runs on strips of about this number of pixels, which bounds memory."""
OVERVIEW_PX = 640
"""Large damage is searched in a copy whose long side has this number of pixels."""
LOW_THRESHOLD = 0.6
"""Hysteresis: damage continues into adjacent pixels down to this multiple of the threshold."""
MIN_COMPONENT_PX = 3
THICK_PX, THICK_GROW = 24, 6
"""Damage of this thickness is a stain or a lost piece with soft edges: it is dilated by this multiple of `grow_px`."""
THICK_REACH_PX, THICK_LOW_THRESHOLD = 24, 0.3
"""Within this distance of thick damage, pixels are marked down to this multiple of the threshold: the unmarked half of
a stain would be continued into the fill of the other half."""
CELL_PX = 4
"""Thick damage is located on a grid of cells of this side."""
USUAL_SHARE, SHARE_OFFSET = 0.003, 0.0003
"""The share of damaged pixels at which probabilities are left unchanged, and what is added to the share of
a photo, so that it is never 0."""
MIN_SHIFT, MAX_SHIFT = -1.5, 1.5
"""Bounds of the shift of a photo's logits."""


class DamageFinder:
    """Marks scratches, cracks, tears, folds, dust, blotches and missing corners. Any number of threads may use it.

    Args:
        network: with trained weights, on any device; None: the bundled network, loaded when first used.
        device: where the network runs, any device of PyTorch.
    """

    def __init__(self, network: DamageNetwork | None = None, device: str | torch.device = "cpu") -> None:
        self.device = torch.device(device)
        self._lock = threading.Lock()
        self._network = None if network is None else self._prepared(network)
        self._bfloat16 = self.device.type == "cpu" and _has_bfloat16()

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
        probability = self.probability(pixels)
        dilation_px = grow_px * _working_scale(*pixels.shape[:2])
        for threshold in thresholds:
            found = _hysteresis(probability, threshold)
            found |= _near_thick(found, THICK_REACH_PX) & (probability > threshold * THICK_LOW_THRESHOLD)
            mask = dilate(found, dilation_px)
            if dilation_px:
                mask |= _near_thick(found, dilation_px * THICK_GROW)
            if mask.shape != pixels.shape[:2]:
                small = Image.fromarray(mask.astype(np.uint8) * 255)
                mask = np.asarray(small.resize(pixels.shape[1::-1], Image.Resampling.BILINEAR)) >= 128
            yield mask

    def probability(self, pixels: np.ndarray) -> np.ndarray:
        """Return the probability of damage of each pixel, adjusted to the photo by `adjust_to_prior`.

        Args:
            pixels: RGB uint8 (H, W, 3); not modified.

        Returns:
            float32 (H, W) in [0, 1]; smaller for a photo of more than WORK_PIXELS.

        Raises:
            WeightsError: the bundled weights are missing or damaged.
        """
        height, width = pixels.shape[:2]
        scale = _working_scale(height, width)
        photo = Image.fromarray(pixels)
        if scale < 1:
            photo = _downscaled(photo, scale)
        logits = self._two_scale_logits(photo)
        if max(photo.size) > 1.5 * OVERVIEW_PX:
            overview = _downscaled(photo, OVERVIEW_PX / max(photo.size))
            np.maximum(logits, _resized(self._two_scale_logits(overview), photo.size), out=logits)
        return adjust_to_prior(0.5 + 0.5 * np.tanh(logits / 2))

    def _prepared(self, network: DamageNetwork) -> nn.Module:
        return fused(network).to(self.device, torch.float32).to(memory_format=torch.channels_last)

    def _loaded_network(self) -> nn.Module:
        with self._lock:
            if self._network is None:
                self._network = self._prepared(load_damage_network())
            return self._network

    def _two_scale_logits(self, photo: Image.Image) -> np.ndarray:
        """Return the mean of the logits at full and half resolution, float32 (H, W).

        A branch may look like a scratch at one of them, but seldom at both.
        """
        half = _downscaled(photo, 0.5)
        return (self._logits(np.asarray(photo)) + _resized(self._logits(np.asarray(half)), photo.size)) / 2

    def _logits(self, pixels: np.ndarray) -> np.ndarray:
        """Return the logit of each pixel, float32 (H, W), computed strip by strip."""
        height, width = pixels.shape[:2]
        multiple, reach = DamageNetwork.multiple, DamageNetwork.reach
        rows = max(2 * reach, STRIP_PIXELS // width) // multiple * multiple
        logits = np.empty((height, width), np.float32)
        for top in range(0, height, rows):
            first, last = max(0, top - reach), min(height, top + rows + reach)
            logits[top : top + rows] = self._strip_logits(pixels[first:last])[top - first : top - first + rows]
        return logits

    @torch.inference_mode()
    def _strip_logits(self, pixels: np.ndarray) -> np.ndarray:
        image = torch.from_numpy(np.array(pixels)).to(self.device).permute(2, 0, 1)[None]
        image = pad_to_multiple(image.to(torch.float32) / 127.5 - 1, DamageNetwork.multiple)
        network = self._loaded_network()
        with torch.autocast("cpu", torch.bfloat16, enabled=self._bfloat16):  # twice as fast on such CPUs
            logits = network(image.contiguous(memory_format=torch.channels_last))
        return logits[0, 0, : pixels.shape[0], : pixels.shape[1]].float().cpu().numpy()


def load_damage_network(folder: str | Path | None = None) -> DamageNetwork:
    """Return the damage network with trained weights, in eval mode on the CPU.

    Args:
        folder: with `model.safetensors` and `config.json`; None: the bundled weights.

    Raises:
        WeightsError: the weights are missing or damaged, or do not fit their config.
    """
    name = "The bundled damage weights" if folder is None else str(folder)
    return load_network(Path(folder or BUNDLED_DAMAGE), name, damage_config_from_dict, DamageNetwork)


def adjust_to_prior(probability: np.ndarray) -> np.ndarray:
    """Return probabilities adjusted to the share of damage in the photo: more damage raises the weak ones.

    Args:
        probability: float32 (H, W) in [0, 1], as the network predicts it for each pixel.

    Returns:
        float32 (H, W) in [0, 1]: the odds of damage are multiplied by the share of pixels above 0.5 over the usual
        share; the logarithm of that ratio is clamped to MIN_SHIFT and MAX_SHIFT.

    Reference:
        Saerens et al. 2002, "Adjusting the Outputs of a Classifier to New a Priori Probabilities", Neural Computation
        14(1), Eq. 2.4, with the photo as the new distribution.
    """
    shift = math.log((float((probability > 0.5).mean()) + SHARE_OFFSET) / USUAL_SHARE)
    odds = np.float32(math.exp(min(max(shift, MIN_SHIFT), MAX_SHIFT)))
    return odds * probability / (1 + (odds - 1) * probability)


def check_threshold(threshold: float) -> None:
    """Raise ValueError unless the threshold is a probability above 0 and below 1."""
    if not 0 < threshold < 1:
        raise ValueError(f"threshold is {threshold}; it must lie between 0 and 1, and lower marks more: try 0.5")


def _working_scale(height: int, width: int) -> float:
    return min(1.0, math.sqrt(WORK_PIXELS / (height * width)))


def _downscaled(photo: Image.Image, scale: float) -> Image.Image:
    size = max(1, round(photo.width * scale)), max(1, round(photo.height * scale))
    return photo.resize(size, Image.Resampling.BOX)


def _resized(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return float32 (h, w) at another size (width, height)."""
    return np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BILINEAR))


def _hysteresis(probability: np.ndarray, threshold: float) -> np.ndarray:
    """Return the mask by hysteresis thresholding, without components of fewer than MIN_COMPONENT_PX pixels.

    A component of pixels above the low threshold is kept if one of its pixels exceeds the threshold.
    """
    labels, count = label(probability > threshold * LOW_THRESHOLD)
    if not count:
        return np.zeros(probability.shape, bool)
    keep = np.zeros(count + 1, bool)
    keep[np.unique(labels[probability > threshold])] = True
    keep &= np.bincount(labels.ravel(), minlength=count + 1) >= MIN_COMPONENT_PX
    keep[0] = False
    return keep[labels]


def _near_thick(found: np.ndarray, distance_px: float) -> np.ndarray:
    """Return which pixels lie within a distance of damage of at least THICK_PX: bool (H, W)."""
    height, width = found.shape
    below, right = -height % CELL_PX, -width % CELL_PX
    padded = np.pad(found, ((0, below), (0, right)), mode="edge")
    cells = padded.reshape(padded.shape[0] // CELL_PX, CELL_PX, -1, CELL_PX)
    inside = np.pad(np.all(cells, axis=(1, 3)), 1, mode="edge")  # damage at the photo's edge continues beyond it
    thick = distance_transform(inside)[1:-1, 1:-1] * CELL_PX >= THICK_PX / 2
    if not thick.any():
        return np.zeros(found.shape, bool)
    distance = distance_transform(~thick) * CELL_PX
    near = _resized(distance, (width + right, height + below))[:height, :width]
    return near <= THICK_PX / 2 + distance_px


def _has_bfloat16() -> bool:
    """Return whether the CPU has bfloat16 instructions and they are not disabled, such as by ONEDNN_MAX_CPU_ISA."""
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    is_enabled = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: True)
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")) and bool(is_enabled())
