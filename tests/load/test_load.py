"""The load test on a small scale, and the page as `python app.py` starts it."""

import asyncio
import base64
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from inpaint import Inpainter
from tests.inpaint.sessions import TwoPhases
from tests.load.__main__ import LoadTest, Stroke, compared, main, quantile, ratio, round_ratio, start_server
from tests.load.hostile import SAMPLE_S, Held, Peaks, memory_mb, verdict
from tests.load.visitor import Visitor, photo_of
from tests.page.serving import GRADIO_WARNINGS, OneColour, serving

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
    load = LoadTest(served.url, None, fills=60)
    load.run(visitors=20, megapixels=1, pause_s=0)
    assert load.errors == [] and len(load.strokes) == 60 and load.overtaken() == 0
    assert len(load.openings) >= 20 and load.page_requests
    report = load.report()
    assert "median" in report and "errors: 0; overtaken: 0" in report and "memory" not in report


def test_visitors_ask_for_final_fills_in_their_pauses(tmp_path):
    fills = TwoPhases()
    with serving(tmp_path.resolve(), inpainter=Inpainter(OneColour()).with_fills(fills)) as served:
        load = LoadTest(served.url, None, fills=4)
        load.run(visitors=2, megapixels=0.5, pause_s=1.5)
    assert load.errors == [] and len(load.strokes) == 4 and fills.computed > 0


def test_memory_stays_flat_while_visitors_come_and_go(tmp_path):
    """In a separate process, where garbage of other tests does not count."""
    command = [sys.executable, "-c", SERVER, str(tmp_path.resolve())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            printed = (line.strip() for line in server.stdout)  # Gradio's lines come first
            url = next(line for line in printed if line.startswith("http"))
            first, then = (LoadTest(url, server.pid, fills=fills) for fills in (50, 150))
            between = [memory_after_run(load) for load in (first, then)]
        finally:
            server.communicate("")
    assert first.errors == then.errors == []
    assert between[1] - between[0] < 40  # of 15 photos, each of which could leak 6 MB
    assert set(then.memory) == {30, 90, 150} and "memory after 150 fills" in then.report()
    if sys.platform.startswith("linux"):
        assert then.cpu_s > 0 and "s for each fill" in then.report()


def memory_after_run(load):
    """Let two visitors paint; the smallest memory of the server in MB within two seconds after they have left."""
    load.run(visitors=2, megapixels=2, pause_s=0)
    samples = []
    for _ in range(10):
        time.sleep(0.2)
        samples.append(memory_mb(load.pid))
    return min(samples)


def test_requests_that_wait_long_get_a_place_in_the_queue_and_then_their_result(served):
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


def test_the_page_responds_while_more_requests_wait_than_gradio_has_threads(served):
    free = threading.Event()
    held = threading.Thread(target=asyncio.run, args=[served.visits.queue.run(free.wait, wait_until_done=True)])
    held.start()
    photo = photo_of(0.05)
    visitors = [Visitor(served.url, f"198.51.100.{number % 3}") for number in range(60)]
    waiting = [threading.Thread(target=visitor.open, args=[photo]) for visitor in visitors]
    for thread in waiting:
        thread.start()
    deadline = time.monotonic() + 60
    while len(served.visits.queue) < 60:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    start = time.monotonic()
    visitor = Visitor(served.url)
    assert "<html" in visitor.get("") and visitor.status()["waiting"] >= 60
    assert time.monotonic() - start < 20
    free.set()
    for thread in (held, *waiting):
        thread.join()


def test_the_command_prints_a_report_and_exits_with_zero(served, capsys):
    with pytest.raises(SystemExit) as end:
        main(["--url", served.url, "--visitors", "2", "--fills", "4", "--megapixels", "1", "--pause-s", "0"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert "2 visitors" in out and "PyTorch" in out and "errors: 0" in out and "memory" not in out


def test_an_unreachable_page_is_an_error_message(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--url", "http://127.0.0.1:9/"])
    assert "http://127.0.0.1:9/" in str(end.value.code) and "Traceback" not in str(end.value.code)


def test_a_stroke_is_overtaken_if_a_later_one_is_answered_earlier():
    in_order = [Stroke(0, 2), Stroke(1, 3), Stroke(1.2, 2.9)]  # the last two are simultaneous
    load = LoadTest("", None, 0)
    load.strokes = [*in_order]
    assert load.overtaken() == 0
    load.strokes = [*in_order, Stroke(1, 9)]
    assert load.overtaken() == 0
    load.strokes = [*in_order, Stroke(0, 9)]
    assert load.overtaken() == 1


def test_two_pages_are_compared_by_the_95th_percentiles_of_their_latencies_in_all_rounds():
    old, new = ([LoadTest("", None, 0), LoadTest("", None, 0)] for _ in range(2))
    for loads, second, slowest in ((old, 8, 100), (new, 4, 7)):
        loads[0].strokes = [Stroke(0, latency) for latency in [1] * 9 + [slowest]]
        loads[1].strokes = [Stroke(0, latency) for latency in [1] * 9 + [second]]
    assert ratio(old, new) == 0.5
    assert compared(old, new).startswith("95 %: 8.00 s and 4.00 s, 0.50 x, limit 0.5: met")
    assert "missed" in compared(new, old)


def test_a_page_is_free_without_files_and_with_the_memory_that_it_had():
    before = Held(sockets=3, files=0, megabytes=0, memory_mb=600)
    assert before.is_free(before) and Held(9, 0, 0, 700).is_free(before)
    assert not Held(3, 1, 0, 600).is_free(before) and not Held(3, 0, 0, 800).is_free(before)
    assert str(Held(3, 2, 1.2, 600)) == "3 sockets, 1 MB in 2 files, 600 MB of memory"


def test_each_bar_is_printed_with_what_was_measured_and_its_limit():
    assert verdict("memory", 149.96, 150, "MB") == (True, "met: memory: 150 MB, limit 150")
    assert verdict("memory", 151, 150, "MB") == (False, "MISSED: memory: 151 MB, limit 150")


def test_rounds_are_compared_by_the_median_of_their_ratios():
    alone, beside = ([LoadTest("", None, 0) for _ in range(3)] for _ in range(2))
    for one, other, factor in zip(alone, beside, (1, 9, 2), strict=True):
        one.strokes, other.strokes = [Stroke(0, 2)], [Stroke(0, 2 * factor)]
    assert round_ratio(alone, beside) == 2


def test_the_peaks_of_memory_and_files_are_seen(tmp_path):
    peaks = Peaks(os.getpid(), tmp_path)
    with peaks.watched():
        (tmp_path / "upload").write_bytes(bytes(3_000_000))
        time.sleep(2 * SAMPLE_S)
        (tmp_path / "upload").unlink()
    assert peaks.megabytes == 3 and peaks.memory_mb > 20


@pytest.mark.parametrize(("fraction", "expected"), [(0.5, 10), (0.95, 19), (0.96, 20), (1, 20)])
def test_a_quantile_is_the_smallest_time_that_covers_the_fraction(fraction, expected):
    assert quantile([float(time) for time in range(1, 21)], fraction) == expected


@pytest.mark.slow
def test_the_started_page_fills_a_stroke_and_removes_its_files_when_it_is_terminated(tmp_path, monkeypatch):
    """It should take 15 seconds on a quiet machine; `python -m tests.load` prints the time."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    start = time.monotonic()
    with start_server() as (url, pid):
        visitor = Visitor(url)
        visit, _, _ = visitor.open(photo_of(1))
        assert visitor.paint(visit, [[100, 100], [300, 200]])
        assert time.monotonic() - start < 150
        status = visitor.status()
        assert status["weights"] == "bundled" and status["revision"] is None and status["runtime"]
        (folder,) = tmp_path.iterdir()
        assert any(folder.rglob("photo.jpg"))
        started = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        while folder.exists():
            assert time.monotonic() - started < 5
            time.sleep(0.1)


@pytest.mark.slow
def test_pictures_that_mcp_clients_send_lie_in_the_folder_of_the_run_which_the_start_after_a_kill_removes(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "pages"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "other"))
    (tmp_path / "other").mkdir()
    photo = photo_of(0.1)
    picture = "data:image/jpeg;base64," + base64.b64encode(photo).decode()

    def holds_photo(place):
        return any(file.is_file() and file.read_bytes() == photo for file in place.rglob("*"))

    with start_server() as (url, pid):
        asyncio.run(call_mcp(url, {"photo": picture, "mask": picture}))
        (folder,) = (tmp_path / "pages").iterdir()
        assert holds_photo(folder) and folder.stat().st_mode & 0o077 == 0 and not holds_photo(tmp_path / "other")
        os.kill(pid, signal.SIGKILL)
    assert folder.is_dir()
    with start_server():
        assert not folder.exists() and len(list((tmp_path / "pages").iterdir())) == 1


async def call_mcp(url, pictures):
    """Call the tool `inpaint` as an MCP client does."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    address = url + "gradio_api/mcp/"
    async with streamable_http_client(address) as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()
        await session.call_tool("inpaint", pictures)
