"""Turns: first come, first served, nobody holds a thread while waiting, and nobody loses a place by asking again."""

import asyncio
import contextlib
import contextvars
import threading
import time

import pytest

from page.turns import Refusal, Turns


class Work:
    """Something to do that lasts until it is let go, and notes when it ran."""

    def __init__(self, log, name):
        self.log, self.name, self.go = log, name, threading.Event()

    def __call__(self):
        self.log.append(self.name)
        assert self.go.wait(30)
        return self.name


async def line_up(turns, *works, **options):
    """Tasks that line up one after the other."""
    tasks = []
    for work in works:
        tasks.append(asyncio.create_task(turns.run(work, work.name, **options)))
        await asyncio.sleep(0.01)
    return tasks


async def until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


def test_turns_come_in_the_order_of_arrival():
    async def scene():
        turns, log = Turns(patience_s=30), []
        works = [Work(log, f"{index}") for index in range(12)]
        tasks = await line_up(turns, *works)
        assert log == ["0"] and len(turns) == 11
        for work in reversed(works):
            work.go.set()
        assert await asyncio.gather(*tasks) == log == [work.name for work in works]

    asyncio.run(scene())


@pytest.mark.parametrize("at_once", [1, 3])
def test_no_more_work_at_once_than_allowed_and_always_in_the_same_threads(at_once):
    running, most, threads = [], [], set()

    def work():
        running.append(1)
        most.append(len(running))
        threads.add(threading.get_ident())
        time.sleep(0.02)
        running.pop()

    async def scene():
        turns = Turns(at_once, patience_s=30)
        await asyncio.gather(*(turns.run(work) for _ in range(5 * at_once)))

    asyncio.run(scene())
    assert len(most) == 5 * at_once and max(most) == at_once == len(threads)


def test_whoever_waits_long_is_told_the_place_and_keeps_it():
    async def scene():
        turns, log = Turns(patience_s=0.1), []
        first, second, third = (Work(log, name) for name in ("first", "second", "third"))
        (begun,) = await line_up(turns, first)
        busy = await asyncio.gather(*await line_up(turns, second, third), return_exceptions=True)
        assert [refusal.key for refusal in busy] == ["busy", "busy"]
        assert [refusal.values["place"] for refusal in busy] == [1, 2]
        assert [refusal.values["ticket"] for refusal in busy] == ["second", "third"]
        turns.patience_s = 30
        again = await line_up(turns, third, second)
        for work in (first, second, third):
            work.go.set()
        await asyncio.gather(begun, *again)
        assert log == ["first", "second", "third"]

    asyncio.run(scene())


def test_a_place_whose_owner_is_away_holds_nobody_up_and_stays_in_front():
    async def scene():
        turns, log = Turns(patience_s=0.05), []
        first, away, here, late = (Work(log, name) for name in ("first", "away", "here", "late"))
        (begun,) = await line_up(turns, first)
        with pytest.raises(Refusal, match="busy"):
            await turns.run(away, "away")
        turns.patience_s = 30
        waiting = await line_up(turns, here, late)
        first.go.set()
        await until(lambda: "here" in log)
        back = await line_up(turns, away)
        for work in (here, away, late):
            work.go.set()
        await asyncio.gather(begun, *waiting, *back)
        assert log == ["first", "here", "away", "late"]

    asyncio.run(scene())


def test_a_place_lapses_when_its_owner_stays_away():
    async def scene():
        turns, log = Turns(patience_s=0.02, keep_s=0.05), []
        first = Work(log, "first")
        (begun,) = await line_up(turns, first)
        with pytest.raises(Refusal):
            await turns.run(Work(log, "away"), "away")
        assert len(turns) == 1
        await until(lambda: len(turns) == 0)
        first.go.set()
        await begun

    asyncio.run(scene())


def test_one_visitor_never_works_in_two_threads_at_once():
    async def scene():
        turns, log = Turns(at_once=2, patience_s=30), []
        mine, mine_too, other = Work(log, "me"), Work(log, "me"), Work(log, "other")
        tasks = await line_up(turns, mine, mine_too, other)
        await until(lambda: len(log) == 2)
        assert log == ["me", "other"]
        for work in (mine, mine_too, other):
            work.go.set()
        await asyncio.gather(*tasks)
        assert log == ["me", "other", "me"]

    asyncio.run(scene())


def test_somebody_who_gives_up_frees_the_place_at_once():
    async def scene():
        turns, log = Turns(patience_s=30), []
        first, second, third = (Work(log, name) for name in ("first", "second", "third"))
        tasks = await line_up(turns, first, second, third)
        tasks[1].cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await tasks[1]
        assert len(turns) == 1
        tasks[0].cancel()  # the one at work: its thread goes on, and the next waits for it
        await asyncio.sleep(0.05)
        assert log == ["first"]
        first.go.set()
        third.go.set()
        assert await tasks[2] == "third"

    asyncio.run(scene())


def test_work_that_fails_tells_its_owner_and_lets_the_next_one_in():
    async def scene():
        turns = Turns()
        with pytest.raises(ZeroDivisionError):
            await turns.run(lambda: 1 / 0)
        assert await turns.run(lambda: "fine") == "fine"

    asyncio.run(scene())


def test_a_full_line_says_so_at_once():
    async def scene():
        turns, log = Turns(patience_s=30, most=2), []
        works = [Work(log, f"{index}") for index in range(3)]
        tasks = await line_up(turns, *works)
        with pytest.raises(Refusal, match="full"):
            await turns.run(Work(log, "one too many"))
        for work in works:
            work.go.set()
        await asyncio.gather(*tasks)

    asyncio.run(scene())


def test_work_sees_whose_request_it_is():
    """ZeroGPU reads the visitor's account from a context variable."""
    visitor = contextvars.ContextVar("visitor", default="nobody")

    async def scene():
        visitor.set("me")
        return await Turns().run(visitor.get)

    assert asyncio.run(scene()) == "me"


def test_a_patient_request_waits_for_as_long_as_it_takes():
    async def scene():
        turns, log = Turns(patience_s=0.01), []
        first, program = Work(log, "first"), Work(log, "program")
        (begun,) = await line_up(turns, first)
        (waiting,) = await line_up(turns, program, patient=True)
        await asyncio.sleep(0.1)
        assert not waiting.done()
        first.go.set()
        program.go.set()
        assert await waiting == "program" and await begun == "first"

    asyncio.run(scene())
