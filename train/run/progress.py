"""What a run shows: progress bar, losses as JSON lines, sample sheets, loss curves."""

import json
import time
from collections import defaultdict
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torchvision.utils import make_grid
from tqdm import tqdm

from inpaint.atomic_write import atomic_write

FILE = "losses.jsonl"


class Progress:
    """The progress bar and the losses file of a run.

    Args:
        run_dir: losses are appended to `losses.jsonl` there.
        images_seen: where the run stands; later lines of an interrupted run are dropped.
        total: images in the whole run, or None while unknown.
    """

    def __init__(self, run_dir: Path, images_seen: int, total: int | None):
        self._path = run_dir / FILE
        self._drop_after(images_seen)
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = defaultdict(int)
        self._bar = tqdm(total=total, initial=images_seen, unit="image", smoothing=0.05, dynamic_ncols=True)
        self._since = time.perf_counter()
        self._images_since = images_seen
        self._waited_before = 0.0

    def _drop_after(self, images_seen: int) -> None:
        if self._path.exists():
            kept = [line for line in read_losses(self._path) if line["images_seen"] <= images_seen]
            self._path.write_text("".join(json.dumps(line) + "\n" for line in kept))

    def advance(self, images: int, losses: dict[str, Tensor], total: int | None) -> None:
        """Takes in one step: `images` more are done, with these losses (scalars, kept on their device)."""
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, torch.zeros_like(value)) + value
            self._counts[name] += 1
        if total != self._bar.total:
            self._bar.total = total
        self._bar.update(images)

    def write(self, images_seen: int, waited_s: float, **facts: float | int) -> dict[str, float]:
        """Writes the mean losses since the last line; returns that line.

        Args:
            images_seen: the clock.
            waited_s: seconds spent waiting for data since the run started.
            facts: further numbers for the line, such as the epoch.
        """
        now = time.perf_counter()
        passed = max(now - self._since, 1e-9)
        line: dict[str, float] = {"images_seen": images_seen, **facts}
        line |= {name: float(total) / self._counts[name] for name, total in self._sums.items()}
        line["images_per_s"] = (images_seen - self._images_since) / passed
        line["waiting_for_data"] = (waited_s - self._waited_before) / passed
        with self._path.open("a") as file:
            file.write(json.dumps({name: round(value, 6) for name, value in line.items()}) + "\n")
        shown = {name: f"{line[name]:.3f}" for name in self._sums}
        self._bar.set_postfix(shown)
        self._sums, self._counts = {}, defaultdict(int)
        self._since, self._images_since, self._waited_before = now, images_seen, waited_s
        return line

    def say(self, text: str) -> None:
        """A line above the progress bar."""
        self._bar.write(text)

    def close(self) -> None:
        """Ends the bar."""
        self._bar.close()


def read_losses(path: Path) -> list[dict[str, float]]:
    """The lines of a losses file; a last line cut off by a crash is left out."""
    lines = []
    for text in path.read_text().splitlines():
        try:
            lines.append(json.loads(text))
        except json.JSONDecodeError:
            continue
    return lines


def save_sheet(path: Path, image: Tensor, mask: Tensor, prediction: Tensor) -> None:
    """Writes a sample sheet: a column for each picture; rows masked, prediction, composite, truth.

    Args:
        path: a PNG file; its folder is made.
        image: (B, 3, H, W) in [-1, 1].
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.
        prediction: (B, 3, H, W); clipped to [-1, 1].
    """
    prediction = prediction.clamp(-1, 1)
    rows = torch.cat([image * (1 - mask), prediction, torch.where(mask > 0, prediction, image), image])
    grid = make_grid((rows + 1) / 2, nrow=len(image), padding=2, pad_value=1.0)
    pixels = (grid.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    with atomic_write(path, single_writer=True) as file:
        Image.fromarray(pixels).save(file, "PNG")


def plot_losses(run_dir: Path) -> Path | None:
    """Draws the loss curves to `losses.png` in the run's folder; None if there is nothing to draw yet."""
    import matplotlib  # slow to import, and needed once at the end

    matplotlib.use("Agg")
    from matplotlib import pyplot

    lines = read_losses(run_dir / FILE) if (run_dir / FILE).exists() else []
    names = sorted(
        {name for line in lines for name in line if name.startswith(("generator/", "discriminator/", "damage/"))}
    )
    if not names:
        return None
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure, axes = pyplot.subplots(rows, columns, figsize=(4 * columns, 2.8 * rows), squeeze=False)
    for axis, name in zip(axes.flat, names, strict=False):
        points = [(line["images_seen"], line[name]) for line in lines if name in line]
        axis.plot(*zip(*points, strict=True), linewidth=1)
        axis.set_title(name, fontsize=9)
        axis.set_xlabel("images seen", fontsize=8)
        axis.tick_params(labelsize=7)
    for axis in list(axes.flat)[len(names) :]:
        axis.axis("off")
    figure.tight_layout()
    figure.savefig(run_dir / "losses.png", dpi=120)
    pyplot.close(figure)
    return run_dir / "losses.png"
