"""The input of the damage network."""

import numpy as np
import pytest
import torch

from inpaint.networks.damage import local_contrast
from inpaint.networks.efficientnet import normalize_for_lite
from inpaint.segmentation import network_input


def unshuffled(pixels):
    image = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 127.5 - 1
    channels = torch.cat([normalize_for_lite(image), local_contrast(image) / 4], 1)[0].numpy()
    height, width = pixels.shape[:2]
    return (
        channels.reshape(6, height // 2, 2, width // 2, 2).transpose(2, 4, 0, 1, 3).reshape(24, height // 2, width // 2)
    )


@pytest.mark.parametrize("size", [(16, 16), (16, 400), (304, 240)])
@pytest.mark.parametrize("is_available", [True, False])
def test_it_holds_the_photo_and_the_local_contrast_of_pytorch(size, is_available, monkeypatch):
    monkeypatch.setattr(network_input, "is_available", lambda: is_available)
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    pixels[: size[0] // 2] //= 64
    assert np.allclose(network_input.unshuffled_with_contrast(pixels), unshuffled(pixels), atol=1e-3)


def test_a_plain_photo_has_no_contrast():
    pixels = np.full((32, 48, 3), 255, np.uint8)
    found = network_input.unshuffled_with_contrast(pixels).reshape(4, 2, 3, 16, 24)
    assert np.allclose(found[:, 0], 1) and np.abs(found[:, 1]).max() < 1e-3


def test_any_number_of_threads_writes_the_same(monkeypatch):
    pixels = np.random.default_rng(1).integers(0, 256, (640, 480, 3), dtype=np.uint8)
    one = network_input.unshuffled_with_contrast(pixels)
    monkeypatch.setattr("inpaint.compiled.parallel.threads", lambda: 3)
    assert np.array_equal(network_input.unshuffled_with_contrast(pixels), one)
