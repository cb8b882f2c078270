"""The history: undo and redo of snapshots, and its limit of memory."""

import numpy as np

from inpaint.engine.history import History, Snapshot
from inpaint.engine.regions import Box


def snapshot(number, side=10):
    """A snapshot of one box whose pixels are a number."""
    return Snapshot(
        [Box(0, 0, side, side)], [np.full((side, side, 3), number, np.uint8)], *[[np.zeros(0, np.uint8)]] * 2
    )


def number_of(state):
    return int(state.pixels[0][0, 0, 0])


def test_undo_and_redo_return_the_states_in_order():
    history, state = History(10**6), 0
    for after in (1, 2, 3):
        history.record(snapshot(state))
        state = after
    for expected in (2, 1, 0):
        state = number_of(history.undo(lambda _, present=state: snapshot(present)))
        assert state == expected
    assert not history.can_undo and history.undo(lambda _: snapshot(state)) is None
    for expected in (1, 2, 3):
        state = number_of(history.redo(lambda _, present=state: snapshot(present)))
        assert state == expected
    assert not history.can_redo and history.redo(lambda _: snapshot(state)) is None


def test_a_change_clears_what_could_be_redone():
    history = History(10**6)
    history.record(snapshot(0))
    history.undo(lambda _: snapshot(1))
    assert history.can_redo
    history.record(snapshot(0))
    assert not history.can_redo


def test_the_oldest_snapshots_are_dropped_beyond_the_limit_but_never_the_last():
    history = History(3 * snapshot(0).size)
    for number in range(10):
        history.record(snapshot(number))
    left = []
    while history.can_undo:
        left.append(number_of(history.undo(lambda _: snapshot(0))))
    assert left == [9, 8, 7]
    history = History(1)
    history.record(snapshot(5))
    assert history.can_undo


def test_of_two_overlapping_states_the_second_takes_precedence():
    both = snapshot(1).followed_by(snapshot(2, side=4))
    assert [
        number_of(Snapshot([box], [pixels], [], [])) for box, pixels in zip(both.boxes, both.pixels, strict=True)
    ] == [
        1,
        2,
    ]
    assert both.size == snapshot(1).size + snapshot(2, side=4).size
