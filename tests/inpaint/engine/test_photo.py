"""Photos of any mode are filled in place."""

import numpy as np
import pytest
from PIL import Image

from inpaint.engine.fills import DRAFTS_END, Fill
from inpaint.engine.photo import fill_photo
from inpaint.photos.errors import MaskError
from inpaint.photos.modes import DEEP_MODES, MODES, Patch, to_rgb, without_colour, write_patches
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
    if mode in DEEP_MODES:  # whose darkest and brightest values shall be known ones
        values = np.array(photo)
        values[mask] = values[0, 0]
        photo = Image.frombytes(mode, SIZE, values.tobytes())
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


@pytest.mark.parametrize(("mode", "missing"), [("I;16", 65535), ("I;16B", 0), ("I", -(2**31)), ("F", -32768.0)])
def test_the_number_of_missing_values_does_not_count_for_the_levels_of_a_fill(mode, missing):
    """A fill has 256 levels between the darkest and the brightest known value, whatever lies in the holes."""
    mask = np.logical_or(*two_holes())
    kind = {"I;16": "<u2", "I;16B": ">u2", "I": "<i4", "F": "<f4"}[mode]
    values = np.random.default_rng(0).integers(1000, 1256, mask.shape).astype(kind)
    values[0, :2] = 1000, 1255

    def filled(content):
        photo = Image.frombytes(mode, SIZE, np.where(mask, content, values).astype(kind).tobytes())
        fill_photo(photo, mask, fill_two_holes)
        return np.frombuffer(photo.tobytes(), kind).reshape(mask.shape)

    usual = filled(1100)
    assert len(np.unique(usual[mask])) > 60
    assert usual[mask].min() >= 1000 and usual[mask].max() <= 1255
    assert np.array_equal(filled(missing), usual)


def test_a_mask_of_another_size_or_over_everything_is_refused_before_anything_is_read():
    for mode in ("RGB", "I;16"):
        photo = picture(mode, SIZE)
        with pytest.raises(MaskError, match="they must be the same"):
            fill_photo(photo, np.ones((4, 4), bool), fill_two_holes)
        with pytest.raises(MaskError, match="covers the whole photo"):
            fill_photo(photo, np.ones(SIZE[::-1], bool), fill_two_holes)


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
