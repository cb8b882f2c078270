"""The object at a point, in scenes whose every pixel is known."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from inpaint.engine.regions import Box, dilate, joined
from page.objects.looking import look_at_point, look_below, whole
from page.objects.pointing import object_at
from tests.page.objects.scenes import BALL, HEIGHT, WIDTH, ellipse, sand, scene
from tests.page.serving import noise

BALL_MASK = ellipse(*BALL)[..., 0] > 0.5


def mask_of(part, size=(WIDTH, HEIGHT)):
    mask = np.zeros(size[::-1], bool)
    mask[part.box.slices] = part.hole
    return mask


def beyond(mask, truth, px=6):
    """The part of a mask that is farther than this from the truth; a fill needs a few pixels around an object."""
    return (mask & ~dilate(truth, px)).sum() / mask.sum()


@pytest.mark.parametrize("point", [(245, 165), (215, 160), (270, 190), (290, 165)])
def test_the_ball_at_a_point_is_found_whole_wherever_it_is_pointed_at(point):
    mask = mask_of(object_at(scene(), *point))
    assert mask[BALL_MASK].mean() > 0.99 and beyond(mask, BALL_MASK) < 0.005


@pytest.mark.parametrize("diameter", [30, 60, 140, 220])
def test_objects_of_all_sizes_are_found(diameter):
    half = diameter // 2
    box = (240 - half, 180 - half, 240 + half, 180 + half)
    pixels, cover = np.asarray(sand()).astype(float), ellipse(*box, blur=0.7)
    blue = np.array([30, 60, 150]) + np.random.default_rng(1).normal(0, 6, (HEIGHT, WIDTH, 1))
    pixels = pixels * (1 - cover) + blue * cover
    mask = mask_of(object_at(Image.fromarray(pixels.clip(0, 255).astype(np.uint8)), 236, 184))
    truth = ellipse(*box)[..., 0] > 0.5
    assert mask[truth].mean() > 0.99 and beyond(mask, truth) < 0.005


def test_of_a_thing_of_two_colours_all_of_it_is_found():
    photo = sand()
    ImageDraw.Draw(photo).rectangle((200, 100, 280, 170), fill=(40, 60, 150))
    ImageDraw.Draw(photo).rectangle((200, 170, 280, 250), fill=(30, 110, 60))
    truth = np.zeros((HEIGHT, WIDTH), bool)
    truth[100:251, 200:281] = True
    mask = mask_of(object_at(photo, 240, 165))
    assert mask[truth].mean() > 0.97 and beyond(mask, truth) < 0.005


def test_the_other_thing_beside_it_stays():
    photo = scene().copy()
    ImageDraw.Draw(photo).ellipse((350, 120, 440, 210), fill=(190, 40, 35))
    mask = mask_of(object_at(photo, 245, 165))
    assert mask[BALL_MASK].mean() > 0.99 and not mask[:, 340:].any()


def test_sand_noise_and_a_plain_wall_are_no_objects():
    assert object_at(sand(), 240, 180) is None
    assert object_at(Image.fromarray(noise(90, 120)), 60, 45) is None
    assert object_at(Image.new("RGB", (120, 90), (120, 130, 140)), 60, 45) is None


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (16, 16)])
def test_tiny_photos_and_points_at_the_edge_are_answered(size):
    photo = Image.fromarray(noise(size[1], size[0]))
    for x, y in [(0, 0), size, (size[0] / 2, size[1] / 2)]:
        found = object_at(photo, x, y)
        assert found is None or found.hole.any()


def test_an_object_at_the_edge_of_the_photo_is_found():
    moved = Image.fromarray(np.roll(np.asarray(scene()), -245, axis=1))
    truth = np.roll(BALL_MASK, -245, axis=1)
    truth[:, 60:] = False
    mask = mask_of(object_at(moved, 12, 165))
    assert mask[truth].mean() > 0.98 and beyond(mask, truth) < 0.005


@pytest.mark.parametrize("mode", ["L", "I;16", "RGBA", "CMYK", "P"])
def test_photos_of_other_modes_have_objects_at_points(mode):
    grey = np.asarray(scene().convert("L")).astype(np.uint16)
    photo = Image.fromarray(grey * 257) if mode == "I;16" else scene().convert(mode)
    assert mask_of(object_at(photo, 245, 165))[BALL_MASK].mean() > 0.97


@pytest.mark.parametrize("darkness", [0.45, 0.8])
def test_what_is_pointed_at_and_its_shadow_are_found_together(darkness):
    seen = look_at_point(scene(darkness), 245, 165)
    mask, shadow = mask_of(joined(seen.parts)), ellipse(250, 190, 390, 225)[..., 0] > 0.5
    assert mask[BALL_MASK].mean() > 0.99 and mask[shadow].mean() > 0.95
    assert look_at_point(scene(), 245, 165).shadow is None


def test_in_a_box_the_object_is_found_and_none_in_a_box_of_noise():
    box = Box(BALL[0] - 8, BALL[1] - 8, BALL[2] + 8, BALL[3] + 8)
    mask = mask_of(look_below(scene(), whole(box)).object)
    assert mask[BALL_MASK].mean() > 0.99 and beyond(mask, BALL_MASK) < 0.005
    assert look_below(Image.fromarray(noise(HEIGHT, WIDTH)), whole(box)).object is None
