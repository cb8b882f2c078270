"""A live session: drafts first, final fills later, while other strokes may come at any moment."""

import threading
import time

import numpy as np
import pytest

from inpaint.session import Session
from tests.inpaint.sessions import TIMEOUT_S, Gate, Screen, TwoPhases, final_of, session, state
from tests.pictures import picture

STROKE = [[50, 60], [90, 60]], 20


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.opened.set()


def live_session(fills=None, width=300, height=200, **options):
    return Session(picture("RGB", (width, height)), fills or TwoPhases(), **options)


def shown(live):
    """The state that a client sees, with drafts; `result` would finish them."""
    return live.mask.tobytes(), live._canvas.pixels.tobytes()


def in_thread(function, *arguments):
    """Start a function in a thread; the returned function waits for it and returns its result."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function(*arguments)))
    thread.start()

    def join():
        thread.join(TIMEOUT_S)
        assert not thread.is_alive()
        return results[0]

    return join


def test_by_default_every_change_is_finished_on_return():
    live, drafts = live_session(), session()
    live.stroke(*STROKE)
    drafts.stroke(*STROKE)
    assert not live.has_drafts and live.finish() == []
    expected = np.array(drafts.result())
    expected[live.mask] = final_of(expected[live.mask])
    assert np.array_equal(np.asarray(live.result()), expected)
    live.add_mask(np.eye(200, 300, dtype=bool))
    assert not live.has_drafts
    live.refill()
    assert not live.has_drafts


@pytest.mark.parametrize("change", ["stroke", "add_mask", "refill"])
def test_without_finish_a_change_returns_after_its_drafts_and_finish_does_the_rest_once(change):
    fills = TwoPhases()
    live, direct, drafts = live_session(fills), live_session(), session()
    for each in (live, direct, drafts):
        each.stroke(*STROKE)
    fills.started = fills.computed = 0
    arguments = {"stroke": ([[60, 60], [60, 120]], 15), "add_mask": (np.eye(200, 300, dtype=bool),), "refill": ()}
    screen = Screen(live)
    screen.draw(live._canvas.patches(live._canvas.hole_boxes))
    screen.draw(getattr(live, change)(*arguments[change], finish=False))
    getattr(direct, change)(*arguments[change])
    getattr(drafts, change)(*arguments[change])
    assert (fills.started, fills.computed) == (1, 0) and live.has_drafts
    screen.draw(live.finish())
    assert (fills.started, fills.computed) == (1, 1) and not live.has_drafts
    assert state(live) == state(direct) != state(drafts)
    assert np.array_equal(screen.pixels, np.asarray(live.result()))
    assert live.finish() == []


def test_holes_without_a_draft_are_final_at_once():
    live = live_session(TwoPhases(thick=10**6))
    assert live.stroke(*STROKE, finish=False)
    assert not live.has_drafts and not live.needs_pause and live.finish() == []


def test_final_fills_belong_to_the_undo_step_of_their_stroke():
    live = live_session()
    live.stroke([[200, 100]], 30)
    before = shown(live)
    live.stroke([[210, 100], [210, 150]], 30, finish=False)
    draft = shown(live)
    live.finish()
    finished = shown(live)
    assert len({before, draft, finished}) == 3
    live.undo()
    assert shown(live) == before and not live.has_drafts
    live.redo()
    assert shown(live) == finished and not live.has_drafts
    live.undo()
    live.undo()
    assert not live.painted and not live.can_undo


def test_redo_of_an_unfinished_stroke_can_be_finished():
    live, direct = live_session(), live_session()
    live.stroke(*STROKE, finish=False)
    live.undo()
    assert not live.has_drafts and live.finish() == []
    live.redo()
    assert live.has_drafts and live.finish()
    direct.stroke(*STROKE)
    assert shown(live) == shown(direct)


def test_finish_fills_the_drafts_of_several_strokes_and_undo_takes_back_the_last_one_alone():
    live, direct = live_session(), live_session()
    strokes = [([[50, 60]], 30), ([[250, 150]], 30), ([[150, 20]], 30)]
    for points, brush in strokes:
        live.stroke(points, brush, finish=False)
        direct.stroke(points, brush)
    live.finish()
    assert shown(live) == shown(direct) and not live.has_drafts
    live.undo()
    direct.undo()
    assert shown(live) == shown(direct) and not live.has_drafts


def test_a_draft_that_is_erased_need_not_be_finished():
    fills = TwoPhases()
    live = live_session(fills)
    live.stroke(*STROKE, finish=False)
    live.stroke([[50, 60], [90, 60]], 40, erase=True, finish=False)
    assert not live.painted and not live.has_drafts
    assert live.finish() == [] and fills.computed == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda live: live.stroke([[250, 150]], 10, finish=False),
        lambda live: live.stroke([[60, 60]], 10, erase=True, finish=False),
        lambda live: live.undo(),
        lambda live: live.clear(),
        lambda live: live.add_mask(np.eye(200, 300, dtype=bool), finish=False),
        lambda live: live.refill(finish=False),
        lambda live: live.use(TwoPhases()),
    ],
    ids=["stroke", "erase", "undo", "clear", "mask", "refill", "use"],
)
def test_a_change_during_finish_does_not_wait_and_drops_its_fills(change, gate):
    fills = TwoPhases(before_final=gate)
    live = live_session(fills)
    live.stroke(*STROKE, finish=False)
    join = in_thread(live.finish)
    assert gate.reached.wait(TIMEOUT_S)
    change(live)  # would not return if it waited
    after = shown(live)
    gate.opened.set()
    assert join() == [] and fills.computed == 0
    assert shown(live) == after
    live.finish()
    assert not live.has_drafts


def test_finish_can_be_cancelled_and_called_again(gate):
    live, direct = live_session(TwoPhases(before_final=gate)), live_session()
    live.stroke(*STROKE, finish=False)
    before, stop = shown(live), threading.Event()
    join = in_thread(live.finish, stop.is_set)
    assert gate.reached.wait(TIMEOUT_S)
    stop.set()
    gate.opened.set()
    assert join() == [] and shown(live) == before and live.has_drafts
    assert live.finish()
    direct.stroke(*STROKE)
    assert shown(live) == shown(direct)


def test_a_failed_finish_leaves_the_drafts_and_can_be_repeated():
    failures = [RuntimeError("out of memory")]

    def fail_once():
        if failures:
            raise failures.pop()

    live, direct = live_session(TwoPhases(before_final=fail_once)), live_session()
    live.stroke(*STROKE, finish=False)
    before = shown(live)
    with pytest.raises(RuntimeError, match="out of memory"):
        live.finish()
    assert shown(live) == before and live.has_drafts
    live.finish()
    direct.stroke(*STROKE)
    assert shown(live) == shown(direct)


def test_results_and_snapshots_hold_no_draft():
    for read in (lambda live: live.result(), lambda live: live.snapshot()):
        live, direct = live_session(), live_session()
        live.stroke(*STROKE, finish=False)
        direct.stroke(*STROKE)
        read(live)
        assert not live.has_drafts and shown(live) == shown(direct)
    other = live_session()
    other.restore(live.snapshot())
    assert shown(other) == shown(direct) and not other.has_drafts


def test_a_result_during_finish_waits_for_its_fills(gate):
    fills = TwoPhases(before_final=gate)
    live, direct = live_session(fills), live_session()
    live.stroke(*STROKE, finish=False)
    finish = in_thread(live.finish)
    assert gate.reached.wait(TIMEOUT_S)
    result = in_thread(live.result)
    time.sleep(0.2)
    assert fills.started == 1
    gate.opened.set()
    assert finish()
    direct.stroke(*STROKE)
    assert result().tobytes() == direct.result().tobytes()
    assert fills.computed == 1


def test_a_stroke_while_a_result_is_finished_is_finished_too(gate):
    live, direct = live_session(TwoPhases(before_final=gate)), live_session()
    live.stroke(*STROKE, finish=False)
    result = in_thread(live.result)
    assert gate.reached.wait(TIMEOUT_S)
    live.stroke([[250, 150]], 30, finish=False)
    gate.opened.set()
    for points, brush in (STROKE, ([[250, 150]], 30)):
        direct.stroke(points, brush)
    assert result().tobytes() == direct.result().tobytes() and not live.has_drafts


def test_fills_that_cannot_be_cancelled_are_dropped_too(gate):
    fills = TwoPhases(before_final=gate)
    live = live_session(lambda *arguments: iter(list(fills(*arguments[:-1], None))))  # as in another process
    gate.opened.set()
    live.stroke(*STROKE, finish=False)
    assert live.has_drafts
    live.stroke([[250, 150]], 30, finish=False)
    gate.close()
    join = in_thread(live.finish)
    assert gate.reached.wait(TIMEOUT_S)
    live.undo()
    after = shown(live)
    gate.opened.set()
    assert join() == [] and shown(live) == after


def test_a_finished_stroke_finishes_earlier_drafts_too():
    live, direct = live_session(), live_session()
    for each, finish in ((live, False), (direct, True)):
        each.stroke([[50, 60]], 30, finish=finish)
        each.stroke([[250, 150]], 30)
    assert not live.has_drafts and shown(live) == shown(direct)


def test_another_fill_takes_the_next_seed_and_can_be_undone():
    fills = TwoPhases()
    live = live_session(fills)
    assert live.another_fill() == [] and live.seed == 0
    live.stroke([[50, 60]], 30)
    live.stroke([[250, 150]], 30)
    first, screen = state(live), Screen(live)
    screen.draw(live.another_fill())
    second = state(live)
    assert live.seed == 1 and fills.seeds[-1] == 1
    difference = (np.asarray(live.result()).astype(int) - np.frombuffer(first[1], np.uint8).reshape(200, 300, 3)) % 256
    assert (difference[live.mask] == 1).all() and not difference[~live.mask].any()
    assert np.array_equal(screen.pixels[live.mask], np.asarray(live.result())[live.mask])
    live.undo()
    assert state(live) == first and live.seed == 1
    live.redo()
    assert state(live) == second
    live.another_fill()
    assert live.seed == 2 and state(live) not in (first, second)


def test_another_fill_at_a_point_or_in_a_box_leaves_other_regions_as_they_are():
    live = live_session()
    live.stroke([[50, 60], [90, 60]], 30)
    live.stroke([[250, 150]], 30)
    first = np.array(live.result())
    for where in ((250.7, 150.2), (240, 140, 260, 145), live.touched):
        live.another_fill(where)
        changed = (np.asarray(live.result()) != first).any(axis=2)
        assert changed[150, 250] and not changed[:, :200].any()
        live.undo()
    for where in ((150, 100), (900, 900), (120, 90, 130, 95)):
        with pytest.raises(ValueError, match="there is no hole at"):
            live.another_fill(where)


def test_another_fill_of_holes_that_have_only_one_is_not_an_undo_step():
    live = live_session(TwoPhases(thick=10**6))
    live.stroke(*STROKE)
    live.undo()
    live.redo()
    assert live.another_fill() == [] and live.seed == 0
    live.undo()
    assert not live.can_undo


def test_a_stroke_during_another_fill_drops_it(gate):
    live = live_session()
    live.stroke(*STROKE)
    live.use(TwoPhases(before_final=gate))
    join = in_thread(live.another_fill)
    assert gate.reached.wait(TIMEOUT_S)
    live.stroke([[250, 150]], 10, finish=False)
    after = shown(live)
    gate.opened.set()
    assert join() == [] and shown(live) == after and live.seed == 0


def test_touched_is_the_box_of_the_last_stroke_while_it_has_a_hole():
    live = live_session()
    assert live.touched is None
    live.stroke([[50, 60]], 20)
    assert live.touched == (40, 50, 60, 70)
    live.stroke([[-500, 60]], 20)
    assert live.touched == (40, 50, 60, 70)
    live.undo()
    assert live.touched is None
    live.redo()
    live.add_mask(np.eye(200, 300, dtype=bool))
    assert live.touched is None


def test_an_object_may_be_half_covered_after_a_thick_brush_or_a_stroke_that_touches_a_hole():
    def pauses(*strokes):
        live = live_session(TwoPhases(thick=1), 600, 400)
        for points, brush in strokes:
            live.stroke(points, brush, finish=False)
        return live.needs_pause

    assert not pauses(([[50, 60]], 40))
    assert pauses(([[50, 60]], 41))
    assert pauses(([[50, 60]], 10), ([[60, 60]], 10))
    assert not pauses(([[50, 60]], 10), ([[150, 60]], 10))
    assert pauses(([[50, 60]], 50), ([[400, 300]], 10))  # the first one is still a draft
    live = live_session()
    live.stroke([[50, 60]], 50, finish=False)
    live.finish()
    live.stroke([[250, 150]], 30, finish=False)
    assert live.has_drafts and not live.needs_pause


@pytest.mark.parametrize("seed", range(4))
def test_a_client_that_draws_what_has_changed_since_its_revision_shows_the_canvas(seed):
    rng = np.random.default_rng(seed)
    live, screen, seen = live_session(), None, 0
    screen = Screen(live)
    for _ in range(40):
        action = rng.choice(["stroke", "erase", "undo", "redo", "finish", "another", "clear"])
        points = rng.uniform(-30, 330, (rng.integers(1, 4), 2)).tolist()
        if action in ("stroke", "erase"):
            live.stroke(points, rng.uniform(1, 60), erase=action == "erase", finish=bool(rng.random() < 0.3))
        else:
            {"another": live.another_fill}.get(action, getattr(live, action, None))()
        if rng.random() < 0.5:  # other answers were lost
            screen.draw(live.patches_since(seen))
            seen = live.revision
            assert np.array_equal(screen.pixels, live._canvas.pixels)
            assert live.patches_since(seen) == []
        assert live.has_drafts == live._canvas.drafts.any()
        assert not (live._canvas.drafts & ~live.mask).any()
    assert live.patches_since(live.revision + 1) is None and live.patches_since(-1) is None


def test_a_revision_of_long_ago_has_no_patches():
    live = live_session()
    for _ in range(20):
        live.stroke([[50, 60]], 10)
        live.undo()
    assert live.patches_since(0) is None and live.patches_since(live.revision - 2)


def test_strokes_and_finishes_from_many_threads_end_without_drafts_and_with_known_pixels_unchanged():
    live = live_session()
    rng = np.random.default_rng(0)
    strokes = rng.uniform(0, 200, (6, 4, 3, 2)).tolist()

    def paint(points):
        for each in points:
            live.stroke(each, 15, finish=False)
            live.finish()
            live.stroke(each, 5, erase=True, finish=False)
            live.another_fill()

    threads = [threading.Thread(target=paint, args=(points,)) for points in strokes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result, mask = np.asarray(live.result()), live.mask
    assert not live.has_drafts
    assert np.array_equal(result[~mask], np.asarray(live.photo)[~mask])
    while live.undo():
        pass
    assert not live.painted and live._canvas.draft_count == 0 and not live._canvas.drafts.any()
    assert live.result().tobytes() == live.photo.tobytes()


def test_drafts_of_a_grey_photo_are_grey_too():
    live = Session(picture("L", (90, 80)), TwoPhases())
    (draft,) = live.stroke([[40, 40]], 20, finish=False)
    (final,) = live.finish()
    assert all((np.ptp(patch.pixels, axis=2) == 0).all() for patch in (draft, final))


def test_an_abandoned_session_with_pending_fills_is_freed_at_once():
    import gc
    import weakref

    live = live_session()
    live.stroke(*STROKE, finish=False)
    canvas = weakref.ref(live._canvas)
    gc.disable()
    try:
        del live
        assert canvas() is None
    finally:
        gc.enable()


def test_a_stroke_that_touches_a_finished_hole_leaves_its_fill_as_it_is_until_the_new_one_is_final():
    live = live_session()
    live.stroke(*STROKE)
    hole, fill = live.mask, live._canvas.pixels.copy()
    live.stroke([[85, 60], [120, 60]], 12, finish=False)
    assert live.has_drafts and (live.mask & ~hole).any()
    assert np.array_equal(live._canvas.pixels[hole], fill[hole])
    live.finish()
    assert not np.array_equal(live._canvas.pixels[hole], fill[hole])


def test_erasing_a_part_of_a_finished_hole_leaves_the_fill_of_the_rest_until_the_new_one_is_final():
    live = live_session()
    live.stroke(*STROKE)
    fill = live._canvas.pixels.copy()
    live.stroke([[50, 60], [60, 60]], 12, erase=True, finish=False)
    assert live.has_drafts and np.array_equal(live._canvas.pixels[live.mask], fill[live.mask])


def test_a_stroke_that_touches_a_draft_is_filled_together_with_it():
    live, drafts = live_session(), session()
    for each in (live, drafts):
        each.stroke(*STROKE, finish=False)
        each.stroke([[85, 60], [120, 60]], 12, finish=False)
    assert live.has_drafts and np.array_equal(live._canvas.pixels, np.asarray(drafts.result()))
