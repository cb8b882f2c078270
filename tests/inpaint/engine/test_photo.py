"""Photos of any mode are filled in place."""

import numpy as np
import pytest

from inpaint.engine.fills import DRAFTS_END, Fill
from inpaint.engine.photo import fill_photo
from inpaint.photos.modes import MODES, Patch, to_rgb, without_colour, write_patches
from inpaint.photos.opening import open_photo
from inpaint.photos.pixels import PhotoPixels
from inpaint.photos.sixteen_bit import to_array
from tests.pictures import deep_pixels, picture, raw

SIZE = (60, 40)


def two_holes():
    """A mask of an L around another hole, and the two holes apart."""
    corner, inner = np.zeros(SIZE[::-1], bool), np.zeros(SIZE[::-1], bool)
    corner[5:30, 5:8] = corner[27:30, 5:50] = True
    inner[10:14, 20:40] = True
    return corner, inner


def colours(seed=2):
    return np.random.default_rng(seed).integers(0, 256, (*SIZE[::-1], 3), dtype=np.uint8)


def fill_two_holes(pixels, mask, within, options, cancelled):
    """Drafts, and the final fills of two holes, of which one lies in the box of the other."""
    corner, inner = two_holes()
    assert np.array_equal(mask, corner | inner)
    yield Fill(0, 0, colours(9), mask, draft=True)
    yield DRAFTS_END
    yield Fill(5, 5, colours()[5:30, 5:50], corner[5:30, 5:50])
    yield Fill(20, 10, colours()[10:14, 20:40], inner[10:14, 20:40])


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "1"])  # dithered patch by patch
def test_a_photo_is_filled_as_by_one_patch_of_all_fills(mode):
    photo = picture(mode, SIZE)
    mask = np.logical_or(*two_holes())
    fill = without_colour(colours()) if PhotoPixels(photo).are_grey() else colours()
    expected = write_patches(photo, [Patch(0, 0, fill)], mask)
    fill_photo(photo, mask, fill_two_holes)
    assert np.array_equal(raw(photo), raw(expected))


def test_the_fills_read_the_pixels_of_the_photo_around_the_holes():
    photo, mask = picture("RGB", SIZE), np.logical_or(*two_holes())
    expected, read = to_rgb(photo), []

    def fills(pixels, *arguments):
        for fill in fill_two_holes(pixels, *arguments):
            read.append(pixels[2:35, 3:55].copy())
            yield fill

    fill_photo(photo, mask, fills)
    assert len(read) == 4
    for part in read:
        assert np.array_equal(part[~mask[2:35, 3:55]], expected[2:35, 3:55][~mask[2:35, 3:55]])


@pytest.mark.parametrize("shape", [(), (3,), (4,)])
@pytest.mark.parametrize("deep", [False, True])
def test_the_array_that_a_photo_was_opened_from_does_not_change(shape, deep):
    pixels = deep_pixels(*shape or (1,), size=SIZE) >> (0 if deep else 8)
    pixels = (pixels if deep else pixels.astype(np.uint8)).reshape(*SIZE[::-1], *shape)
    before = pixels.copy()
    photo = open_photo(pixels)
    fill_photo(photo, np.logical_or(*two_holes()), fill_two_holes)
    assert np.array_equal(pixels, before)
    assert not np.array_equal(to_array(photo), before)
