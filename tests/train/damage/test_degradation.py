"""The degradation model: images, targets, and what is never labelled."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from inpaint.benchmark.workloads import synthetic_photo
from train.damage.degradation import drawings
from train.damage.degradation.degrade import (
    DAMAGE_WEIGHTS,
    IGNORE_INDEX,
    add_damage,
    clip_tones,
    composite,
    degrade,
    fade_tones,
    film_grain,
    make_target,
    repaired,
    simulate_scan,
)
from train.damage.degradation.distractors import DISTRACTOR_WEIGHTS, add_border, add_distractors
from train.damage.degradation.drawings import drawing
from train.damage.degradation.layers import Layer

SIDE = 128


def crop(seed=0):
    return synthetic_photo(SIDE, SIDE, seed)


def photo(seed=0):
    return crop(seed).astype(np.float32) / 255


def test_degradation_is_a_function_of_crop_and_seed():
    first, again, other = (degrade(crop(), np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert np.array_equal(first.image, again.image) and np.array_equal(first.target, again.target)
    assert not np.array_equal(first.image, other.image)


def test_targets_have_three_labels_and_images_keep_their_shape():
    seen = set()
    for seed in range(30):
        image, target = degrade(crop(seed), np.random.default_rng(seed))
        assert (image.shape, image.dtype) == ((SIDE, SIDE, 3), np.uint8)
        assert (target.shape, target.dtype) == ((SIDE, SIDE), np.uint8)
        seen |= set(np.unique(target))
    assert seen == {0, 1, IGNORE_INDEX}


def test_the_clean_share_of_crops_has_no_damage():
    assert all(not degrade(crop(), np.random.default_rng(seed), clean_share=1).target.any() for seed in range(10))
    damaged = [degrade(crop(), np.random.default_rng(seed), clean_share=0).target.any() for seed in range(20)]
    assert np.mean(damaged) > 0.8


@pytest.mark.parametrize("draw", DAMAGE_WEIGHTS, ids=lambda draw: draw.__name__)
def test_every_kind_of_damage_changes_the_photo_only_where_alpha_is_positive(draw):
    changed = 0
    for seed in range(12):
        layers = draw(SIDE, np.random.default_rng(seed))
        for layer in layers:
            assert layer.alpha.shape == (SIDE, SIDE)
            assert layer.alpha.min() >= 0 and layer.alpha.max() <= 1.001
            after = composite(photo(), layer)
            assert np.isfinite(after).all() and after.min() >= 0 and after.max() <= 1
            assert np.allclose(after[layer.alpha == 0], photo()[layer.alpha == 0])
        changed += any((layer.alpha > 0.2).any() for layer in layers)
    assert changed >= 6


@pytest.mark.parametrize("draw", DISTRACTOR_WEIGHTS, ids=lambda draw: draw.__name__)
def test_every_distractor_covers_part_of_the_photo(draw):
    shares = [(draw(photo(), np.random.default_rng(seed)) > 0.2).mean() for seed in range(12)]
    assert 0 < np.mean(shares) < 0.4


def test_changes_that_are_no_damage_keep_the_range_and_are_not_labelled():
    before = photo()
    for seed in range(8):
        for change in (add_distractors, add_border, clip_tones, fade_tones, repaired):
            after = change(before, np.random.default_rng(seed))
            assert (after.shape, after.dtype) == (before.shape, np.float32)
            assert after.min() >= 0 and after.max() <= 1
    assert not make_target(before, before, np.ones((SIDE, SIDE), np.float32), 0, 0).any()


def test_faint_damage_is_ignored_and_visible_damage_is_labelled():
    grey = np.full((SIDE, SIDE, 3), 0.5, np.float32)
    alpha = np.zeros((SIDE, SIDE), np.float32)
    alpha[40:44] = 1

    def target(strength, noise=0.0):
        after = composite(grey, Layer(alpha, np.full(3, strength), additive=True))
        return make_target(grey, after, alpha, 0, noise)[41, 64]

    assert target(0.3) == 1
    assert target(0.03) == IGNORE_INDEX
    assert target(0.005) == 0
    assert target(0.11) == 1 and target(0.11, noise=0.05) == IGNORE_INDEX  # hidden by noise


def test_damage_that_texture_hides_is_ignored():
    texture = 0.5 + np.random.default_rng(0).normal(0, 0.15, (SIDE, SIDE, 1)).astype(np.float32).repeat(3, 2)
    texture[:, :64] = 0.5
    alpha = np.zeros((SIDE, SIDE), np.float32)
    alpha[40:44] = 1
    after = composite(texture, Layer(alpha, np.full(3, 0.1), additive=True))
    target = make_target(texture, after, alpha, 0, 0)
    assert (target[41, :48] == 1).all()
    assert (target[41, 80:] == IGNORE_INDEX).mean() > 0.95
    plain = composite(texture, Layer(alpha, np.full(3, 0.45), additive=True))
    assert (make_target(texture, plain, alpha, 0, 0)[41] == 1).mean() > 0.9


def test_a_line_is_labelled_also_where_it_crosses_its_own_colour():
    before = np.full((SIDE, SIDE, 3), 0.2, np.float32)
    before[:, 60:66] = 0.9
    alpha = np.zeros((SIDE, SIDE), np.float32)
    alpha[40:43] = 1
    target = make_target(before, composite(before, Layer(alpha, np.full(3, 0.9))), alpha, 0, 0)
    assert (target[41] == 1).all()


def test_damage_changes_the_photo_where_it_covers_it():
    for seed in range(6):
        after, coverage = add_damage(photo(), np.random.default_rng(seed))
        assert after.dtype == np.float32
        assert np.abs(after - photo()).max(2)[coverage > 0.5].mean() > 0.05


def test_grain_and_scan_keep_the_mean():
    before = np.full((SIDE, SIDE, 3), 0.5, np.float32)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        assert abs(film_grain(SIDE, rng).mean()) < 0.03
        assert abs(simulate_scan(before, 0.5, 0.02, rng).mean() / 255 - 0.5) < 0.02


def test_drawings_are_flat_and_have_sharp_edges_and_differ_with_the_seed():
    drawn = [drawing(SIDE, np.random.default_rng(seed)) for seed in range(12)]
    assert all(one.shape == (SIDE, SIDE, 3) and one.dtype == np.uint8 for one in drawn)
    assert np.array_equal(drawn[3], drawing(SIDE, np.random.default_rng(3)))
    assert len({one.tobytes() for one in drawn}) == 12
    steps = np.concatenate([np.abs(np.diff(one.astype(int), axis=1)).max(axis=2).ravel() for one in drawn])
    assert (steps < 2).mean() > 0.75 and (steps > 40).mean() > 0.005


def test_windows_of_any_size_can_be_drawn():
    """Pillow 12.3 refuses some rounded rectangles whose radius is half of a side that is no whole number."""
    for seed in range(1500):
        draw = ImageDraw.Draw(Image.new("RGB", (32, 32)))
        drawings._windows(draw, 32, [(0, 0, 0), (200, 30, 40)], np.random.default_rng(seed))
