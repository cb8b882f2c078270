"""Colour changes in closed form, and compression beside Pillow's."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from train.data.device.jitter import QUALITIES, Jitter

JITTER = Jitter(torch.device("cpu"))


def photo(side=64):
    y, x = np.mgrid[0:side, 0:side] / side
    noise = np.random.default_rng(0).normal(0, 12, (side, side, 3))
    waves = [120 + 80 * np.sin(9 * x + 4 * y), 90 + 60 * np.cos(7 * y), 160 - 90 * x]
    return (np.stack(waves, -1) + noise).clip(0, 255).round()


def tensor_of(pixels):
    return torch.from_numpy(pixels.copy()).float().permute(2, 0, 1)[None]


@pytest.mark.parametrize("quality", [30, 50, 75, 90])
def test_compression_leaves_nearly_what_pillow_leaves(quality):
    file = io.BytesIO()
    Image.fromarray(photo().astype(np.uint8)).save(file, "JPEG", quality=quality, subsampling=2)
    expected = np.asarray(Image.open(file), float)
    uniform = torch.tensor([[0.0, (quality - QUALITIES[0]) / (QUALITIES[1] - QUALITIES[0])]])
    compressed = JITTER.jpeg(tensor_of(photo()), uniform, 1.0)[0].permute(1, 2, 0).numpy()
    change, difference = np.abs(expected - photo()).mean(), np.abs(compressed - expected).mean()
    assert difference < 0.35 * change  # decoders differ in how they enlarge the colours


@pytest.mark.parametrize("quality", [30, 75, 94])
def test_grey_photos_are_compressed_as_by_pillow(quality):
    grey = np.repeat(photo().mean(2, keepdims=True).round(), 3, 2)
    file = io.BytesIO()
    Image.fromarray(grey.astype(np.uint8)).save(file, "JPEG", quality=quality)
    expected = np.asarray(Image.open(file), float)
    uniform = torch.tensor([[0.0, (quality - QUALITIES[0]) / (QUALITIES[1] - QUALITIES[0])]])
    compressed = JITTER.jpeg(tensor_of(grey), uniform, 1.0)[0].permute(1, 2, 0).numpy()
    assert np.abs(compressed - expected).mean() < 0.8  # whole numbers in between


def test_only_a_share_is_compressed():
    image = tensor_of(photo(16)).repeat(2, 1, 1, 1)
    result = JITTER.jpeg(image, torch.tensor([[0.1, 0.0], [0.9, 0.0]]), 0.5)
    assert not torch.equal(result[0], image[0]) and torch.equal(result[1], image[1])


def test_brightness_saturation_and_contrast_are_as_stated():
    image = tensor_of(photo(16)) / 2 + 40
    centre = torch.full((1, 4), 0.5)
    assert torch.allclose(JITTER.colours(image, centre, 1.0), image, atol=1e-3)
    brighter = centre.clone()
    brighter[0, 1] = 1.0
    assert torch.allclose(JITTER.colours(image, brighter, 1.0), image * 1.2, atol=1e-3)
    contrast = centre.clone()
    contrast[0, 2] = 0.0
    changed = JITTER.colours(image, contrast, 1.0)
    grey = (image * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(1).mean()
    assert torch.allclose(changed, grey + 0.8 * (image - grey), atol=1e-3)
    saturated = centre.clone()
    saturated[0, 3] = 1.0
    spread = JITTER.colours(image, saturated, 1.0).std(1) / image.std(1)
    assert torch.allclose(spread, torch.full_like(spread, 1.2), atol=1e-3)


def test_only_a_share_changes_its_colours():
    image = tensor_of(photo(16)).repeat(2, 1, 1, 1)
    result = JITTER.colours(image, torch.tensor([[0.1, 1, 1, 1], [0.9, 1, 1, 1]]), 0.5)
    assert not torch.allclose(result[0], image[0]) and torch.equal(result[1], image[1])
