"""python -m train.paper.figure RUN_DIR -o FIGURE: the fills of a run epoch by epoch, with its loss curves below."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from inpaint.os_errors import sentence_of
from train.run.progress import FILE, read_losses

PADDING_PX = 2
"""Gap between the pictures of a sample sheet."""
ROWS = 4
"""Rows of a sample sheet: masked, prediction, composite, ground truth."""
CURVES = {
    "generator/reconstruction": "L2 loss of the generator",
    "generator/adversarial": "adversarial loss of the generator",
    "discriminator/adversarial": "loss of the discriminator",
}


def epoch_sheets(run_dir: Path) -> dict[int, Path]:
    """Return the sample sheets of a run's `sample_epochs`, by epoch.

    Raises:
        ValueError: there are none.
    """
    found = {int(path.stem.removeprefix("epoch-")): path for path in (run_dir / "samples").glob("epoch-*.png")}
    if not found:
        raise ValueError(
            f"{run_dir} has no sample sheets of epochs (samples/epoch-0000.png): give a run with sample_epochs, such as"
            " one of `python -m train context-encoder`"
        )
    return dict(sorted(found.items()))


def cut_sheet(sheet: Image.Image) -> list[np.ndarray]:
    """Return the four rows of a sample sheet, uint8 (H, W, 3) each with its gaps.

    The rows are masked, prediction, composite and ground truth.
    """
    pixels = np.asarray(sheet.convert("RGB"))
    step = (pixels.shape[0] - PADDING_PX) // ROWS
    return [pixels[row * step : row * step + step + PADDING_PX] for row in range(ROWS)]


def draw(run_dir: Path, output: Path, pictures: int = 8) -> None:
    """Write the figure: the masked pictures, a row of composites per epoch, the ground truth, and the loss curves.

    Args:
        run_dir: a run with sample sheets of epochs.
        output: a PNG file; its folder is made.
        pictures: number of columns; at most that of the sheets.

    Raises:
        ValueError: the run has no such sheets.
    """
    import matplotlib  # slow to import

    matplotlib.use("Agg")
    from matplotlib import pyplot

    cut = {epoch: cut_sheet(Image.open(path)) for epoch, path in epoch_sheets(run_dir).items()}
    last = list(cut.values())[-1]
    rows = {"masked": last[0], **{f"epoch {epoch}": parts[2] for epoch, parts in cut.items()}, "ground truth": last[3]}
    step = last[0].shape[0] - PADDING_PX
    width = min(last[0].shape[1], pictures * step + PADDING_PX)
    stacked = np.concatenate([row[PADDING_PX:, :width] for row in rows.values()])
    inches = 8.0
    figure = pyplot.figure(figsize=(inches, inches * stacked.shape[0] / stacked.shape[1] + 2.4), dpi=140)
    grid = figure.add_gridspec(2, len(CURVES), height_ratios=[inches * stacked.shape[0] / stacked.shape[1], 1.7])
    axis = figure.add_subplot(grid[0, :])
    axis.imshow(stacked, interpolation="none")
    axis.set_yticks([step * (row + 0.5) for row in range(len(rows))], list(rows), fontsize=8)
    axis.set_xticks([])
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    lines = read_losses(run_dir / FILE) if (run_dir / FILE).exists() else []
    for column, (name, title) in enumerate(CURVES.items()):
        _draw_curve(figure.add_subplot(grid[1, column]), lines, name, title)
    figure.tight_layout()
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output)
    pyplot.close(figure)


def _draw_curve(axis: Any, lines: Sequence[dict[str, float]], name: str, title: str) -> None:
    points = [(line["images_seen"] / 1000, line[name]) for line in lines if name in line]
    axis.set_title(title, fontsize=8)
    axis.set_xlabel("thousand images seen", fontsize=7)
    axis.tick_params(labelsize=7)
    axis.locator_params(nbins=5)
    if points:
        axis.plot(*zip(*points, strict=True), linewidth=0.9, color="#2f6f8f", marker="" if len(points) > 9 else ".")
    else:
        axis.text(0.5, 0.5, "not part of this run", ha="center", va="center", fontsize=8, transform=axis.transAxes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the return value is the exit code: 0 done, 1 an error with a message."""
    parser = argparse.ArgumentParser(prog="python -m train.paper.figure", description=__doc__)
    parser.add_argument("run_dir", type=Path, help="a run, such as runs/context-encoder")
    parser.add_argument("-o", "--output", type=Path, help="picture to write (default: RUN_DIR/epochs.png)")
    parser.add_argument("--pictures", type=int, default=8, help="maximum number of columns (%(default)s)")
    options = parser.parse_args(arguments)
    output = options.output or options.run_dir / "epochs.png"
    try:
        draw(options.run_dir, output, max(1, options.pictures))
    except (ValueError, OSError) as error:
        print(f"python -m train.paper.figure: {sentence_of(error)}", file=sys.stderr)
        return 1
    print(f"The figure is in {output}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
