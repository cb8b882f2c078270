"""Twenty visitors at once, in small; and the page as it is really started."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.load.__main__ import Load, Stroke, main, memory_mb, own_server, share
from tests.load.visitor import Visitor, photo_of
from tests.page.serving import GRADIO_WARNINGS, serving

SERVER = """
import pathlib, sys, app
from tests.page.serving import serving
app.keep_memory()
with serving(pathlib.Path(sys.argv[1])) as served:
    print(served.url, flush=True)
    sys.stdin.read()
"""

pytestmark = GRADIO_WARNINGS


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("uploads").resolve(), timeout_s=0.2) as running:
        yield running


def test_twenty_visitors_are_served_in_order_without_an_error(served):
    load = Load(served.url, None, fills=60)
    load.run(visitors=20, megapixels=1, pause_s=0)
    assert load.errors == [] and len(load.strokes) == 60 and load.overtaken() == 0
    assert len(load.openings) >= 20 and load.page_requests
    report = load.report()
    assert "median" in report and "errors: 0; overtaken: 0" in report and "memory" not in report


def test_memory_stays_flat_while_visitors_come_and_go(tmp_path):
    """In a process of its own: what other tests have left in this one comes and goes with the garbage collector."""
    command = [sys.executable, "-c", SERVER, str(tmp_path.resolve())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            url = next(line.strip() for line in server.stdout if line.startswith("http"))  # Gradio speaks first
            first, then = (Load(url, server.pid, fills=fills) for fills in (100, 200))
            between = [painted_and_left(load) for load in (first, then)]
        finally:
            server.communicate("")
    assert first.errors == then.errors == []
    assert between[1] - between[0] < 40  # 20 photos, of which each would be 6 MB for good
    assert set(then.memory) == {40, 120, 200} and "memory after 200 fills" in then.report()


def painted_and_left(load):
    """Two visitors paint until they have enough; what the server holds when both are gone, at its least, in MB."""
    load.run(visitors=2, megapixels=2, pause_s=0)
    held = []
    for _ in range(10):
        time.sleep(0.2)
        held.append(memory_mb(load.pid))
    return min(held)


def test_whoever_waits_long_is_told_a_place_and_then_served(served):
    free = threading.Event()
    held = threading.Thread(target=asyncio.run, args=[served.visits.queue.run(free.wait, wait_until_done=True)])
    held.start()
    visitors = [Visitor(served.url) for _ in range(3)]
    photo = photo_of(0.05)
    opening = [threading.Thread(target=visitor.open, args=[photo]) for visitor in visitors]
    for thread in opening:
        thread.start()
    deadline = time.monotonic() + 30
    while not all(visitor.places for visitor in visitors):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    free.set()
    for thread in (held, *opening):
        thread.join()
    assert {visitor.places[0] for visitor in visitors} == {1, 2, 3}


def test_the_page_answers_others_while_more_wait_than_gradio_has_threads(served):
    free = threading.Event()
    held = threading.Thread(target=asyncio.run, args=[served.visits.queue.run(free.wait, wait_until_done=True)])
    held.start()
    photo = photo_of(0.05)
    waiting = [threading.Thread(target=Visitor(served.url).open, args=[photo]) for _ in range(60)]
    for thread in waiting:
        thread.start()
    deadline = time.monotonic() + 60
    while len(served.visits.queue) < 60:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    begun = time.monotonic()
    passer_by = Visitor(served.url)
    assert "<html" in passer_by.get("") and passer_by.status()["waiting"] >= 60
    assert time.monotonic() - begun < 20
    free.set()
    for thread in (held, *waiting):
        thread.join()


def test_the_command_says_how_it_went(served, capsys):
    with pytest.raises(SystemExit) as end:
        main(["--url", served.url, "--visitors", "2", "--fills", "4", "--megapixels", "1", "--pause-s", "0"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert "2 visitors" in out and "PyTorch" in out and "errors: 0" in out and "memory" not in out


def test_a_page_that_does_not_answer_is_an_error(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--url", "http://127.0.0.1:9/"])
    assert "http://127.0.0.1:9/" in str(end.value.code) and "Traceback" not in str(end.value.code)


def test_who_is_overtaken():
    fair = [Stroke(0, 2), Stroke(1, 3), Stroke(1.2, 2.9)]  # the last two count as at the same time
    load = Load("", None, 0)
    load.strokes = [*fair]
    assert load.overtaken() == 0
    load.strokes = [*fair, Stroke(1, 9)]
    assert load.overtaken() == 0
    load.strokes = [*fair, Stroke(0, 9)]
    assert load.overtaken() == 1


@pytest.mark.parametrize(("part", "expected"), [(0.5, 10), (0.95, 19), (0.96, 20), (1, 20)])
def test_the_time_within_which_a_part_of_the_requests_was_answered(part, expected):
    assert share([float(time) for time in range(1, 21)], part) == expected


@pytest.mark.slow
def test_the_page_paints_soon_after_it_was_started_and_leaves_nothing_behind(tmp_path, monkeypatch):
    """The bar is 15 seconds on a quiet machine; `python -m tests.load` prints what it is."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    begun = time.monotonic()
    with own_server() as (url, pid):
        visitor = Visitor(url)
        visit, _, _ = visitor.open(photo_of(1))
        assert visitor.paint(visit, [[100, 100], [300, 200]])
        assert time.monotonic() - begun < 150
        status = visitor.status()
        assert status["weights"] == "bundled" and status["revision"] is None and status["runtime"]
        (folder,) = tmp_path.glob("inpaint-*")
        assert any(folder.rglob("photo.jpg"))
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 60
        while folder.exists():
            assert time.monotonic() < deadline
            time.sleep(0.1)
