"""`python -m inpaint.benchmark`: time fills beside those of other methods, or beside those of another checkout."""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from inpaint.compiled.parallel import threads
from inpaint.inpainter import Inpainter
from inpaint.markdown import markdown_table
from inpaint.program import program_name
from inpaint.runtime.cpuinfo import cpu_facts
from inpaint.runtime.malloc import keep_memory

from .against import compare
from .against.tasks import QUICK as QUICK_TASKS
from .against.tasks import Scale, build_tasks, megapixels
from .baselines import TELEA, FillPixels, UnavailableError, load_opencv
from .plot import Curve, plot_times
from .timing import (
    OURS,
    OURS_FIRST,
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
from .whole_photo import WHOLE_PX, whole_photo_fill

WHOLE_PHOTO = f"whole photo at {WHOLE_PX} px"
FIRST_S, FINAL_S, RATIO, SCRATCHES_S, PEAK_MB, DISC_S = 0.25, 1.0, 1.3, 60.0, 2000.0, 6.0
"""Limits of the project for its own fills on two CPU cores."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 0, or 1 after an error message.

    Args:
        arguments: of the command line; None: those of the process.
    """
    parser = _build_parser()
    options = parser.parse_args(arguments)
    if options.against and (options.plot or options.model or options.runtime != "auto"):
        parser.error("--against times the bundled weights with the default runtime: omit --plot, --model and --runtime")
    if options.only and not options.against:
        parser.error("--only chooses tasks of --against")
    sizes = QUICK if options.quick else Sizes()
    try:
        if options.against:
            _compare(options)
            return 0
        inpainter = Inpainter.from_pretrained(options.model, runtime=options.runtime)
        baselines, note = _load_baselines(inpainter)
        _progress(f"{_machine(inpainter)}: this takes a few minutes")
        outcomes = measure(inpainter, baselines, sizes, options.model, options.runtime)
        print(table(outcomes, [OURS, *baselines], with_limits=not options.quick))
        print(f"\n{_machine(inpainter)}.{note}")
        points = {"hole": [*sweep_holes(inpainter, baselines, sizes)], "photo": []} if options.plot else {}
        if options.plot:
            points["photo"] = [*sweep_photos(inpainter, baselines, sizes)]
            plot_times(panels(points["hole"], points["photo"], sizes), options.plot, _machine(inpainter))
        _write(options.json, as_json(outcomes, points, _machine(inpainter)))
    except (ValueError, OSError, RuntimeError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _compare(options: argparse.Namespace) -> None:
    """Time the tasks of `--against` in both checkouts, and print and write their figures."""
    tasks = build_tasks(QUICK_TASKS if options.quick else Scale())
    chosen = [task for task in tasks if not options.only or task.name in options.only]
    rows = list(compare.compare(chosen, options.against, _progress))
    print(compare.table(rows, with_limits=not options.quick))
    machine = f"{_processor()}, {_threads()}"
    old, new = compare.commit_of(options.against), compare.commit_of(compare.ROOT)
    print(f"\nold: {old}, new: {new}; on {machine}. Medians of repeats that alternate between the two.")
    _write(options.json, compare.as_json(rows, options.against, machine))


def _write(path: Path | None, text: str) -> None:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def measure(
    inpainter: Inpainter, baselines: dict[str, FillPixels], sizes: Sizes, model: str | None, runtime: str
) -> list[Outcome]:
    """Run all tasks, one after the other, and report the current one on stderr.

    Args:
        inpainter: ours.
        baselines: other fills by name.
        sizes: of the tasks.
        model: repository or folder of the weights, for the task that runs in a separate process.
        runtime: its runtime.

    Raises:
        RuntimeError: the command line failed in the separate process.
    """
    brush_px, length_px = sizes.stroke_px
    share, side = f"{sizes.share:.0%}", sizes.square_px
    scratched = f"{megapixels(sizes.scratched_photo)}, {sizes.scratches} scratches, from file to file"
    outcomes, strokes = [], []
    for photo, limits in ((sizes.large_photo, (FIRST_S, FINAL_S)), (sizes.small_photo, (None, None))):
        task = f"a stroke of {brush_px} x {length_px} px, {megapixels(photo)}"
        _progress(task)
        seconds = time_stroke(inpainter, baselines, photo, sizes)
        outcomes.append(Outcome(f"{task}: first fill", {OURS: seconds.pop(OURS_FIRST)}, limits[0]))
        outcomes.append(Outcome(f"{task}: final fill", seconds, limits[1]))
        strokes.append(seconds)
    large, small = strokes
    ratio = {name: large[name] / small[name] for name in large}
    outcomes.append(Outcome("ratio of the final fills", ratio, RATIO, "x"))
    _progress(scratched)
    seconds, peak_mb = time_scratches(baselines, sizes, model, runtime)
    outcomes.append(Outcome(scratched, seconds, SCRATCHES_S))
    if peak_mb is not None:
        outcomes.append(Outcome("peak memory of that process", {OURS: peak_mb}, PEAK_MB, "MB"))
    task = f"a round hole of {share} of {side} x {side} px"
    _progress(task)
    outcomes.append(Outcome(task, time_disc(inpainter, baselines, sizes), DISC_S))
    return outcomes


def table(outcomes: Sequence[Outcome], methods: Sequence[str], *, with_limits: bool) -> str:
    """Return the figures as a Markdown table.

    Args:
        outcomes: one for each row.
        methods: names of the columns, ours first.
        with_limits: add a column with the limit of each task and whether it is met.
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
    verdict = "met" if outcome.values[OURS] <= outcome.limit else "missed"
    return f"{outcome.limit:g} {outcome.unit}, {verdict}"


def panels(holes: Sequence[Point], photos: Sequence[Point], sizes: Sizes) -> list[tuple[str, str, dict[str, Curve]]]:
    """Return the arguments of `plot_times`: for each sweep its title, its x label, and a curve for each method."""
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
    """Return every figure, not rounded, as JSON."""
    figures = {
        "machine": machine,
        "outcomes": [outcome._asdict() for outcome in outcomes],
        "sweeps": {name: [point._asdict() for point in sweep] for name, sweep in points.items()},
    }
    return json.dumps(figures, indent=1) + "\n"


def _load_baselines(inpainter: Inpainter) -> tuple[dict[str, FillPixels], str]:
    """Return the other methods by name, and a note on those that are missing."""
    baselines, note = {}, ""
    try:
        baselines[TELEA] = load_opencv("INPAINT_TELEA")
    except UnavailableError as error:
        note = f" {TELEA} is left out: {error}."
    return baselines | {WHOLE_PHOTO: whole_photo_fill(inpainter)}, note


def _machine(inpainter: Inpainter) -> str:
    return f"{inpainter.runtime.name} on {_processor()}, {_threads()}, weights: {inpainter.source}"


def _threads() -> str:
    return f"{threads()} thread{'s' if threads() > 1 else ''}"


def _processor() -> str:
    """Return the model name of the processor."""
    return cpu_facts().get("model name") or platform.processor() or platform.machine()


def _progress(text: str) -> None:
    print(f"{text} ...", file=sys.stderr, flush=True)


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program_name("inpaint.benchmark"),
        description="Time fills, and compare with OpenCV Telea and with one pass over the whole photo; or compare this "
        "checkout with another one. The photos are synthetic and the same on every machine.",
    )
    add = parser.add_argument
    add("--against", type=Path, metavar="CHECKOUT", help="compare with another checkout of this project instead")
    names = [task.name for task in build_tasks(Scale())]
    add("--only", action="append", choices=names, help="run only this task of --against; may be repeated")
    add("--plot", type=Path, metavar="FILE", help="plot time against hole size and photo size (.png, .svg, ...)")
    add("--json", type=Path, metavar="FILE", help="write all figures to this file")
    add("--quick", action="store_true", help="small tasks, to check that it runs; the figures are not meaningful")
    add("--model", metavar="REPO[@REVISION]", help="Hub repository or folder with weights (default: the bundled ones)")
    add(
        "--runtime",
        choices=("auto", "openvino", "onnxruntime", "pytorch"),
        default="auto",
        help="library that runs the network (default: auto)",
    )
    return parser


if __name__ == "__main__":
    keep_memory()
    sys.exit(main())
