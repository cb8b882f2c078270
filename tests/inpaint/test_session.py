"""A session: strokes, erasing, undo and redo on a photo in memory."""

import threading
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from inpaint.engine.fills import Fill
from inpaint.engine.regions import Box, find_regions
from inpaint.photos.modes import MODES
from inpaint.photos.opening import MaskError, open_photo
from inpaint.photos.sixteen_bit import to_array
from inpaint.session import Session
from tests.pictures import deep_pixels, picture, raw


def fill_with_mean(photo, mask, within):
    """Fill each region with the mean of its known surroundings plus its pixel count, so that every change shows."""
    for box, hole in find_regions(mask, within):
        around = box.expanded(20).intersection(Box(0, 0, mask.shape[1], mask.shape[0]))
        known = photo[around.slices][~mask[around.slices]]
        colour = (known.mean(axis=0) if len(known) else np.zeros(3)) + hole.sum()
        yield Fill(
            box.left, box.top, np.broadcast_to(colour.astype(np.int64) % 256, (*hole.shape, 3)).astype(np.uint8), hole
        )


def session(width=300, height=200, mode="RGB", **options):
    return Session(picture(mode, (width, height)), fill_with_mean, **options)


def state(session):
    return session.mask.tobytes(), session.result().tobytes()


class Screen:
    """A client's view of the session: the photo with the patches drawn on it."""

    def __init__(self, session):
        self.pixels = np.array(session.photo.convert("RGB"))

    def draw(self, patches):
        for left, top, pixels in patches:
            self.pixels[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels


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


def test_undo_and_redo_return_to_exactly_the_same_states():
    live = session()
    changes = [
        lambda: live.stroke([[50, 60], [90, 60]], 30),
        lambda: live.stroke([[70, 20], [70, 150]], 10),
        lambda: live.stroke([[60, 60]], 25, erase=True),
        lambda: live.add_mask(np.eye(200, 300, dtype=bool)),
        lambda: live.clear(),
        lambda: live.stroke([[200, 60], [90, 160]], 3),
    ]
    states = [state(live)]
    for change in changes:
        assert change()
        states.append(state(live))
    for expected in reversed(states[:-1]):
        assert live.can_undo
        assert live.undo()
        assert state(live) == expected
    assert not live.can_undo
    assert live.undo() == []
    for expected in states[1:]:
        assert live.can_redo
        assert live.redo()
        assert state(live) == expected
    assert live.redo() == []


def test_a_new_stroke_clears_the_redo_history():
    live = session()
    live.stroke([[50, 60]], 30)
    live.undo()
    live.stroke([[150, 60]], 30)
    assert not live.can_redo
    assert live.redo() == []


def test_erasing_restores_the_original_and_fills_the_rest_anew():
    live, direct = session(), session()
    live.stroke([[50, 60], [150, 60]], 30)
    live.stroke([[50, 60], [100, 60]], 40, erase=True)
    direct.add_mask(live.mask)
    assert live.mask.sum() > 0
    assert state(live) == state(direct)


def test_a_stroke_without_effect_is_no_undo_step():
    live = session()
    assert live.stroke([[50, 60]], 30, erase=True) == []
    assert live.stroke([[-900, 60]], 30) == []
    assert live.clear() == []
    assert live.add_mask(np.zeros((200, 300), bool)) == []
    assert live.stroke([[50, 60]], 30)
    assert live.stroke([[50, 60]], 20) == []
    live.undo()
    assert not live.can_undo


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
    def colourful(photo, mask, within):
        for fill in fill_with_mean(photo, mask, within):
            yield fill._replace(pixels=fill.pixels // np.array([1, 2, 3], np.uint8))

    photo = picture("L", (90, 80)).convert(mode)
    (patch,) = Session(photo, colourful).stroke([[40, 40]], 20)
    assert (np.ptp(patch.pixels, axis=2) == 0).all()


def test_only_the_regions_that_a_stroke_touches_are_filled_again():
    filled = []

    def counting(pixels, mask, within):
        for fill in fill_with_mean(pixels, mask, within):
            filled.append(fill.box)
            yield fill

    live = Session(picture("RGB", (900, 700)), counting)
    live.stroke([[100, 100]], 20)
    live.stroke([[800, 600]], 20)
    live.stroke([[110, 110]], 20)
    assert [box.intersection(Box(0, 0, 300, 300)) == box for box in filled] == [True, False, True]


def test_clear_restores_the_original_photo():
    live = session()
    live.stroke([[50, 60], [150, 160]], 30)
    live.clear()
    assert not live.mask.any()
    assert live.result().tobytes() == live.photo.tobytes()


def test_restore_returns_to_a_snapshot_and_can_be_undone():
    live = session()
    screen = Screen(live)
    screen.draw(live.stroke([[50, 60], [90, 60]], 20))
    screen.draw(live.stroke([[80, 70]], 30))
    kept, before = live.snapshot(), state(live)
    screen.draw(live.stroke([[60, 62]], 10, erase=True))
    screen.draw(live.stroke([[250, 150]], 25))
    after = state(live)
    screen.draw(live.restore(kept))
    assert state(live) == before
    assert np.array_equal(screen.pixels, np.asarray(live.result()))
    screen.draw(live.undo())
    assert state(live) == after
    screen.draw(live.redo())
    assert state(live) == before
    assert np.array_equal(screen.pixels, np.asarray(live.result()))


def test_a_snapshot_can_be_restored_in_another_session_of_the_same_photo():
    first, second = session(), session()
    first.stroke([[50, 60], [90, 60]], 20)
    second.restore(first.snapshot())
    assert state(second) == state(first)
    second.undo()
    assert not second.mask.any()


def test_use_changes_the_fills_of_later_strokes_and_refill_those_of_all():
    def black(photo, mask, within):
        for fill in fill_with_mean(photo, mask, within):
            yield fill._replace(pixels=np.zeros_like(fill.pixels))

    live = session()
    assert live.refill() == [] and not live.can_undo
    live.stroke([[50, 60], [90, 60]], 20)
    first = state(live)
    screen = Screen(live)
    screen.draw(live.refill())
    assert state(live) == first  # it is deterministic
    live.undo()
    live.use(black)
    live.stroke([[250, 150]], 25)
    assert np.asarray(live.result())[60, 60].any() and not np.asarray(live.result())[150, 250].any()
    screen.draw(live.refill())
    assert not np.asarray(live.result())[live.mask].any()
    live.undo()
    live.undo()
    assert state(live) == first


def test_a_failed_fill_leaves_the_session_unchanged():
    def failing(pixels, mask, within):
        yield from fill_with_mean(pixels, mask, within)
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


def test_the_history_drops_the_oldest_steps_beyond_its_limit_but_never_the_last():
    live = session(history_bytes=20_000)
    for x in range(20, 280, 20):
        live.stroke([[x, 60]], 30)
    steps = 0
    while live.undo():
        steps += 1
    assert 1 <= steps < 13
    live = session(history_bytes=1)
    live.stroke([[50, 60]], 30)
    assert live.undo()


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
    assert live._hole_count == 0
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
