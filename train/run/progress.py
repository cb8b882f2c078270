"""Progress of a run: progress bar, losses as JSON lines, sample sheets, loss curves."""

import json
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from inpaint.atomic_write import atomic_write
from train.sheets import picture_sheet

FILE = "losses.jsonl"


class Progress:
    """The progress bar and the losses file of a run.

    Args:
        run_dir: losses are appended to `losses.jsonl` in this folder.
        images_seen: the clock of the run; later lines of an interrupted run are dropped.
        total: length of the run in images, or None while unknown.
    """

    def __init__(self, run_dir: Path, images_seen: int, total: int | None):
        self._path = run_dir / FILE
        self._drop_after(images_seen)
        self._sums: dict[str, Tensor] = {}
        self._steps = 0
        self._counts: dict[str, int] = defaultdict(int)
        self._bar = tqdm(total=total, initial=images_seen, unit="image", smoothing=0.05, dynamic_ncols=True)
        self._last_time_s, self._last_images, self._last_waited_s = time.perf_counter(), images_seen, 0.0

    def _drop_after(self, images_seen: int) -> None:
        if self._path.exists():
            kept = [line for line in read_losses(self._path) if line["images_seen"] <= images_seen]
            with atomic_write(self._path, single_writer=True) as file:
                file.write("".join(json.dumps(line) + "\n" for line in kept).encode())

    def advance(self, images: int, losses: dict[str, Tensor], total: int | None) -> None:
        """Count one step.

        Args:
            images: of the step.
            losses: scalars, which stay on their device until a line is written.
            total: length of the run in images, or None while unknown.
        """
        self._steps += 1
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, torch.zeros_like(value)) + value
            self._counts[name] += 1
        if total != self._bar.total:
            self._bar.total = total
        self._bar.update(images)

    def write(self, images_seen: int, waited_s: float, **values: float | int) -> dict[str, float]:
        """Write a line with the mean losses since the last one, and return it.

        Args:
            images_seen: the clock of the run.
            waited_s: seconds spent waiting for data since the process started.
            values: further numbers for the line, such as the epoch.
        """
        now = time.perf_counter()
        elapsed_s = max(now - self._last_time_s, 1e-9)
        line: dict[str, float] = {"images_seen": images_seen, **values}
        line |= {name: float(total) / self._counts[name] for name, total in self._sums.items()}
        line["images_per_s"] = (images_seen - self._last_images) / elapsed_s
        line["step_ms"] = 1000 * elapsed_s / max(1, self._steps)
        line["waiting_for_data"] = (waited_s - self._last_waited_s) / elapsed_s
        with self._path.open("a") as file:
            file.write(json.dumps({name: round(value, 6) for name, value in line.items()}) + "\n")
        self._bar.set_postfix({name: f"{line[name]:.3f}" for name in self._sums})
        self._sums, self._counts, self._steps = {}, defaultdict(int), 0
        self._last_time_s, self._last_images, self._last_waited_s = now, images_seen, waited_s
        return line

    def write_figures(self, images_seen: int, figures: Mapping[str, float], epoch: int) -> None:
        """Write a line with the figures of the held-out photos."""
        line = {"images_seen": images_seen, "epoch": epoch, **{name: round(v, 6) for name, v in figures.items()}}
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def message(self, text: str) -> None:
        """Print a line above the progress bar."""
        self._bar.write(text)

    def close(self) -> None:
        """Close the progress bar."""
        self._bar.close()


def read_losses(path: Path) -> list[dict[str, float]]:
    """Return the lines of a losses file, without a last line that was cut off by a crash."""
    lines = []
    for text in path.read_text().splitlines():
        try:
            lines.append(json.loads(text))
        except json.JSONDecodeError:
            continue
    return lines


def save_sheet(path: Path, image: Tensor, mask: Tensor, prediction: Tensor) -> None:
    """Write a sample sheet with a column for each photo; the rows are masked, prediction, composite, ground truth.

    Args:
        path: a PNG file; its folder is created.
        image: (B, 3, H, W) in [-1, 1].
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.
        prediction: (B, 3, H, W); clipped to [-1, 1].
    """
    prediction = prediction.clamp(-1, 1)
    rows = [image * (1 - mask), prediction, torch.where(mask > 0, prediction, image), image]
    save_rows(path, [(row + 1) / 2 for row in rows])


def save_rows(path: Path, rows: Sequence[Tensor]) -> None:
    """Write a sheet of pictures, two pixels apart.

    Args:
        path: a PNG file; its folder is created.
        rows: each (B, 1, H, W) or (B, 3, H, W) in [0, 1], its pictures from left to right.
    """
    pictures = []
    for row in rows:
        pixels = (row.expand(-1, 3, -1, -1).clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1)
        pictures.append(list(pixels.cpu().numpy()))
    with atomic_write(path, single_writer=True) as file:
        picture_sheet(pictures, gap_px=2, frame=False).save(file, "PNG")


def plot_losses(run_dir: Path) -> Path | None:
    """Draw the loss curves to `losses.png` in the run's folder and return its path; None without losses."""
    import matplotlib  # slow to import, and needed only at the end of a run

    matplotlib.use("Agg")
    from matplotlib import pyplot

    lines = read_losses(run_dir / FILE) if (run_dir / FILE).exists() else []
    names = sorted({name for line in lines for name in line if "/" in name})
    if not names:
        return None
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure, axes = pyplot.subplots(rows, columns, figsize=(4 * columns, 2.8 * rows), squeeze=False)
    for axis, name in zip(axes.flat, names, strict=False):
        points = [(line["images_seen"], line[name]) for line in lines if name in line]
        axis.plot(*zip(*points, strict=True), linewidth=1)
        if points[0][0] == 0:  # held-out figures: those of the weights at the start
            axis.axhline(points[0][1], linewidth=0.8, linestyle="--", color="gray")
        axis.set_title(name, fontsize=9)
        axis.set_xlabel("images seen", fontsize=8)
        axis.tick_params(labelsize=7)
    for axis in list(axes.flat)[len(names) :]:
        axis.axis("off")
    figure.tight_layout()
    figure.savefig(run_dir / "losses.png", dpi=120)
    pyplot.close(figure)
    return run_dir / "losses.png"
