"""Masks: which pixels to fill, from pictures and arrays of every kind."""

import numpy as np
import pytest
from PIL import Image

from inpaint.photos.masks import to_mask
from inpaint.photos.opening import MaskError
from tests.pictures import file_bytes


def test_white_is_the_hole_from_128_on():
    grey = np.array([[0, 127, 128, 255]], np.uint8)
    expected = [[False, False, True, True]]
    for mask in (
        grey,
        grey[..., None].repeat(3, 2),
        Image.fromarray(grey),
        file_bytes(Image.fromarray(grey)),
        grey > 127,
    ):
        assert to_mask(mask, (4, 1)).tolist() == expected
    deep = Image.frombytes("I;16", (4, 1), (grey.astype("<u2") * 256).tobytes())
    assert to_mask(deep, (4, 1)).tolist() == expected


def test_a_mask_with_transparency_is_hole_where_alpha_is_above_zero_whatever_its_colour():
    sketch = np.zeros((2, 3, 4), np.uint8)
    sketch[0, 1, 3] = 1
    assert to_mask(sketch, (3, 2)).tolist() == [[False, True, False], [False, False, False]]
    assert to_mask(Image.fromarray(sketch).convert("LA"), (3, 2)).sum() == 1
    empty = np.full((2, 3, 4), 255, np.uint8)
    empty[..., 3] = 0
    assert to_mask(empty, (3, 2)).sum() == 0


def test_an_opaque_mask_is_hole_where_its_colours_are_white():
    mask = np.zeros((2, 3, 4), np.uint8)
    mask[..., 3] = 255
    mask[1, 2] = 255
    assert to_mask(mask, (3, 2)).tolist() == [[False] * 3, [False, False, True]]


def test_a_mask_of_another_size_or_type_is_rejected():
    with pytest.raises(MaskError, match="mask is 3x2 and the photo is 4x2"):
        to_mask(np.zeros((2, 3), bool), (4, 2))
    with pytest.raises(MaskError, match="rotate the mask by 90 degrees"):
        to_mask(np.zeros((2, 3), bool), (2, 3))
    with pytest.raises(MaskError, match="largest value is 1"):
        to_mask(np.eye(2, 3, dtype=np.uint8), (3, 2))
    with pytest.raises(MaskError, match="float64"):
        to_mask(np.zeros((2, 3)), (3, 2))


def test_the_returned_mask_is_a_copy():
    mask = np.zeros((2, 3), bool)
    to_mask(mask, (3, 2))[0, 0] = True
    assert not mask.any()
    to_mask(mask.astype(np.uint8), (3, 2))[0, 0] = True


@pytest.mark.parametrize("value", [1, 90])
def test_a_mask_file_without_white_is_rejected(value):
    labels = np.zeros((20, 30), np.uint8)
    labels[5:9, 5:9] = value
    with pytest.raises(MaskError, match=f"largest value is {value} "):
        to_mask(file_bytes(Image.fromarray(labels)), (30, 20))
    black = file_bytes(Image.new("L", (30, 20), 2), "JPEG")  # the noise of compression
    assert to_mask(black, (30, 20)).sum() == 0


def test_values_up_to_1_in_a_float_mask_are_fractions_of_white():
    values = np.array([[0, 0.4, 0.6, 1]], np.float32)
    assert to_mask(Image.fromarray(values), (4, 1)).tolist() == [[False, False, True, True]]


def test_a_mask_of_nearly_everything_is_rejected_unless_allowed():
    mask = np.ones((10, 10), bool)
    mask[0, :4] = False
    with pytest.raises(MaskError, match=r"marks 96 % .* at most 95 %.*invert=True.*max_share=1"):
        to_mask(mask, (10, 10))
    with pytest.raises(MaskError, match=r"marks 96 %.*do not invert"):
        to_mask(~mask, (10, 10), invert=True)
    assert to_mask(mask, (10, 10), max_share=1).sum() == 96
    assert to_mask(mask, (10, 10), max_share=0.96).sum() == 96
    assert to_mask(mask, (10, 10), invert=True).sum() == 4
    mask[0, 4] = False
    assert to_mask(mask, (10, 10)).sum() == 95
    with pytest.raises(ValueError, match="max_share is 0"):
        to_mask(mask, (10, 10), max_share=0)
