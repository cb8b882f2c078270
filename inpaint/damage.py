"""Finds the damage of old photos by itself: a photo in, a mask out."""

import math
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy import ndimage, special
from torch import nn

from inpaint.engine.regions import dilate
from inpaint.hub.weights import BUNDLED, load_network
from inpaint.networks.config import damage_config_from_dict
from inpaint.networks.damage import DamageNetwork, fused
from inpaint.networks.tensors import pad_to_multiple

BUNDLED_DAMAGE = BUNDLED / "damage"
THRESHOLD = 0.5
GROW_PX = 1.0
WORK_PIXELS = 3_000_000
"""Larger photos are looked at in a copy with so many pixels: hairlines of one pixel in 12 million still show in it."""
STRIP_PIXELS = 1_200_000
"""So many pixels go through the network at a time, which bounds memory."""
OVERVIEW_PX = 640
"""Large damage is looked for in a copy whose long side has so many pixels."""
CONTINUED = 0.6
"""A find goes on where the network is less sure, down to this share of the threshold."""
SMALLEST_PX = 3
THICK_PX, THICK_RIM = 24, 6
"""A find so thick is a stain or a lost piece, whose rim is soft: so many times as much around it is marked too."""
THICK_REACH_PX, THICK_CONTINUED = 24, 0.3
"""It goes on for so many pixels where the network is far less sure, down to this share of the threshold: half of a
stain would show in the fill of the other half."""
CELL_PX = 4
"""Thick finds are told apart in a copy so many times smaller."""
USUAL_SHARE, LEAST_SHARE = 0.003, 0.0003
"""Share of pixels more likely damage than not for which the network's answer is taken as it is; and what is added to a
photo's share, so that one without a find is not an infinitely clean one."""
LOWEST_SHIFT, HIGHEST_SHIFT = -1.5, 1.5
"""A photo's share moves its logits by so much at most."""


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
        able: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
        self._half = self.device.type == "cpu" and bool(able.get("avx512_bf16") or able.get("amx_bf16"))

    def __call__(self, pixels: np.ndarray, *, threshold: float = THRESHOLD, grow_px: float = GROW_PX) -> np.ndarray:
        """The mask of a photo's damage.

        Args:
            pixels: RGB uint8 (H, W, 3).
            threshold: lower marks more. Between 0 and 1.
            grow_px: mark so many pixels around each find too, and THICK_RIM times as many around thick ones: the fill
                must not continue from a damaged rim.

        Returns:
            Bool (H, W), True = damage, thus hole.

        Raises:
            ValueError: the threshold is out of range.
            MaskError: `grow_px` is.
        """
        (mask,) = self.masks(pixels, [threshold], grow_px=grow_px)
        return mask

    def masks(
        self, pixels: np.ndarray, thresholds: Iterable[float], *, grow_px: float = GROW_PX
    ) -> Iterator[np.ndarray]:
        """The mask for each of several thresholds, from one look at the photo. Otherwise as for a call."""
        thresholds = list(thresholds)
        for threshold in thresholds:
            check_threshold(threshold)
        sure = self.likelihood(pixels)
        rim_px = grow_px * _scale(*pixels.shape[:2])
        for threshold in thresholds:
            found = _connected(sure, threshold)
            found |= _around_thick(found, THICK_REACH_PX) & (sure > threshold * THICK_CONTINUED)
            mask = dilate(found, rim_px)
            if rim_px:
                mask |= _around_thick(found, rim_px * THICK_RIM)
            if mask.shape != pixels.shape[:2]:
                small = Image.fromarray(mask.astype(np.uint8) * 255)
                mask = np.asarray(small.resize(pixels.shape[1::-1], Image.Resampling.BILINEAR)) >= 128
            yield mask

    def likelihood(self, pixels: np.ndarray) -> np.ndarray:
        """How likely each pixel is damage: float32 in [0, 1], (H, W), or smaller for photos beyond WORK_PIXELS."""
        height, width = pixels.shape[:2]
        scale = _scale(height, width)
        photo = Image.fromarray(pixels)
        if scale < 1:
            photo = _shrunk(photo, scale)
        logits = self._two_looks(photo)
        if max(photo.size) > 1.5 * OVERVIEW_PX:
            small = _shrunk(photo, OVERVIEW_PX / max(photo.size))
            np.maximum(logits, _enlarged(self._two_looks(small), photo.size), out=logits)
        return adapted(special.expit(logits))

    def _prepared(self, network: DamageNetwork) -> nn.Module:
        return fused(network).to(self.device, torch.float32).to(memory_format=torch.channels_last)

    def _loaded(self) -> nn.Module:
        with self._lock:
            if self._network is None:
                self._network = self._prepared(load_damage_network())
            return self._network

    def _two_looks(self, photo: Image.Image) -> np.ndarray:
        """The mean of the network's answers at a picture's full and half size: float32 logits (H, W).

        A branch may look like a scratch at one of them, but seldom at both.
        """
        half = _shrunk(photo, 0.5)
        return (self._run(np.asarray(photo)) + _enlarged(self._run(np.asarray(half)), photo.size)) / 2

    def _run(self, pixels: np.ndarray) -> np.ndarray:
        """The network's logit for each pixel of a picture, strip by strip."""
        height, width = pixels.shape[:2]
        multiple, reach = DamageNetwork.multiple, DamageNetwork.reach
        rows = max(2 * reach, STRIP_PIXELS // width) // multiple * multiple
        logits = np.empty((height, width), np.float32)
        for top in range(0, height, rows):
            first, last = max(0, top - reach), min(height, top + rows + reach)
            logits[top : top + rows] = self._logits(pixels[first:last])[top - first : top - first + rows]
        return logits

    @torch.inference_mode()
    def _logits(self, pixels: np.ndarray) -> np.ndarray:
        image = torch.from_numpy(np.array(pixels)).to(self.device).permute(2, 0, 1)[None]
        image = pad_to_multiple(image.to(torch.float32) / 127.5 - 1, DamageNetwork.multiple)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._half):  # where the CPU computes in it, twice as fast
            logits = self._loaded()(image.contiguous(memory_format=torch.channels_last))
        return logits[0, 0, : pixels.shape[0], : pixels.shape[1]].float().cpu().numpy()


def load_damage_network(folder: str | Path | None = None) -> DamageNetwork:
    """The network with trained weights, strictly loaded, in eval mode on the CPU.

    Args:
        folder: with `model.safetensors` and `config.json`; None: the bundled weights.

    Raises:
        WeightsError: they are missing, damaged, or do not fit their config.
    """
    name = "The bundled damage weights" if folder is None else str(folder)
    return load_network(Path(folder or BUNDLED_DAMAGE), name, damage_config_from_dict, DamageNetwork)


def adapted(sure: np.ndarray) -> np.ndarray:
    """Likelihoods in the light of the whole photo: where some damage is plain, a doubtful mark is damage too.

    Args:
        sure: float32 (H, W) in [0, 1], as the network gives them for pixels by themselves.

    Returns:
        The same with shifted logits: the odds of damage are multiplied by the photo's share of plain damage over the
        usual share.

    Reference:
        Saerens et al. 2002, "Adjusting the Outputs of a Classifier to New a Priori Probabilities", Neural Computation
        14(1), Eq. 2.4, with the photo as the new distribution.
    """
    shift = math.log((float((sure > 0.5).mean()) + LEAST_SHARE) / USUAL_SHARE)
    odds = np.float32(math.exp(min(max(shift, LOWEST_SHIFT), HIGHEST_SHIFT)))
    return odds * sure / (1 + (odds - 1) * sure)


def check_threshold(threshold: float) -> None:
    """Raise ValueError unless this is a threshold of likelihood."""
    if not 0 < threshold < 1:
        raise ValueError(f"threshold is {threshold}; it must lie between 0 and 1, and lower marks more: try 0.5")


def _scale(height: int, width: int) -> float:
    return min(1.0, math.sqrt(WORK_PIXELS / (height * width)))


def _shrunk(photo: Image.Image, scale: float) -> Image.Image:
    size = max(1, round(photo.width * scale)), max(1, round(photo.height * scale))
    return photo.resize(size, Image.Resampling.BOX)


def _enlarged(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """float32 (h, w) at another size, given as width and height."""
    return np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BILINEAR))


def _connected(sure: np.ndarray, threshold: float) -> np.ndarray:
    """Pixels above the threshold, and less sure ones that hang together with them; single pixels are left out."""
    labels, count = ndimage.label(sure > threshold * CONTINUED, np.ones((3, 3), bool))
    if not count:
        return np.zeros(sure.shape, bool)
    keep = np.zeros(count + 1, bool)
    keep[np.unique(labels[sure > threshold])] = True
    keep &= np.bincount(labels.ravel(), minlength=count + 1) >= SMALLEST_PX
    keep[0] = False
    return keep[labels]


def _around_thick(found: np.ndarray, rim_px: float) -> np.ndarray:
    """Finds of at least THICK_PX and so much around them: bool (H, W)."""
    height, width = found.shape
    below, right = -height % CELL_PX, -width % CELL_PX
    padded = np.pad(found, ((0, below), (0, right)), mode="edge")
    cells = padded.reshape(padded.shape[0] // CELL_PX, CELL_PX, -1, CELL_PX)
    inside = np.pad(np.all(cells, axis=(1, 3)), 1, mode="edge")  # what the photo's edge cuts off goes on behind it
    thick = ndimage.distance_transform_edt(inside)[1:-1, 1:-1] * CELL_PX >= THICK_PX / 2
    if not thick.any():
        return np.zeros(found.shape, bool)
    distance = ndimage.distance_transform_edt(~thick).astype(np.float32) * CELL_PX
    near = _enlarged(distance, (width + right, height + below))[:height, :width]
    return near <= THICK_PX / 2 + rim_px
