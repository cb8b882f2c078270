"""Masks that are a copy of the photo, with the unwanted thing erased or painted over."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from inpaint.photos.errors import MaskError
from inpaint.photos.masks import read_mask, to_mask
from inpaint.photos.opening import open_photo
from tests.pictures import file_bytes, landscape

PHOTO = landscape()
HOLE = np.zeros((192, 256), bool)
HOLE[40:130, 70:160] = True


def erased(photo, hole, hidden=None):
    """A copy of a photo that is transparent in the hole, with the photo's own colours there or a hidden one."""
    copy = photo.convert("RGBA")
    if hidden:
        copy.paste(hidden, mask=Image.fromarray(hole))
    copy.putalpha(Image.fromarray(np.where(hole, 0, 255).astype(np.uint8)))
    return copy


def recompressed(photo, **options):
    return Image.open(io.BytesIO(file_bytes(photo.convert("RGB"), "JPEG", **options))).convert("RGB")


@pytest.mark.parametrize("hidden", [None, (0, 0, 0), (255, 255, 255)])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "CMYK"])
def test_what_was_erased_from_a_copy_of_the_photo_is_the_hole(hidden, mode):
    photo = PHOTO.quantize(64) if mode == "P" else PHOTO.convert(mode)
    copy = erased(photo.convert("RGB"), HOLE, hidden)
    for mask in (copy, file_bytes(copy), file_bytes(copy, "WEBP", quality=80), np.asarray(copy)):
        for invert in (False, True):
            read = read_mask(mask, photo.size, photo=photo, invert=invert)
            assert (read.hole == HOLE).all()
            assert "erased to transparency" in read.notes[0]


def test_a_copy_is_recognised_after_compression_scaling_and_a_change_of_tone():
    small = PHOTO.resize((128, 96)).resize(PHOTO.size)
    for copy in (recompressed(PHOTO, quality=40), small, PHOTO.point(lambda value: value * 0.7)):
        assert (to_mask(erased(copy, HOLE), PHOTO.size, photo=PHOTO) == HOLE).all()
    large = erased(PHOTO.resize((640, 480)), np.asarray(Image.fromarray(HOLE).resize((640, 480)))).resize(PHOTO.size)
    hole = to_mask(large, PHOTO.size, photo=PHOTO)
    assert (hole | ~HOLE).all() and (hole != HOLE).mean() < 0.02  # its rim is half transparent


def test_what_was_erased_from_a_grey_or_16_bit_photo_is_the_hole():
    deep = (np.asarray(PHOTO.convert("L")).astype(np.uint16) * 200) + 300
    photo = open_photo(file_bytes(Image.fromarray(deep)))
    copy = PHOTO.convert("L")
    copy.putalpha(Image.fromarray(np.where(HOLE, 0, 255).astype(np.uint8)))
    assert (to_mask(file_bytes(copy), PHOTO.size, photo=photo) == HOLE).all()


def test_a_document_with_an_erased_part_is_recognised_by_its_text():
    page = Image.new("RGB", (256, 192), "white")
    for line in range(10):
        ImageDraw.Draw(page).text((10, 12 + 16 * line), "The quick brown fox jumps over the lazy dog.", fill="black")
    assert (to_mask(erased(page, HOLE), page.size, photo=page) == HOLE).all()
    layer = erased(Image.new("RGB", page.size, "white"), ~HOLE)
    assert (to_mask(layer, page.size, photo=page) == HOLE).all()


def test_the_photos_own_transparency_is_not_a_hole():
    photo = PHOTO.copy()
    own = np.full((192, 256), 255, np.uint8)
    own[:, :30] = 0
    photo.putalpha(Image.fromarray(own))
    copy = photo.copy()
    copy.putalpha(Image.fromarray(np.where(HOLE, 0, own).astype(np.uint8)))
    assert (to_mask(copy, PHOTO.size, photo=photo) == HOLE).all()


@pytest.mark.parametrize("colour", ["black", "white", "red", (120, 90, 60)])
def test_a_layer_of_one_colour_is_the_hole_where_it_is_opaque(colour):
    layer = Image.new("RGBA", PHOTO.size, (0, 0, 0, 0))
    ImageDraw.Draw(layer).line((60, 50, 200, 120), fill=colour, width=9)
    soft = layer.filter(ImageFilter.GaussianBlur(2))
    for mask in (layer, soft, file_bytes(layer), file_bytes(layer, "WEBP", quality=70)):
        opened = mask if isinstance(mask, Image.Image) else open_photo(mask)
        expected = np.asarray(opened.getchannel("A")) > 0
        read = read_mask(mask, PHOTO.size, photo=PHOTO)
        assert (read.hole == expected).all() and read.notes == ()
        assert (to_mask(mask, PHOTO.size) == expected).all()
        assert (to_mask(mask, PHOTO.size, photo=PHOTO, invert=True, max_share=1) == ~expected).all()


def test_a_layer_of_which_neither_side_is_clearly_meant_is_refused_unless_it_is_said():
    unknown = erased(landscape(seed=1), HOLE)
    cut_out = erased(PHOTO, ~HOLE)  # shows the thing and hides the rest
    for mask, photo, message in (
        (unknown, PHOTO, "has many colours.*--invert"),
        (unknown, None, "has many colours.*invert=True"),
        (cut_out, PHOTO, "transparent in 83.5 % .*shows the photo"),
        (erased(Image.new("RGB", PHOTO.size), HOLE), PHOTO, "transparent in 16.5 % .*is plain, but the larger"),
        (
            erased(Image.new("RGB", PHOTO.size, "gray"), HOLE),
            Image.new("RGB", PHOTO.size, "gray"),
            "is plain, but the larger",
        ),
    ):
        with pytest.raises(MaskError, match=message):
            to_mask(mask, PHOTO.size, photo=photo)
        transparent = np.asarray(mask.getchannel("A")) == 0
        assert (to_mask(mask, PHOTO.size, photo=photo, invert=True) == transparent).all()


@pytest.mark.parametrize("paint", ["red", "magenta", "white", "black"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_what_was_painted_over_in_a_copy_of_the_photo_is_the_hole(paint, mode):
    photo = PHOTO.convert(mode)
    copy = photo.convert("RGB" if paint in ("red", "magenta") else mode)
    copy.paste(paint, mask=Image.fromarray(HOLE))
    read = read_mask(file_bytes(copy), PHOTO.size, photo=photo)
    assert (read.hole == HOLE).all() and "painted over" in read.notes[0]
    read = read_mask(file_bytes(copy, "JPEG", quality=85), PHOTO.size, photo=photo)
    assert (read.hole | ~HOLE).mean() > 0.99 and (read.hole != HOLE).mean() < 0.05


def test_paint_hides_parts_of_the_photo_that_have_its_colour():
    photo = PHOTO.copy()
    photo.paste("white", (90, 60, 110, 80))
    bright = PHOTO.point(lambda value: 200 + value // 6)
    bright.paste(PHOTO.crop((0, 0, 256, 90)), (0, 0))
    painted = bright.copy()
    painted.paste("white", mask=Image.fromarray(HOLE))
    hole = to_mask(file_bytes(painted, "JPEG", quality=80), PHOTO.size, photo=bright)
    assert (hole != HOLE).mean() < 0.02
    copy = photo.copy()
    copy.paste("white", mask=Image.fromarray(HOLE))
    assert (to_mask(copy, PHOTO.size, photo=photo) == HOLE).all()


def test_other_changes_of_the_photo_are_refused():
    veil = Image.composite(Image.blend(PHOTO, Image.new("RGB", PHOTO.size, "red"), 0.5), PHOTO, Image.fromarray(HOLE))
    with pytest.raises(MaskError, match="changes in many colours"):
        to_mask(veil, PHOTO.size, photo=PHOTO)
    for copy in (PHOTO, file_bytes(PHOTO, "JPEG", quality=40), file_bytes(PHOTO, "WEBP", quality=20)):
        with pytest.raises(MaskError, match="the photo itself"):
            to_mask(copy, PHOTO.size, photo=PHOTO)


def soft_edged(hole, sigma=3):
    return Image.fromarray(hole.astype(np.uint8) * 255).filter(ImageFilter.GaussianBlur(sigma))


def noisy(height, width, mean, spread, seed=0):
    rng = np.random.default_rng(seed)
    return (mean + rng.normal(0, spread, (height, width, 3))).clip(0, 255).astype(np.uint8)


def silhouette():
    """A black ground with a little noise below a plain bright sky."""
    pixels = np.full((192, 256, 3), (200, 210, 230), np.uint8)
    pixels[120:] = noisy(72, 256, 12, 4)
    return Image.fromarray(pixels)


def black_text():
    page = Image.new("RGB", (256, 192), "white")
    for line in range(10):
        ImageDraw.Draw(page).text((10, 12 + 16 * line), "The quick brown fox jumps over the lazy dog.", fill="black")
    return page


@pytest.mark.parametrize("photo", [silhouette(), black_text()], ids=["silhouette", "text"])
def test_the_black_of_a_mask_is_no_copy_of_a_silhouette_or_a_text(photo):
    soft = soft_edged(HOLE)
    for mask in (soft, file_bytes(soft, "JPEG"), file_bytes(soft.convert("RGB"), "WEBP", quality=60)):
        read = read_mask(mask, photo.size, photo=photo)
        assert (read.hole != HOLE).mean() < 0.01 and read.notes == ()


def test_a_copy_of_a_dark_photo_is_recognised():
    night = PHOTO.point(lambda value: value // 8)
    assert (to_mask(erased(night, HOLE, "black"), PHOTO.size, photo=night) == HOLE).all()
    for paint in ("red", "black"):
        painted = night.copy()
        painted.paste(paint, mask=Image.fromarray(HOLE))
        hole = to_mask(painted, PHOTO.size, photo=night)
        assert (hole & ~HOLE).sum() == 0 and (hole != HOLE).mean() < 0.01
    with pytest.raises(MaskError, match="the photo itself"):
        to_mask(night, PHOTO.size, photo=night)


@pytest.mark.parametrize("paint", ["white", "black", "red"])
def test_paint_over_most_of_what_a_plain_picture_shows_is_found(paint):
    page = Image.fromarray(np.minimum(np.asarray(black_text()), noisy(192, 256, 240, 2)))
    painted = page.copy()
    hole = np.zeros_like(HOLE)
    hole[8:130, 5:250] = True
    painted.paste(paint, mask=Image.fromarray(hole))
    found = to_mask(painted, page.size, photo=page)
    assert not (found & ~hole).any() and (found != hole).mean() < 0.02


def test_a_brush_with_a_soft_rim_paints_all_that_it_changes():
    lines = Image.new("L", PHOTO.size)
    ImageDraw.Draw(lines).line((20, 30, 230, 150), fill=255, width=7)
    soft = lines.filter(ImageFilter.GaussianBlur(1.5))
    painted = Image.composite(Image.new("RGB", PHOTO.size, (255, 0, 200)), PHOTO, soft)
    found = to_mask(painted, PHOTO.size, photo=PHOTO)
    assert found[np.asarray(soft) > 16].all() and not found[np.asarray(soft) == 0].any()


def test_a_layer_over_most_of_a_cut_out_thing_is_the_hole():
    photo = PHOTO.copy()
    alpha = np.zeros((192, 256), np.uint8)
    alpha[40:140, 60:170] = 255
    photo.putalpha(Image.fromarray(alpha))
    layer = erased(Image.new("RGB", PHOTO.size, "red"), ~HOLE)
    assert (to_mask(layer, PHOTO.size, photo=photo) == HOLE).all()
