"""Workloads of the benchmark: synthetic photos, the same on every machine, and holes in them."""

import numpy as np
from PIL import Image, ImageFilter

from inpaint.engine.brush import stroke_to_mask

_ROWS = 256


def synthetic_photo(width: int, height: int, seed: int = 0) -> np.ndarray:
    """Return a synthetic photo with soft gradients, texture, hard edges and grain.

    Args:
        width: in pixels.
        height: in pixels.
        seed: of the random numbers.

    Returns:
        RGB uint8 (height, width, 3).
    """
    rng = np.random.default_rng(seed)
    soft = rng.integers(60, 196, (max(2, height // 400), max(2, width // 400), 3), dtype=np.uint8)
    texture = rng.integers(0, 80, (max(2, height // 12), max(2, width // 12)), dtype=np.uint8)
    pixels = np.array(Image.fromarray(soft).resize((width, height), Image.Resampling.BICUBIC))
    fine = np.asarray(Image.fromarray(texture).resize((width, height), Image.Resampling.BICUBIC))
    columns = np.arange(width, dtype=np.float32)
    for top in range(0, height, _ROWS):  # in strips, as floats of the whole photo would take gigabytes
        rows = np.arange(top, min(top + _ROWS, height), dtype=np.float32)[:, None]
        bricks = np.sin(columns / 61 + np.floor(rows / 97) * 2) > 0.96
        slope = np.sin((columns + 2.3 * rows) / 300) > 0
        light = fine[top : top + _ROWS].astype(np.int16) - 40 + 30 * slope - 60 * bricks
        light += rng.integers(-8, 9, light.shape, dtype=np.int16)
        strip = pixels[top : top + _ROWS]
        strip[:] = np.clip(strip + light[..., None], 0, 255)
    return pixels


def stroke_points(width: int, height: int, length_px: float) -> list[list[float]]:
    """Return a slightly curved stroke of some length in the middle of a photo, as points for `Session.stroke`."""
    steps = np.linspace(-0.5, 0.5, 12)
    return [[width / 2 + t * length_px, height / 2 + length_px / 10 * (0.25 - t * t)] for t in steps.tolist()]


def stroke_mask(width: int, height: int, length_px: float, brush_px: float) -> np.ndarray:
    """Return the stroke of `stroke_points` as a mask: bool (height, width), True = hole."""
    return _painted(width, height, [(stroke_points(width, height, length_px), brush_px)])


def disc_mask(width: int, height: int, share: float) -> np.ndarray:
    """Return a round hole in the middle that covers a share of the photo: bool (height, width), True = hole."""
    return _painted(width, height, [([[width / 2, height / 2]], disc_px(width, height, share))])


def disc_px(width: int, height: int, share: float) -> float:
    """Return the diameter in pixels of a disc that covers a share of a photo."""
    return float(np.sqrt(4 / np.pi * share * width * height))


def scratches_mask(width: int, height: int, count: int, seed: int = 0) -> np.ndarray:
    """Return curved scratches all over a photo: bool (height, width), True = hole.

    Args:
        width: in pixels.
        height: in pixels.
        count: number of scratches, each 2 to 10 pixels wide and up to a fifth of the longer side long.
        seed: of the random numbers.
    """
    rng = np.random.default_rng(seed)
    strokes = []
    for _ in range(count):
        length = rng.uniform(0.05, 0.2) * max(width, height)
        angle, bend = rng.uniform(0, np.pi), rng.uniform(-0.1, 0.1) * length
        along = np.linspace(-0.5, 0.5, 9)
        across = bend * (1 - 4 * along * along)
        x = rng.uniform(0, width) + length * along * np.cos(angle) - across * np.sin(angle)
        y = rng.uniform(0, height) + length * along * np.sin(angle) + across * np.cos(angle)
        strokes.append((np.stack([x, y], 1).tolist(), rng.uniform(2, 10)))
    return _painted(width, height, strokes)


def worn_print(width: int, height: int, count: int, seed: int = 0) -> np.ndarray:
    """Return a synthetic photo as an old print: faded, brownish, slightly blurred, with bright scratches.

    Args:
        width: in pixels.
        height: in pixels.
        count: number of scratches, those of `scratches_mask`.
        seed: of the random numbers.

    Returns:
        RGB uint8 (height, width, 3).
    """
    photo = Image.fromarray(synthetic_photo(width, height, seed)).convert("L").filter(ImageFilter.GaussianBlur(2))
    tones = np.linspace((58, 46, 34), (214, 202, 176), 256).round().astype(np.uint8)
    toned = Image.merge("RGB", [photo.point(tones[:, channel].tolist()) for channel in range(3)])
    scratches = Image.fromarray(scratches_mask(width, height, count, seed)).convert("L")
    toned.paste((244, 240, 228), mask=scratches.filter(ImageFilter.GaussianBlur(0.7)))
    return np.array(toned)


def _painted(width: int, height: int, strokes: list[tuple[list[list[float]], float]]) -> np.ndarray:
    mask = np.zeros((height, width), bool)
    for points, brush_px in strokes:
        box, painted = stroke_to_mask(points, brush_px, (width, height))
        mask[box.slices] |= painted
    return mask
