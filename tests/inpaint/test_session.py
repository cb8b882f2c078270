"""A session: strokes, masks and erasing on a photo in memory."""

import threading
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from inpaint.engine.regions import Box
from inpaint.photos.errors import MaskError
from inpaint.photos.modes import MODES
from inpaint.photos.opening import open_photo
from inpaint.photos.sixteen_bit import to_array
from inpaint.session import Session
from tests.inpaint.sessions import Screen, fill_with_mean, session, state
from tests.pictures import deep_pixels, picture, raw


def test_a_stroke_fills_its_hole_and_nothing_else():
    live = session()
    patches = live.stroke([[50, 60], [90, 60]], 20)
    mask = live.mask
    assert mask[60, 50:90].all()
    assert mask.sum() == pytest.approx(40 * 20 + np.pi * 100, rel=0.05)
    before, after = np.asarray(live.photo), np.asarray(live.result())
    assert np.array_equal(before[~mask], after[~mask])
    assert (after[mask] == after[60, 60]).all()
    assert len(patches) == 1
    assert patches[0].pixels.shape == (20, 60, 3)
    assert patches[0][:2] == (40, 50)


def test_mask_in_returns_a_copy_of_that_part_of_the_mask():
    live = session()
    assert not live.painted
    live.stroke([[50, 60], [90, 60]], 20)
    part = live.mask_in(Box(40, 50, 100, 70))
    assert live.painted and (part == live.mask[50:70, 40:100]).all()
    part[:] = False
    assert live.mask.any()
    live.clear()
    assert not live.painted


def test_no_patch_lies_inside_another_one():
    live = session()
    live.stroke([[50, 60], [150, 60]], 20)
    (patch,) = live.stroke([[100, 60], [100, 70]], 20)
    assert patch[:2] == (40, 50)
    assert patch.pixels.shape == (30, 120, 3)


@pytest.mark.parametrize("seed", range(6))
def test_a_client_that_draws_the_patches_shows_the_result(seed):
    rng = np.random.default_rng(seed)
    live = session()
    screen = Screen(live)
    for _ in range(30):
        action = rng.choice(["stroke", "erase", "undo", "redo", "clear", "add"], p=[0.5, 0.2, 0.1, 0.1, 0.05, 0.05])
        points = rng.uniform(-30, 330, (rng.integers(1, 4), 2)).tolist()
        if action in ("stroke", "erase"):
            screen.draw(live.stroke(points, rng.uniform(1, 60), erase=action == "erase"))
        elif action == "add":
            screen.draw(live.add_mask(rng.random((200, 300)) < 0.001))
        else:
            screen.draw(getattr(live, action)())
        assert np.array_equal(screen.pixels, np.asarray(live.result()))
        original = np.asarray(live.photo)
        assert np.array_equal(screen.pixels[~live.mask], original[~live.mask])


def test_erasing_restores_the_original_and_fills_the_rest_anew():
    live, direct = session(), session()
    live.stroke([[50, 60], [150, 60]], 30)
    live.stroke([[50, 60], [100, 60]], 40, erase=True)
    direct.add_mask(live.mask)
    assert live.mask.sum() > 0
    assert state(live) == state(direct)


def test_grow_px_dilates_strokes_and_masks_but_not_what_is_erased():
    live, plain = session(grow_px=5), session()
    live.stroke([[50, 60], [90, 60]], 10)
    plain.stroke([[50, 60], [90, 60]], 20)
    assert state(live) == state(plain)
    live.stroke([[70, 60]], 6, erase=True)
    plain.stroke([[70, 60]], 6, erase=True)
    assert state(live) == state(plain)
    dot = np.zeros((200, 300), bool)
    dot[150, 150] = True
    live.add_mask(dot)
    assert live.mask[150, 155]
    assert not live.mask[150, 156]
    with pytest.raises(MaskError, match="grow_px is -1"):
        session(grow_px=-1)


def test_each_stroke_and_mask_may_have_its_own_grow_px():
    live, plain = session(grow_px=5), session()
    live.stroke([[50, 60], [90, 60]], 10, grow_px=2)
    plain.stroke([[50, 60], [90, 60]], 14)
    assert state(live) == state(plain)
    dot = np.zeros((200, 300), bool)
    dot[150, 150] = True
    live.add_mask(dot, grow_px=0)
    plain.add_mask(dot)
    assert state(live) == state(plain)
    with pytest.raises(MaskError, match="grow_px is -1"):
        live.stroke([[50, 60]], 10, grow_px=-1)
    with pytest.raises(MaskError, match="grow_px is 2000"):
        live.add_mask(dot, grow_px=2000)
    assert state(live) == state(plain)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_patches_of_a_grey_photo_are_grey(mode):
    def colourful(*arguments):
        for fill in fill_with_mean(*arguments):
            yield fill._replace(pixels=fill.pixels // np.array([1, 2, 3], np.uint8))

    photo = picture("L", (90, 80)).convert(mode)
    (patch,) = Session(photo, colourful).stroke([[40, 40]], 20)
    assert (np.ptp(patch.pixels, axis=2) == 0).all()


def test_only_the_regions_that_a_stroke_touches_are_filled_again():
    filled = []

    def counting(*arguments):
        for fill in fill_with_mean(*arguments):
            filled.append(fill.box)
            yield fill

    live = Session(picture("RGB", (900, 700)), counting)
    live.stroke([[100, 100]], 20)
    live.stroke([[800, 600]], 20)
    live.stroke([[110, 110]], 20)
    assert [box.intersection(Box(0, 0, 300, 300)) == box for box in filled] == [True, False, True]


def test_a_failed_fill_leaves_the_session_unchanged():
    def failing(pixels, mask, *arguments):
        yield from fill_with_mean(pixels, mask, *arguments)
        if mask.sum() > 1000:
            raise RuntimeError("out of memory")

    live = Session(picture("RGB", (300, 200)), failing)
    live.stroke([[50, 60]], 20)
    before = state(live)
    for erase in (False, True):
        if erase:
            live.stroke([[150, 150]], 20)
            before = state(live)
            live.use(lambda *_: (_ for _ in ()).throw(RuntimeError("out of memory")))
        with pytest.raises(RuntimeError):
            live.stroke([[60, 60]], 15 if erase else 100, erase=erase)
        assert state(live) == before


def test_a_mask_of_the_whole_photo_is_refused():
    live = session(40, 30)
    live.stroke([[5, 5]], 4)
    before = state(live)
    with pytest.raises(MaskError, match="would cover the whole photo"):
        live.stroke([[20, 15]], 500)
    with pytest.raises(MaskError, match="would cover the whole photo"):
        live.add_mask(np.ones((30, 40), bool))
    assert state(live) == before
    live.undo()  # the count of hole pixels follows undo and redo too
    live.redo()
    nearly = np.ones((30, 40), bool)
    nearly[29, 39] = False
    assert live.add_mask(nearly)


def test_a_mask_of_another_shape_is_refused():
    with pytest.raises(MaskError, match=r"\(10, 10\)"):
        session().add_mask(np.zeros((10, 10), bool))
    with pytest.raises(MaskError, match="uint8"):
        session().add_mask(np.zeros((200, 300), np.uint8))


@pytest.mark.parametrize("mode", MODES)
def test_the_result_has_the_mode_of_the_photo(mode):
    live = session(80, 60, mode)
    live.stroke([[20, 20], [60, 40]], 12)
    result = live.result()
    assert result.mode == mode
    outside = ~live.mask.ravel()
    assert np.array_equal(raw(result)[outside], raw(live.photo)[outside])
    live.stroke([[20, 20], [60, 40]], 20, erase=True)
    assert np.array_equal(raw(live.result()), raw(live.photo))


def test_known_pixels_keep_16_bits_per_channel():
    pixels = deep_pixels(3, (80, 60))
    live = Session(open_photo(pixels), fill_with_mean)
    live.stroke([[20, 20], [60, 40]], 12)
    assert np.array_equal(to_array(live.result())[~live.mask], pixels[~live.mask])
    live.clear()
    assert np.array_equal(to_array(live.result()), pixels)


def test_strokes_from_many_threads_leave_known_pixels_unchanged():
    live = session()
    rng = np.random.default_rng(0)

    def paint(points):
        live.stroke(points, 15)
        live.undo()
        live.stroke(points, 10, erase=True)

    threads = [threading.Thread(target=paint, args=(rng.uniform(0, 200, (3, 2)).tolist(),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    mask, result = live.mask, np.asarray(live.result())
    assert np.array_equal(result[~mask], np.asarray(live.photo)[~mask])
    while live.undo():
        pass
    assert not live.painted
    assert not live.mask.any()
    assert live.result().tobytes() == live.photo.tobytes()


def test_a_stroke_on_a_large_photo_does_not_copy_the_photo():
    live = Session(Image.new("RGB", (5000, 4000), "grey"), fill_with_mean)
    live.stroke([[50, 60]], 30)
    tracemalloc.start()
    live.stroke([[2000, 2000], [2300, 2100]], 60)
    live.stroke([[2000, 2000], [2300, 2100]], 20, erase=True)
    live.undo()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12_000_000


def test_replacing_the_mask_in_a_box_adds_and_erases_in_one_step():
    each = session()
    each.stroke([[50, 60], [90, 60]], 20)
    before, hole = state(each), each.mask
    box = Box(60, 40, 140, 90)
    wanted = np.zeros((50, 80), bool)
    wanted[10:30, 40:70] = True
    each.replace_mask(box, wanted)
    hole[box.slices] = wanted
    assert np.array_equal(each.mask, hole)
    unchanged = ~hole
    assert np.array_equal(np.asarray(each.result())[unchanged], np.asarray(each.photo)[unchanged])
    each.undo()
    assert state(each) == before


@pytest.mark.parametrize(
    ("box", "hole", "message"),
    [
        (Box(0, 0, 301, 10), np.ones((10, 301), bool), "outside"),
        (Box(0, 0, 10, 10), np.ones((10, 9), bool), "shape"),
        (Box(0, 0, 10, 10), np.ones((10, 10), np.uint8), "uint8"),
        (Box(0, 0, 300, 200), np.ones((200, 300), bool), "whole photo"),
    ],
)
def test_a_mask_that_does_not_fit_its_box_is_refused(box, hole, message):
    each = session()
    before = state(each)
    with pytest.raises(MaskError, match=message):
        each.replace_mask(box, hole)
    assert state(each) == before
