"""Half-transparent dust is divided out; what is too dense or does not fit is left to the fill."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from inpaint.infrared.detect import Dust, find_dust
from inpaint.infrared.divide import divide_out
from inpaint.infrared.leakage import Leakage
from inpaint.infrared.scan import Properties
from inpaint.photos.modes import LOW_BYTES, to_rgb
from inpaint.photos.sixteen_bit import from_deep_array

from .scans import small_scan

PROPERTIES = Properties((0.0, 0.0), 0, Leakage(np.zeros(3, np.float32), 0, 0))


def deep_pixels(photo):
    low = photo.info.get(LOW_BYTES)
    return np.asarray(photo).astype(np.int64) * 256 + np.asarray(low)


def dusty(density, bits=16):
    """A textured photo with a half-transparent disc, the photo without it, and the disc."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:80, :80]
    clean = np.clip(30000 + 60 * columns[..., None] + rng.normal(0, 800, (80, 80, 3)), 0, 65535)
    inside = (rows - 40) ** 2 + (columns - 40) ** 2 < 64
    pixels = (clean * np.where(inside, np.exp(-density), 1)[..., None]).round().astype(np.uint16)
    depth = np.where(inside, density, 0).astype(np.float16)
    photo = from_deep_array(pixels) if bits == 16 else Image.fromarray((pixels >> 8).astype(np.uint8))
    return photo, clean, inside, Dust(inside, depth, PROPERTIES, 0.005)


@pytest.mark.parametrize("density", [0.1, 0.5, 0.9])
def test_the_picture_below_half_transparent_dust_comes_back(density):
    photo, clean, inside, dust = dusty(density)
    before = deep_pixels(photo)
    rest = divide_out(photo, dust, dust.mask)
    assert not rest.any()
    after = deep_pixels(photo)
    assert np.array_equal(after[~inside], before[~inside])
    error = np.abs(after - clean)[inside].mean()
    assert error < 1500
    assert error < 0.5 * np.abs(before - clean)[inside].mean() + 200


def test_photos_of_8_bits_are_divided_too():
    photo, clean, inside, dust = dusty(0.5, bits=8)
    assert not divide_out(photo, dust, dust.mask).any()
    assert np.abs(np.asarray(photo)[inside] - clean[inside] / 257).mean() < 6


def test_dense_dust_is_left_to_the_fill():
    photo, _, _, dust = dusty(1.5)
    before = deep_pixels(photo)
    assert np.array_equal(divide_out(photo, dust, dust.mask), dust.mask)
    assert np.array_equal(deep_pixels(photo), before)


def test_dust_that_the_colours_do_not_show_as_infrared_does_is_left_to_the_fill():
    photo, _, inside, dust = dusty(0.5)
    pixels = deep_pixels(photo).astype(np.uint16)
    pixels[inside] = np.random.default_rng(1).integers(0, 65535, (inside.sum(), 3))
    photo = from_deep_array(pixels)
    assert np.array_equal(divide_out(photo, dust, dust.mask), dust.mask)


@pytest.mark.parametrize("mode", ["L", "CMYK", "P"])
def test_photos_of_other_modes_are_left_to_the_fill(mode):
    photo, _, _, dust = dusty(0.5, bits=8)
    photo = photo.convert(mode)
    before = photo.tobytes()
    assert np.array_equal(divide_out(photo, dust, dust.mask), dust.mask)
    assert photo.tobytes() == before


@pytest.mark.parametrize(
    "change", [{"noise": 0.03}, {"properties": PROPERTIES._replace(blurs=4)}], ids=["noisy", "blurred"]
)
def test_a_noisy_or_blurred_channel_divides_nothing(change):
    photo, _, _, dust = dusty(0.5)
    before = deep_pixels(photo)
    dust = dataclasses.replace(dust, **change)
    assert np.array_equal(divide_out(photo, dust, dust.mask), dust.mask)
    assert np.array_equal(deep_pixels(photo), before)


def test_dividing_brings_a_made_scan_nearer_to_the_clean_one():
    scan = small_scan(7, shift_px=(0.0, 0.0), blur_px=0.5, amount=250)
    photo = from_deep_array(scan.colour)
    dust = find_dust(photo, scan.infrared)
    before = np.abs(to_rgb(photo).astype(float) - scan.clean / 257)
    rest = divide_out(photo, dust, dust.mask)
    after = np.abs(to_rgb(photo).astype(float) - scan.clean / 257)
    divided = dust.mask & ~rest
    assert divided.sum() > 0.2 * dust.mask.sum()
    assert after[divided & scan.damaged].mean() < 0.5 * before[divided & scan.damaged].mean()
