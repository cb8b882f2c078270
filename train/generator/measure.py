"""Figures of a generator on held-out photos while it trains."""

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from inpaint.hub.weights import Weights, with_thin
from inpaint.inpainter import Inpainter
from inpaint.networks.tensors import composite, to_tensor
from train.config import MeasuredFills
from train.masks import families
from train.metrics.efficientnet import LITE0, LITE2
from train.metrics.perceptual import elp, shared_features
from train.metrics.pixels import masked_psnr, mean_l1

MASKS = (families.scratches, families.free_form_strokes, families.large_holes)
DISTANCES = {"elp": LITE0, "elp2": LITE2}
PIXELS = {"l1": mean_l1, "psnr": masked_psnr}
MAX_PHOTOS = 12
"""Largest number of photos of a group, so that a measurement takes seconds."""
MAX_SIDE, MULTIPLE, SEED = 256, 16, 0


class _Item(NamedTuple):
    """A photo with its holes.

    Attributes:
        pixels: RGB uint8 (H, W, 3).
        image: (1, 3, H, W) in [-1, 1], the same.
        masks: (len(MASKS), 1, H, W) in {0, 1}, 1 = hole, one for each kind of hole.
    """

    pixels: np.ndarray
    image: Tensor
    masks: Tensor


_Fill = Callable[[_Item], Tensor]
"""Returns the fills of a photo's holes, (len(MASKS), 3, H, W) in [-1, 1]; pixels outside the holes mean nothing."""


class GeneratorMeasure:
    """Fills held-out photos with three kinds of holes, always the same, and measures the fills over the holes.

    Args:
        groups: name of a group of photos -> RGB uint8 (H, W, 3) each; the first MAX_PHOTOS are used.
        device: where fills are computed.
        fills: "network": those of the network alone; "inpainter": those of `Inpainter` with this network, in which the
            surface of thick holes is synthesised, and thin damage may be filled by another network.
    """

    def __init__(
        self, groups: Mapping[str, Sequence[np.ndarray]], device: torch.device, fills: MeasuredFills = "network"
    ) -> None:
        self._by_inpainter = fills == "inpainter"
        self._items = {name: list(_items(photos[:MAX_PHOTOS])) for name, photos in groups.items()}
        self._device = device
        self._features = {}
        for field, variant in DISTANCES.items():
            try:
                self._features[field] = shared_features(device, variant)
            except ModuleNotFoundError:  # the packages of the networks are missing: pixels decide
                continue

    @torch.no_grad()
    def __call__(self, network: nn.Module) -> dict[str, float]:
        """Return the mean of each metric over the photos and holes of each group, as "group/metric"."""
        fill = self._inpainter(network) if self._by_inpainter else self._network(network)
        return {
            f"{group}/{name}": value
            for group, items in self._items.items()
            if items
            for name, value in self._means(fill, items).items()
        }

    def _network(self, network: nn.Module) -> _Fill:
        def fill(item: _Item) -> Tensor:
            image, masks = item.image.to(self._device), item.masks.to(self._device)
            prediction: Tensor = network(image * (1 - masks), masks)
            return prediction.float().clamp(-1, 1)

        return fill

    def _inpainter(self, network: nn.Module) -> _Fill:
        config: Any = network.config
        tensors = {name: value.detach().cpu().numpy() for name, value in network.state_dict().items()}
        inpainter = Inpainter(with_thin(Weights(config, tensors, "", None)), device=str(self._device))

        def fill(item: _Item) -> Tensor:
            holes = item.masks[:, 0].numpy() > 0
            fills = [to_tensor(np.array(inpainter(item.pixels, hole))) for hole in holes]
            return torch.cat(fills).to(self._device)

        return fill

    def _means(self, fill: _Fill, items: Sequence[_Item]) -> dict[str, float]:
        rows = []
        for item in items:
            image, masks = item.image.to(self._device), item.masks.to(self._device)
            fills = composite(image, fill(item), masks)
            metrics = {name: elp(fills, image, masks, features) for name, features in self._features.items()}
            metrics |= {name: metric(fills, image, masks) for name, metric in PIXELS.items()}
            rows += [dict(zip(metrics, values, strict=True)) for values in torch.stack([*metrics.values()], 1).tolist()]
        return {name: fmean(values) for name in rows[0] if (values := _finite(row[name] for row in rows))}


def _finite(values: object) -> list[float]:
    return [value for value in values if math.isfinite(value)]  # type: ignore[attr-defined]


def _items(photos: Sequence[np.ndarray]) -> list[_Item]:
    items = []
    for number, pixels in enumerate(photos):
        photo = Image.fromarray(pixels)
        photo.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
        width, height = (max(MULTIPLE, side // MULTIPLE * MULTIPLE) for side in photo.size)
        is_small = min(photo.size) < MULTIPLE
        pixels = np.array(photo.resize((width, height)) if is_small else photo.crop((0, 0, width, height)))
        masks = [draw(height, width, np.random.default_rng((SEED, number, n))) for n, draw in enumerate(MASKS)]
        items.append(_Item(pixels, to_tensor(pixels), torch.from_numpy(np.stack(masks)[:, None].astype(np.float32))))
    return items
