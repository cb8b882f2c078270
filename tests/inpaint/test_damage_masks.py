"""Masks from the probability of damage, for a slider and a choice of kinds."""

import numpy as np
import pytest

import inpaint
from inpaint.damage_masks import THICK_GROW, damage_mask
from inpaint.photos.errors import MaskError

SHAPE = 200, 300


def probability():
    """A strong and a weak line, a speck and an area."""
    values = np.full(SHAPE, 0.01, np.float32)
    values[20:22, 20:280], values[40:42, 20:280] = 0.9, 0.4
    values[60:63, 50:53] = 0.8
    values[100:150, 100:160] = 0.95
    return values


def test_the_threshold_decides_what_is_marked():
    mask = damage_mask(probability(), grow_px=0)
    assert np.array_equal(mask[:90], probability()[:90] >= 0.5)
    assert mask[100:150, 100:160].all()
    assert damage_mask(probability(), threshold=0.3, grow_px=0)[40:42, 20:280].all()
    assert not damage_mask(probability(), threshold=0.85, grow_px=0)[60:63, 50:53].any()


def test_damage_continues_into_weaker_pixels_that_touch_it():
    values = probability()
    values[20:22, 100:110] = 0.35
    assert damage_mask(values, grow_px=0)[20:22, 100:110].all()
    values[20:22, 100:110] = 0.2
    assert not damage_mask(values, grow_px=0)[20:22, 100:110].any()


@pytest.mark.parametrize(("kind", "where"), [("lines", (20, 100)), ("specks", (61, 51)), ("areas", (120, 130))])
def test_each_kind_can_be_marked_alone(kind, where):
    mask = damage_mask(probability(), kinds=[kind])
    others = [(20, 100), (61, 51), (120, 130)]
    assert mask[where] and not any(mask[other] for other in others if other != where)


@pytest.mark.parametrize(("side", "value", "is_marked"), [(12, 0.6, True), (80, 0.6, False), (80, 0.9, True)])
def test_the_larger_an_area_the_more_evidence_it_needs(side, value, is_marked):
    values = np.full(SHAPE, 0.01, np.float32)
    values[20 : 20 + side, 20 : 20 + side] = value
    assert damage_mask(values)[20 + side // 2, 20 + side // 2] == is_marked


def test_a_line_across_a_large_photo_needs_no_more_evidence():
    values = np.full((2000, 3000), 0.01, np.float32)
    values[1000:1006, 10:2990] = values[10:1990, 1500:1506] = 0.6
    assert damage_mask(values)[1002, [100, 2900]].all() and damage_mask(values)[[100, 1900], 1502].all()


def test_probabilities_of_8_bits_give_nearly_the_same_mask():
    rounded = np.round(probability() * 255).astype(np.uint8)
    assert np.array_equal(damage_mask(rounded), damage_mask(probability()))


def test_thick_damage_is_dilated_more():
    mask = damage_mask(probability(), grow_px=2)
    assert mask[18, 100] and not mask[17, 100]
    assert mask[100 - 2 * THICK_GROW, 130]


def test_the_tips_of_thick_damage_are_dilated_half_as_much():
    values = probability()
    values[123:127, 160:168] = 0.95  # beside the area
    mask = damage_mask(values, grow_px=1)
    beyond = THICK_GROW // 2
    assert mask[125, 167 + beyond] and mask[123 - beyond, 166]
    assert not mask[125, 167 + THICK_GROW]


def test_the_probability_is_not_modified():
    values = probability()
    damage_mask(values)
    assert np.array_equal(values, probability())


def test_nothing_is_marked_without_damage():
    assert not damage_mask(np.zeros(SHAPE, np.float32)).any()
    assert damage_mask(np.zeros((1, 1), np.float32)).shape == (1, 1)


def test_the_mask_is_dilated_more_in_a_large_photo():
    values = np.zeros((3000, 4000), np.float32)
    values[1500, 100:3900] = 1
    values[1499, 100:3900] = 1
    assert damage_mask(values, grow_px=1)[1498 - 1, 2000]
    assert not damage_mask(values[1400:1600], grow_px=1)[99 - 2, 2000]


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        ({"threshold": 1}, ValueError, "threshold is 1"),
        ({"grow_px": -1}, MaskError, "grow_px is -1"),
        ({"kinds": ["cracks"]}, ValueError, "'cracks' is no kind of damage"),
    ],
)
def test_settings_out_of_range_are_refused(settings, kind, message):
    with pytest.raises(kind, match=message):
        damage_mask(probability(), **settings)


def test_it_is_public():
    assert inpaint.damage_mask is damage_mask
