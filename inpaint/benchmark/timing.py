"""Time our fills and those of other methods on the same tasks."""

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
from .workloads import disc_mask, disc_px, scratches_mask, stroke_mask, stroke_points, synthetic_photo

OURS = "ours"
OURS_FIRST = "ours, first fill"
"""The network's fill, which is shown until the surface of a thick hole is synthesised."""

BASELINE_TIME_S = 6.0
"""A task of another method is repeated no longer than this."""


class Sizes(NamedTuple):
    """Sizes of the tasks; by default those that the project's limits are for."""

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
    """The figures of a task.

    Attributes:
        task: description.
        values: method -> figure. A method that cannot run on this machine is left out.
        limit: of our figure; None: no limit.
        unit: "s", "x" (a ratio) or "MB" (a million bytes).
    """

    task: str
    values: dict[str, float]
    limit: float | None = None
    unit: str = "s"


class Point(NamedTuple):
    """A point of a curve.

    Attributes:
        method: name of the method.
        x: diameter of the hole in pixels, or size of the photo in megapixels.
        seconds: time of a fill.
    """

    method: str
    x: float
    seconds: float


def median_seconds(work: Callable[[], object], repeats: int, limit_s: float = float("inf")) -> float:
    """Return the median wall time of a function.

    Args:
        work: the function. It is called once more before it is timed.
        repeats: number of timed calls.
        limit_s: no call is started after this total time. If the first call takes longer, its time is returned.
    """
    first = _seconds(work)
    if first > limit_s:
        return first
    taken: list[float] = []
    while len(taken) < repeats and sum(taken) <= limit_s:
        taken.append(_seconds(work))
    return statistics.median(taken)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def time_stroke(
    inpainter: Inpainter, baselines: dict[str, FillPixels], photo: tuple[int, int], sizes: Sizes
) -> dict[str, float]:
    """Return the seconds of each method for a stroke on an open photo, from its points to the patches to draw.

    Ours has two: to the first patches and to the final ones.
    """
    brush_px, length_px = sizes.stroke_px
    pixels = synthetic_photo(*photo)
    points = stroke_points(*photo, length_px)
    ours = _session_seconds(inpainter, pixels, points, brush_px, sizes.repeats)
    mask = stroke_mask(*photo, length_px, brush_px)
    return ours | _baseline_seconds(baselines, pixels, mask)


def time_disc(inpainter: Inpainter, baselines: dict[str, FillPixels], sizes: Sizes) -> dict[str, float]:
    """Return the seconds of each method for a round hole in a square photo, from pixels to pixels."""
    side = sizes.square_px
    pixels, mask = synthetic_photo(side, side), disc_mask(side, side, sizes.share)
    ours = median_seconds(lambda: inpainter(pixels, mask), 3)
    return {OURS: ours} | _baseline_seconds(baselines, pixels, mask)


def time_scratches(
    baselines: dict[str, FillPixels], sizes: Sizes, model: str | None, runtime: str
) -> tuple[dict[str, float], float | None]:
    """Time the fill of a scratched photo: ours by the command line in a separate process, others from pixels to pixels.

    Returns:
        The seconds of each method, ours from the two files to the result file and with loading of the weights; and the
        peak memory of our process in MB, or None on systems that do not report it.

    Raises:
        RuntimeError: the command line failed.
    """
    pixels = synthetic_photo(*sizes.scratched_photo)
    mask = scratches_mask(*sizes.scratched_photo, sizes.scratches)
    with tempfile.TemporaryDirectory() as folder:
        photo_file, mask_file, result_file = (str(Path(folder) / name) for name in ("photo.jpg", "mask.png", "out.jpg"))
        Image.fromarray(pixels).save(photo_file, quality=92)
        Image.fromarray(mask).save(mask_file, compress_level=1)
        arguments = [photo_file, mask_file, "-o", result_file, "--runtime", runtime]
        arguments += ["--model", model] if model else []
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            seconds, peak_mb = process.submit(_run_command_line, arguments).result()
    return {OURS: seconds} | _baseline_seconds(baselines, pixels, mask), peak_mb


def _run_command_line(arguments: list[str]) -> tuple[float, float | None]:
    keep_memory()
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        code = command_line.main(arguments)
    if code:
        raise RuntimeError(f"python -m inpaint {' '.join(arguments)} failed with exit code {code}")
    return time.perf_counter() - started, peak_memory_mb()


def peak_memory_mb() -> float | None:
    """Return the peak resident memory of this process in millions of bytes; None if the system does not report it."""
    if sys.platform.startswith("linux"):
        # not getrusage, whose figure is at least that of the process that started this one
        status = Path("/proc/self/status").read_text().splitlines()
        return next((int(line.split()[1]) * 1024 / 1e6 for line in status if line.startswith("VmHWM")), None)
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def sweep_holes(inpainter: Inpainter, baselines: dict[str, FillPixels], sizes: Sizes) -> Iterator[Point]:
    """Yield the time of each method for round holes of several diameters in the same photo."""
    side = sizes.square_px
    pixels = synthetic_photo(side, side)
    for brush_px in sizes.hole_sweep_px:
        points = [[side / 2, side / 2]]
        mask = disc_mask(side, side, (brush_px / disc_px(side, side, 1)) ** 2)
        seconds = _session_seconds(inpainter, pixels, points, brush_px, 3)
        seconds |= _baseline_seconds(baselines, pixels, mask)
        yield from (Point(name, brush_px, took) for name, took in seconds.items())


def sweep_photos(inpainter: Inpainter, baselines: dict[str, FillPixels], sizes: Sizes) -> Iterator[Point]:
    """Yield the time of each method for the same stroke in photos of several sizes."""
    few = sizes._replace(repeats=min(sizes.repeats, 5))
    for width, height in sizes.photo_sweep:
        took = time_stroke(inpainter, baselines, (width, height), few)
        yield from (Point(name, width * height / 1e6, seconds) for name, seconds in took.items())


def _session_seconds(
    inpainter: Inpainter, pixels: np.ndarray, points: list[list[float]], brush_px: float, repeats: int
) -> dict[str, float]:
    """Return the seconds until the first and until the final patches of a stroke on an open photo."""
    session = inpainter.open(pixels)
    session.stroke(points, brush_px)
    first, final = [], []
    for _ in range(repeats):
        session.undo()
        first.append(_seconds(lambda: session.stroke(points, brush_px, finish=False)))
        final.append(first[-1] + _seconds(session.finish))
    return {OURS_FIRST: statistics.median(first), OURS: statistics.median(final)}


def _baseline_seconds(baselines: dict[str, FillPixels], pixels: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    return {
        name: median_seconds(lambda fill=fill: fill(pixels, mask), 3, BASELINE_TIME_S)  # type: ignore[misc]
        for name, fill in baselines.items()
    }
