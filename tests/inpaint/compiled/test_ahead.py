"""Results that are computed ahead: in order, two at a time, and no more once nobody wants them."""

import threading
from functools import partial

import pytest

from inpaint.compiled.ahead import ahead

TIMEOUT_S = 20


def test_results_come_in_the_order_of_their_tasks():
    slow_first = threading.Event()

    def task(number):
        if number == 0:
            assert slow_first.wait(TIMEOUT_S)
        elif number == 1:
            slow_first.set()
        return number

    assert list(ahead(partial(task, number) for number in range(9))) == list(range(9))


def test_two_tasks_run_at_a_time_and_others_only_as_results_are_taken():
    both, begun = threading.Barrier(2), []

    def task(number):
        begun.append(number)
        if number < 2:
            both.wait(TIMEOUT_S)
        return number

    results = ahead(partial(task, number) for number in range(6))
    assert next(results) == 0
    assert next(results) == 1
    assert max(begun) <= 4
    results.close()
    assert len(begun) <= 5


def test_an_error_is_raised_in_its_place_and_drops_later_tasks():
    begun = []

    def task(number):
        begun.append(number)
        if number == 1:
            raise ValueError("broken")
        return number

    results = ahead(partial(task, number) for number in range(50))
    assert next(results) == 0
    with pytest.raises(ValueError, match="broken"):
        list(results)
    assert len(begun) <= 4


def test_without_tasks_there_are_no_results():
    assert list(ahead([])) == []
