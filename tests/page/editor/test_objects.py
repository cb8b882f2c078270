"""Objects below loose strokes, and their shadows, in scenes whose every pixel is known."""

import base64
import io
import time

import numpy as np
import pytest
from PIL import Image

from page.editor.objects import look_at
from page.editor.strokes import draw_strokes
from page.objects.outline import MAX_PIXELS, crop_around
from page.server.stroke_checks import check_strokes
from tests.page.objects.scenes import BALL, HEIGHT, WIDTH, ellipse, scene
from tests.page.serving import GRADIO_WARNINGS

pytestmark = GRADIO_WARNINGS


def loose(radius=62):
    """An outline drawn loosely around the ball."""
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    points = np.stack([245 + radius * np.cos(angles), 165 + radius * np.sin(angles)], axis=1).round(1)
    return {"shape": "area", "points": points.tolist(), "erase": False, "grow_px": 0}


def mask_of(found, size=(WIDTH, HEIGHT)):
    full = np.zeros(size[::-1], bool)
    area = np.asarray(Image.open(io.BytesIO(base64.b64decode(found["png"]))).convert("RGBA"))[..., 3] > 0
    full[found["top"] : found["top"] + area.shape[0], found["left"] : found["left"] + area.shape[1]] = area
    return full


def look(photo, *strokes):
    return look_at(photo, check_strokes(list(strokes)))


def test_a_loose_outline_is_fitted_to_the_object_and_leaves_none_of_it_out():
    found = look(scene(), loose())["object"]
    mask, ball = mask_of(found), ellipse(*BALL)[..., 0] > 0.5
    assert mask[ball].mean() > 0.995
    assert (mask & ~ellipse(*(BALL[0] - 5, BALL[1] - 5, BALL[2] + 5, BALL[3] + 5))[..., 0].astype(bool)).sum() < 40


def test_the_same_stroke_finds_the_same_object_each_time():
    assert look(scene(0.5), loose()) == look(scene(0.5), loose())


def test_an_object_that_reaches_a_little_beyond_the_stroke_is_found_whole():
    brush = {"points": [[222, 165], [268, 165]], "brush": 80, "erase": False, "grow_px": 0}
    mask = mask_of(look(scene(), brush)["object"])
    assert mask[ellipse(*BALL)[..., 0] > 0.5].mean() > 0.98


@pytest.mark.parametrize("mode", ["L", "I;16", "RGBA", "CMYK", "P"])
def test_photos_of_other_modes_have_objects_too(mode):
    photo = scene()
    photo = (
        Image.fromarray(np.asarray(photo.convert("L")).astype(np.uint16) * 257)
        if mode == "I;16"
        else photo.convert(mode)
    )
    mask = mask_of(look(photo, loose())["object"])
    assert mask[ellipse(*BALL)[..., 0] > 0.5].mean() > 0.97


def test_ground_without_an_object_is_left_as_it_was_painted():
    rng = np.random.default_rng(3)
    plain = Image.fromarray(rng.integers(120, 130, (HEIGHT, WIDTH, 3), dtype=np.uint8))
    assert look(plain, loose())["shadow"] is None
    found = look(Image.fromarray(np.full((HEIGHT, WIDTH, 3), 128, np.uint8)), loose())
    assert found == {"object": None, "shadow": None}


@pytest.mark.parametrize("darkness", [0.45, 0.6, 0.8])
def test_the_shadow_that_touches_the_object_is_found_and_is_not_the_object(darkness):
    found = look(scene(darkness), loose())
    mask, shadow = mask_of(found["shadow"]), ellipse(250, 190, 390, 225)[..., 0] > 0.5
    away = shadow & ~mask_of(found["object"])
    near = ellipse(242, 182, 398, 233)[..., 0] > 0
    assert mask[away].mean() > 0.95 and (mask & ~near).sum() < 0.02 * away.sum()
    assert (mask & mask_of(found["object"])).sum() < 0.02 * away.sum()


def test_there_is_no_shadow_where_there_is_none_or_where_it_does_not_touch_the_object():
    assert look(scene(), loose())["shadow"] is None
    apart = np.asarray(scene(0.6)).copy()
    lit = np.asarray(scene())
    apart[:, :330] = lit[:, :330]
    assert look(Image.fromarray(apart), loose())["shadow"] is None


def test_dark_ground_that_goes_on_is_no_shadow():
    pixels = np.asarray(scene()).astype(np.float32)
    pixels[205:] *= 0.45
    assert look(Image.fromarray(pixels.astype(np.uint8)), loose())["shadow"] is None


def test_what_is_looked_at_stays_small_at_any_size_of_the_photo():
    large = scene(0.6).resize((WIDTH * 12, HEIGHT * 12), Image.Resampling.BICUBIC)
    stroke = loose()
    stroke["points"] = [[12 * x, 12 * y] for x, y in stroke["points"]]
    start = time.process_time()
    found = look(large, stroke)
    assert time.process_time() - start < 8  # most of it to reduce and to encode; GrabCut itself takes 30 s a megapixel
    mask = mask_of(found["object"], large.size)
    ball = np.asarray(Image.fromarray(ellipse(*BALL)[..., 0] > 0.5).resize(large.size))
    assert mask[ball].mean() > 0.99 and mask.sum() < 1.2 * ball.sum() and found["shadow"]
    part, _ = draw_strokes(check_strokes([stroke]), large.size)
    crop = crop_around(large, part, 0.35)
    assert crop.painted.size <= 1.02 * MAX_PIXELS


@pytest.mark.parametrize("points", [[[-500, -500]], [[2, 2]], [[479, 359]], [[0, 0], [480, 0], [480, 360], [0, 360]]])
def test_strokes_at_the_edge_beside_the_photo_or_over_all_of_it_are_answered(points):
    for shape in ("line", "area"):
        found = look(scene(0.5), {"shape": shape, "points": points, "brush": 6, "erase": False})
        assert set(found) == {"object", "shadow"}


def test_a_one_pixel_photo_has_no_object():
    assert look(Image.new("RGB", (1, 1)), {"points": [[0, 0]], "brush": 5, "erase": False})["object"] is None


def test_the_browser_gets_the_object_and_can_paint_it_as_a_mask(served):
    visit = served.open(scene(0.6))
    _, found = served.call("find_object", {"visit": visit, "strokes": [loose()]})
    strokes = [{"shape": "mask", "erase": False, "grow_px": 0, **found[name]} for name in ("object", "shadow")]
    _, answer = served.call("paint", {"visit": visit, "strokes": strokes, "together": True})
    assert answer["changed"] == [True] and answer["painted"]
    session = served.visits.get(visit).session
    assert np.array_equal(session.mask, mask_of(found["object"]) | mask_of(found["shadow"]))
