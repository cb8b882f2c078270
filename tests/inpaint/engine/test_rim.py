"""Masks that are drawn too tight are dilated until the colour of the removed thing is gone; others stay as they are."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from inpaint.engine.regions import dilate
from inpaint.engine.rim import MAX_RIM_PX, dilate_tight
from tests.pictures import file_bytes, landscape

SIZE = (400, 300)
PHOTO = landscape(SIZE)


def stamped(photo, size_px=30, colour=(200, 30, 30), blur_px=0.0):
    """A photo with a date stamp, and the coverage of its pixels, 0 to 255."""
    coverage = Image.new("L", photo.size)
    ImageDraw.Draw(coverage).text((40, 180), "24.12.1998", font=ImageFont.load_default(size_px), fill=255)
    coverage = coverage.filter(ImageFilter.GaussianBlur(blur_px)) if blur_px else coverage
    paint = Image.new(photo.mode, photo.size, colour)
    return Image.composite(paint, photo, coverage), np.asarray(coverage)


@pytest.mark.parametrize("size_px", [16, 30, 70])
@pytest.mark.parametrize("colour", [(200, 30, 30), (255, 255, 255)])
def test_a_mask_of_exactly_the_pixels_of_a_stamp_is_dilated_over_its_smooth_edge(size_px, colour):
    photo, coverage = stamped(PHOTO, size_px, colour)
    mask = coverage >= 128
    dilated, rim_px = dilate_tight(photo, mask)
    assert 2 <= rim_px <= 3 and (dilated >= mask).all()
    assert not (coverage[~dilated] > 0).any()
    assert not (dilated & ~dilate(mask, rim_px)).any()


def test_the_rim_of_a_blurred_or_compressed_stamp_is_found():
    photo, coverage = stamped(PHOTO, blur_px=1.5)
    dilated, rim_px = dilate_tight(photo, coverage >= 128)
    assert 3 <= rim_px <= MAX_RIM_PX
    assert coverage[~dilated].sum() < 0.2 * coverage[coverage < 128].sum()
    photo, coverage = stamped(PHOTO)
    compressed = Image.open(io.BytesIO(file_bytes(photo, "JPEG", quality=85)))
    assert 2 <= dilate_tight(compressed, coverage >= 128)[1] <= 4


@pytest.mark.parametrize("mode", ["L", "CMYK", "P", "I;16"])
def test_photos_of_other_modes_are_measured_too(mode):
    photo, coverage = stamped(PHOTO, 24)
    if mode == "I;16":
        photo = Image.fromarray(np.asarray(photo.convert("L")).astype(np.uint16) * 100)
    else:
        photo = photo.quantize(128) if mode == "P" else photo.convert(mode)
    assert 2 <= dilate_tight(photo, coverage >= 128)[1] <= 3


def test_a_mask_with_some_background_around_the_thing_is_not_changed():
    photo, coverage = stamped(PHOTO)
    for margin in (1, 3, 8):
        mask = dilate(coverage > 0, margin)
        dilated, rim_px = dilate_tight(photo, mask)
        assert rim_px == 0 and dilated is mask


@pytest.mark.parametrize("missing_px", [1, 2, 3, 4])
def test_a_disk_that_is_cut_too_tight_is_covered(missing_px):
    distance = np.hypot(*np.ogrid[-150:150, -200:200])
    pixels = np.array(PHOTO)
    pixels[distance < 40] = (200, 30, 160)
    dilated, _ = dilate_tight(Image.fromarray(pixels), distance < 40 - missing_px)
    assert dilated[distance < 40].all() and not dilated[distance > 43].any()


def test_masks_of_anything_in_a_photo_are_not_dilated_by_chance():
    rng = np.random.default_rng(0)
    grown = 0
    for seed in range(3):
        photo = landscape(SIZE, seed, noise=20)
        for _ in range(10):
            x, y, radius = rng.integers(20, 380), rng.integers(20, 280), rng.integers(4, 60)
            grown += dilate_tight(photo, np.hypot(*np.ogrid[-y : 300 - y, -x : 400 - x]) < radius)[1] > 0
    assert grown <= 1


def test_small_holes_in_fine_texture_are_seldom_dilated():
    """A few cells of a photo agree by chance more often than many."""
    rng = np.random.default_rng(0)
    blurred = Image.fromarray(rng.integers(0, 256, (300, 300, 3), dtype=np.uint8)).filter(ImageFilter.GaussianBlur(1.5))
    values = np.asarray(blurred).astype(float)
    photo = Image.fromarray(((values - values.mean()) / values.std() * 45 + 128).clip(0, 255).astype(np.uint8))
    dilated = 0
    for _ in range(150):
        mask = np.zeros((300, 300), bool)
        (top, left), (height, width) = rng.integers(10, 250, 2), rng.integers(6, 40, 2)
        mask[top : top + height, left : left + width] = True
        dilated += dilate_tight(photo, mask)[1] > 0
    assert dilated <= 18


def test_only_the_hole_that_is_too_tight_is_dilated():
    photo, coverage = stamped(PHOTO, 16)
    clean = np.zeros(coverage.shape, bool)
    clean[20:60, 300:350] = True
    dilated, rim_px = dilate_tight(photo, (coverage >= 128) | clean)
    assert rim_px and np.array_equal(dilated[:100], clean[:100])


@pytest.mark.parametrize("mask", [np.zeros((300, 400), bool), np.ones((300, 400), bool), np.eye(300, 400, dtype=bool)])
def test_masks_without_a_hole_or_without_surroundings_stay(mask):
    assert dilate_tight(PHOTO, mask)[0] is mask
