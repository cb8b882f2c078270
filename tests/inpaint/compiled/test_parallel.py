"""Threads: every index once, the same bytes with any number of them, limits, forks; what stops a synthesis."""

import concurrent.futures
import contextlib
import functools
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from inpaint.compiled import parallel as compiled
from inpaint.compiled.parallel import CancelledError, one_thread, parallel, raise_if, results_of
from tests.inpaint.synthesis.photos import surface_bytes, with_hole

TIMEOUT_S = 20


@pytest.fixture
def use_threads(monkeypatch):
    """A function that sets the number of threads, and returns their pool."""
    with contextlib.ExitStack() as stack:

        def use(number):
            pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(number))
            monkeypatch.setattr(compiled, "threads", lambda: number)
            monkeypatch.setattr(compiled, "_pool", lambda process: pool)
            return pool

        yield use


def count_visits(count, least):
    visits = np.zeros(count, int)

    def kernel(start, stop, visits):
        visits[start:stop] += 1

    parallel(kernel, count, visits, least=least)
    return visits


@pytest.mark.parametrize("number", [1, 2, 4])
def test_each_index_is_computed_once(use_threads, number):
    use_threads(number)
    for count in (0, 1, 7, 64, 1000):
        for least in (1, 10, 2048):
            assert (count_visits(count, least) == 1).all()


@pytest.mark.parametrize("number", [1, 2, 4])
def test_results_are_in_the_order_of_the_calls(use_threads, number):
    use_threads(number)
    for count in (0, 1, 2, 5):
        calls = [lambda index=index: index * index for index in range(count)]
        assert results_of(calls) == [index * index for index in range(count)]


def test_results_are_computed_at_the_same_time_also_where_kernels_have_one_thread(use_threads):
    use_threads(2)
    both = threading.Barrier(2)

    def work():
        both.wait(TIMEOUT_S)  # only two threads get beyond this
        seen = []
        parallel(lambda start, stop: (seen.append(threading.get_ident()), time.sleep(0.02)), 64, least=1)
        return set(seen)

    with one_thread():
        first, second = results_of([work, work])
    assert len(first) == len(second) == 1 and first != second  # kernels within them have one thread each


@pytest.mark.parametrize("failing", range(4))
def test_an_error_of_one_call_ends_the_others_and_is_raised_once_none_is_running(use_threads, failing):
    use_threads(4)
    all_running, begun, ended = threading.Barrier(4), [], []

    def work(number):
        begun.append(number)
        if number < 4:
            all_running.wait(TIMEOUT_S)
        if number == failing:
            raise CancelledError
        time.sleep(0.1 * (1 + number % 4))
        ended.append(number)

    with pytest.raises(CancelledError):
        results_of([functools.partial(work, number) for number in range(12)])
    assert len(begun) < 12  # what had not begun was given up
    assert sorted([*ended, failing]) == sorted(begun)


def test_kernels_stay_in_the_thread_that_asks_for_it_and_in_no_other(use_threads):
    use_threads(4)

    def threads_of_a_kernel():
        seen = []
        parallel(lambda start, stop: (seen.append(threading.get_ident()), time.sleep(0.02)), 64, least=1)
        return set(seen)

    with one_thread():
        assert threads_of_a_kernel() == {threading.get_ident()}
        with one_thread(condition=False):
            assert threads_of_a_kernel() == {threading.get_ident()}
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            assert len(pool.submit(threads_of_a_kernel).result(TIMEOUT_S)) > 1
    with one_thread(condition=False):
        assert len(threads_of_a_kernel()) > 1


def test_the_bytes_are_the_same_with_one_two_and_four_threads(use_threads):
    photo, hole = with_hole(300, 400, 90, 120, 210, 280)
    seen = set()
    for number in (1, 2, 4):
        use_threads(number)
        seen.add(surface_bytes(photo, hole, 120, seed=5))
    assert len(seen) == 1


def test_the_bytes_are_the_same_when_several_fills_share_the_threads(use_threads):
    use_threads(2)
    tasks = [(with_hole(160, 200, 40, 50, 110, 140), seed) for seed in (0, 1, 2)]
    alone = [surface_bytes(*task, 70, seed=seed) for task, seed in tasks]
    with concurrent.futures.ThreadPoolExecutor(3) as callers:
        together = list(callers.map(lambda task: surface_bytes(*task[0], 70, seed=task[1]), tasks))
    assert together == alone and len(set(alone)) == 3


def test_parts_are_computed_by_two_threads_at_the_same_time(use_threads):
    use_threads(2)
    both = threading.Barrier(2)
    parallel(lambda start, stop: both.wait(TIMEOUT_S), 2, least=1)


def test_a_call_does_not_wait_for_threads_that_are_busy_with_another(use_threads):
    pool = use_threads(2)
    free = threading.Event()
    busy = [pool.submit(free.wait, TIMEOUT_S) for _ in range(2)]
    try:
        assert (count_visits(1000, 1) == 1).all()
        assert not any(other.done() for other in busy)
    finally:
        free.set()


@pytest.mark.parametrize("in_caller", [True, False])
def test_an_error_in_a_part_is_raised_once_no_part_is_running(use_threads, in_caller):
    use_threads(2)
    both, ended = threading.Barrier(2), []

    def kernel(start, stop):
        both.wait(TIMEOUT_S)
        if (threading.current_thread() is threading.main_thread()) == in_caller:
            raise ArithmeticError("in a part")
        time.sleep(0.2)
        ended.append(start)

    with pytest.raises(ArithmeticError, match="in a part"):
        parallel(kernel, 2, least=1)
    assert len(ended) == 1


def test_without_threads_from_the_system_the_caller_computes_everything(use_threads):
    use_threads(2).shutdown()  # then no call can be submitted, as at the end of the interpreter
    assert (count_visits(1000, 1) == 1).all()


@pytest.mark.parametrize(("variable", "expected"), [("1", 1), ("2", 2), ("64", 3), ("2,1", 2), ("", 3), ("many", 3)])
def test_there_are_as_many_threads_as_cores_unless_openmp_is_to_use_fewer(monkeypatch, variable, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {1, 4, 5}, raising=False)
    monkeypatch.setattr(compiled, "_cpu_quota", lambda: 0)
    monkeypatch.setenv("OMP_NUM_THREADS", variable)
    assert compiled.threads.__wrapped__() == expected


def test_a_container_that_may_use_one_core_of_three_has_one_thread(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {1, 4, 5}, raising=False)
    monkeypatch.setattr(compiled, "_cpu_quota", lambda: 1)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert compiled.threads.__wrapped__() == 1


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "max 100000\n"}, 0),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 0),
        ({}, 0),
    ],
)
def test_the_quota_of_a_container_is_read_in_both_versions_of_control_groups(tmp_path, files, expected):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert compiled._cpu_quota(tmp_path) == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_threads_of_its_own():
    code = f"""
import os, threading
from inpaint.compiled import parallel as compiled
compiled.threads = lambda: 2

def run():
    both = threading.Barrier(2)
    compiled.parallel(lambda start, stop: both.wait({TIMEOUT_S}), 2, least=1)

run()
child = os.fork()
run()
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=3 * TIMEOUT_S)


def test_a_synthesis_stops_when_its_result_is_not_wanted_any_more():
    photo, hole = with_hole(96, 96, 30, 30, 66, 66)
    with pytest.raises(CancelledError):
        surface_bytes(photo, hole, 36, cancelled=lambda: True)
    raise_if(None)
    raise_if(lambda: False)
