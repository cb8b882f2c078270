"""Fills are converted to the photo's own mode."""

import numpy as np
import pytest
from PIL import Image

from inpaint.photos.modes import MODES, Patch, is_grey, to_rgb, without_colour, write_patches
from inpaint.photos.opening import open_photo
from inpaint.photos.sixteen_bit import to_array
from tests.pictures import deep_pixels, file_bytes, picture, raw


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(1, 1), (37, 23), (3, 500)])
def test_a_patch_changes_the_hole_only_and_keeps_size_and_mode(mode, size):
    photo = picture(mode, size)
    mask = np.random.default_rng(1).random((size[1], size[0])) < 0.3
    fill = np.random.default_rng(2).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    result = write_patches(photo, [Patch(0, 0, fill)], mask)
    assert (result.mode, result.size) == (photo.mode, photo.size)
    outside = ~mask.ravel()
    assert np.array_equal(raw(result)[outside], raw(photo)[outside])
    if mask.sum() > 20:
        assert not np.array_equal(raw(result)[~outside], raw(photo)[~outside])


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "RGBX"])
def test_a_colour_photo_gets_the_exact_pixels_of_the_fill(mode):
    photo = picture(mode)
    fill = np.random.default_rng(2).integers(0, 256, (10, 12, 3), dtype=np.uint8)
    mask = np.zeros((23, 37), bool)
    mask[5:15, 4:16] = True
    result = write_patches(photo, [Patch(4, 5, fill)], mask)
    assert np.array_equal(to_rgb(result)[5:15, 4:16], fill)
    if mode == "RGBA":
        assert result.getchannel("A").tobytes() == photo.getchannel("A").tobytes()


@pytest.mark.parametrize("mode", ["LA", "PA"])
def test_alpha_does_not_change_inside_the_hole(mode):
    photo = picture(mode)
    result = write_patches(photo, [Patch(0, 0, np.full((23, 37, 3), 77, np.uint8))], np.ones((23, 37), bool))
    assert result.getchannel("A").tobytes() == photo.getchannel("A").tobytes()


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I", "F"])
def test_a_deep_greyscale_photo_survives_its_8_bit_pixels_to_one_level_of_256(mode):
    photo = picture(mode)
    mask = np.ones((23, 37), bool)
    mask[0, 0] = False
    result = write_patches(photo, [Patch(0, 0, to_rgb(photo))], mask)
    before, after = np.asarray(photo).astype(float), np.asarray(result).astype(float)
    assert np.abs(before - after).max() <= np.ptp(before) / 255 / 2 + 1
    assert to_rgb(photo).min() == 0
    assert to_rgb(photo).max() == 255


def test_the_fill_of_a_palette_photo_has_the_nearest_opaque_palette_colours():
    photo = Image.new("P", (4, 1))
    photo.putpalette([200, 0, 0, 0, 200, 0, 0, 0, 200, 250, 0, 0])
    photo.info["transparency"] = 3
    photo.putdata([1, 1, 1, 1])
    fill = np.array([[[255, 5, 5], [10, 180, 9], [0, 0, 255], [255, 0, 0]]], np.uint8)
    result = write_patches(photo, [Patch(0, 0, fill)], np.array([[True, True, True, False]]))
    assert list(np.asarray(result)[0]) == [0, 1, 2, 1]
    assert result.getpalette() == photo.getpalette()


@pytest.mark.parametrize("entries", [1, 7, 256])
def test_no_entry_of_a_palette_is_nearer_than_the_one_that_is_chosen(entries):
    rng = np.random.default_rng(entries)
    photo = Image.new("P", (90, 70))
    colours = rng.integers(0, 256, (entries, 3))
    photo.putpalette(colours.ravel().tolist())
    fill = rng.integers(0, 256, (70, 90, 3), dtype=np.uint8)
    result = np.asarray(write_patches(photo, [Patch(0, 0, fill)], np.ones((70, 90), bool)))
    squared = ((fill[:, :, None].astype(int) - colours) ** 2).sum(axis=3)
    chosen = np.take_along_axis(squared, result[..., None].astype(int), axis=2)[..., 0]
    assert np.array_equal(chosen, squared.min(axis=2))


@pytest.mark.parametrize("channels", [3, 4])
def test_16_bit_colour_keeps_its_depth_and_the_fill_has_256_levels(channels):
    pixels = deep_pixels(channels)
    photo, mask = open_photo(pixels), np.zeros((23, 37), bool)
    mask[5:15, 4:16] = True
    fill = np.random.default_rng(2).integers(0, 256, (23, 37, 3), dtype=np.uint8)
    result = to_array(write_patches(photo, [Patch(0, 0, fill)], mask))
    assert np.array_equal(result[~mask], pixels[~mask])
    assert np.array_equal(result[..., 3:], pixels[..., 3:])
    assert np.array_equal(result[mask][:, :3], fill[mask].astype(np.uint16) * 257)
    assert np.array_equal(to_array(photo), pixels)


def test_one_coloured_pixel_makes_a_photo_a_colour_photo():
    grey = np.random.default_rng(0).integers(0, 256, (40, 50, 1), dtype=np.uint8).repeat(3, 2)
    assert is_grey(grey)
    assert np.array_equal(without_colour(grey), grey)
    grey[33, 7, 2] ^= 1
    assert not is_grey(grey)
    assert is_grey(without_colour(grey))


@pytest.mark.parametrize(("mode", "key"), [("L", 77), ("RGB", (77, 77, 77)), ("P", 3), ("P", b"\xff\xff\xff\0")])
def test_a_fill_does_not_change_which_pixels_have_the_transparent_colour(mode, key):
    photo = picture("L", (20, 10)).convert("RGB").quantize(32) if mode == "P" else picture(mode, (20, 10))
    photo.paste(3 if mode == "P" else key, (0, 0, 7, 10))
    photo = open_photo(file_bytes(photo, transparency=key))
    fill = np.full((10, 20, 3), 77, np.uint8)
    result = write_patches(photo, [Patch(0, 0, fill)], np.ones((10, 20), bool))
    result = open_photo(file_bytes(result))
    assert result.mode == mode
    before, after = (np.asarray(image.convert("RGBA")) for image in (photo, result))
    assert (before[:, :7, 3] == 0).all()
    assert np.array_equal(before[..., 3], after[..., 3])
    filled = after[after[..., 3] > 0][:, :3]
    assert np.abs(filled.astype(int) - 77).max() <= (20 if mode == "P" else 1)
