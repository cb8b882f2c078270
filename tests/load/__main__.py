"""`python -m tests.load`: many visitors at once; how long they wait, in which order, and what it costs in memory."""

import argparse
import contextlib
import math
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.load.visitor import Visitor, VisitorError, photo_of

ROOT = Path(__file__).parents[2]
STROKES_PER_PHOTO, STROKE_PX = 10, 400
LIMIT_S = 8
"""19 of 20 strokes must be on the screen after so many seconds."""
FAIR_S = 0.5
"""Two strokes sent within so many seconds of each other, or answered so, count as at the same time."""


class Stroke(NamedTuple):
    """When a stroke was sent and when its patches were there, in seconds."""

    sent: float
    drawn: float

    @property
    def waited(self) -> float:
        return self.drawn - self.sent


class Load:
    """What happens while visitors paint.

    Args:
        url: where the page is.
        pid: the server's process; None: it is not ours, so that its memory cannot be told.
        fills: so many strokes in all.
    """

    def __init__(self, url: str, pid: int | None, fills: int) -> None:
        self.url, self.pid, self.fills = url, pid, fills
        self.strokes: list[Stroke] = []
        self.openings: list[float] = []
        self.page_requests: list[float] = []
        self.errors: list[str] = []
        self.places: list[int] = []
        self.memory: dict[int, float] = {}
        self._left = fills
        self._lock = threading.Lock()
        self._over = threading.Event()

    def run(self, visitors: int, megapixels: float, pause_s: float) -> None:
        """Let visitors paint until all strokes are done; meanwhile somebody else loads the page."""
        photos = [photo_of(megapixels, seed) for seed in range(2)]
        threads = [
            threading.Thread(target=self._visit, args=(photos[seed % 2], pause_s, seed)) for seed in range(visitors)
        ]
        passer_by = threading.Thread(target=self._look)
        for thread in (*threads, passer_by):
            thread.start()
        for thread in threads:
            thread.join()
        self._over.set()
        passer_by.join()

    def _visit(self, photo: bytes, pause_s: float, seed: int) -> None:
        rng = random.Random(seed)
        try:
            visitor = Visitor(self.url)
            while self._painted(visitor, photo, pause_s, rng):
                pass
            self.places += visitor.places
        except VisitorError as error:
            self.errors.append(str(error))

    def _painted(self, visitor: Visitor, photo: bytes, pause_s: float, rng: random.Random) -> bool:
        """Open a photo, paint some strokes and leave; False when all strokes of all visitors are done."""
        begun = time.monotonic()
        visit, width, height = visitor.open(photo)
        self.openings.append(time.monotonic() - begun)
        for _ in range(STROKES_PER_PHOTO):
            with self._lock:
                self._left -= 1
                if self._left < 0:
                    break
            time.sleep(rng.uniform(0, 2 * pause_s))
            left, top = rng.uniform(0, width - STROKE_PX), rng.uniform(0, height)
            points = [[left + STROKE_PX * step / 10, top + 20 * (step % 3)] for step in range(11)]
            sent = time.monotonic()
            if not visitor.paint(visit, points):
                self.errors.append("paint: no patches")
            self._note(Stroke(sent, time.monotonic()))
        visitor.leave(visit)
        return self._left > 0

    def _note(self, stroke: Stroke) -> None:
        with self._lock:
            self.strokes.append(stroke)
            done = len(self.strokes)
        if self.pid and done in (self.fills // 5, self.fills * 3 // 5, self.fills):
            self.memory[done] = memory_mb(self.pid)

    def _look(self) -> None:
        """Load what a browser loads first, again and again."""
        visitor = Visitor(self.url)
        while not self._over.wait(0.5):
            begun = time.monotonic()
            try:
                visitor.get("")
                visitor.get("config")
            except VisitorError as error:
                self.errors.append(str(error))
            self.page_requests.append(time.monotonic() - begun)

    def overtaken(self) -> int:
        """How many strokes were answered clearly later than one that was sent clearly later."""
        return sum(
            any(b.sent > a.sent + FAIR_S and b.drawn < a.drawn - FAIR_S for b in self.strokes) for a in self.strokes
        )

    def report(self) -> str:
        """All of it in a few lines."""
        waits = [stroke.waited for stroke in self.strokes]
        lines = [
            f"from sending a stroke to its patches: {spread(waits)}",
            f"from choosing a photo to painting: {spread(self.openings)}",
            f"loading the page meanwhile: {spread(self.page_requests)}",
            f"errors: {len(self.errors)}; overtaken: {self.overtaken()}; told a place in the line: {len(self.places)}"
            f" times, the farthest {max(self.places, default=0)}",
        ]
        lines += [f"memory after {done} fills: {used:.0f} MB" for done, used in sorted(self.memory.items())]
        return "\n".join([*lines, *dict.fromkeys(self.errors)])

    def good(self) -> bool:
        """No errors, first come first served, and 95 % in time."""
        return not self.errors and not self.overtaken() and share(self.waits(), 0.95) < LIMIT_S

    def waits(self) -> list[float]:
        return [stroke.waited for stroke in self.strokes]


def spread(times: list[float]) -> str:
    """Median, 95 % and the slowest of some times in seconds."""
    if not times:
        return "nothing"
    middle = statistics.median(times)
    return f"median {middle:.2f} s, 95 % {share(times, 0.95):.2f} s, slowest {max(times):.2f} s ({len(times)})"


def share(times: list[float], part: float) -> float:
    """The time within which this part of them lies."""
    return sorted(times)[max(0, math.ceil(len(times) * part) - 1)] if times else 0.0


def memory_mb(pid: int) -> float:
    """What a process has in memory, on Linux; 0 elsewhere."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextlib.contextmanager
def own_server() -> Iterator[tuple[str, int]]:
    """Start the page on a free port; its URL and process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "0"}
    server = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/"
    try:
        wait_for(url, server)
        yield url, server.pid
    finally:
        server.terminate()
        server.wait(30)


def wait_for(url: str, server: subprocess.Popen, patience_s: float = 120) -> None:
    """Wait until a page that is starting answers."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            Visitor(url)
            return
        except VisitorError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser("python -m tests.load", description=__doc__)
    parser.add_argument("--url", help="a page that runs already (default: start one)")
    parser.add_argument("--visitors", type=int, default=20, help="how many paint at once (default: 20)")
    parser.add_argument("--fills", type=int, default=200, help="strokes in all; 500 to see the memory (default: 200)")
    parser.add_argument("--megapixels", type=float, default=12, help="size of the photos (default: 12)")
    parser.add_argument("--pause-s", type=float, default=2, help="pause before a stroke, on average (default: 2)")
    arguments = parser.parse_args(argv)
    begun = time.monotonic()
    try:
        with contextlib.nullcontext((arguments.url, None)) if arguments.url else own_server() as (url, pid):
            status = Visitor(url).status()
            if pid:
                visitor, started = Visitor(url), time.monotonic() - begun
                visit, _, _ = visitor.open(photo_of(1))
                visitor.paint(visit, [[100, 100], [400, 200]])
                visitor.leave(visit)
                print(f"started in {started:.1f} s, first fill after {time.monotonic() - begun:.1f} s")
            print(f"{arguments.visitors} visitors, photos of {arguments.megapixels:g} megapixels, {status['runtime']}")
            load = Load(url, pid, arguments.fills)
            load.run(arguments.visitors, arguments.megapixels, arguments.pause_s)
    except VisitorError as error:
        sys.exit(f"The page does not answer as it should: {error}. Check the URL, or leave it out to start one.")
    print(load.report())
    sys.exit(0 if load.good() else 1)


if __name__ == "__main__":
    main()
