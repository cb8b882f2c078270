"""Tasks with needs: results in order, several at a time, none before its needs, no more once nobody wants them."""

import random
import threading
import time

import pytest

from inpaint.compiled.ordered import ordered

TIMEOUT_S = 20


def nothing(_):
    return []


def test_results_come_in_the_order_of_their_tasks():
    second = threading.Event()

    def task(number):
        if number == 0:
            assert second.wait(TIMEOUT_S)
        elif number == 1:
            second.set()
        return number

    assert list(ordered(9, nothing, task, 2)) == list(range(9))


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_task_begins_when_all_that_it_needs_is_done(workers):
    rng = random.Random(workers)
    needs = [sorted(rng.sample(range(number), min(number, rng.randrange(4)))) for number in range(60)]
    done = set()

    def task(number):
        assert done.issuperset(needs[number]), number
        time.sleep(rng.random() / 1000)
        done.add(number)
        return number

    assert list(ordered(60, needs.__getitem__, task, workers)) == list(range(60))


def test_tasks_that_do_not_need_each_other_run_at_the_same_time():
    both = threading.Barrier(2)

    def task(number):
        if number in (1, 2):
            both.wait(TIMEOUT_S)
        return number

    assert list(ordered(4, lambda number: [0] if number else [], task, 2)) == [0, 1, 2, 3]


def test_a_chain_of_tasks_does_not_keep_later_ones_from_running():
    last = threading.Event()

    def task(number):
        if number == 2:
            assert last.wait(TIMEOUT_S)
        elif number == 3:
            last.set()
        return number

    assert list(ordered(4, lambda number: [number - 1] if number in (1, 2) else [], task, 2)) == [0, 1, 2, 3]


def test_few_tasks_are_begun_before_their_results_are_taken():
    begun = []
    results = ordered(1000, nothing, begun.append, 2)
    assert begun == []
    for _ in range(3):
        next(results)
    time.sleep(0.05)
    results.close()
    assert len(begun) < 100


def test_one_worker_computes_in_the_thread_of_the_caller_when_it_is_asked():
    begun = []

    def task(number):
        begun.append(number)
        return threading.get_ident()

    results = ordered(3, nothing, task, 1)
    assert next(results) == threading.get_ident()
    assert begun == [0]


def test_an_error_is_raised_in_its_place_and_drops_later_tasks():
    begun = []

    def task(number):
        begun.append(number)
        if number == 1:
            raise ValueError("broken")
        return number

    results = ordered(500, nothing, task, 2)
    assert next(results) == 0
    with pytest.raises(ValueError, match="broken"):
        list(results)
    assert len(begun) < 100


def test_without_tasks_there_are_no_results():
    assert list(ordered(0, nothing, nothing, 2)) == []
