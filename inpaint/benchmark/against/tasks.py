"""The tasks of a comparison of two checkouts, and their limits as ratios of the new figures to the old ones."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ..workloads import disc_mask, scratches_mask, stroke_points, synthetic_photo, worn_print


class Limits(NamedTuple):
    """What the project wants of a task.

    Attributes:
        wall: largest ratio of wall times, new to old.
        cpu: largest ratio of CPU seconds, new to old.
        peak_mb: largest peak memory of the new side in millions of bytes.
    """

    wall: float | None = None
    cpu: float | None = None
    peak_mb: float | None = None


class Task(NamedTuple):
    """A task that both checkouts do.

    Attributes:
        name: for the option --only.
        parts: what `driver.py` calls the part that it reports -> description and limits.
        settings: writes the workload into a folder and returns the settings for `driver.py`.
        repeats: on each side.
        busy: number of busy processes beside it.
        warm_up: run it once more on each side, before what is reported.
    """

    name: str
    parts: dict[str, tuple[str, Limits]]
    settings: Callable[[Path], dict[str, Any]]
    repeats: int
    busy: int = 0
    warm_up: bool = True


class Scale(NamedTuple):
    """Sizes of the workloads; by default those that the limits are for."""

    stroke_px: tuple[int, int] = (64, 400)
    large_photo: tuple[int, int] = (6000, 4000)
    scratched_photo: tuple[int, int] = (8660, 5774)
    scratches: int = 200
    print_px: tuple[int, int] = (4000, 3000)
    print_scratches: int = 60
    square_px: int = 2048
    share: float = 0.4
    pass_px: int = 512
    small_photo: tuple[int, int] = (540, 380)
    repeats: int = 20
    few_repeats: int = 5


QUICK = Scale(
    stroke_px=(16, 100),
    large_photo=(600, 400),
    scratched_photo=(600, 400),
    scratches=10,
    print_px=(400, 300),
    print_scratches=5,
    square_px=256,
    pass_px=64,
    repeats=2,
    few_repeats=2,
)


def build_tasks(scale: Scale) -> list[Task]:
    """Return all tasks; no workload is written yet."""
    return [*_strokes(scale), *_photos(scale), *_passes(scale), *_starts(scale)]


def _strokes(scale: Scale) -> list[Task]:
    brush_px, length_px = scale.stroke_px
    width, height = scale.large_photo

    def settings(folder: Path) -> dict[str, Any]:
        np.save(folder / "photo.npy", synthetic_photo(width, height))
        points = stroke_points(width, height, length_px)
        return {"kind": "stroke", "photo": str(folder / "photo.npy"), "points": points, "brush_px": brush_px}

    task = f"a stroke of {brush_px} x {length_px} px, {megapixels(scale.large_photo)}"
    quiet, busy = Limits(0.5, 1 / 3), Limits(0.25)
    return [
        Task("stroke", _first_and_final(task, quiet), settings, scale.repeats),
        Task("busy", _first_and_final(f"{task}, beside two busy processes", busy), settings, scale.repeats, busy=2),
    ]


def _first_and_final(task: str, limits: Limits) -> dict[str, tuple[str, Limits]]:
    return {part: (f"{task}: {part} fill", limits) for part in ("first", "final")}


def _photos(scale: Scale) -> list[Task]:
    def scratches(folder: Path) -> dict[str, Any]:
        pixels, mask = synthetic_photo(*scale.scratched_photo), scratches_mask(*scale.scratched_photo, scale.scratches)
        return {"kind": "command", "arguments": _files(folder, pixels, mask)}

    def old_print(folder: Path) -> dict[str, Any]:
        photo, _, *result = _files(folder, worn_print(*scale.print_px, scale.print_scratches), None)
        return {"kind": "command", "arguments": [photo, "--find-damage", *result]}

    def hole(folder: Path) -> dict[str, Any]:
        side = scale.square_px
        return {"kind": "call"} | _arrays(folder, synthetic_photo(side, side), disc_mask(side, side, scale.share))

    side = scale.square_px
    scratched = f"{megapixels(scale.scratched_photo)}, {scale.scratches} scratches, from file to file"
    repaired = f"a print of {megapixels(scale.print_px)}: damage found, filled and saved"
    disc = f"a round hole of {scale.share:.0%} of {side} x {side} px"
    few = scale.few_repeats
    return [
        Task("scratches", {"": (scratched, Limits(1 / 3, peak_mb=1000))}, scratches, min(few, 3), warm_up=False),
        Task("print", {"": (repaired, Limits(0.5))}, old_print, few),
        Task("hole", {"": (disc, Limits(0.8))}, hole, few),
    ]


def _passes(scale: Scale) -> list[Task]:
    side = scale.pass_px

    def settings(folder: Path, hidden: Sequence[str]) -> dict[str, Any]:
        mask = np.zeros((side, side), bool)
        mask[side // 4 : -side // 4, side // 4 : -side // 4] = True
        return {"kind": "network_pass", "hidden": hidden} | _arrays(folder, synthetic_photo(side, side), mask)

    task = f"a pass of {side} px: initial fill and generator"
    # 80 ms instead of 167
    return [
        Task("pass", {"": (task, Limits(80 / 167))}, lambda folder: settings(folder, []), scale.repeats),
        Task(
            "pass-without-openvino",
            {"": (f"{task}, without OpenVINO", Limits(0.6))},
            lambda folder: settings(folder, ["openvino"]),
            scale.repeats,
        ),
    ]


def _starts(scale: Scale) -> list[Task]:
    width, height = scale.small_photo

    def small(folder: Path) -> dict[str, Any]:
        arguments = _files(folder, synthetic_photo(width, height), scratches_mask(width, height, 1))
        return {"kind": "command", "arguments": arguments}

    def upload(folder: Path) -> dict[str, Any]:
        return {"kind": "page", "photo": _files(folder, synthetic_photo(width, height), None)[0]}

    few = scale.few_repeats
    return [
        Task(
            "small", {"": (f"python -m inpaint, {width} x {height} px, one scratch", Limits(0.25))}, small, 2 * few - 1
        ),
        Task(
            "page", {"": ("app.py, to its first answer", Limits(0.5))}, lambda _: {"kind": "page", "photo": None}, few
        ),
        Task("page-fill", {"": ("app.py, to the first fill of an uploaded photo", Limits())}, upload, few),
    ]


def _arrays(folder: Path, pixels: np.ndarray, mask: np.ndarray) -> dict[str, Any]:
    np.save(folder / "photo.npy", pixels)
    np.save(folder / "mask.npy", mask)
    return {"photo": str(folder / "photo.npy"), "mask": str(folder / "mask.npy")}


def _files(folder: Path, pixels: np.ndarray, mask: np.ndarray | None) -> list[str]:
    """Write a photo and a mask, and return the arguments that fill it."""
    photo_file, mask_file, result_file = (str(folder / name) for name in ("photo.jpg", "mask.png", "filled.jpg"))
    Image.fromarray(pixels).save(photo_file, quality=92)
    if mask is not None:
        Image.fromarray(mask).save(mask_file, compress_level=1)
    return [photo_file, mask_file, "-o", result_file]


def megapixels(size: tuple[int, int]) -> str:
    """Return the size of a photo as text."""
    millions = f"{size[0] * size[1] / 1e6:.2g}"
    return f"{millions} megapixel{'s' if millions != '1' else ''}"
