"""Run the same tasks in two checkouts, in turns, and report both sides' figures and their ratios."""

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from inpaint.markdown import markdown_table

from .side import Figures, Side
from .tasks import Limits, Task

ROOT = Path(__file__).parents[3]
"""The checkout that this file belongs to, the new side."""
HEADS = ("task", "old wall", "old CPU", "old peak", "new wall", "new CPU", "new peak", "wall", "CPU", "limits")


class Row(NamedTuple):
    """The figures of a task, or of a part of it.

    Attributes:
        task: description.
        old: figures of each repeat in the other checkout.
        new: figures of each repeat in this one.
        limits: of the new side.
    """

    task: str
    old: list[Figures]
    new: list[Figures]
    limits: Limits

    def ratio(self, figure: str) -> float | None:
        """Return the ratio of the medians of a figure, new to old; None if one is unknown or 0."""
        old, new = (getattr(median(side), figure) for side in (self.old, self.new))
        return new / old if new is not None and old else None


def median(repeats: Sequence[Figures]) -> Figures:
    """Return the medians of the figures of some repeats."""
    walls, cpus, peaks = zip(*repeats, strict=True)
    known = [peak for peak in peaks if peak is not None]
    return Figures(statistics.median(walls), statistics.median(cpus), statistics.median(known) if known else None)


def compare(
    tasks: Iterable[Task], checkout: Path, progress: Callable[[str], None] = lambda text: None
) -> Iterator[Row]:
    """Yield the figures of tasks in another checkout and in this one.

    Each side is a process of its own, with the same interpreter. Both are prepared, and then take turns, repeat by
    repeat, so that what else happens on the machine hits both alike.

    Args:
        tasks: to run.
        checkout: folder of the other checkout.
        progress: called with the description of each task before it runs.

    Raises:
        ValueError: the folder is not a checkout.
        RuntimeError: a task fails; with the last lines of what it printed.
    """
    if not (checkout / "inpaint" / "__init__.py").exists():
        raise ValueError(f"{checkout} is not a checkout of this project: it has no inpaint/__init__.py")
    for task in tasks:
        progress(next(iter(task.parts.values()))[0])
        with tempfile.TemporaryDirectory() as folder:
            settings = task.settings(Path(folder))
            with Side(checkout.resolve(), settings) as old, Side(ROOT, settings) as new, _busy_processes(task.busy):
                if task.warm_up:
                    old.repeat(), new.repeat()
                repeats = [(old.repeat(), new.repeat()) for _ in range(task.repeats)]
        for part, (description, limits) in task.parts.items():
            yield Row(description, [old[part] for old, _ in repeats], [new[part] for _, new in repeats], limits)


@contextlib.contextmanager
def _busy_processes(count: int) -> Iterator[None]:
    """Keep cores busy meanwhile."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def table(rows: Sequence[Row], *, with_limits: bool) -> str:
    """Return the figures as a Markdown table.

    Args:
        rows: one for each row.
        with_limits: say which limits there are, and whether they are met.
    """
    cells = [
        [row.task, *_side(row.old), *_side(row.new), *(_ratio(row.ratio(name)) for name in ("wall_s", "cpu_s"))]
        + ([verdict(row)] if with_limits else [])
        for row in rows
    ]
    heads = HEADS if with_limits else HEADS[:-1]
    return markdown_table(heads, cells, "l" + "r" * (len(heads) - 1))


def verdict(row: Row) -> str:
    """Return the limits of a row, and whether each one is met."""
    ratios = {"wall": (row.limits.wall, row.ratio("wall_s")), "CPU": (row.limits.cpu, row.ratio("cpu_s"))}
    found = [f"{name} {limit:.2f} {_met(ratio, limit)}" for name, (limit, ratio) in ratios.items() if limit is not None]
    if row.limits.peak_mb is not None:
        found.append(f"peak {row.limits.peak_mb:.0f} MB {_met(median(row.new).peak_mb, row.limits.peak_mb)}")
    return ", ".join(found) or "-"


def _met(value: float | None, limit: float) -> str:
    return "unknown" if value is None else "met" if value <= limit else "missed"


def _side(repeats: Sequence[Figures]) -> list[str]:
    wall_s, cpu_s, peak_mb = median(repeats)
    return [_seconds(wall_s), _seconds(cpu_s), "-" if peak_mb is None else f"{peak_mb:.0f} MB"]


def _seconds(value: float) -> str:
    return f"{value:.{3 if value < 1 else 1}f} s"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} x"


def as_json(rows: Sequence[Row], checkout: Path, machine: str) -> str:
    """Return the figures of every repeat, not rounded, as JSON."""
    figures = {
        "machine": machine,
        "old": commit_of(checkout),
        "new": commit_of(ROOT),
        "rows": [
            {
                "task": row.task,
                "old": [repeat._asdict() for repeat in row.old],
                "new": [repeat._asdict() for repeat in row.new],
                "ratios": {"wall": row.ratio("wall_s"), "cpu": row.ratio("cpu_s")},
                "limits": row.limits._asdict(),
            }
            for row in rows
        ],
    }
    return json.dumps(figures, indent=1) + "\n"


def commit_of(checkout: Path) -> str:
    """Return the commit of a checkout, with "-dirty" if files differ from it; "unknown" outside of Git."""
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
