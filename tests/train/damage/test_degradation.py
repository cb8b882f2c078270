"""Clean crops become scans of old prints, with what is to be marked in them."""

import numpy as np
import pytest

from inpaint.benchmark.workloads import made_photo
from train.damage.degradation.degrade import (
    IGNORED,
    MARKS,
    age,
    apply,
    clipped,
    damage,
    fade,
    grain,
    mended,
    scan,
    to_target,
)
from train.damage.degradation.distractors import DISTRACTORS, add_border, add_distractors
from train.damage.degradation.layers import Mark

SIDE = 128


def crop(seed=0):
    return made_photo(SIDE, SIDE, seed)


def photo(seed=0):
    return crop(seed).astype(np.float32) / 255


def test_the_same_seed_ages_in_the_same_way():
    first, again, other = (age(crop(), np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert np.array_equal(first.image, again.image) and np.array_equal(first.target, again.target)
    assert not np.array_equal(first.image, other.image)


def test_crops_are_pictures_with_three_kinds_of_pixels():
    seen = set()
    for seed in range(30):
        image, target = age(crop(seed), np.random.default_rng(seed))
        assert (image.shape, image.dtype) == ((SIDE, SIDE, 3), np.uint8)
        assert (target.shape, target.dtype) == ((SIDE, SIDE), np.uint8)
        seen |= set(np.unique(target))
    assert seen == {0, 1, IGNORED}


def test_a_share_of_crops_has_no_damage():
    assert all(not age(crop(), np.random.default_rng(seed), clean=1).target.any() for seed in range(10))
    damaged = [age(crop(), np.random.default_rng(seed), clean=0).target.any() for seed in range(20)]
    assert np.mean(damaged) > 0.8


@pytest.mark.parametrize("draw", MARKS, ids=lambda draw: draw.__name__)
def test_every_kind_of_damage_is_seen_in_the_photo(draw):
    changed = 0
    for seed in range(12):
        marks = draw(SIDE, np.random.default_rng(seed))
        for mark in marks:
            assert mark.alpha.shape == (SIDE, SIDE)
            assert mark.alpha.min() >= 0 and mark.alpha.max() <= 1.001
            after = apply(photo(), mark)
            assert np.isfinite(after).all() and after.min() >= 0 and after.max() <= 1
            assert np.allclose(after[mark.alpha == 0], photo()[mark.alpha == 0])
        changed += any((mark.alpha > 0.2).any() for mark in marks)
    assert changed >= 6


@pytest.mark.parametrize("draw", DISTRACTORS, ids=lambda draw: draw.__name__)
def test_every_distractor_draws_something_thin_or_small(draw):
    shares = [(draw(photo(), np.random.default_rng(seed)) > 0.2).mean() for seed in range(12)]
    assert 0 < np.mean(shares) < 0.4


def test_what_belongs_to_a_photo_is_not_marked():
    before = photo()
    for seed in range(8):
        for change in (add_distractors, add_border, clipped, fade, mended):
            after = change(before, np.random.default_rng(seed))
            assert (after.shape, after.dtype) == (before.shape, np.float32)
            assert after.min() >= 0 and after.max() <= 1
    assert not to_target(before, before, np.ones((SIDE, SIDE), np.float32), 0, 0).any()


def test_faint_damage_is_doubtful_and_plain_damage_is_marked():
    grey = np.full((SIDE, SIDE, 3), 0.5, np.float32)
    alpha = np.zeros((SIDE, SIDE), np.float32)
    alpha[40:44] = 1

    def target(strength, noise=0.0):
        after = apply(grey, Mark(alpha, np.full(3, strength), adds=True))
        return to_target(grey, after, alpha, 0, noise)[41, 64]

    assert target(0.3) == 1
    assert target(0.03) == IGNORED
    assert target(0.005) == 0
    assert target(0.13) == 1 and target(0.13, noise=0.05) == IGNORED  # it is lost in noise


def test_a_line_goes_on_where_it_crosses_its_own_colour():
    before = np.full((SIDE, SIDE, 3), 0.2, np.float32)
    before[:, 60:66] = 0.9
    alpha = np.zeros((SIDE, SIDE), np.float32)
    alpha[40:43] = 1
    target = to_target(before, apply(before, Mark(alpha, np.full(3, 0.9))), alpha, 0, 0)
    assert (target[41] == 1).all()


def test_damage_changes_a_photo_where_it_covers_it():
    for seed in range(6):
        after, cover = damage(photo(), np.random.default_rng(seed))
        assert after.dtype == np.float32
        assert np.abs(after - photo()).max(2)[cover > 0.5].mean() > 0.05


def test_grain_and_scan_keep_the_tones():
    before = np.full((SIDE, SIDE, 3), 0.5, np.float32)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        assert abs(grain(SIDE, rng).mean()) < 0.03
        assert abs(scan(before, 0.5, 0.02, rng).mean() / 255 - 0.5) < 0.02
