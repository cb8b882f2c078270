import numpy as np
import pytest

from inpaint.photos.opening import open_photo
from inpaint.photos.tiff.infrared import infrared_of

from .files import ramp, several, tiff_bytes

INFRARED = ramp("uint16")[::-1].copy()


def _rgbi(dtype="uint16", **options):
    infrared = INFRARED if dtype == "uint16" else (INFRARED >> 8).astype(dtype)
    return tiff_bytes(np.dstack([ramp(dtype, 3), infrared]), **options)


@pytest.mark.parametrize("layout", [{}, {"planarconfig": "separate"}, {"tile": (16, 16), "compression": "lzw"}])
def test_the_fourth_sample_of_a_scan_is_its_infrared_channel(layout):
    assert np.array_equal(infrared_of(open_photo(_rgbi(**layout, extrasamples=["unspecified"]))), INFRARED)


def test_infrared_of_8_bits_is_stretched_to_16():
    found = infrared_of(open_photo(_rgbi("uint8", extrasamples=["unspecified"])))
    assert np.array_equal(found, (INFRARED >> 8) * 257)


def test_a_grey_page_of_the_same_size_is_the_infrared_channel():
    colour = ramp("uint16", 3)
    data = several([(colour, {}), (colour[::4, ::4], {"subfiletype": 1}), (INFRARED, {})])
    assert np.array_equal(infrared_of(open_photo(data)), INFRARED)
    assert infrared_of(open_photo(several([(colour, {}), (INFRARED[:-1], {})]))) is None


def test_infrared_is_turned_upright_with_its_photo():
    tags = {"extratags": [(274, "H", 1, 6, True)], "extrasamples": ["unspecified"]}
    assert np.array_equal(infrared_of(open_photo(_rgbi(**tags))), np.rot90(INFRARED, -1))


def test_alpha_and_plain_photos_have_no_infrared_channel(tmp_path):
    assert infrared_of(open_photo(_rgbi(extrasamples=["unassalpha"]))) is None
    assert infrared_of(open_photo(tiff_bytes(ramp("uint16", 3)))) is None
    assert infrared_of(open_photo(ramp("uint8", 3))) is None
    path = tmp_path / "scan.tif"
    path.write_bytes(_rgbi(extrasamples=["unspecified"]))
    photo = open_photo(path)
    assert np.array_equal(infrared_of(photo), INFRARED)
    path.unlink()
    assert infrared_of(photo) is None
