"""Memory that nobody uses is returned: free blocks of the heap, and what models keep once nothing computes."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from page.server import unused_memory
from page.server.compute_queue import ComputeQueue
from page.server.unused_memory import GROWTH_BYTES, UnusedMemory

ROOT = Path(__file__).parents[3]


@pytest.fixture
def trims(monkeypatch):
    """One entry for each time that free blocks were returned."""
    found = []
    monkeypatch.setattr(unused_memory, "trim_memory", lambda: found.append(1))
    return found


def compute(queue):
    asyncio.run(queue.run(lambda: None))


def test_caches_of_models_are_released_once_nothing_has_been_computed_for_a_while(trims, monkeypatch):
    now, queue, released = [100.0], ComputeQueue(), []
    monkeypatch.setattr(unused_memory.time, "monotonic", lambda: now[0])
    memory = UnusedMemory([queue], release_after_s=30)
    memory.release.append(lambda: released.append(now[0]))
    compute(queue)
    for now[0] in (101, 130):
        memory.check(False)
    assert released == []
    for now[0] in (132, 200, 300):
        memory.check(False)
    assert released == [132], "once, 30 s after the first look at an idle queue"
    compute(queue)
    for now[0] in (301, 332):
        memory.check(False)
    assert released == [132, 332]


def test_caches_stay_while_something_computes(trims, monkeypatch):
    queue, released = ComputeQueue(), []
    memory = UnusedMemory([queue], release_after_s=0)
    memory.release.append(lambda: released.append(1))
    compute(queue)
    memory.check(False)
    monkeypatch.setattr(queue, "is_busy", lambda: True)
    memory.check(False)
    assert released == []
    monkeypatch.setattr(queue, "is_busy", lambda: False)
    memory.check(False)
    assert released == [1]


def test_a_model_that_cannot_release_its_memory_is_logged_and_the_others_go_on(trims, caplog):
    queue, released = ComputeQueue(), []
    memory = UnusedMemory([queue], release_after_s=0)
    memory.release += [lambda: 1 / 0, lambda: released.append(1)]
    compute(queue)
    memory.check(False)
    memory.check(False)
    assert released == [1] and "could not be released" in caplog.text


def test_free_blocks_are_returned_when_a_visit_has_ended_and_when_the_process_has_grown(trims, monkeypatch):
    memory, resident = UnusedMemory([]), [500_000_000]
    monkeypatch.setattr(unused_memory, "resident_bytes", lambda: resident[0])
    memory.check(False)
    assert len(trims) == 1, "what was there at the start"
    resident[0] += GROWTH_BYTES
    memory.check(False)
    assert len(trims) == 1, "not more than the limit"
    memory.check(True)
    assert len(trims) == 2
    resident[0] += GROWTH_BYTES + 1
    memory.check(False)
    assert len(trims) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="is read from /proc")
def test_the_resident_memory_grows_by_what_is_written():
    code = """
from page.server.unused_memory import resident_bytes
before = resident_bytes()
held = bytearray(b"x" * 50_000_000)
print(resident_bytes() - before)
"""  # in a process of its own, where nothing else releases memory meanwhile
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 40_000_000 < int(done.stdout) < 120_000_000
