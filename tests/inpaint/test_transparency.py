"""Colours hidden under transparency have no influence on fills, and stay as they are outside the mask."""

import numpy as np
import pytest
from PIL import Image

from inpaint.inpainter import Inpainter
from inpaint.photos.modes import LOW_BYTES
from inpaint.photos.opening import open_photo
from inpaint.photos.sixteen_bit import to_array
from inpaint.photos.transparency import transparent_pixels

SIZE = WIDTH, HEIGHT = 200, 160
Y, X = np.mgrid[:HEIGHT, :WIDTH]
CLEAR = X - 10 * np.sin(Y / 9) > 120
HOLE = ((abs(X - 115) < 25) & (abs(Y - 60) < 25)) | ((abs(Y - 130) < 3) & (X > 20))
"""A thick hole and a thin one, both partly in the transparent part."""


@pytest.fixture(scope="module")
def inpainter():
    return Inpainter.from_pretrained(device="cpu")


def visible():
    """A texture: uint8 (H, W, 3)."""
    noise = np.random.default_rng(0).normal(0, 6, (HEIGHT, WIDTH, 1))
    waves = 60 * np.sin(X / 7 + Y / 15)[..., None] + noise
    return (np.array([150, 120, 90]) + waves).clip(0, 199).astype(np.uint8)


def hidden(seed):
    """Colours under the transparent part: uint8 (H, W, 3)."""
    if seed is None:
        return np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    return np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)


def photo_of(mode, seed):
    pixels = np.where(CLEAR[..., None], hidden(seed), visible())
    alpha = np.where(CLEAR, 0, 255).astype(np.uint8)
    if mode == "RGBA":
        return Image.fromarray(np.dstack([pixels, alpha]))
    if mode == "16 bits":
        return open_photo(np.dstack([pixels, alpha]).astype(np.uint16) * 257)
    if mode == "LA":
        grey = Image.fromarray(pixels[..., 0])
        return Image.merge("LA", (grey, Image.fromarray(alpha)))
    if mode == "P":  # grey palette; the upper 56 entries are transparent
        index = np.where(CLEAR, 200 + hidden(seed)[..., 0] % 56, visible()[..., 0] % 200).astype(np.uint8)
        photo = Image.fromarray(index)
        photo.putpalette(np.repeat(np.arange(256, dtype=np.uint8), 3).tobytes())
        photo.info["transparency"] = b"\xff" * 200 + bytes(56)
        return photo
    raise ValueError(mode)


@pytest.mark.parametrize("mode", ["RGBA", "16 bits", "LA", "P"])
def test_a_fill_does_not_depend_on_hidden_colours(inpainter, mode):
    photos = [photo_of(mode, seed) for seed in (None, 1)]
    results = [inpainter(photo, HOLE) for photo in photos]
    shown = [to_array(result)[~CLEAR] for result in results]
    assert np.array_equal(shown[0], shown[1])
    assert not np.array_equal(shown[0], to_array(photos[0])[~CLEAR])
    for photo, result in zip(photos, results, strict=True):
        assert np.array_equal(to_array(result)[~HOLE], to_array(photo)[~HOLE])
        assert np.array_equal(transparent_pixels(result, result.info.get(LOW_BYTES)), CLEAR)


def test_a_session_does_not_depend_on_hidden_colours_either(inpainter):
    shown = []
    for seed in (None, 1):
        session = inpainter.open(photo_of("RGBA", seed))
        session.stroke([[60, 40], [140, 90]], 30)
        session.add_mask(HOLE)
        shown.append(np.asarray(session.result())[~CLEAR])
    assert np.array_equal(shown[0], shown[1])


def test_the_visible_part_continues_what_is_visible(inpainter):
    pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    pixels[~CLEAR] = 230, 140, 40, 255
    result = np.asarray(inpainter(Image.fromarray(pixels), HOLE))
    assert abs(result[HOLE & ~CLEAR].astype(int) - (230, 140, 40, 255)).max() <= 2


def test_half_transparent_pixels_count_as_known(inpainter):
    pixels = np.dstack([visible(), np.full((HEIGHT, WIDTH), 1, np.uint8)])
    opaque = inpainter(Image.fromarray(pixels[..., :3]), HOLE)
    assert np.array_equal(np.asarray(inpainter(Image.fromarray(pixels), HOLE))[..., :3], np.asarray(opaque))


@pytest.mark.parametrize("shown", [(slice(0, 1), slice(0, 1)), (slice(50, 70), slice(100, 120))])
def test_a_photo_that_is_nearly_all_transparent_is_filled(inpainter, shown):
    pixels = np.dstack([hidden(2), np.zeros((HEIGHT, WIDTH), np.uint8)])
    pixels[(*shown, 3)] = 255
    result = np.asarray(inpainter(Image.fromarray(pixels), HOLE))
    assert np.array_equal(result[~HOLE], pixels[~HOLE])
    assert np.array_equal(result[..., 3], pixels[..., 3])


def test_damage_is_not_found_where_nothing_is_visible(inpainter):
    pixels = np.dstack([visible(), np.where(CLEAR, 0, 255).astype(np.uint8)])
    pixels[80:84, 20:190, :3] = 255
    found = np.asarray(inpainter.find_damage(Image.fromarray(pixels), threshold=0.2)) > 0
    assert not found[CLEAR].any()


def test_a_photo_whose_visible_part_is_grey_stays_grey(inpainter):
    grey = np.repeat(visible()[..., :1], 3, axis=2)
    pixels = np.dstack([np.where(CLEAR[..., None], hidden(3), grey), np.where(CLEAR, 0, 255)]).astype(np.uint8)
    session = inpainter.open(Image.fromarray(pixels))
    session.add_mask(HOLE)
    for result in (inpainter(Image.fromarray(pixels), HOLE), session.result()):
        shown = np.asarray(result)[HOLE & ~CLEAR]
        assert np.array_equal(shown[:, 0], shown[:, 1])
        assert np.array_equal(shown[:, 1], shown[:, 2])
