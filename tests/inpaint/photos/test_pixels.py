"""The pixels of a photo are the same whether they are read part by part or all at once."""

import numpy as np
import pytest
from PIL import Image

from inpaint.photos.modes import MODES, grey_range, is_grey, strips, to_rgb
from inpaint.photos.pixels import PhotoPixels
from tests.pictures import picture


@pytest.mark.parametrize("mode", MODES)
def test_any_rectangle_has_the_pixels_of_the_whole_photo(mode):
    photo = picture(mode, (37, 23))
    pixels, expected = PhotoPixels(photo), to_rgb(photo)
    assert pixels.shape == expected.shape
    assert np.array_equal(np.asarray(pixels), expected)
    rng = np.random.default_rng(0)
    for _ in range(20):
        top, left = rng.integers(23), rng.integers(37)
        part = slice(top, top + rng.integers(0, 30)), slice(left, left + rng.integers(0, 40))
        assert np.array_equal(pixels[part], expected[part])


@pytest.mark.parametrize("mode", MODES)
def test_grey_is_recognised_in_every_mode(mode):
    for photo in (picture(mode, (41, 300)), picture("L", (41, 300)).convert("RGB")):
        assert PhotoPixels(photo).are_grey() == is_grey(to_rgb(photo))


def test_one_coloured_pixel_anywhere_makes_a_photo_a_colour_photo():
    grey = picture("L", (1500, 1100)).convert("RGB")  # read in several strips
    assert len(list(strips(grey))) > 2
    assert PhotoPixels(grey).are_grey()
    for place in ((1499, 1099), (0, 3), (733, 500), (16, 16)):
        photo = grey.copy()
        red, *others = photo.getpixel(place)
        photo.putpixel(place, (red ^ 1, *others))
        assert not PhotoPixels(photo).are_grey()


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_the_range_of_a_photo_of_several_strips_leaves_out_what_is_not_finite(value):
    values = np.random.default_rng(0).normal(0, 3, (900, 700)).astype(np.float32)
    expected = float(values.min()), float(values.max())
    values[[0, 450, 899], [3, 0, 699]] = value, -value, value
    photo = Image.fromarray(values)
    assert len(list(strips(photo))) > 2
    assert grey_range(photo) == expected
    assert grey_range(Image.fromarray(np.full((2, 3), value, np.float32))) == (0, 1)
