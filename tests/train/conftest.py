"""Fixtures of the training's tests."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder of 24 small photos, as text: smooth colour gradients with a little noise."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number in range(24):
        y, x = np.mgrid[0:96, 0:96] / 96
        a, b, c = rng.uniform(-1, 1, (3, 3))
        pixels = 128 + 80 * (np.outer(x.ravel(), a) + np.outer(y.ravel(), b) + c / 2).reshape(96, 96, 3)
        pixels += rng.normal(0, 4, pixels.shape)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{number}.png")
    return str(folder)


@pytest.fixture
def no_curves(monkeypatch):
    """Runs draw no loss curves at their end, which takes longer than a small run."""
    from train.run import loop

    monkeypatch.setattr(loop, "plot_losses", lambda run_dir: None)


@pytest.fixture
def fast_bfloat16(monkeypatch):
    """Every CPU counts as fast in bfloat16, so that runs that ask for it compute in it."""
    from train.run import device

    monkeypatch.setattr(device, "pytorch_bfloat16_is_fast", lambda: True)
