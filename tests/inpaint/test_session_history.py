"""A session: undo, redo, snapshots and refills."""

import numpy as np

from tests.inpaint.sessions import Screen, fill_with_mean, session, state


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


def test_a_stroke_without_effect_is_not_an_undo_step():
    live = session()
    assert live.stroke([[50, 60]], 30, erase=True) == []
    assert live.stroke([[-900, 60]], 30) == []
    assert live.clear() == []
    assert live.add_mask(np.zeros((200, 300), bool)) == []
    assert live.stroke([[50, 60]], 30)
    assert live.stroke([[50, 60]], 20) == []
    live.undo()
    assert not live.can_undo


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
    def black(*arguments):
        for fill in fill_with_mean(*arguments):
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
