"""16-bit colour is read and written in full."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from inpaint.photos.opening import open_photo
from inpaint.photos.saving import save_photo
from inpaint.photos.sixteen_bit import save_deep, to_array
from tests.pictures import deep_pixels, picture


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("turn", [1, 6])
def test_16_bit_colour_is_read_in_full_and_rotated_upright(channels, turn):
    pixels = deep_pixels(channels)
    photo = open_photo(pixels)
    assert np.array_equal(to_array(photo), pixels)
    exif = Image.Exif()
    exif[0x0112] = turn
    photo.info["exif"] = exif.tobytes()
    save_deep(photo, file := io.BytesIO(), "PNG")
    upright = open_photo(file.getvalue())
    assert np.array_equal(to_array(upright), np.rot90(pixels, -1) if turn == 6 else pixels)
    assert np.array_equal(np.asarray(upright), to_array(upright) >> 8)


def test_16_bit_greyscale_is_read_from_an_array():
    pixels = deep_pixels(1)[..., 0]
    photo = open_photo(pixels)
    assert photo.mode == "I;16"
    assert np.array_equal(np.asarray(photo), pixels)


@pytest.mark.parametrize(("format", "channels"), [("PNG", 3), ("PNG", 4), ("TIFF", 3), ("TIFF", 4)])
@pytest.mark.parametrize("size", [(1, 1), (37, 300)])
def test_16_bit_colour_is_saved_value_for_value_with_its_metadata(format, channels, size):
    exif = Image.Exif()
    exif[0x010E] = "a boat"
    photo = open_photo(deep_pixels(channels, size))
    photo.info |= {"exif": exif.tobytes(), "icc_profile": b"profile", "dpi": (300, 300)}
    save_photo(photo, file := io.BytesIO(), format)
    saved = open_photo(file.getvalue())
    assert np.array_equal(to_array(saved), deep_pixels(channels, size))
    assert saved.info["icc_profile"] == b"profile"
    assert saved.getexif()[0x010E] == "a boat"
    assert [round(float(value)) for value in saved.info["dpi"]] == [300, 300]


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_16_bit_colour_is_read_and_written_as_by_opencv(suffix):
    written = cv2.imencode(suffix, deep_pixels()[..., ::-1])[1].tobytes()
    photo = open_photo(written)
    assert np.array_equal(to_array(photo), deep_pixels())
    save_photo(photo, file := io.BytesIO())
    read = cv2.imdecode(np.frombuffer(file.getvalue(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(read[..., ::-1], deep_pixels())


def test_16_bit_greyscale_with_alpha_is_saved_as_such():
    photo = open_photo(deep_pixels(3))
    low = photo.info.pop("low_bytes")
    photo, low = photo.convert("LA"), low.convert("LA")
    photo.info["low_bytes"] = low
    for format in ("PNG", "TIFF"):
        save_photo(photo, file := io.BytesIO(), format)
        saved = open_photo(file.getvalue())
        assert saved.mode == "LA"
        assert np.array_equal(to_array(saved), to_array(photo))


def test_an_8_bit_photo_becomes_an_8_bit_array():
    assert to_array(open_photo(picture("RGB"))).dtype == np.uint8


def test_lower_bytes_that_do_not_fit_the_photo_are_ignored():
    photo = open_photo(deep_pixels())
    smaller = photo.resize((5, 5))  # Pillow copies unknown keys of info
    assert to_array(smaller).dtype == np.uint8
    save_photo(smaller, file := io.BytesIO(), "PNG")
    assert open_photo(file.getvalue()).size == (5, 5)
