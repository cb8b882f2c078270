"""Plot the benchmark: time against hole size and against photo size."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

Curve = tuple[list[float], list[float]]
"""Values of x in ascending order, and the seconds at each."""

_STYLES = (("#c2410c", "o", 2.4), ("#475569", "s", 1.5), ("#2563a8", "^", 1.5))


def plot_times(panels: Sequence[tuple[str, str, dict[str, Curve]]], target: Path, note: str = "") -> None:
    """Write a figure with one panel for each sweep.

    Args:
        panels: title, label of the x axis, and the curve of each method.
        target: the file to write, in the format of its suffix (.png, .svg ...).
        note: small print below the panels.

    Raises:
        ImportError: matplotlib is missing.
        ValueError: matplotlib does not support the format.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.4 * len(panels), 4.3), dpi=140, layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for index, (axis, (title, label, curves)) in enumerate(zip(axes, panels, strict=True)):
        for (colour, marker, width), (name, (x, seconds)) in zip(_STYLES, curves.items(), strict=False):
            axis.plot(x, seconds, color=colour, marker=marker, linewidth=width, markersize=5, label=name)
        axis.set(title=title, xlabel=label, xscale="log", yscale="log")
        if index == 0:
            axis.set_ylabel("seconds")
        _plain_ticks(axis, sorted({value for x, _ in curves.values() for value in x}))
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names), frameon=False)
    if note:
        figure.supxlabel(note, fontsize=8, color="#64748b")
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target)


def _plain_ticks(axis: Any, positions: list[float]) -> None:
    """Set a tick at each measured size, and plain numbers such as 0.1 instead of powers of ten."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    plain = FuncFormatter(lambda value, _: f"{value:g}")
    axis.set_xticks(positions, [f"{value:.2g}" if value < 100 else f"{value:.0f}" for value in positions])
    axis.minorticks_off()
    axis.yaxis.set_major_formatter(plain)
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.grid(True, which="major", color="#e2e8f0", linewidth=0.8)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
