"""Strokes of all shapes: as areas of the photo, and as one change over HTTP."""

import base64
import io
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from inpaint.engine.regions import dilate
from page.editor.strokes import area_of, draw_strokes
from page.server.errors import PageError
from page.server.stroke_checks import MAX_MASK_PIXELS, MAX_POINTS, MAX_STROKES, check_strokes
from tests.page.editor.test_actions import decode_patches
from tests.page.serving import GRADIO_WARNINGS, noise

pytestmark = GRADIO_WARNINGS
SIZE = 150, 100
LINE = {"points": [[40, 40], [90, 60]], "brush": 20, "erase": False}
AREA = {"shape": "area", "points": [[20, 10], [60, 10], [60, 30], [20, 30]], "erase": False, "grow_px": 0}


def png(area):
    Image.fromarray(area).save(file := io.BytesIO(), "PNG")
    return base64.b64encode(file.getvalue()).decode()


def mask(left, top, area, erase=False):
    return {"shape": "mask", "left": left, "top": top, "png": png(area), "erase": erase, "grow_px": 0}


def on_photo(part, hole=None):
    full = np.zeros(SIZE[::-1], bool)
    full[part.box.slices] = part.hole if hole is None else hole
    return full


def holes(answer):
    """Where patches show fills: bool (H, W) of the photo."""
    full = np.zeros(SIZE[::-1], bool)
    for left, top, pixels in decode_patches(answer):
        full[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels[..., 3] > 0
    return full


def test_a_mask_is_painted_where_it_lies_and_clipped_to_the_photo():
    area = np.random.default_rng(0).random((40, 60)) > 0.5
    (stroke,) = check_strokes([mask(-10, 80, area)])
    expected = np.zeros(SIZE[::-1], bool)
    expected[80:100, :50] = area[:20, 10:]
    assert np.array_equal(on_photo(area_of(stroke, SIZE)), expected)
    (beside,) = check_strokes([mask(150, 0, area)])
    assert area_of(beside, SIZE).hole.size == 0


def test_a_mask_is_dilated_beyond_its_own_box():
    area = np.ones((10, 12), bool)
    (stroke,) = check_strokes([{**mask(30, 2, area), "grow_px": 4}])
    full = np.zeros(SIZE[::-1], bool)
    full[2:12, 30:42] = True
    assert np.array_equal(on_photo(area_of(stroke, SIZE)), dilate(full, 4))


def test_strokes_together_paint_and_erase_in_their_order():
    erasing = {**AREA, "points": [[40, 0], [80, 0], [80, 99], [40, 99]], "erase": True}
    painted, erased = draw_strokes(check_strokes([AREA, erasing, LINE]), SIZE)
    alone = {name: on_photo(area_of(check_strokes([each])[0], SIZE)) for name, each in (("area", AREA), ("line", LINE))}
    gone = on_photo(area_of(check_strokes([erasing])[0], SIZE))
    assert np.array_equal(on_photo(painted), (alone["area"] & ~gone) | alone["line"])
    assert np.array_equal(on_photo(painted, erased), gone & ~alone["line"])


def test_strokes_together_are_filled_and_undone_as_one_change(served):
    visit = served.open(Image.fromarray(noise(100, 150)))
    strokes = [LINE, AREA, mask(100, 70, np.ones((20, 30), bool))]
    _, answer = served.call("paint", {"visit": visit, "strokes": strokes, "together": True})
    assert answer["changed"] == [True]
    (painted, _) = draw_strokes(check_strokes(strokes), SIZE)
    assert np.array_equal(holes(answer), on_photo(painted))
    _, answer = served.call("undo_stroke", {"visit": visit})
    assert not answer["painted"] and not answer["undo"] and not holes(answer).any()


@pytest.mark.parametrize("together", [True, False])
def test_an_area_can_be_painted_and_erased(served, together):
    visit = served.open(Image.fromarray(noise(100, 150)))
    _, answer = served.call("paint", {"visit": visit, "strokes": [AREA], "together": together})
    assert holes(answer)[10:30, 20:60].all() and answer["changed"] == [True]
    inner = {**AREA, "points": [[30, 0], [50, 0], [50, 99], [30, 99]], "erase": True}
    _, answer = served.call("paint", {"visit": visit, "strokes": [inner], "together": together})
    assert not holes(answer)[:, 31:49].any() and holes(answer)[12:28, 22:28].all()
    _, answer = served.call("paint", {"visit": visit, "strokes": [inner], "together": together})
    assert answer["changed"] == [False]


def test_strokes_together_that_would_cover_the_whole_photo_are_declined(served):
    visit = served.open(Image.fromarray(noise(100, 150)))
    halves = [mask(0, 0, np.ones((100, 80), bool)), mask(70, 0, np.ones((100, 80), bool))]
    _, answer = served.call("paint", {"visit": visit, "strokes": halves, "together": True})
    assert answer["code"] == "all_painted"


SMALL = np.ones((2, 3), bool)


@pytest.mark.parametrize(
    "strokes",
    [
        [{**AREA, "shape": "circle"}],
        [{**AREA, "points": []}],
        [{**AREA, "points": [[1, 2, 3]]}],
        [{**AREA, "points": [[1, float("nan")]]}],
        [{**AREA, "points": [[1, 1]] * (MAX_POINTS // 2)}] * 3,
        [LINE] * (MAX_STROKES + 1),
        [{**LINE, "brush": True}],
        [{**LINE, "brush": 0}],
        [{**mask(0, 0, SMALL), "left": 0.5}],
        [{**mask(0, 0, SMALL), "top": None}],
        [{**mask(0, 0, SMALL), "png": "no base64"}],
        [{**mask(0, 0, SMALL), "png": base64.b64encode(b"no picture").decode()}],
        [{**mask(0, 0, SMALL), "png": png(SMALL)[:60]}],
        [{**mask(0, 0, SMALL), "png": None}],
        [mask(0, 0, np.ones((6_000, 6_000), bool))] * 3,
    ],
)
def test_strokes_that_are_not_valid_are_declined(strokes):
    assert MAX_MASK_PIXELS < 3 * 36_000_000
    with pytest.raises(PageError, match="bad_request"):
        check_strokes(strokes)


def traced_peak(function, *arguments):
    """The most bytes that a call has allocated at once."""
    tracemalloc.start()
    try:
        function(*arguments)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", [(1, 2_000_000), (2_000_000, 1)])
def test_a_long_mask_that_lies_outside_the_photo_takes_no_memory_for_its_dilation(shape):
    (stroke,) = check_strokes([{**mask(-5, -5, np.ones(shape, bool)), "grow_px": 100}])
    assert traced_peak(area_of, stroke, SIZE) < 4_000_000
    expected = np.zeros(SIZE[::-1], bool)
    expected[(slice(None, 96),) if shape[0] == 1 else (slice(None), slice(None, 96))] = True  # 5 + 95 pixels away
    assert np.array_equal(on_photo(area_of(stroke, SIZE)), expected)


def test_many_strokes_across_a_photo_take_no_more_memory_than_a_few():
    across = {"points": [[0, 0], [2000, 1500]], "brush": 3, "erase": False, "grow_px": 0}
    few, many = (traced_peak(draw_strokes, check_strokes([across] * count), (2000, 1500)) for count in (2, 40))
    assert 2000 * 1500 < many < few * 1.2
