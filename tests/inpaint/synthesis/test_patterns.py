"""Patterns that go on through a hole, with the bundled weights: compared with the picture that was covered."""

import numpy as np
import pytest

from inpaint.inpainter import Inpainter

SHAPE = 320, 360
ROWS, COLUMNS = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
NOISE = np.random.default_rng(0).normal(0, 3, SHAPE)


@pytest.fixture(scope="module")
def inpainter():
    return Inpainter.from_pretrained(device="cpu")


def coloured(grey):
    """A slightly coloured picture of grey values, uint8 (H, W, 3)."""
    return np.clip(np.rint(np.stack([grey, 0.9 * grey + 10, 0.8 * grey + 30], -1)), 0, 255).astype(np.uint8)


def across(degrees):
    """The distance of each pixel to a line through the middle, in pixels."""
    angle = np.deg2rad(degrees)
    return (ROWS - SHAPE[0] / 2) * np.cos(angle) - (COLUMNS - SHAPE[1] / 2) * np.sin(angle)


def disk(radius):
    return np.hypot(ROWS - SHAPE[0] / 2 - 0.3, COLUMNS - SHAPE[1] / 2 + 7) <= radius


def filled(inpainter, truth, mask, **options):
    """The filled hole and what was there, (n, 3) each; the hole is covered before."""
    covered = np.where(mask[..., None], 255 - truth, truth)
    result = np.asarray(inpainter(covered, mask, **options))
    assert np.array_equal(result[~mask], truth[~mask])
    return result


def errors(result, truth, mask):
    """The largest error of the three channels, of each hole pixel."""
    return np.abs(result.astype(int) - truth)[mask].max(1)


def detail(picture, mask):
    """The mean difference of neighbours, across and down, in a mask."""
    grey = picture.astype(float).mean(-1)
    down, right = np.abs(np.diff(grey, axis=0))[:, 1:], np.abs(np.diff(grey, axis=1))[1:]
    return (down + right)[mask[1:, 1:]].mean()


@pytest.mark.parametrize("degrees", [0, 90, 45, -45, np.rad2deg(np.arctan(1 / 3)), np.rad2deg(np.arctan(3)), -20])
def test_a_stripe_goes_on_straight_and_sharp(inpainter, degrees):
    truth = coloured(200 - 150 * np.clip(5.5 - np.abs(across(degrees)), 0, 1) + NOISE)
    mask = disk(40)
    result = filled(inpainter, truth, mask)
    assert np.mean(errors(result, truth, mask) > 60) < 0.04
    middle = mask & (np.abs(across(degrees)) < 4)
    assert np.mean(result[middle].mean(1) < 100) > 0.85
    assert detail(result, mask) > 0.85 * detail(truth, mask)


@pytest.mark.parametrize("degrees", [0, 45, -45])
def test_a_stripe_that_is_narrow_for_its_hole_goes_on_too(inpainter, degrees):
    truth = coloured(200 - 150 * np.clip(5.5 - np.abs(across(degrees)), 0, 1) + NOISE)
    result = filled(inpainter, truth, disk(70))
    assert np.mean(errors(result, truth, disk(70)) > 60) < 0.02


@pytest.mark.parametrize("slope", [0, 1 / 3, -1])
def test_the_border_of_two_areas_goes_on(inpainter, slope):
    truth = coloured(50 + 150 * np.clip(across(np.rad2deg(np.arctan(slope))) + 0.5, 0, 1) + NOISE)
    for radius in (40, 70):
        result = filled(inpainter, truth, disk(radius))
        assert np.mean(errors(result, truth, disk(radius)) > 60) < 0.03


@pytest.mark.parametrize("side", [10, 16])
def test_a_checkerboard_goes_on_in_phase(inpainter, side):
    truth = coloured((ROWS // side + COLUMNS // side) % 2 * 180 + 40)
    for radius in (40, 70):
        wrong = errors(filled(inpainter, truth, disk(radius)), truth, disk(radius))
        assert np.mean(wrong > 20) < 0.02


def test_bricks_go_on_in_phase(inpainter):
    shifted = COLUMNS + ROWS // 16 % 2 * 18
    truth = coloured(((ROWS % 16 >= 3) & (shifted % 36 >= 3)) * 120 + 60 + NOISE)
    for radius in (40, 70):
        result = filled(inpainter, truth, disk(radius))
        assert np.mean(errors(result, truth, disk(radius)) > 40) < 0.02


@pytest.mark.parametrize("slope", [0, 1 / 3])
@pytest.mark.parametrize("period", [8, 13])
def test_blinds_go_on_in_phase(inpainter, period, slope):
    truth = coloured(128 + 90 * np.sin(2 * np.pi * (ROWS + slope * COLUMNS) / period) + NOISE)
    result = filled(inpainter, truth, disk(50))
    assert np.mean(errors(result, truth, disk(50)) > 40) < 0.02


@pytest.mark.parametrize("radius", [40, 70])
def test_noise_keeps_its_variance_and_detail(inpainter, radius):
    truth, mask = coloured(128 + 8 * NOISE), disk(radius)
    result = filled(inpainter, truth, mask)
    assert 0.85 < result[disk(radius - 6)].std() / truth[~mask].std() < 1.1
    assert 0.85 < detail(result, mask) / detail(truth, ~disk(radius + 2)) < 1.1


def test_a_white_speech_bubble_stays_exactly_white(inpainter):
    distance = np.hypot(ROWS - 160, (COLUMNS - 170) / 1.5)
    truth = coloured(128 + 8 * NOISE)
    truth[distance < 84] = 0  # its outline
    truth[distance < 80] = 255
    mask = (np.abs(ROWS - 160) < 25) & (np.abs(COLUMNS - 170) < 70)
    assert (filled(inpainter, truth, mask)[mask] == 255).all()


@pytest.mark.parametrize("radius", [20, 70])
def test_a_grey_photo_stays_grey(inpainter, radius):
    truth = np.repeat(coloured(128 + 8 * NOISE)[..., :1], 3, 2)
    result = filled(inpainter, truth, disk(radius))
    assert (np.ptp(result, axis=2) == 0).all()
