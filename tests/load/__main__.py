"""Load test of the page: many visitors paint at once. Prints latencies, the order of answers, CPU time and memory."""

import argparse
import contextlib
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.load.hostile import (
    FREE_MEMORY_MB,
    MAX_DISK_MB,
    MAX_MEMORY_MB,
    HostileVisitor,
    Peaks,
    held_by,
    memory_mb,
    verdict,
)
from tests.load.visitor import Visitor, VisitorError, photo_of
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
STROKES_PER_PHOTO, STROKE_PX = 10, 400
LIMIT_S = 8
"""Limit of the 95th percentile of the time from a stroke to its patches, in seconds."""
MAX_RATIO = 0.5
"""Limit of that percentile as a ratio to the one of commit 4766f5f, for 20 visitors with photos of 24 megapixels."""
MAX_HOSTILE_RATIO = 2
"""Limit of that percentile beside a hostile visitor as a ratio to the one without."""
FREE_S = 60
"""This long after visitors have left, nothing of theirs is held any more."""
SIMULTANEOUS_S = 0.5
"""Strokes sent or answered within this time of each other count as simultaneous."""


class Stroke(NamedTuple):
    """When a stroke was sent and when its patches were received, in seconds of the monotonic clock."""

    sent: float
    answered: float

    @property
    def latency(self) -> float:
        """Seconds from sending the stroke to its patches."""
        return self.answered - self.sent


class LoadTest:
    """A run of the load test, and its measurements.

    Args:
        url: of the page.
        pid: of the server's process, to measure its memory and CPU time; None: do not measure them.
        fills: number of strokes of all visitors together.
        seed: of where they lie.
    """

    def __init__(self, url: str, pid: int | None, fills: int, seed: int = 0) -> None:
        self.url, self.pid, self.fills, self.seed = url, pid, fills, seed
        self.strokes: list[Stroke] = []
        self.openings: list[float] = []
        self.page_requests: list[float] = []
        self.errors: list[str] = []
        self.places: list[int] = []
        self.memory: dict[int, float] = {}
        self.cpu_s = 0.0
        self._strokes_left = fills
        self._lock = threading.Lock()
        self._finished = threading.Event()

    def run(self, visitors: int, megapixels: float, pause_s: float) -> None:
        """Let visitors paint until all strokes are done; another client loads the page meanwhile."""
        photos = [photo_of(megapixels, seed) for seed in range(2)]
        threads = [
            threading.Thread(target=self._visit, args=(photos[seed % 2], pause_s, seed)) for seed in range(visitors)
        ]
        page_loader = threading.Thread(target=self._load_page)
        cpu_s = cpu_seconds(self.pid)
        for thread in (*threads, page_loader):
            thread.start()
        for thread in threads:
            thread.join()
        self._finished.set()
        page_loader.join()
        self.cpu_s = cpu_seconds(self.pid) - cpu_s

    def _visit(self, photo: bytes, pause_s: float, seed: int) -> None:
        rng = random.Random(f"{self.seed} {seed}")
        try:
            visitor = Visitor(self.url, f"198.51.100.{seed + 1}")
            while self._paint_photo(visitor, photo, pause_s, rng):
                pass
            self.places += visitor.places
        except VisitorError as error:
            self.errors.append(str(error))

    def _paint_photo(self, visitor: Visitor, photo: bytes, pause_s: float, rng: random.Random) -> bool:
        """Open a photo, paint strokes and close it; return False once all strokes of all visitors are done."""
        start = time.monotonic()
        visit, width, height = visitor.open(photo)
        self.openings.append(time.monotonic() - start)
        for _ in range(STROKES_PER_PHOTO):
            with self._lock:
                self._strokes_left -= 1
                if self._strokes_left < 0:
                    break
            visitor.pause(visit, rng.uniform(0, 2 * pause_s))
            left, top = rng.uniform(0, width - STROKE_PX), rng.uniform(0, height)
            points = [[left + STROKE_PX * step / 10, top + 20 * (step % 3)] for step in range(11)]
            sent = time.monotonic()
            if not visitor.paint(visit, points):
                self.errors.append("paint: no patches")
            self._record(Stroke(sent, time.monotonic()))
        visitor.leave(visit)
        return self._strokes_left > 0

    def _record(self, stroke: Stroke) -> None:
        with self._lock:
            self.strokes.append(stroke)
            done = len(self.strokes)
        if self.pid and done in (self.fills // 5, self.fills * 3 // 5, self.fills):
            self.memory[done] = memory_mb(self.pid)

    def _load_page(self) -> None:
        """Request what a browser loads first, until the test is over."""
        visitor = Visitor(self.url)
        while not self._finished.wait(0.5):
            start = time.monotonic()
            try:
                visitor.get("")
                visitor.get("config")
            except VisitorError as error:
                self.errors.append(str(error))
            self.page_requests.append(time.monotonic() - start)

    def overtaken(self) -> int:
        """Return how many strokes were answered after a stroke that was sent later."""
        return sum(
            any(b.sent > a.sent + SIMULTANEOUS_S and b.answered < a.answered - SIMULTANEOUS_S for b in self.strokes)
            for a in self.strokes
        )

    def report(self) -> str:
        """Return the measurements as text."""
        latencies = self.latencies()
        lines = [
            f"stroke to patches: {summary(latencies)}",
            f"upload and opening of a photo: {summary(self.openings)}",
            f"page loads meanwhile: {summary(self.page_requests)}",
            f"errors: {len(self.errors)}; overtaken: {self.overtaken()}; "
            f"busy answers: {len(self.places)}, with queue places up to {max(self.places, default=0)}",
        ]
        if self.cpu_s:
            lines.append(f"CPU time of the server: {self.cpu_s:.1f} s, {self.cpu_s / self.fills:.2f} s for each fill")
        lines += [f"memory after {done} fills: {used:.0f} MB" for done, used in sorted(self.memory.items())]
        return "\n".join([*lines, *dict.fromkeys(self.errors)])

    def passed(self) -> bool:
        """Return whether no request failed, none was overtaken, and the latency is within its limit."""
        return not self.errors and not self.overtaken() and quantile(self.latencies(), 0.95) < LIMIT_S

    def latencies(self) -> list[float]:
        """Return the latency of each stroke in seconds."""
        return [stroke.latency for stroke in self.strokes]


def summary(times: list[float]) -> str:
    """Return the median, the 95th percentile and the maximum of times in seconds."""
    if not times:
        return "none"
    middle = statistics.median(times)
    return f"median {middle:.2f} s, 95 % {quantile(times, 0.95):.2f} s, maximum {max(times):.2f} s ({len(times)})"


def quantile(times: list[float], fraction: float) -> float:
    """Return the smallest of the times that at least this fraction of them does not exceed; 0 if there are none."""
    return sorted(times)[max(0, math.ceil(len(times) * fraction) - 1)] if times else 0.0


def cpu_seconds(pid: int | None) -> float:
    """Return the CPU seconds that a process has used on Linux; 0 elsewhere, and without a process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def start_server(checkout: Path = ROOT, folder: Path | None = None) -> Iterator[tuple[str, int]]:
    """Start the page of a checkout on a free port; yield its URL and process id.

    Args:
        checkout: its folder.
        folder: where the page keeps its files; None: the default.
    """
    port = free_port()
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "0"}
    environment |= {"GRADIO_TEMP_DIR": str(folder)} if folder else {}
    server = subprocess.Popen([sys.executable, "app.py"], cwd=checkout, env=environment, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/"
    try:
        wait_for(url, server)
        yield url, server.pid
    finally:
        server.terminate()
        server.wait(30)


def wait_for(url: str, server: subprocess.Popen, timeout_s: float = 120) -> None:
    """Wait until the page answers."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            Visitor(url)
            return
        except VisitorError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def main(argv: list[str] | None = None) -> None:
    """Run the load test and exit with 0 if it has passed."""
    parser = argparse.ArgumentParser("python -m tests.load", description=__doc__)
    parser.add_argument("--url", help="URL of a running page (default: start one)")
    parser.add_argument("--visitors", type=int, default=20, help="number of visitors who paint at once (default: 20)")
    parser.add_argument(
        "--fills",
        type=int,
        default=200,
        help="total number of strokes; use 500 to see how memory develops (default: 200)",
    )
    parser.add_argument("--megapixels", type=float, default=12, help="size of the photos in megapixels (default: 12)")
    parser.add_argument(
        "--pause-s", type=float, default=2, help="average pause before a stroke in seconds (default: 2)"
    )
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="test the page of another checkout too")
    parser.add_argument(
        "--rounds", type=int, default=1, help="with --against and --hostile, test both in turns this often (default: 1)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of where the strokes lie (default: 0)")
    parser.add_argument("--hostile", action="store_true", help="test without and beside a hostile visitor")
    arguments = parser.parse_args(argv)
    try:
        if arguments.hostile:
            sys.exit(0 if run_hostile_test(arguments) else 1)
        if not arguments.against:
            load = run_load_test(arguments, ROOT)
            sys.exit(0 if load.passed() else 1)
        pairs = [
            [run_load_test(arguments, checkout) for checkout in (arguments.against, ROOT)]
            for _ in range(arguments.rounds)
        ]
    except VisitorError as error:
        sys.exit(f"The page does not respond as expected: {error}. Check --url, or omit it to start a page.")
    old, new = zip(*pairs, strict=True)
    print(compared(old, new))
    sys.exit(0 if all(load.passed() for load in new) and ratio(old, new) <= MAX_RATIO else 1)


def run_load_test(arguments: argparse.Namespace, checkout: Path) -> LoadTest:
    """Run the load test on the page of a checkout, or on the one at the URL, and print its measurements."""
    start = time.monotonic()
    with contextlib.nullcontext((arguments.url, None)) if arguments.url else start_server(checkout) as (url, pid):
        status = Visitor(url).status()
        if pid:
            visitor, started = Visitor(url), time.monotonic() - start
            visit, _, _ = visitor.open(photo_of(1))
            visitor.paint(visit, [[100, 100], [400, 200]])
            visitor.leave(visit)
            print(f"{checkout}: started in {started:.1f} s, first fill after {time.monotonic() - start:.1f} s")
        print(f"{arguments.visitors} visitors, photos of {arguments.megapixels:g} megapixels, {status['runtime']}")
        load = LoadTest(url, pid, arguments.fills, arguments.seed)
        load.run(arguments.visitors, arguments.megapixels, arguments.pause_s)
    print(load.report(), flush=True)
    return load


def run_hostile_test(arguments: argparse.Namespace) -> bool:
    """Run the load test in turns without and beside a hostile visitor; print what was measured and each bar.

    Returns:
        Whether all bars are met.
    """
    alone, beside = [], []
    with tempfile.TemporaryDirectory() as name, start_server(folder=Path(name)) as (url, pid):
        place, peaks = Path(name), Peaks(pid, Path(name))
        warm_up(url, arguments.megapixels)
        for turn in range(arguments.rounds):
            alone.append(run_turn(arguments, url, pid, f"round {turn + 1}, without"))
            if not turn:
                time.sleep(FREE_S)
                before = held_by(pid, place)
            hostile = HostileVisitor(url, arguments.seed + turn)
            with peaks.watched():
                hostile.start()
                beside.append(run_turn(arguments, url, pid, f"round {turn + 1}, beside a hostile visitor"))
                hostile.stop()
            print(f"hostile visitor: {dict(hostile.codes)}", flush=True)
        stopped = held_by(pid, place)
        time.sleep(FREE_S)
        after = held_by(pid, place)
    print(f"the page held {before} before it, {stopped} when it stopped, and {after} a minute later")
    bars = [
        verdict("failed requests of honest visitors", sum(len(load.errors) for load in alone + beside), 0, "requests"),
        verdict("95 % beside a hostile visitor", round_ratio(alone, beside), MAX_HOSTILE_RATIO, "x"),
        verdict("memory during the attack", peaks.memory_mb, MAX_MEMORY_MB, "MB"),
        verdict("files during the attack", peaks.megabytes, MAX_DISK_MB, "MB"),
        verdict("memory a minute after it, above before", after.memory_mb - before.memory_mb, FREE_MEMORY_MB, "MB"),
        verdict("files a minute after it", after.files, 0, "files"),
    ]
    print("\n".join(line for _, line in bars))
    print("PASSED" if all(met for met, _ in bars) else "FAILED", flush=True)
    return all(met for met, _ in bars)


def run_turn(arguments: argparse.Namespace, url: str, pid: int, title: str) -> LoadTest:
    """Run the load test on a running page, and print its measurements."""
    load = LoadTest(url, pid, arguments.fills, arguments.seed)
    load.run(arguments.visitors, arguments.megapixels, arguments.pause_s)
    print(f"{title}:\n{load.report()}", flush=True)
    return load


def warm_up(url: str, megapixels: float) -> None:
    """Open a photo and fill strokes of several sizes, one of which has many crops: all that is loaded on demand is."""
    visitor = Visitor(url)
    visit, width, height = visitor.open(photo_of(megapixels))
    for part in (0.05, 0.2, 0.9):
        visitor.paint(visit, [[0.05 * width, 0.05 * height], [part * width, part * height]], 100)
        visitor.pause(visit, 1)
    visitor.leave(visit)


def round_ratio(alone: Sequence[LoadTest], beside: Sequence[LoadTest]) -> float:
    """Return the median over all rounds of the ratio of their 95th percentiles."""
    return statistics.median(ratio([one], [other]) for one, other in zip(alone, beside, strict=True))


def compared(old: Sequence[LoadTest], new: Sequence[LoadTest]) -> str:
    """Return how long strokes took in all rounds on another page and on this one, as text."""
    verdict = "met" if ratio(old, new) <= MAX_RATIO else "missed"
    text = f"95 %: {p95(old):.2f} s and {p95(new):.2f} s, {ratio(old, new):.2f} x, limit {MAX_RATIO}: {verdict}"
    return f"{text}; CPU time: {sum(load.cpu_s for load in old):.1f} s and {sum(load.cpu_s for load in new):.1f} s"


def ratio(old: Sequence[LoadTest], new: Sequence[LoadTest]) -> float:
    """Return the ratio of the 95th percentiles of the time from a stroke to its patches, new to old."""
    return p95(new) / p95(old)


def p95(loads: Sequence[LoadTest]) -> float:
    """Return the 95th percentile of the latencies of some tests together, in seconds."""
    return quantile([latency for load in loads for latency in load.latencies()], 0.95)


if __name__ == "__main__":
    main()
