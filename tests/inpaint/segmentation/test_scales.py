"""Logits of several scales, with a threshold of brightness or a filter instead of the network."""

import numpy as np
import pytest

from inpaint.segmentation import scales
from inpaint.segmentation.scales import multi_scale_logits, searched_pixels, without_rims


def brightness(pixels):
    return pixels[..., 0].astype(np.float32) / 16 - 8


def photo(shape, lines=((100, 104),)):
    pixels = np.zeros((*shape, 3), np.uint8)
    for first, end in lines:
        pixels[first:end, 20:-20] = 255
    return pixels


@pytest.mark.parametrize("shape", [(300, 400), (301, 403), (1000, 1403), (1, 1), (2, 600)])
def test_logits_have_the_size_of_the_photo(shape):
    assert multi_scale_logits(np.zeros((*shape, 3), np.uint8), brightness, brightness).shape == shape


def test_a_small_photo_is_also_seen_enlarged_and_a_large_one_in_several_copies(monkeypatch):
    monkeypatch.setattr(scales, "ENLARGED_PIXELS", 1_000_000)
    seen = []

    def record(pixels):
        seen.append(pixels.shape[:2])
        return brightness(pixels)

    multi_scale_logits(photo((300, 400)), record, record)
    assert seen == [(600, 800), (300, 400), (150, 200)]
    seen.clear()
    multi_scale_logits(photo((700, 1000)), record, record)
    assert seen == [(1400, 2000), (700, 1000), (350, 500), (175, 250)]
    seen.clear()
    multi_scale_logits(photo((1500, 2000)), record, record)
    assert seen == [(1500, 2000), (750, 1000), (375, 500), (188, 250)]


def test_a_speck_that_only_the_enlarged_copy_shows_is_found_where_it_is():
    def if_enlarged(pixels):
        return brightness(pixels) if pixels.shape[1] == 800 else np.full(pixels.shape[:2], -4, np.float32)

    pixels = photo((300, 400), [])
    pixels[200:202, 30:32] = 255
    found = multi_scale_logits(pixels, if_enlarged, if_enlarged) > 0
    assert found[200:202, 30:32].all() and found.sum() <= 16


def test_damage_at_both_sizes_has_the_same_logit_in_a_small_photo_as_in_a_large_one(monkeypatch):
    def lower_enlarged(pixels):
        return brightness(pixels) - (scales.ENLARGED_OFFSET if pixels.shape[1] == 800 else 0)

    small = multi_scale_logits(photo((300, 400)), lower_enlarged, lower_enlarged)
    monkeypatch.setattr(scales, "ENLARGED_PIXELS", 0)
    np.testing.assert_allclose(
        small[101:103, 40:-40], multi_scale_logits(photo((300, 400)), brightness, brightness)[101:103, 40:-40]
    )


def test_damage_that_only_a_small_copy_shows_is_added():
    def large_things(pixels):
        shown = pixels.shape[1] < 600
        return brightness(pixels) if shown else np.full(pixels.shape[:2], -8, np.float32)

    logits = multi_scale_logits(photo((1500, 2000), [(400, 900)]), large_things, large_things)
    assert (logits[420:880, 100:1900] > 0).all() and (logits[:380] < 0).all()


def test_a_line_that_is_seen_at_full_resolution_is_not_widened_by_the_copies():
    def wide_in_copies(pixels):
        logits = brightness(pixels)
        if pixels.shape[1] < 1500:
            logits[1:] = np.maximum(logits[1:], logits[:-1])
            logits[:-1] = np.maximum(logits[:-1], logits[1:])
        return logits

    pixels = photo((1500, 2000), [(700, 704)])
    marked = multi_scale_logits(pixels, wide_in_copies, wide_in_copies) > 1
    assert marked[700:704, 40:-40].all()
    assert marked[:, 1000].sum() <= 8


def test_the_inside_of_a_stain_keeps_the_logits_of_the_copy():
    coarse, fine = np.full((100, 100), -8, np.float32), np.full((200, 200), -8, np.float32)
    coarse[30:70, 30:70] = 5
    fine[58:64, 58:142] = 5  # its upper edge
    kept = without_rims(coarse, fine)
    assert (kept[34:66, 34:66] == 5).all()
    assert (kept[30:32, 34:66] < -8).all()
    assert (kept[68:70, 34:66] == 5).all()  # which the fine scale does not see


def test_the_largest_photos_are_searched_in_a_copy_and_seen_at_full_resolution_where_there_may_be_damage(monkeypatch):
    monkeypatch.setattr(scales, "FULL_PIXELS", 300 * 400)
    monkeypatch.setattr(scales, "ENLARGED_PIXELS", 0)
    whole, tiles = [], []

    def of_copy(pixels):
        whole.append(pixels.shape[:2])
        return brightness(pixels)

    def of_tile(pixels):
        tiles.append(pixels.shape[:2])
        return brightness(pixels)

    logits = multi_scale_logits(photo((600, 800), [(101, 105)]), of_copy, of_tile)
    assert max(whole) == (300, 400) and tiles
    assert (logits[101:105, 40:-40] > 0).all()
    assert (logits[98, 40:-40] < 0).all() and (logits[107, 40:-40] < 0).all()
    assert logits[300:].max() <= -7


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (479, 481), (961, 1404), (333, 3001)])
@pytest.mark.parametrize("most", [10**7, 10**5])
@pytest.mark.parametrize("enlarged", [0, 10**6, 10**7])
@pytest.mark.parametrize("is_damaged", [False, True])
def test_the_pixels_that_are_searched_are_known_beforehand_and_reported_in_steps(
    shape, most, enlarged, is_damaged, monkeypatch
):
    monkeypatch.setattr(scales, "FULL_PIXELS", most)
    monkeypatch.setattr(scales, "ENLARGED_PIXELS", min(enlarged, most))
    reported = []

    def of_copy(pixels):
        reported.append(pixels.shape[0] * pixels.shape[1])
        return brightness(pixels)

    pixels = np.full((*shape, 3), 255 * is_damaged, np.uint8)
    multi_scale_logits(pixels, of_copy, brightness, reported.append)
    assert sum(reported) == searched_pixels(*shape) and min(reported) >= 0
    if is_damaged and shape == (961, 1404) and most == 10**5:  # which is searched in tiles twice
        assert len(reported) > 15


def test_a_fusion_decides_in_small_photos_only(monkeypatch):
    monkeypatch.setattr(scales, "ENLARGED_PIXELS", 1_000_000)
    seen = []

    def fusion(values):
        seen.append(values.shape)
        added = np.full((2 * values.shape[1], 2 * values.shape[2]), -20, np.float32)
        added[:, :200] = 1
        return added

    def logits(shape, **options):
        return multi_scale_logits(photo(shape), brightness, brightness, **options)

    small = logits((300, 410), fusion=fusion)
    assert seen == [(24, 160, 208)] and small.shape == (300, 410)  # sides are multiples of 32
    np.testing.assert_allclose(small[:, :200], logits((300, 410))[:, :200] + 1, atol=1e-5)
    assert small[:, 200:].max() < -10
    large = logits((1200, 1000), fusion=fusion)
    assert len(seen) == 1 and np.array_equal(large, logits((1200, 1000)))


def test_what_smaller_copies_add_is_not_up_to_the_fusion():
    def large_things(pixels):
        return np.where(max(pixels.shape) <= 500, brightness(pixels), np.float32(-8))

    pixels = photo((800, 1000), [(300, 500)])
    found = multi_scale_logits(
        pixels, large_things, large_things, fusion=lambda x: np.full((800, 1024), -9, np.float32)
    )
    assert (found[320:480, 100:-100] > 0).all()
