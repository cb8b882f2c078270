"""Turns: first come, first served, nobody holds a thread while waiting, and nobody loses a turn by asking again."""

import asyncio
import contextlib
import contextvars
import threading
import time

import pytest

from page.server.compute_queue import Turns
from page.server.refusal import Refusal


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
        tasks.append(asyncio.create_task(turns.run(work, **options)))
        await asyncio.sleep(0.01)
    return tasks


async def busy(turns, work, **options):
    """What somebody is told who has waited for long."""
    with pytest.raises(Refusal, match="busy") as refusal:
        await turns.run(work, **options)
    return refusal.value.values


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


def test_those_who_wait_long_are_told_their_places_and_get_their_results_in_the_same_order():
    async def scene():
        turns, log = Turns(patience_s=0.2, work_s=0), []
        first, second, third = (Work(log, name) for name in ("first", "second", "third"))
        told = [await busy(turns, work) for work in (first, second, third)]
        assert [each["place"] for each in told] == [0, 1, 2]
        assert (await busy(turns, third, ticket=told[2]["ticket"]))["place"] == 2
        first.go.set()
        await until(lambda: "second" in log)
        assert (await busy(turns, third, ticket=told[2]["ticket"]))["place"] == 1
        second.go.set()
        third.go.set()
        await until(lambda: log == ["first", "second", "third"])  # whether they ask again or not
        for work, each in zip((third, second, first), reversed(told), strict=True):
            assert await turns.run(work, ticket=each["ticket"]) == work.name
        assert log == ["first", "second", "third"]

    asyncio.run(scene())


def test_nobody_is_told_a_place_whose_turn_has_come():
    async def scene():
        turns, log = Turns(patience_s=0.01, work_s=30), []
        work = Work(log, "long")
        (waiting,) = await line_up(turns, work)
        await asyncio.sleep(0.1)
        assert not waiting.done()
        work.go.set()
        assert await waiting == "long"

    asyncio.run(scene())


def test_the_same_wish_is_not_done_twice_as_long_as_it_was_not_answered():
    async def scene():
        turns, log = Turns(patience_s=0.05, work_s=0), []
        work = Work(log, "undo")
        await busy(turns, work, wish=("me", "undo"))
        work.go.set()
        assert await turns.run(work, wish=("me", "undo")) == "undo"  # asked again without the ticket
        assert log == ["undo"]
        assert await turns.run(work, wish=("me", "undo")) == "undo"  # and now the one before
        assert log == ["undo", "undo"]

    asyncio.run(scene())


def test_wishes_of_different_visitors_are_kept_apart_and_so_are_those_of_nobody():
    async def scene():
        turns, log = Turns(patience_s=0.02, work_s=0), []
        works = [Work(log, name) for name in ("mine", "yours", "nobody's", "nobody else's")]
        for work, wish in zip(works, (("me", "undo"), ("you", "undo"), None, None), strict=True):
            await busy(turns, work, wish=wish)
            work.go.set()
        await until(lambda: len(log) == 4)

    asyncio.run(scene())


def test_a_result_that_nobody_asks_for_is_forgotten():
    async def scene():
        turns, log = Turns(patience_s=0.02, work_s=0, keep_s=0.05), []
        work = Work(log, "work")
        ticket = (await busy(turns, work))["ticket"]
        work.go.set()
        await asyncio.sleep(0.1)
        assert await turns.run(work, ticket=ticket) == "work"
        assert log == ["work", "work"]

    asyncio.run(scene())


@pytest.mark.parametrize("ticket", ["x", "", 3, None, [], {}, float("nan")])
def test_a_ticket_that_was_never_given_is_a_place_at_the_end(ticket):
    assert asyncio.run(Turns().run(lambda: "done", ticket=ticket)) == "done"


def test_somebody_who_gives_up_does_not_keep_the_others_waiting():
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
        assert await tasks[2] == "third" and log == ["first", "third"]

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
        assert await turns.run(lambda: "room again") == "room again"

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
        turns, log = Turns(patience_s=0.01, work_s=0), []
        first, program = Work(log, "first"), Work(log, "program")
        await busy(turns, first)
        (waiting,) = await line_up(turns, program, patient=True)
        await asyncio.sleep(0.1)
        assert not waiting.done()
        first.go.set()
        program.go.set()
        assert await waiting == "program"

    asyncio.run(scene())
