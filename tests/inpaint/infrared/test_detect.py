"""Dust is found in the infrared channel of made scans, and a channel that shows the picture is recognised."""

import numpy as np
import pytest
from PIL import Image

from inpaint.infrared import detect
from inpaint.infrared.background import fit_background, holder_of
from inpaint.infrared.detect import UselessInfraredError, find_dust
from inpaint.photos.sixteen_bit import from_deep_array
from train.damage.made_scans import ScanSettings, make_scan
from train.damage.scores import count_pixels

from .scans import small_scan


def found_in(scan, **settings):
    return find_dust(from_deep_array(scan.colour), scan.infrared, **settings)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"shift_px": (0.0, 0.0), "blur_px": 0.5, "noise": 0.01},
        {"shift_px": (-1.5, 2.2), "blur_px": 1.5, "noise": 0.003},
        {"noise": 0.02},
        {"falloff": 0.45},
    ],
)
def test_dust_hairs_and_scratches_are_found(settings):
    scan = small_scan(**settings)
    counts = count_pixels(found_in(scan, grow_px=0).mask, scan.damaged)
    assert counts.recall > 0.93
    assert counts.precision > 0.9


def test_shift_defocus_and_leakage_are_measured():
    scan = small_scan(3, shift_px=(1.4, -2.3), blur_px=1.4)
    properties = found_in(scan).properties
    assert properties.shift_px == pytest.approx((1.4, -2.3), abs=0.25)
    assert properties.defocus_px == pytest.approx(1.3, abs=0.4)
    assert properties.leakage.weights.sum() == pytest.approx(0.075, abs=0.03)


@pytest.mark.parametrize("film", ["silver", "kodachrome"])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_channel_that_shows_the_picture_is_refused_with_the_reason(film, seed):
    with pytest.raises(UselessInfraredError, match="shows the picture itself, as that of silver"):
        found_in(small_scan(seed, film=film))


def test_dust_on_a_plain_picture_is_not_taken_for_the_picture():
    scan = make_scan(np.full((500, 600, 3), 255, np.uint8), 0, ScanSettings(amount=60))
    assert count_pixels(found_in(scan, grow_px=0).mask, scan.damaged).f1 > 0.9


@pytest.mark.parametrize("value", [0, 40000, 65535])
def test_a_blank_channel_is_refused_with_the_reason(value):
    scan = small_scan()
    with pytest.raises(UselessInfraredError, match="is blank"):
        found_in(scan._replace(infrared=np.full_like(scan.infrared, value)))


def test_hardly_anything_is_found_on_a_clean_film():
    scan = small_scan(4, amount=0)
    counts = count_pixels(found_in(scan, grow_px=0).mask, scan.damaged)
    assert counts.marked - counts.correct < 0.001 * scan.damaged.size


def test_a_lower_threshold_marks_more():
    scan = small_scan(noise=0.02)
    shares = [found_in(scan, threshold=threshold).mask.mean() for threshold in (0.3, 0.5, 0.9)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[2]


def test_a_hairline_that_no_pixel_of_shows_is_found_as_a_line():
    rng = np.random.default_rng(0)
    infrared = 40000 * (1 + rng.normal(0, 0.01, (300, 300)))
    line = np.zeros((300, 300), bool)
    line[40:260, 150] = True
    infrared[line] *= 0.97
    colour = np.full((300, 300, 3), 30000, np.uint16)
    mask = find_dust(from_deep_array(colour), infrared.round().astype(np.uint16), grow_px=1).mask
    assert mask[line].mean() > 0.8
    assert mask[:, :140].mean() < 0.01


def test_strips_are_found_like_a_whole(monkeypatch):
    scan = small_scan(5)
    whole = found_in(scan).mask
    monkeypatch.setattr(detect, "STRIP_ROWS", 8 * detect.BLOCK_PX)
    assert (found_in(scan).mask != whole).mean() < 0.005


def test_the_holder_of_the_film_is_no_dust():
    scan = small_scan(6, amount=20)
    infrared = scan.infrared.copy()
    infrared[:, :70] = 900
    colour = scan.colour.copy()
    colour[:, :70] = 700
    mask = found_in(scan._replace(infrared=infrared, colour=colour), grow_px=0).mask
    assert mask[:, :64].mean() < 0.01


def test_a_photo_of_8_bits_serves_as_well():
    scan = small_scan()
    photo = Image.fromarray((scan.colour >> 8).astype(np.uint8))
    infrared = (scan.infrared >> 8).astype(np.uint16) * 257
    counts = count_pixels(find_dust(photo, infrared, grow_px=0).mask, scan.damaged)
    assert counts.f1 > 0.9


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (40, 17)])
def test_tiny_scans_end_without_an_error(shape):
    rng = np.random.default_rng(0)
    infrared = rng.integers(20000, 50000, shape).astype(np.uint16)
    photo = Image.fromarray(rng.integers(0, 256, (*shape, 3), dtype=np.uint8))
    try:
        mask = find_dust(photo, infrared).mask
    except UselessInfraredError:
        return
    assert mask.shape == shape


def test_the_background_follows_the_light_to_the_corners_and_ignores_dust():
    rows, columns = np.mgrid[-1:1:40j, -1:1:60j]
    light = (-0.4 * (rows**2 + columns**2)).astype(np.float32)
    dusty = light.copy()
    dusty[10:12, 20:22] -= 1.5
    assert np.abs(fit_background(dusty) - light).max() < 0.01
    assert not holder_of(dusty).any()
