"""Windows see all of a picture, few pixels each and little twice, and give what the whole picture would."""

import numpy as np
import pytest

from inpaint.networks.config import DamageConfig
from inpaint.segmentation.windows import logits_in_windows

REACH = DamageConfig.reach


def shapes_seen(height, width, most_pixels):
    shapes = []

    def logits_of(pixels):
        shapes.append(pixels.shape[:2])
        return np.zeros(pixels.shape[:2], np.float32)

    logits_in_windows(np.zeros((height, width, 3), np.uint8), logits_of, most_pixels)
    return shapes


@pytest.mark.parametrize(("height", "width"), [(1000, 1500), (1500, 1000), (3200, 90), (64, 4000), (1111, 1717)])
def test_windows_give_the_same_as_the_whole_picture_for_what_reaches_no_further(height, width):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)

    def differences(pixels):  # of pixels that lie as far apart as the network sees
        values = np.pad(pixels[..., 0].astype(np.float32), REACH)
        side, end = values[REACH:-REACH], 2 * REACH
        return side[:, :-end] + side[:, end:] + values[:-end, REACH:-REACH] - values[end:, REACH:-REACH]

    padded = np.pad(pixels, ((0, -height % 16), (0, -width % 16), (0, 0)), mode="reflect")
    whole = differences(padded)[:height, :width]
    assert np.array_equal(logits_in_windows(pixels, differences, 700_000), whole)


@pytest.mark.parametrize(("height", "width"), [(3000, 4000), (4000, 6000), (900, 20000), (5000, 5200)])
def test_the_network_sees_at_most_so_many_pixels_at_a_time_and_few_of_them_twice(height, width):
    shapes = shapes_seen(height, width, 5_200_000)
    assert all(rows * columns <= 5_200_000 and rows % 16 == columns % 16 == 0 for rows, columns in shapes)
    assert sum(rows * columns for rows, columns in shapes) < 1.28 * height * width


@pytest.mark.parametrize(("height", "width"), [(3000, 4000), (1504, 2000), (5001, 777), (5000, 5200)])
def test_all_windows_have_one_size(height, width):
    assert len(set(shapes_seen(height, width, 2_600_000))) == 1 < len(shapes_seen(height, width, 2_600_000))


def test_a_picture_that_is_small_enough_is_seen_once_and_narrow_windows_are_not_cut_further():
    assert shapes_seen(300, 500, 5_200_000) == [(304, 512)]
    assert all(rows >= 2 * REACH and columns >= 2 * REACH for rows, columns in shapes_seen(1300, 1400, 1))


def test_progress_counts_each_pixel_once():
    counted = []
    logits_in_windows(
        np.zeros((1100, 1300, 3), np.uint8), lambda pixels: pixels[..., 0].astype(np.float32), 500_000, counted.append
    )
    assert len(counted) > 2 and sum(counted) == 1100 * 1300
