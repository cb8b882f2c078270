"""Fills of toned photos take the tint of their surroundings, and those of other photos keep their colours."""

import io

import numpy as np
import pytest
from PIL import Image

from inpaint.engine import toned
from inpaint.engine.fills import DRAFTS_END, Fill
from inpaint.engine.options import FillOptions
from inpaint.engine.photo import fill_photo
from inpaint.engine.toned import tint_of, toned_fills
from inpaint.photos.errors import MaskError
from inpaint.session import Session

WIDTH, HEIGHT = 240, 160
HOLE = np.zeros((HEIGHT, WIDTH), bool)
HOLE[60:100, 90:97] = True


def greys(seed=0):
    """A ramp with noise, float (H, W)."""
    noise = np.random.default_rng(seed).normal(0, 6, (HEIGHT, WIDTH))
    return np.clip(np.linspace(60, 190, WIDTH) + noise, 0, 255)


def sepia(grey):
    """A print whose shades are brown, (H, W) to uint8 (H, W, 3)."""
    return np.clip(np.stack([grey * 0.9 + 25, grey * 0.85 + 12, grey * 0.8 - 10], axis=-1), 0, 255).astype(np.uint8)


def scratched():
    """The same with a white scratch, as a JPEG file whose colours have half of the resolution."""
    pixels = sepia(greys())
    pixels[HOLE] = 255
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=85, subsampling=2)
    return Image.open(file).convert("RGB")


def blue(pixels, mask, within, options, cancelled):
    """A draft and a final fill that are both grey-blue, and have a shade in each column."""
    shades = np.broadcast_to(np.arange(100, 163, 9)[None, :, None] + np.array([-8, 0, 16]), (40, 7, 3))
    fill = Fill(90, 60, shades.astype(np.uint8), HOLE[60:100, 90:97])
    yield fill._replace(draft=True)
    yield DRAFTS_END
    yield fill


def chroma(pixels):
    return np.asarray(Image.fromarray(pixels).convert("YCbCr")).astype(int)[..., 1:]


def luma(pixels):
    return pixels @ np.array([0.299, 0.587, 0.114])


def test_a_fill_takes_the_tint_and_keeps_its_luma():
    photo = scratched()
    before = np.asarray(photo)
    fill_photo(photo, HOLE, blue)
    filled = np.asarray(photo)
    assert np.array_equal(filled[~HOLE], before[~HOLE])
    untoned = next(blue(None, None, None, None, None)).pixels.reshape(-1, 3)
    assert np.abs(luma(filled[HOLE]) - luma(untoned)).max() <= 1
    right = chroma(sepia(np.broadcast_to(np.linspace(60, 190, WIDTH), HOLE.shape)))[HOLE]
    assert np.abs(chroma(filled)[HOLE] - right).mean() < 2
    assert np.abs(chroma(untoned[None])[0] - right).mean() > 10


def test_a_stain_of_another_shade_keeps_it():
    pixels = sepia(greys()).astype(int)
    pixels[40:120, 60:130] += (4, 0, -4)
    tint = tint_of(Image.fromarray(pixels.astype(np.uint8)))
    *_, fill = toned_fills(blue, tint)(pixels.astype(np.uint8), HOLE, None, FillOptions(), None)
    stain = chroma(pixels.astype(np.uint8))[60:100, 80:107].mean(axis=(0, 1))
    clean = chroma(sepia(greys()))[60:100, 80:107].mean(axis=(0, 1))
    found = chroma(fill.pixels).mean(axis=(0, 1))
    assert np.abs(found - stain).max() < 1.2 < np.abs(clean - stain).max()


def test_painted_surroundings_are_left_alone():
    pixels = sepia(greys())
    tint = tint_of(Image.fromarray(pixels))
    pixels[55:105, 80:88] = (180, 40, 40)
    fills = toned_fills(blue, tint)(pixels, HOLE, None, FillOptions(), None)
    for before, after in zip(blue(*[None] * 5), fills, strict=True):
        assert np.array_equal(before.pixels, after.pixels)


def test_large_fills_keep_their_colours(monkeypatch):
    pixels = sepia(greys())
    tint = tint_of(Image.fromarray(pixels))
    for limit, is_kept in ((HOLE[60:100, 90:97].size, False), (HOLE[60:100, 90:97].size - 1, True)):
        monkeypatch.setattr(toned, "MOST_PIXELS", limit)
        *_, fill = toned_fills(blue, tint)(pixels, HOLE, None, FillOptions(), None)
        *_, before = blue(*[None] * 5)
        assert np.array_equal(fill.pixels, before.pixels) is is_kept


def test_what_is_unknown_does_not_count():
    pixels = sepia(greys())
    tint = tint_of(Image.fromarray(pixels))
    hidden = np.zeros(HOLE.shape, bool)
    hidden[40:120, 98:110] = True
    expected = [fill.pixels for fill in toned_fills(blue, tint)(pixels, HOLE | hidden, None, FillOptions(), None)]
    pixels[hidden] = (255, 0, 255)
    options = FillOptions(unknown=hidden)
    assert (
        np.abs(
            expected[-1].astype(int) - [*toned_fills(blue, tint)(pixels, HOLE, None, options, None)][-1].pixels
        ).max()
        <= 2
    )


def test_drafts_and_final_fills_of_a_session_are_those_of_a_call():
    called, photo = scratched(), scratched()
    fill_photo(called, HOLE, blue)
    session = Session(photo, blue)
    session.add_mask(HOLE, finish=False)
    assert np.array_equal(session._canvas.pixels[HOLE], np.asarray(called)[HOLE])
    session.finish()
    assert np.array_equal(session._canvas.pixels, np.asarray(called))
    session.use(blue)
    session.refill()
    assert np.array_equal(session._canvas.pixels, np.asarray(called))


@pytest.mark.parametrize("share", [0.0, 0.01])
def test_some_damage_makes_a_print_no_colour_photo(share):
    pixels = sepia(greys())
    pixels[np.random.default_rng(1).random(HOLE.shape) < share] = (240, 240, 255)
    assert tint_of(Image.fromarray(pixels)) is not None


def test_a_photo_with_a_coloured_thing_is_not_toned():
    pixels = sepia(greys())
    pixels[20:60, 20:60] = (160, 60, 40)
    assert tint_of(Image.fromarray(pixels)) is None
    assert tint_of(Image.fromarray(np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8))) is None


def test_the_colours_of_transparent_pixels_do_not_count():
    pixels = np.dstack([sepia(greys()), np.full(HOLE.shape, 255, np.uint8)])
    pixels[20:60, 20:60] = (160, 60, 40, 0)
    assert tint_of(Image.fromarray(pixels)) is not None


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (1, 300)])
def test_tiny_photos_have_a_tint_or_none(size):
    tint_of(Image.new("RGB", size, (100, 90, 70)))


def test_a_large_photo_is_sampled():
    small = Image.fromarray(sepia(greys()))
    assert tint_of(small.resize((2400, 1600))) is not None


HOLES = HOLE.copy()
HOLES[10:60, 150:230] = True


@pytest.mark.parametrize("print_of", [sepia, lambda grey: np.repeat(np.rint(grey[..., None]), 3, 2).astype(np.uint8)])
@pytest.mark.parametrize("in_session", [False, True])
def test_the_colours_in_a_hole_do_not_count(print_of, in_session):
    """Neither for whether the photo is grey or toned, nor for its tint."""

    def filled(content):
        pixels = print_of(greys())
        if content is not None:
            pixels[HOLES] = content
        photo = Image.fromarray(pixels)
        if in_session:
            session = Session(photo, blue)
            session.add_mask(HOLES)
            return np.asarray(session.result())[HOLE]
        fill_photo(photo, HOLES, blue)
        return np.asarray(photo)[HOLE]

    usual = filled(None)
    for content in [(255, 255, 255), (200, 30, 40), (90, 120, 250)]:
        assert np.array_equal(filled(content), usual)
    assert (usual[:, 0] >= usual[:, 2]).all(), "the fill is blue, its surroundings are not"


def test_a_mask_over_the_whole_photo_leaves_the_session_as_it_was():
    photo = scratched()
    session = Session(photo, blue)
    before = session._coloured
    with pytest.raises(MaskError, match="cover the whole photo"):
        session.add_mask(np.ones(HOLE.shape, bool))
    assert session._coloured is before
