"""How crops without damage are chosen."""

import numpy as np

from train.damage import stream
from train.damage.stream import most_detailed, most_extreme

CHECKS = (np.indices((32, 32)).sum(axis=0) % 2 * 200).astype(np.uint8)[..., None].repeat(3, axis=2)
DARK, GREY, BRIGHT = (np.full((32, 32, 3), level, np.uint8) for level in (20, 120, 240))


def test_the_most_detailed_crop_is_the_one_with_texture():
    assert most_detailed([DARK, CHECKS, BRIGHT]) is CHECKS


def test_the_most_extreme_crop_is_the_brightest_or_the_darkest():
    assert most_extreme([GREY, BRIGHT, CHECKS]) is BRIGHT
    assert most_extreme([GREY, CHECKS, DARK]) is DARK


def test_each_way_to_choose_has_its_share():
    rng = np.random.default_rng(0)
    chosen = [stream._choice(rng) for _ in range(4000)]
    for way, share in (
        (most_detailed, stream.TEXTURE_SHARE),
        (most_extreme, stream.EXTREME_SHARE),
        (None, 1 - stream.TEXTURE_SHARE - stream.EXTREME_SHARE),
    ):
        assert abs(chosen.count(way) / len(chosen) - share) < 0.04
