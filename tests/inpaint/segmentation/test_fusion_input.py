"""What the network that decides from logits sees."""

import numpy as np
import pytest

from inpaint.segmentation.fusion_input import MULTIPLE, fusion_input


def arrays(height, width):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    logits = [rng.normal(-4, 6, (height, width)).astype(np.float32) for _ in range(3)]
    half = rng.normal(-4, 3, ((height + 1) // 2, (width + 1) // 2)).astype(np.float32)
    return pixels, logits[0], logits[1], half, logits[2]


def plane(values, number):
    """A plane as it was before its pixels were made channels."""
    return values.reshape(6, 2, 2, *values.shape[1:])[number].transpose(2, 0, 3, 1).reshape(-1, 2 * values.shape[2])


@pytest.mark.parametrize(("height", "width"), [(64, 96), (50, 71), (1, 33)])
def test_planes_are_those_of_the_photo_padded_by_their_edges(height, width):
    pixels, double, alone, half, mean = arrays(height, width)
    found = fusion_input(pixels, double, alone, half, mean)
    padded = [-(-side // MULTIPLE) * MULTIPLE for side in (height, width)]
    assert found.dtype == np.float32 and found.shape == (24, padded[0] // 2, padded[1] // 2)
    for number, logits in ((0, double), (1, alone), (3, mean)):
        expected = np.pad(
            (np.clip(logits, -14, 10) + 4) / 4, [(0, p - s) for p, s in zip(padded, logits.shape, strict=True)], "edge"
        )
        np.testing.assert_allclose(plane(found, number), expected, atol=1e-6)
    grey = pixels.mean(2) / 255
    np.testing.assert_allclose(plane(found, 4)[:height, :width], 2 * (grey - grey.mean()), atol=1e-5)


def test_the_half_is_enlarged():
    pixels, double, alone, _, mean = arrays(64, 64)
    half = np.repeat(np.linspace(-8, 4, 32, dtype=np.float32)[None], 32, axis=0)
    row = plane(fusion_input(pixels, double, alone, half, mean), 2)[10]
    assert np.allclose(np.diff(row[2:-2]), np.diff(half[0])[0] / 8, atol=1e-5)
    assert row[0] == pytest.approx(-1) and row[-1] == pytest.approx(2)


def test_contrast_is_that_of_the_surroundings():
    pixels, double, alone, half, mean = arrays(96, 96)
    brighter = (pixels // 4 + np.linspace(0, 120, 96)[None, :, None]).astype(np.uint8)
    one, other = (plane(fusion_input(x, double, alone, half, mean), 5) for x in (pixels // 4, brighter))
    assert np.corrcoef(one[20:-20, 20:-20].ravel(), other[20:-20, 20:-20].ravel())[0, 1] > 0.95
    grey = pixels.mean(2) / 255
    window = grey[48 - 12 : 48 + 13, 50 - 12 : 50 + 13]
    expected = (grey[48, 50] - window.mean()) / (window.std() + 0.06) / 2
    assert plane(fusion_input(pixels, double, alone, half, mean), 5)[48, 50] == pytest.approx(expected, abs=1e-4)
