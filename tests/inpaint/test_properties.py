"""For any photo and any mask, size and mode are kept and known pixels are unchanged."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inpaint.engine.regions import dilate
from inpaint.inpainter import Inpainter
from inpaint.photos.errors import MaskError
from inpaint.photos.modes import MODES
from inpaint.photos.opening import open_photo
from inpaint.photos.sixteen_bit import to_array
from tests.inpaint.mean_generator import MeanGenerator
from tests.pictures import deep_pixels, picture, raw

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
CALM = settings(deadline=None, derandomize=True, database=None, suppress_health_check=SLOW)
SIDES = st.one_of(st.integers(1, 40), st.sampled_from([127, 128, 129, 511, 513]))
SIZES = st.one_of(
    st.tuples(SIDES, SIDES),
    st.tuples(st.integers(1, 3), st.integers(1, 3000)),
    st.tuples(st.integers(1, 3000), st.integers(1, 3)),
)
LARGE = st.sampled_from([(3000, 2000), (2999, 1999), (1777, 2000), (3000, 333)])


class Stripes(MeanGenerator):
    """Predicts the same stripes for every photo."""

    def forward(self, masked_image, mask, coarse_fill=None):
        self.calls.clear()
        super().forward(masked_image, mask, coarse_fill)
        height, width = masked_image.shape[-2:]
        rows = torch.arange(height).view(-1, 1) % 7 / 3 - 1
        columns = torch.arange(width) % 5 / 2 - 1
        stripes = torch.stack([rows.expand(height, width), columns.expand(height, width), -rows - 0 * columns])
        return stripes.expand_as(masked_image)


@st.composite
def masks(draw, size):
    """Rectangles, dots, frames and noise, from nothing to everything."""
    width, height = size
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    mask = np.zeros((height, width), bool)
    for kind in draw(st.lists(st.sampled_from(["box", "line", "noise", "frame", "all"]), max_size=3)):
        top, left = rng.integers(height), rng.integers(width)
        if kind == "box":
            mask[top : top + rng.integers(1, height + 1), left : left + rng.integers(1, width + 1)] = True
        elif kind == "line":
            mask[top : top + 2] = True
        elif kind == "noise":
            mask |= rng.random((height, width)) < rng.choice([0.001, 0.5])
        elif kind == "frame":
            mask[0] = mask[-1] = mask[:, 0] = mask[:, -1] = True
        else:
            mask[:] = True
    return mask


def check(photo, mask, grow_px):
    engine = Inpainter(Stripes(), device="cpu")
    dilated = dilate(mask, grow_px)
    if dilated.all():
        with pytest.raises(MaskError):
            engine(photo, mask, grow_px=grow_px, max_share=1)
        return None
    result = engine(photo, mask, grow_px=grow_px, max_share=1)
    assert (result.mode, result.size) == (photo.mode, photo.size)
    assert np.array_equal(raw(result)[~dilated.ravel()], raw(photo)[~dilated.ravel()])
    return result


@settings(CALM, max_examples=200)
@given(st.data(), st.sampled_from(MODES), SIZES, st.sampled_from([0, 0, 1, 2.5, 30]))
def test_photos_of_every_mode_and_size_keep_their_known_pixels(data, mode, size, grow_px):
    check(picture(mode, size, seed=sum(size)), data.draw(masks(size)), grow_px)


@settings(CALM, max_examples=12)
@given(st.data(), st.sampled_from(["RGB", "L", "I;16"]), LARGE)
def test_large_photos_keep_their_known_pixels(data, mode, size):
    check(picture(mode, size), data.draw(masks(size)), 0)


@settings(CALM, max_examples=40)
@given(st.data(), st.sampled_from([3, 4]), st.tuples(SIDES, SIDES))
def test_photos_with_16_bit_colour_keep_their_known_pixels(data, channels, size):
    pixels, mask = deep_pixels(channels, size), data.draw(masks(size))
    result = check(open_photo(pixels), mask, 0)
    if result is not None:
        assert np.array_equal(to_array(result)[~mask], pixels[~mask])


@settings(CALM, max_examples=40)
@given(st.data(), st.sampled_from(["L", "RGB", "RGBA", "P", "CMYK", "F"]), st.tuples(SIDES, SIDES))
def test_a_session_restores_everything_that_is_erased(data, mode, size):
    photo, mask = picture(mode, size), data.draw(masks(size))
    live = Inpainter(Stripes(), device="cpu").open(photo, grow_px=data.draw(st.sampled_from([0, 3])))
    try:
        live.add_mask(mask)
    except MaskError:
        return
    for _ in range(data.draw(st.integers(0, 3))):
        points = [[data.draw(st.integers(-50, 600)), data.draw(st.integers(-50, 600))] for _ in range(2)]
        try:
            live.stroke(points, data.draw(st.integers(1, 60)), erase=data.draw(st.booleans()))
        except MaskError:
            continue
    outside = ~live.mask.ravel()
    assert np.array_equal(raw(live.result())[outside], raw(photo)[outside])
    live.clear()
    assert np.array_equal(raw(live.result()), raw(photo))
