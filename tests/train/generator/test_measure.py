"""Figures of a generator on held-out photos."""

from typing import get_args

import numpy as np
import pytest
import torch

from inpaint import Inpainter
from inpaint.networks.tensors import composite, to_tensor
from tests.inpaint.runtime.crops import small
from train.config import MeasuredFills
from train.generator.measure import MASKS, PIXELS, SEED, GeneratorMeasure
from train.metrics.perceptual import elp


class Mean(torch.nn.Module):
    """A network whose prediction is the mean colour of the known pixels."""

    def forward(self, masked_image, mask):
        known = masked_image.sum((2, 3), keepdim=True) / (1 - mask).sum((2, 3), keepdim=True)
        return known.expand_as(masked_image)


def test_the_figures_are_means_over_photos_and_kinds_of_holes():
    rng = np.random.default_rng(0)
    photos = [rng.integers(0, 256, size, dtype=np.uint8) for size in ((64, 96, 3), (80, 64, 3))]
    measure = GeneratorMeasure({"held-out": photos, "other": []}, torch.device("cpu"))
    rows = []
    for number, pixels in enumerate(photos):
        image = to_tensor(pixels)
        for kind, draw in enumerate(MASKS):
            hole = draw(*pixels.shape[:2], np.random.default_rng((SEED, number, kind)))
            mask = torch.from_numpy(hole.astype(np.float32))[None, None]
            fill = composite(image, Mean()(image * (1 - mask), mask), mask)
            distances = {name: float(elp(fill, image, mask, found)) for name, found in measure._features.items()}
            rows.append(distances | {name: float(metric(fill, image, mask)) for name, metric in PIXELS.items()})
    expected = {f"held-out/{name}": np.mean([row[name] for row in rows]) for name in rows[0]}
    assert measure(Mean()) == pytest.approx(expected, rel=1e-4)


def test_fills_of_the_inpainter_are_those_of_its_call():
    network = small()
    pixels = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    measures = {
        fills: GeneratorMeasure({"held-out": [pixels]}, torch.device("cpu"), fills) for fills in get_args(MeasuredFills)
    }
    for measure in measures.values():
        measure._features = {}
    found = {fills: measure(network)["held-out/l1"] for fills, measure in measures.items()}
    assert found["inpainter"] != pytest.approx(found["network"], rel=1e-3)
    inpainter = Inpainter(network, device="cpu")
    errors = []
    for kind, draw in enumerate(MASKS):
        hole = draw(96, 96, np.random.default_rng((SEED, 0, kind)))
        difference = np.array(inpainter(pixels, hole)).astype(float) - pixels
        errors.append(100 * np.abs(difference[hole]).mean() / 255)
    assert found["inpainter"] == pytest.approx(np.mean(errors), rel=1e-3)
