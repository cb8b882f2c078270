"""Draw the training curve of the bundled weights: python -m docs.training_curve (from the root of a checkout).

`measured.json` has what docs/experiments.md and the model card say of the weights after each of the card's runs, with
the number of images that they and the weights before them had seen. It is drawn to training-curve.png beside the card.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PICTURE = HERE.parents[1] / "inpaint" / "weights" / "training-curve.png"
PANELS = {"elp": "ELP over the hole (lower is better)", "psnr": "PSNR over the hole, dB (higher is better)"}
HOLES = {"strokes": ("strokes, 10 to 25 %", "#c2410c", "o"), "large": ("large holes, 30 to 45 %", "#2563a8", "s")}


def draw(measured: Sequence[Mapping[str, Any]], target: Path) -> None:
    """Write a figure with a panel for each metric, and a curve for each kind of hole.

    Args:
        measured: what `measured.json` has, in the order of the images seen.
        target: the file to write.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.8, 4.3), dpi=110, layout="constrained")
    thousands = [step["images_seen"] / 1000 for step in measured]
    for axis, (metric, title) in zip(figure.subplots(1, len(PANELS)), PANELS.items(), strict=True):
        for kind, (label, colour, marker) in HOLES.items():
            values = [step[kind][metric] for step in measured]
            axis.plot(thousands, values, color=colour, marker=marker, linewidth=1.8, markersize=5, label=label)
        axis.set(title=title, xlabel="thousand images seen", xlim=(-30, thousands[-1] * 1.04))
        for step, at in zip(measured, thousands, strict=True):
            axis.axvline(at, color="#e2e8f0", linewidth=0.8, zorder=0)
            axis.annotate(
                step["what"], (at, 1), xycoords=axis.get_xaxis_transform(), xytext=(-1, -2), textcoords="offset points",
                rotation=90, fontsize=7, color="#64748b", va="top", ha="right",
            )  # fmt: skip
        low, high = axis.get_ylim()
        axis.set_ylim(low, high + (high - low) / 5)  # room for what the steps are
        axis.grid(True, axis="y", color="#e2e8f0", linewidth=0.8)
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)
    handles, names = axis.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False)
    figure.savefig(target)


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the picture that the card of the bundled weights shows."""
    argparse.ArgumentParser(prog="python -m docs.training_curve", description=__doc__).parse_args(arguments)
    draw(json.loads((HERE / "measured.json").read_text(encoding="utf-8")), PICTURE)


if __name__ == "__main__":
    main()
