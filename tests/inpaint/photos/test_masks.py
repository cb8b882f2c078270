"""Masks: which pixels to fill, from pictures and arrays of every kind."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from inpaint.photos.errors import MaskError
from inpaint.photos.masks import to_mask
from tests.pictures import file_bytes, landscape


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
    with pytest.raises(MaskError, match="complex"):
        to_mask(np.zeros((2, 3), complex), (3, 2))
    with pytest.raises(MaskError, match=r"shape \(2, 3, 2\)"):
        to_mask(np.zeros((2, 3, 2), np.uint8), (3, 2))


def test_the_returned_mask_is_a_copy():
    mask = np.zeros((2, 3), bool)
    to_mask(mask, (3, 2))[0, 0] = True
    assert not mask.any()
    to_mask(mask.astype(np.uint8), (3, 2))[0, 0] = True


HOLE = np.zeros((20, 30), bool)
HOLE[5:9, 5:14] = True


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        *((value, "u1") for value in (1, 2, 7, 15, 90, 128, 255)),
        *((value, "u2") for value in (1, 255, 1000, 65535)),
        *((value, "i4") for value in (1, 255, 100_000)),
        *((value, "f4") for value in (0.25, 1, 255)),
    ],
)
def test_of_two_values_the_higher_one_is_the_hole_whatever_it_is(value, dtype):
    values = np.where(HOLE, value, 0).astype(dtype)
    assert (to_mask(values, (30, 20)) == HOLE).all()
    picture = Image.fromarray(values)
    sources = [picture, file_bytes(picture, "TIFF"), *([] if dtype in ("f4", "i4") else [file_bytes(picture)])]
    for source in sources:
        assert (to_mask(source, (30, 20)) == HOLE).all()
        assert (to_mask(source, (30, 20), invert=True) == ~HOLE).all()


def test_all_labels_but_0_are_the_hole():
    labels = np.zeros((20, 30), np.uint8)
    labels[2:8, 2:8], labels[10:18, 3:9], labels[4:12, 12:20], labels[4:6, 25] = 1, 2, 3, 255
    for scale in (1, 40, 85):  # the highest label may be white
        scaled = np.minimum(labels.astype(int) * scale, 255).astype(np.uint8)
        assert (to_mask(file_bytes(Image.fromarray(scaled)), (30, 20)) == (labels > 0)).all()
    wide = (labels.astype(np.uint16) << 8) // 7
    assert (to_mask(file_bytes(Image.fromarray(wide)), (30, 20)) == (labels > 0)).all()


@pytest.mark.parametrize("white", [255, 65535, 90])
def test_a_smooth_rim_counts_from_half_of_the_range_on(white):
    large = Image.new("L", (320, 240))
    ImageDraw.Draw(large).ellipse((80, 60, 240, 200), fill=255)
    for factor in (2, 8):
        share = np.asarray(large.resize((320 // factor, 240 // factor), Image.Resampling.BOX)) / 255
        values = (share * white).round().astype(np.uint16 if white > 255 else np.uint8)
        hole = to_mask(file_bytes(Image.fromarray(values)), (320 // factor, 240 // factor))
        differs = hole != (share >= 0.5)
        assert not differs[abs(share - 0.5) > 0.02].any()


def test_a_black_jpeg_marks_nothing_in_spite_of_its_noise():
    noise = np.random.default_rng(0).integers(0, 8, (20, 30)).astype(np.uint8)
    for picture in (Image.new("L", (30, 20), 2), Image.fromarray(noise)):
        assert to_mask(file_bytes(picture, "JPEG"), (30, 20)).sum() == 0


def test_a_dim_jpeg_counts_from_half_of_its_highest_value_on():
    large = np.zeros((80, 120), np.uint8)
    large[20:50, 30:80] = 60
    hole = to_mask(file_bytes(Image.fromarray(large), "JPEG", quality=80), (120, 80))
    assert (hole != (large > 0)).mean() < 0.02


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.where(HOLE, 2, 1).astype(np.uint8), "the values 1 and 2 alone"),
        (np.full((20, 30), 3, np.uint8), "the value 3 everywhere"),
        (np.where(HOLE, -1, 0), "values below 0"),
        (np.where(HOLE, np.nan, 0), "not finite"),
        (np.arange(600, dtype=np.uint8).reshape(20, 30) % 100, "largest value is 99 of 255"),
    ],
)
def test_values_of_which_none_is_clearly_the_hole_are_refused(values, message):
    with pytest.raises(MaskError, match=message):
        to_mask(values, (30, 20))


def test_a_palette_is_read_by_its_colours_and_by_its_indices_if_they_are_all_the_same():
    labels = Image.fromarray(np.where(HOLE, 1, 0).astype(np.uint8), "L").convert("P")
    for palette in ([0, 0, 0, 128, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0, 0, 255, 255, 255], [90, 0, 0, 0, 0, 90]):
        labels.putpalette(palette)
        assert (to_mask(file_bytes(labels), (30, 20)) == HOLE).all()
    labels.putpalette([255, 255, 255, 0, 0, 0])
    assert (to_mask(file_bytes(labels), (30, 20)) == ~HOLE).all()


@pytest.mark.parametrize(("format", "options"), [("PNG", {}), ("JPEG", {"quality": 80, "subsampling": 0})])
def test_every_colour_on_black_is_the_hole_and_on_white_without_black(format, options):
    for background in (0, 255):
        pixels = np.full((160, 240, 3), background, np.uint8)
        pixels[40:72, 40:96], pixels[96:144, 120:184] = (255, 0, 0), (0, 128, 0)
        expected = (pixels != background).any(axis=2)
        hole = to_mask(file_bytes(Image.fromarray(pixels), format, **options), (240, 160))
        assert (hole != expected).mean() < (0.01 if format == "JPEG" else 1e-9)


def test_colours_without_a_background_are_refused():
    pixels = np.full((20, 30, 3), (255, 0, 0), np.uint8)
    pixels[HOLE] = (0, 160, 0)
    with pytest.raises(MaskError, match="which of them is the background"):
        to_mask(pixels, (30, 20))


def test_a_mask_in_the_colours_of_a_plot_is_hole_where_it_is_bright():
    pixels = np.where(HOLE[..., None], (253, 231, 37), (68, 1, 84)).astype(np.uint8)
    assert (to_mask(pixels, (30, 20)) == HOLE).all()


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_photo_is_refused_as_a_mask(mode):
    other = landscape(seed=1).convert(mode)
    for photo in (None, landscape(seed=0)):
        with pytest.raises(MaskError, match="looks like a photo"):
            to_mask(other, other.size, photo=photo)


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
