"""Packs: a folder with all that a sprint reads, small enough to be sent to another machine."""

import io
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from inpaint.atomic_write import atomic_write
from inpaint.os_errors import reason_in
from train.metrics.efficientnet import LITE0, LITE2
from train.metrics.perceptual import save_packed

PICTURES, ABOUT = "pictures.npz", "pack.json"
QUALITIES = (85, 80, 75, 70, 65, 60, 50, 40)
"""WebP qualities, of which the best one that fits is taken."""
TRIED = 64
"""Pictures whose mean size is measured at each quality."""
MARGIN = 0.97
"""Share of the limit that is planned for."""
OVERHEAD = 4096
"""Bytes of the headers of the arrays, and of what tells about the pack."""
_THREADS = 4


class Pack(NamedTuple):
    """The content of a pack.

    Attributes:
        training: pictures to train on, RGB uint8 (H, W, 3).
        held_out: pictures to evaluate on.
        about: where they are from.
    """

    training: list[np.ndarray]
    held_out: list[np.ndarray]
    about: dict[str, Any]


def write_pack(
    folder: Path,
    training: Iterable[Image.Image],
    held_out: Iterable[Image.Image],
    about: dict[str, Any],
    *,
    side: int,
    max_bytes: int,
    networks: Sequence[str] = (LITE0, LITE2),
) -> dict[str, Any]:
    """Write a pack: the pictures, compressed again, and the networks of the perceptual loss and distances.

    Args:
        folder: is created.
        training: pictures to train on; the last ones are left out if even the lowest quality is too large.
        held_out: pictures to evaluate on.
        about: is kept with the pack.
        side: pictures are reduced until their short side has at most this many pixels.
        max_bytes: largest size of the whole folder.
        networks: variants of EfficientNet-Lite that come along.

    Returns:
        `about` with the numbers of pictures, the quality and the size in bytes.

    Raises:
        ValueError: there are no pictures, or the networks alone are too large.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for variant in networks:
        save_packed(variant, folder)
    spent = sum((folder / f"{variant}.safetensors").stat().st_size for variant in networks)
    shown, kept = ([_reduced(photo, side) for photo in photos] for photos in (held_out, training))
    if not kept or not shown:
        raise ValueError(f"There are {len(kept)} pictures to train on and {len(shown)} to evaluate on: give both.")
    left = int((max_bytes - spent) * MARGIN) - OVERHEAD - 8 * (len(kept) + len(shown))
    if left <= 0:
        raise ValueError(f"The limit is {max_bytes} bytes, but the networks take {spent}: raise --mib.")
    quality, fitting = _plan([*shown, *kept], left)
    fitting = max(1, fitting - len(shown))
    arrays: dict[str, Any] = {}
    with ThreadPoolExecutor(_THREADS) as pool:
        for name, photos in (("held_out", shown), ("training", kept[:fitting])):
            files = list(pool.map(lambda photo: _encoded(photo, quality), photos))
            arrays[name] = np.frombuffer(b"".join(files), np.uint8)
            arrays[f"{name}_ends"] = np.cumsum([len(file) for file in files])
    with atomic_write(folder / PICTURES, single_writer=True) as file:
        np.savez(file, **arrays)
    numbers = {"training": len(arrays["training_ends"]), "held_out": len(shown), "left_out": len(kept) - fitting}
    numbers["left_out"] = max(0, numbers["left_out"])
    size = spent + (folder / PICTURES).stat().st_size
    about = {**about, **numbers, "side": side, "quality": quality, "bytes": size}
    with atomic_write(folder / ABOUT, single_writer=True) as file:
        file.write((json.dumps(about, indent=2) + "\n").encode())
    return about


def read_pack(folder: Path) -> Pack:
    """Return the content of a pack.

    Raises:
        ValueError: the folder holds no pack.
    """
    try:
        about = json.loads((folder / ABOUT).read_text())
        with np.load(folder / PICTURES, allow_pickle=False) as arrays, ThreadPoolExecutor() as pool:
            training, held_out = (list(pool.map(_decoded, _split(arrays, name))) for name in ("training", "held_out"))
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(
            f"{folder} holds no pack ({reason_in(error)}): make one with"
            f" `python -m train.sprint pack DATASET --output {folder}`."
        ) from error
    return Pack(training, held_out, about)


def _plan(photos: Sequence[Image.Image], max_bytes: int) -> tuple[int, int]:
    """Return the best quality at which all photos fit, and how many fit at it, judged by some of them."""
    tried = photos[:: max(1, len(photos) // TRIED)]
    for quality in QUALITIES:
        mean = sum(len(_encoded(photo, quality)) for photo in tried) / len(tried)
        if mean * len(photos) <= max_bytes:
            return quality, len(photos)
    return quality, int(max_bytes / mean)


def _reduced(photo: Image.Image, side: int) -> Image.Image:
    photo = photo.convert("RGB")
    scale = side / min(photo.size)
    if scale >= 1:
        return photo
    size = (max(side, round(photo.width * scale)), max(side, round(photo.height * scale)))
    return photo.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _encoded(photo: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    photo.save(file, "WEBP", quality=quality, method=4)
    return file.getvalue()


def _decoded(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data), formats=("WEBP",)) as photo:
        return np.asarray(photo.convert("RGB"))


def _split(arrays: Any, name: str) -> list[bytes]:
    data, ends = arrays[name].tobytes(), arrays[f"{name}_ends"].tolist()
    return [data[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]
