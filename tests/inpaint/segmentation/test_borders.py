"""Lines along the edges of a photo."""

import numpy as np
import pytest

from inpaint.damage_masks import damage_mask
from inpaint.segmentation.borders import without_borders

SHAPE = 400, 600


def line(rows, columns, shape=SHAPE):
    found = np.zeros(shape, bool)
    found[rows, columns] = True
    return found


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("rows", [slice(0, 1), slice(0, 3), slice(1, 3)])
def test_a_long_thin_line_at_an_edge_is_a_border(turn, rows):
    border = line(rows, slice(100, 400))
    border[rows, 200:203] = False  # a small gap
    border[rows, 500:510] = True  # more of it
    crack = line(slice(5, 300), slice(450, 453))
    found = np.rot90(border | crack, turn)
    before = found.copy()
    assert np.array_equal(without_borders(found), np.rot90(crack, turn))
    assert np.array_equal(found, before)


@pytest.mark.parametrize(
    "damage",
    [
        line(slice(0, 3), slice(100, 210)),  # short
        line(slice(0, 8), slice(100, 400)),  # thick: an edge that is missing
        line(slice(4, 6), slice(100, 400)),  # beside the edge
        line(slice(0, 2), np.r_[100:150, 160:210, 220:270, 280:330, 340:390]),  # a worn edge
        line(slice(0, 300), slice(300, 302)),  # ends at the edge
    ],
    ids=["short", "thick", "beside", "worn", "crossing"],
)
def test_other_damage_at_an_edge_is_kept(damage):
    assert without_borders(damage) is damage


def test_in_large_photos_borders_are_thicker():
    shape = 3000, 4000
    assert not without_borders(line(slice(0, 15), slice(0, 4000), shape)).any()
    assert without_borders(line(slice(0, 30), slice(0, 4000), shape)).all(axis=1).sum() == 30


def test_a_frame_around_a_photo_is_not_marked():
    probability = np.full(SHAPE, 0.9, np.float32)
    probability[2:-2, 2:-2] = 0.01
    assert not damage_mask(probability).any()
    probability[150:153, 100:300] = 0.9
    mask = damage_mask(probability)
    assert mask[150:153, 100:300].all() and not mask[:100].any() and not mask[200:].any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (3, 3), (2, 700)])
def test_photos_of_a_few_pixels_have_borders_too(shape):
    assert without_borders(np.ones(shape, bool)).shape == shape
    assert not without_borders(np.zeros(shape, bool)).any()
