"""Faded tones are restored, invertibly."""

import numpy as np
import pytest
from PIL import Image

from inpaint.photos.errors import PhotoError
from inpaint.photos.modes import MODES
from inpaint.photos.sixteen_bit import from_deep_array, to_array
from inpaint.photos.tone import find_tone_curve, restore_tone
from tests.pictures import picture


def faded(mode="RGB", low=(70, 55, 40), high=(190, 160, 110)):
    """A ramp in the range of tones of a faded colour print."""
    place = np.linspace(0, 1, 120)[None] * np.linspace(0.6, 1, 90)[:, None]
    pixels = np.array(low) + place[..., None] * (np.array(high) - low)
    return Image.fromarray(pixels.round().astype(np.uint8)).convert(mode)


def test_contrast_increases_and_the_colour_cast_decreases():
    before = np.asarray(faded(), float)
    after = np.asarray(restore_tone(faded())[0], float)
    assert np.ptp(after) > 220 > np.ptp(before)
    cast = [np.ptp(values.mean((0, 1))) for values in (before, after)]
    assert cast[1] < cast[0] / 3


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_the_curve_can_be_undone_up_to_rounding(mode):
    photo = faded(mode)
    restored, curve = restore_tone(photo)
    assert restored.mode == mode
    assert not np.array_equal(np.asarray(restored), np.asarray(photo))
    back = np.asarray(curve.undo(restored), int)
    assert np.abs(back - np.asarray(photo, int)).max() <= 1
    assert np.array_equal(np.asarray(curve.apply(photo)), np.asarray(restored))


@pytest.mark.parametrize("make", [from_deep_array, lambda values: Image.fromarray(values[..., 0])])
def test_16_bit_photos_keep_their_depth(make):
    values = np.asarray(faded()).astype(np.uint16) * 151 + np.arange(120, dtype=np.uint16)[None, :, None]
    photo = make(values)
    restored, curve = restore_tone(photo)
    assert to_array(restored).dtype == np.uint16
    assert len(np.unique(to_array(restored))) > 256
    assert np.abs(to_array(curve.undo(restored)).astype(int) - to_array(photo)).max() <= 257


def test_the_curves_are_strictly_increasing():
    _, curve = restore_tone(faded())
    assert (np.diff(curve.levels, axis=1) > 0).all()
    assert curve.levels.min() >= 0 and curve.levels.max() <= 255


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_accepted(mode):
    photo = picture(mode, (40, 30))
    restored, curve = restore_tone(photo)
    assert restored.size == photo.size
    assert curve.undo(restored).size == photo.size


def test_alpha_and_metadata_do_not_change():
    photo = faded("RGBA")
    photo.putalpha(Image.linear_gradient("L").resize(photo.size))
    photo.info["dpi"] = (300, 300)
    restored, _ = restore_tone(photo)
    assert np.array_equal(np.asarray(restored)[..., 3], np.asarray(photo)[..., 3])
    assert restored.info["dpi"] == (300, 300)


def test_a_photo_without_contrast_does_not_change():
    photo = Image.new("RGB", (30, 20), (90, 100, 110))
    assert np.array_equal(np.asarray(restore_tone(photo)[0]), np.asarray(photo))


def test_a_greyscale_photo_stays_without_colour():
    grey = faded("L").convert("RGB")
    values = np.asarray(restore_tone(grey)[0])
    assert np.array_equal(values[..., 0], values[..., 1]) and np.array_equal(values[..., 1], values[..., 2])


def test_what_is_not_a_photo_is_rejected():
    with pytest.raises(PhotoError):
        restore_tone(b"no photo")


@pytest.mark.parametrize("make", [Image.fromarray, lambda values: from_deep_array(values.astype(np.uint16) * 257)])
def test_what_a_mask_leaves_out_has_no_influence_on_the_curve(make):
    pixels, mask = np.array(faded()), np.zeros((90, 120), bool)
    mask[:, 50:60] = True
    expected = find_tone_curve(make(np.delete(pixels, slice(50, 60), axis=1)))
    pixels[mask] = 255  # white scratches
    curve = find_tone_curve(make(pixels), mask)
    assert np.array_equal(curve.levels, expected.levels) and curve.used == expected.used
    assert not np.array_equal(find_tone_curve(make(pixels)).levels, curve.levels)
    assert np.array_equal(
        find_tone_curve(make(pixels), np.ones_like(mask)).levels, find_tone_curve(make(pixels)).levels
    )


@pytest.mark.parametrize("mask", [None, np.eye(20, dtype=bool)], ids=["whole", "mask"])
def test_a_float_photo_without_a_finite_value_stays_as_it_is(mask):
    photo = Image.fromarray(np.full((20, 20), np.nan, np.float32))
    curve = find_tone_curve(photo, mask)
    assert np.array_equal(curve.levels, np.arange(256)[None]) and curve.used == ((0, 255),)
    assert np.isnan(np.asarray(curve.apply(photo))).all()
