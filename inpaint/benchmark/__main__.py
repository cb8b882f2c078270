"""`python -m inpaint.benchmark`: how long fills take, beside OpenCV Telea and one pass over the whole photo."""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from inpaint.inpainter import Inpainter
from inpaint.markdown import markdown_table
from inpaint.runtime.malloc import keep_memory

from .baselines import WHOLE_PX, FillPixels, UnavailableError, load_opencv, whole_picture
from .plot import Curve, plot_times
from .timing import (
    OURS,
    QUICK,
    Outcome,
    Point,
    Sizes,
    sweep_holes,
    sweep_photos,
    time_disc,
    time_scratches,
    time_stroke,
)

TELEA = "OpenCV Telea"
WHOLE = f"whole photo at {WHOLE_PX} px"
STROKE_S, RATIO, SCRATCHES_S, PEAK_MB, DISC_S = 0.25, 1.3, 60.0, 2000.0, 6.0
"""The limits that the project is held to, on two CPU cores."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the return value is the exit code."""
    options = _build_parser().parse_args(arguments)
    sizes = QUICK if options.quick else Sizes()
    try:
        inpainter = Inpainter.from_pretrained(options.model, runtime=options.runtime)
        rivals, note = _load_rivals(inpainter)
        _tell(f"{_machine(inpainter)}: this takes a few minutes")
        outcomes = measure(inpainter, rivals, sizes, options.model, options.runtime)
        print(table(outcomes, [OURS, *rivals], with_limits=not options.quick))
        print(f"\n{_machine(inpainter)}.{note}")
        points = {"hole": [*sweep_holes(inpainter, rivals, sizes)], "photo": []} if options.plot else {}
        if options.plot:
            points["photo"] = [*sweep_photos(inpainter, rivals, sizes)]
            plot_times(panels(points["hole"], points["photo"], sizes), options.plot, _machine(inpainter))
        if options.json:
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(as_json(outcomes, points, _machine(inpainter)))
    except (ValueError, OSError, RuntimeError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def measure(
    inpainter: Inpainter, rivals: dict[str, FillPixels], sizes: Sizes, model: str | None, runtime: str
) -> list[Outcome]:
    """All tasks, one after the other; what is under way is told on stderr.

    Args:
        inpainter: ours.
        rivals: other fills by name.
        sizes: of the tasks.
        model: the weights' repository or folder, for the task that runs in a process of its own.
        runtime: and its runtime.
    """
    brush_px, length_px = sizes.stroke_px
    share, side = f"{sizes.share:.0%}", sizes.square_px
    scratched = f"{_megapixels(sizes.scratched_photo)}, {sizes.scratches} scratches, from file to file"
    outcomes = []
    for photo, limit in ((sizes.large_photo, STROKE_S), (sizes.small_photo, None)):
        task = f"a stroke of {brush_px} x {length_px} px, {_megapixels(photo)}"
        _tell(task)
        outcomes.append(Outcome(task, time_stroke(inpainter, rivals, photo, sizes), limit))
    large, small = (outcome.values for outcome in outcomes)
    ratio = {name: large[name] / small[name] for name in large}
    outcomes.append(Outcome("the first of these to the second", ratio, RATIO, "x"))
    _tell(scratched)
    seconds, peak_mb = time_scratches(rivals, sizes, model, runtime)
    outcomes.append(Outcome(scratched, seconds, SCRATCHES_S))
    if peak_mb is not None:
        outcomes.append(Outcome("peak memory of that process", {OURS: peak_mb}, PEAK_MB, "MB"))
    task = f"a round hole of {share} of {side} x {side} px"
    _tell(task)
    outcomes.append(Outcome(task, time_disc(inpainter, rivals, sizes), DISC_S))
    return outcomes


def table(outcomes: Sequence[Outcome], methods: Sequence[str], *, with_limits: bool) -> str:
    """The figures as Markdown.

    Args:
        outcomes: one for each row.
        methods: the columns, ours first.
        with_limits: add a column that says whether we keep within the limits.
    """
    heads = ["task", *methods, *(["limit"] if with_limits else [])]
    rows = []
    for outcome in outcomes:
        cells = [_figure(outcome.values.get(name), outcome.unit) for name in methods]
        if with_limits:
            cells.append(_verdict(outcome))
        rows.append([outcome.task, *cells])
    return markdown_table(heads, rows, "l" + "r" * (len(heads) - 1))


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    digits = {"MB": 0, "s": 3 if value < 1 else 1}.get(unit, 2)
    return f"{value:.{digits}f} {unit}"


def _verdict(outcome: Outcome) -> str:
    if outcome.limit is None:
        return "-"
    kept = "kept" if outcome.values[OURS] <= outcome.limit else "missed"
    return f"{outcome.limit:g} {outcome.unit}, {kept}"


def panels(holes: Sequence[Point], photos: Sequence[Point], sizes: Sizes) -> list[tuple[str, str, dict[str, Curve]]]:
    """What `plot_times` draws: the curves of each sweep, method by method."""
    side, (brush_px, length_px) = sizes.square_px, sizes.stroke_px
    return [
        (f"A round hole in a photo of {side} x {side} px", "diameter of the hole, px", _curves(holes)),
        (f"A stroke of {brush_px} x {length_px} px", "size of the photo, megapixels", _curves(photos)),
    ]


def _curves(points: Sequence[Point]) -> dict[str, Curve]:
    curves: dict[str, Curve] = {}
    for name, x, seconds in points:
        xs, times = curves.setdefault(name, ([], []))
        xs.append(x)
        times.append(seconds)
    return curves


def as_json(outcomes: Sequence[Outcome], points: dict[str, list[Point]], machine: str) -> str:
    """Every figure, unrounded."""
    figures = {
        "machine": machine,
        "outcomes": [outcome._asdict() for outcome in outcomes],
        "sweeps": {name: [point._asdict() for point in sweep] for name, sweep in points.items()},
    }
    return json.dumps(figures, indent=1) + "\n"


def _load_rivals(inpainter: Inpainter) -> tuple[dict[str, FillPixels], str]:
    """The other methods by name, and a word on what is missing."""
    rivals, note = {}, ""
    try:
        rivals[TELEA] = load_opencv("INPAINT_TELEA")
    except UnavailableError as error:
        note = f" {TELEA} is left out: {error}."
    return rivals | {WHOLE: whole_picture(inpainter)}, note


def _machine(inpainter: Inpainter) -> str:
    threads = torch.get_num_threads()
    name = inpainter.runtime.name
    return f"{name} on {_processor()}, {threads} thread{'s' if threads > 1 else ''}, weights: {inpainter.source}"


def _processor() -> str:
    """The processor's model as the system calls it."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _megapixels(size: tuple[int, int]) -> str:
    millions = f"{size[0] * size[1] / 1e6:.2g}"
    return f"{millions} megapixel{'s' if millions != '1' else ''}"


def _tell(words: str) -> None:
    print(f"{words} ...", file=sys.stderr, flush=True)


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inpaint.benchmark",
        description="Time fills beside OpenCV Telea and one pass over the whole photo. The photos are made of numbers, "
        "so that every machine gets the same ones.",
    )
    add = parser.add_argument
    add("--plot", type=Path, metavar="FILE", help="draw time against hole size and photo size (.png, .svg, ...)")
    add("--json", type=Path, metavar="FILE", help="write every figure here")
    add("--quick", action="store_true", help="small tasks, to see that it runs; the figures mean little")
    add("--model", metavar="REPO[@REVISION]", help="Hub repository or folder with weights (default: the bundled ones)")
    add("--runtime", choices=("auto", "pytorch", "openvino"), default="auto", help="what computes (default: auto)")
    return parser


if __name__ == "__main__":
    keep_memory()
    sys.exit(main())
