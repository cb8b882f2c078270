"""What the benchmark measures: our fills, OpenCV's and one pass over the whole photo, on the same tasks."""

import contextlib
import io
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint import __main__ as command_line
from inpaint.inpainter import Inpainter
from inpaint.runtime.malloc import keep_memory

from .baselines import FillPixels
from .workloads import disc_mask, disc_px, made_photo, scratches_mask, stroke_mask, stroke_points

OURS = "ours"
PATIENCE_S = 6.0
"""Tasks that are timed beside ours are repeated no longer than this."""


class Sizes(NamedTuple):
    """How large the tasks are: those that the project is held to, or smaller ones for a rehearsal."""

    stroke_px: tuple[int, int] = (64, 400)
    large_photo: tuple[int, int] = (6000, 4000)
    small_photo: tuple[int, int] = (1224, 816)
    repeats: int = 20
    scratched_photo: tuple[int, int] = (8660, 5774)
    scratches: int = 200
    square_px: int = 2048
    share: float = 0.4
    hole_sweep_px: tuple[int, ...] = (32, 64, 128, 256, 512, 1024, 1462)
    photo_sweep: tuple[tuple[int, int], ...] = ((600, 400), (1224, 816), (2448, 1632), (6000, 4000), (8660, 5774))


QUICK = Sizes(
    stroke_px=(16, 100),
    large_photo=(600, 400),
    small_photo=(300, 200),
    repeats=3,
    scratched_photo=(600, 400),
    scratches=10,
    square_px=384,
    hole_sweep_px=(16, 64, 128),
    photo_sweep=((300, 200), (600, 400)),
)


class Outcome(NamedTuple):
    """A task, and a figure for each method; a method that cannot run here is left out.

    Attributes:
        task: in words.
        values: method -> figure.
        limit: what ours must not exceed; None: no limit.
        unit: "s", "x" (times as long) or "MB" (a million bytes).
    """

    task: str
    values: dict[str, float]
    limit: float | None = None
    unit: str = "s"


class Point(NamedTuple):
    """One point of a curve: `x` is the hole's diameter in pixels, or the photo's size in megapixels."""

    method: str
    x: float
    seconds: float


def median_seconds(work: Callable[[], object], repeats: int, patience_s: float = float("inf")) -> float:
    """Median wall time of some work, behind one run that is not counted unless it alone takes all the patience."""
    first = _seconds(work)
    if first > patience_s:
        return first
    taken: list[float] = []
    while len(taken) < repeats and sum(taken) <= patience_s:
        taken.append(_seconds(work))
    return statistics.median(taken)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def time_stroke(
    inpainter: Inpainter, rivals: dict[str, FillPixels], photo: tuple[int, int], sizes: Sizes
) -> dict[str, float]:
    """A stroke on an open photo: from its points to the patches to draw."""
    brush_px, length_px = sizes.stroke_px
    pixels = made_photo(*photo)
    points = stroke_points(*photo, length_px)
    ours = _session_seconds(inpainter, pixels, points, brush_px, sizes.repeats)
    mask = stroke_mask(*photo, length_px, brush_px)
    return {OURS: ours} | _rival_seconds(rivals, pixels, mask)


def time_disc(inpainter: Inpainter, rivals: dict[str, FillPixels], sizes: Sizes) -> dict[str, float]:
    """A round hole that covers a share of a square photo, pixels in and pixels out."""
    side = sizes.square_px
    pixels, mask = made_photo(side, side), disc_mask(side, side, sizes.share)
    ours = median_seconds(lambda: inpainter(pixels, mask), 3)
    return {OURS: ours} | _rival_seconds(rivals, pixels, mask)


def time_scratches(
    rivals: dict[str, FillPixels], sizes: Sizes, model: str | None, runtime: str
) -> tuple[dict[str, float], float | None]:
    """A scratched photo through the command line, in a process of its own; rivals get its pixels.

    Returns:
        The seconds, for us from the two files to the third one, loading of the weights included; and the largest
        memory of our process in MB, or None where the system does not tell.
    """
    pixels = made_photo(*sizes.scratched_photo)
    mask = scratches_mask(*sizes.scratched_photo, sizes.scratches)
    with tempfile.TemporaryDirectory() as folder:
        photo_file, mask_file, result_file = (str(Path(folder) / name) for name in ("photo.jpg", "mask.png", "out.jpg"))
        Image.fromarray(pixels).save(photo_file, quality=92)
        Image.fromarray(mask).save(mask_file, compress_level=1)
        arguments = [photo_file, mask_file, "-o", result_file, "--runtime", runtime]
        arguments += ["--model", model] if model else []
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
            seconds, peak_mb = alone.submit(_run_command_line, arguments).result()
    return {OURS: seconds} | _rival_seconds(rivals, pixels, mask), peak_mb


def _run_command_line(arguments: list[str]) -> tuple[float, float | None]:
    keep_memory()
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        code = command_line.main(arguments)
    if code:
        raise RuntimeError(f"python -m inpaint {' '.join(arguments)} ended with {code}")
    return time.perf_counter() - started, peak_memory_mb()


def peak_memory_mb() -> float | None:
    """The largest resident memory that this process has had, in units of a million bytes; None if unknown."""
    if sys.platform.startswith("linux"):
        # not getrusage: its figure is never less than that of the process that started this one
        status = Path("/proc/self/status").read_text().splitlines()
        return next((int(line.split()[1]) * 1024 / 1e6 for line in status if line.startswith("VmHWM")), None)
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def sweep_holes(inpainter: Inpainter, rivals: dict[str, FillPixels], sizes: Sizes) -> Iterator[Point]:
    """Time against the diameter of a round hole, in the same photo."""
    side = sizes.square_px
    pixels = made_photo(side, side)
    for brush_px in sizes.hole_sweep_px:
        points = [[side / 2, side / 2]]
        yield Point(OURS, brush_px, _session_seconds(inpainter, pixels, points, brush_px, 3))
        mask = disc_mask(side, side, (brush_px / disc_px(side, side, 1)) ** 2)
        yield from (Point(name, brush_px, took) for name, took in _rival_seconds(rivals, pixels, mask).items())


def sweep_photos(inpainter: Inpainter, rivals: dict[str, FillPixels], sizes: Sizes) -> Iterator[Point]:
    """Time against the size of the photo, for the same stroke."""
    few = sizes._replace(repeats=min(sizes.repeats, 5))
    for width, height in sizes.photo_sweep:
        took = time_stroke(inpainter, rivals, (width, height), few)
        yield from (Point(name, width * height / 1e6, seconds) for name, seconds in took.items())


def _session_seconds(
    inpainter: Inpainter, pixels: np.ndarray, points: list[list[float]], brush_px: float, repeats: int
) -> float:
    session = inpainter.open(pixels)
    session.stroke(points, brush_px)
    taken = []
    for _ in range(repeats):
        session.undo()
        taken.append(_seconds(lambda: session.stroke(points, brush_px)))
    return statistics.median(taken)


def _rival_seconds(rivals: dict[str, FillPixels], pixels: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    return {
        name: median_seconds(lambda fill=fill: fill(pixels, mask), 3, PATIENCE_S)  # type: ignore[misc]
        for name, fill in rivals.items()
    }
