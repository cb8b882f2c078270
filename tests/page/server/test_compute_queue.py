"""The compute queue: strokes first, else first in, first out; repeated requests keep their place, and count once."""

import asyncio
import contextlib
import contextvars
import threading
import time

import pytest

from page.server.compute_queue import STROKES_FIRST_S, ComputeQueue
from page.server.errors import PageError


class Work:
    """A function that records its start in a log and returns its name once `finish` is set."""

    def __init__(self, log, name):
        self.log, self.name, self.finish = log, name, threading.Event()

    def __call__(self):
        self.log.append(self.name)
        assert self.finish.wait(30)
        return self.name


async def enqueue(queue, *works, **options):
    """Tasks that were queued one after the other."""
    tasks = []
    for work in works:
        tasks.append(asyncio.create_task(queue.run(work, **options)))
        await asyncio.sleep(0.01)
    return tasks


async def busy_answer(queue, work, **options):
    """The values of the "busy" error of a request that has timed out."""
    with pytest.raises(PageError, match="busy") as error:
        await queue.run(work, **options)
    return error.value.values


async def until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


def test_jobs_run_in_the_order_of_arrival():
    async def run():
        queue, log = ComputeQueue(timeout_s=30), []
        works = [Work(log, f"{index}") for index in range(12)]
        tasks = await enqueue(queue, *works)
        assert log == ["0"] and len(queue) == 11
        for work in reversed(works):
            work.finish.set()
        assert await asyncio.gather(*tasks) == log == [work.name for work in works]

    asyncio.run(run())


@pytest.mark.parametrize("workers", [1, 3])
def test_no_more_jobs_run_at_once_than_there_are_workers_and_threads_are_reused(workers):
    running, most, threads = [], [], set()

    def work():
        running.append(1)
        most.append(len(running))
        threads.add(threading.get_ident())
        time.sleep(0.02)
        running.pop()

    async def run():
        queue = ComputeQueue(workers, timeout_s=30)
        await asyncio.gather(*(queue.run(work) for _ in range(5 * workers)))

    asyncio.run(run())
    assert len(most) == 5 * workers and max(most) == workers == len(threads)


def test_requests_that_time_out_get_their_place_and_later_their_result():
    async def run():
        queue, log = ComputeQueue(timeout_s=0.2, work_timeout_s=0), []
        first, second, third = (Work(log, name) for name in ("first", "second", "third"))
        answers = [await busy_answer(queue, work) for work in (first, second, third)]
        assert [each["place"] for each in answers] == [0, 1, 2]
        assert (await busy_answer(queue, third, ticket=answers[2]["ticket"]))["place"] == 2
        first.finish.set()
        await until(lambda: "second" in log)
        assert (await busy_answer(queue, third, ticket=answers[2]["ticket"]))["place"] == 1
        second.finish.set()
        third.finish.set()
        await until(lambda: log == ["first", "second", "third"])  # without a repeated request
        for work, each in zip((third, second, first), reversed(answers), strict=True):
            assert await queue.run(work, ticket=each["ticket"]) == work.name
        assert log == ["first", "second", "third"]

    asyncio.run(run())


def test_a_request_whose_job_runs_waits_for_its_result():
    async def run():
        queue, log = ComputeQueue(timeout_s=0.01, work_timeout_s=30), []
        work = Work(log, "long")
        (waiting,) = await enqueue(queue, work)
        await asyncio.sleep(0.1)
        assert not waiting.done()
        work.finish.set()
        assert await waiting == "long"

    asyncio.run(run())


def test_a_repeated_request_is_not_done_twice_until_it_was_answered():
    async def run():
        queue, log = ComputeQueue(timeout_s=0.05, work_timeout_s=0), []
        work = Work(log, "undo")
        await busy_answer(queue, work, request_key=("me", "undo"))
        work.finish.set()
        assert await queue.run(work, request_key=("me", "undo")) == "undo"  # repeated without the ticket
        assert log == ["undo"]
        assert await queue.run(work, request_key=("me", "undo")) == "undo"  # a new request
        assert log == ["undo", "undo"]

    asyncio.run(run())


def test_jobs_with_other_request_keys_or_none_are_separate():
    async def run():
        queue, log = ComputeQueue(timeout_s=0.02, work_timeout_s=0), []
        works = [Work(log, name) for name in ("mine", "yours", "no key", "no key either")]
        for work, request_key in zip(works, (("me", "undo"), ("you", "undo"), None, None), strict=True):
            await busy_answer(queue, work, request_key=request_key)
            work.finish.set()
        await until(lambda: len(log) == 4)

    asyncio.run(run())


def test_a_result_that_is_not_fetched_is_dropped():
    async def run():
        queue, log = ComputeQueue(timeout_s=0.02, work_timeout_s=0, keep_s=0.05), []
        work = Work(log, "work")
        ticket = (await busy_answer(queue, work))["ticket"]
        work.finish.set()
        await asyncio.sleep(0.1)
        assert await queue.run(work, ticket=ticket) == "work"
        assert log == ["work", "work"]

    asyncio.run(run())


@pytest.mark.parametrize("ticket", ["x", "", 3, None, [], {}, float("nan")])
def test_an_unknown_ticket_adds_a_new_job(ticket):
    assert asyncio.run(ComputeQueue().run(lambda: "done", ticket=ticket)) == "done"


def test_a_cancelled_request_leaves_the_queue_and_a_running_job_is_waited_for():
    async def run():
        queue, log = ComputeQueue(timeout_s=30), []
        first, second, third = (Work(log, name) for name in ("first", "second", "third"))
        tasks = await enqueue(queue, first, second, third)
        tasks[1].cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await tasks[1]
        assert len(queue) == 1
        tasks[0].cancel()  # it is running: the next job waits for its thread
        await asyncio.sleep(0.05)
        assert log == ["first"]
        first.finish.set()
        third.finish.set()
        assert await tasks[2] == "third" and log == ["first", "third"]

    asyncio.run(run())


def test_an_exception_is_raised_for_its_request_and_the_next_job_runs():
    async def run():
        queue = ComputeQueue()
        with pytest.raises(ZeroDivisionError):
            await queue.run(lambda: 1 / 0)
        assert await queue.run(lambda: "fine") == "fine"

    asyncio.run(run())


def test_a_full_queue_declines_at_once():
    async def run():
        queue, log = ComputeQueue(timeout_s=30, max_waiting=2), []
        works = [Work(log, f"{index}") for index in range(3)]
        tasks = await enqueue(queue, *works)
        with pytest.raises(PageError, match="full"):
            await queue.run(Work(log, "too many"))
        for work in works:
            work.finish.set()
        await asyncio.gather(*tasks)
        assert await queue.run(lambda: "room again") == "room again"

    asyncio.run(run())


def test_work_sees_the_context_variables_of_the_request():
    """ZeroGPU reads the visitor's account from a context variable."""
    visitor = contextvars.ContextVar("visitor", default="none")

    async def run():
        visitor.set("me")
        return await ComputeQueue().run(visitor.get)

    assert asyncio.run(run()) == "me"


def test_a_request_that_waits_until_done_has_no_timeout():
    async def run():
        queue, log = ComputeQueue(timeout_s=0.01, work_timeout_s=0), []
        first, program = Work(log, "first"), Work(log, "program")
        await busy_answer(queue, first)
        (waiting,) = await enqueue(queue, program, wait_until_done=True)
        await asyncio.sleep(0.1)
        assert not waiting.done()
        first.finish.set()
        program.finish.set()
        assert await waiting == "program"

    asyncio.run(run())


def test_the_queue_has_strokes_while_one_waits_or_runs_but_those_of_the_client_itself_do_not_count():
    async def run():
        queue, log = ComputeQueue(timeout_s=30), []
        other, stroke = Work(log, "no stroke"), Work(log, "stroke")
        seen = [queue.has_strokes("him")]
        tasks = await enqueue(queue, other)
        seen.append(queue.has_strokes("him"))
        tasks += await enqueue(queue, stroke, stroke_of="her")
        seen += [queue.has_strokes("him"), queue.has_strokes("her")]
        other.finish.set()
        await until(lambda: log == ["no stroke", "stroke"])
        seen.append(queue.has_strokes("him"))
        stroke.finish.set()
        await asyncio.gather(*tasks)
        assert [*seen, queue.has_strokes("him")] == [False, False, True, False, True, False]

    asyncio.run(run())


def test_a_thread_waits_until_no_job_waits_or_runs_or_until_the_timeout():
    async def run():
        queue, work = ComputeQueue(timeout_s=30), Work([], "work")
        await asyncio.to_thread(queue.wait_until_idle, 30)
        tasks = await enqueue(queue, work)
        await asyncio.to_thread(queue.wait_until_idle, 0.1)  # the timeout
        waiting = asyncio.create_task(asyncio.to_thread(queue.wait_until_idle, 30))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        work.finish.set()
        await asyncio.gather(waiting, *tasks)

    asyncio.run(run())


# --- fair shares


def test_jobs_of_one_visit_run_one_after_the_other_and_hold_no_thread_while_they_wait():
    async def run():
        queue, log = ComputeQueue(2, timeout_s=30), []
        mine = [Work(log, f"mine {index}") for index in range(3)]
        other = Work(log, "other")
        tasks = await enqueue(queue, *mine, visit="me") + await enqueue(queue, other, visit="you")
        await until(lambda: log == ["mine 0", "other"])
        for work in (other, *mine):
            work.finish.set()
        await asyncio.gather(*tasks)
        assert log == ["mine 0", "other", "mine 1", "mine 2"]

    asyncio.run(run())


def test_a_client_with_many_jobs_delays_another_by_one_job_only():
    async def run():
        queue, log = ComputeQueue(1, timeout_s=30), []
        many = [Work(log, f"many {index}") for index in range(6)]
        few = [Work(log, f"few {index}") for index in range(2)]
        tasks = await enqueue(queue, *many, client="greedy") + await enqueue(queue, few[0], client="modest")
        many[0].finish.set()
        await until(lambda: len(log) == 2)
        tasks += await enqueue(queue, few[1], client="modest")
        for work in (*many, *few):
            work.finish.set()
        await asyncio.gather(*tasks)
        assert log[:4] == ["many 0", "few 0", "many 1", "few 1"]

    asyncio.run(run())


def test_clients_with_one_job_each_are_served_in_the_order_of_arrival():
    async def run():
        queue, log = ComputeQueue(1, timeout_s=30), []
        works = [Work(log, f"{index}") for index in range(8)]
        tasks = []
        for index, work in enumerate(works):
            tasks += await enqueue(queue, work, client=f"client {index % 4}")
            if index >= 3:
                works[index - 3].finish.set()
                await until(lambda index=index: len(log) == index - 1)
        for work in works:
            work.finish.set()
        await asyncio.gather(*tasks)
        assert log == [work.name for work in works]

    asyncio.run(run())


def test_strokes_go_before_slower_jobs_of_others_that_have_not_waited_long():
    async def run():
        queue, log = ComputeQueue(timeout_s=30), []
        first, old, opening, undo, own, other = (
            Work(log, name) for name in ("first", "old", "opening", "undo", "own", "other")
        )
        tasks = await enqueue(queue, first) + await enqueue(queue, old, client="a", visit="a")
        for job in queue._jobs.values():
            job.arrived -= STROKES_FIRST_S
        tasks += await enqueue(queue, opening, client="b", visit="b")
        tasks += await enqueue(queue, undo, client="c", visit="c")
        tasks += await enqueue(queue, own, client="c", visit="c", stroke_of="c")  # must not overtake the undo before it
        tasks += await enqueue(queue, other, client="d", visit="d", stroke_of="d")
        for work in (first, old, opening, undo, own, other):
            work.finish.set()
        await asyncio.gather(*tasks)
        assert log == ["first", "old", "other", "opening", "undo", "own"]

    asyncio.run(run())


def test_one_client_uses_all_workers_alone_but_leaves_one_while_there_are_others():
    async def run():
        queue, log = ComputeQueue(2, timeout_s=30), []
        alone = [Work(log, f"alone {index}") for index in range(2)]
        tasks = await enqueue(queue, *alone, client="greedy")
        await until(lambda: len(log) == 2)
        for work in alone:
            work.finish.set()
        await asyncio.gather(*tasks)
        assert await queue.run(lambda: "seen", client="modest") == "seen"
        crowded = [Work(log, f"crowded {index}") for index in range(3)]
        tasks = await enqueue(queue, *crowded, client="greedy")
        assert await asyncio.wait_for(queue.run(lambda: "at once", client="modest"), 5) == "at once"
        assert log[2:] == ["crowded 0"]
        for work in crowded:
            work.finish.set()
        await asyncio.gather(*tasks)

    asyncio.run(run())


def test_one_client_or_one_visit_cannot_fill_the_queue():
    async def run():
        queue, log = ComputeQueue(timeout_s=30, max_waiting=80), []
        works = [Work(log, f"{index}") for index in range(40)]
        tasks = await enqueue(queue, *works[:9], visit="one visit", client="greedy")
        with pytest.raises(PageError, match="full"):
            await queue.run(works[9], visit="one visit", client="greedy")
        tasks += await enqueue(queue, *works[9:21], client="greedy")
        with pytest.raises(PageError, match="full"):
            await queue.run(works[21], client="greedy")
        tasks += await enqueue(queue, works[22], client="modest")
        assert len(queue) == 21
        for work in works:
            work.finish.set()
        await asyncio.gather(*tasks)

    asyncio.run(run())


def test_a_job_that_nobody_asks_for_any_more_is_dropped_before_it_runs():
    async def run():
        queue, log = ComputeQueue(timeout_s=0.02, work_timeout_s=0, keep_s=0.1), []
        first, forgotten, program = Work(log, "first"), Work(log, "forgotten"), Work(log, "program")
        await busy_answer(queue, first)
        await busy_answer(queue, forgotten)
        (waiting,) = await enqueue(queue, program, wait_until_done=True)
        await asyncio.sleep(0.3)
        (last,) = await enqueue(queue, lambda: "last", wait_until_done=True)
        first.finish.set()
        program.finish.set()
        assert [await waiting, await last] == ["program", "last"]
        assert log == ["first", "program"]

    asyncio.run(run())


def test_a_closed_queue_declines_what_waits_and_what_comes():
    async def run():
        queue, log = ComputeQueue(timeout_s=30), []
        running, waiting = Work(log, "running"), Work(log, "waiting")
        tasks = await enqueue(queue, running, waiting)
        await asyncio.to_thread(queue.close, 0)
        for request in (tasks[1], asyncio.create_task(queue.run(lambda: "new"))):
            with pytest.raises(PageError, match="full"):
                await request
        running.finish.set()
        assert await tasks[0] == "running" and log == ["running"]

    asyncio.run(run())


def test_cancelling_takes_the_waiting_jobs_of_a_visit_out_of_the_queue_and_no_others():
    async def run():
        queue, log = ComputeQueue(timeout_s=30), []
        running, mine, other = (Work(log, name) for name in ("running", "mine", "other"))
        tasks = [*await enqueue(queue, running, visit="a"), *await enqueue(queue, mine, visit="a")]
        tasks += await enqueue(queue, other, visit="b")
        queue.cancel("a")
        with pytest.raises(PageError, match="cancelled"):
            await tasks[1]
        for work in (running, other):
            work.finish.set()
        assert [await tasks[0], await tasks[2]] == ["running", "other"] == log

    asyncio.run(run())
