"""One silhouette under random affine and elastic deformations; `families` combines several into a mask."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from inpaint.photos.formats import SUFFIXES
from inpaint.photos.opening import open_photo

CANVAS = 96
"""Side in pixels of the square on which a silhouette is deformed before it is placed."""
MARGIN = 12
"""Empty pixels around the silhouette on that square, so that the deformation does not cut it."""


def random_blobs(rng: np.random.Generator) -> np.ndarray:
    """Draw a silhouette of one to three overlapping blobs, each a random Fourier series in polar coordinates.

    Args:
        rng: the only source of randomness.

    Returns:
        Bool (CANVAS, CANVAS), True inside, never empty.
    """
    canvas = Image.new("L", (CANVAS, CANVAS))
    draw = ImageDraw.Draw(canvas)
    angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    orders = np.arange(1, 7)[:, None]
    for _ in range(int(rng.integers(1, 4))):
        waves = rng.normal(0, 0.32, (6, 1)) / orders**0.7 * np.cos(orders * angles + rng.uniform(0, 2 * np.pi, (6, 1)))
        radius = CANVAS * rng.uniform(0.10, 0.22) * np.exp(waves.sum(axis=0))
        centre = CANVAS * rng.uniform(0.35, 0.65, 2)
        points = centre + np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius[:, None]
        draw.polygon(points.ravel().tolist(), fill=1, outline=1)
    return np.asarray(canvas, dtype=bool)


def read_silhouettes(folder: Path) -> list[np.ndarray]:
    """Return the images of a folder, sorted by name, as bool arrays (h, w): brighter than 127 = inside.

    Raises:
        ValueError: the folder is missing or holds no images, or one of them cannot be read.
    """
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise ValueError(f"{folder} holds no images: give a folder of silhouettes, white = inside")
    return [np.asarray(open_photo(path, what="silhouette").convert("L")) > 127 for path in paths]


def place_silhouette(
    height: int,
    width: int,
    rng: np.random.Generator,
    *,
    coverage: float,
    silhouettes: Sequence[np.ndarray] | None = None,
) -> np.ndarray:
    """Scale, shear, rotate and elastically deform a silhouette, and place it at random, possibly across the edge.

    Args:
        height: of the mask in pixels, at least 1.
        width: of the mask in pixels, at least 1.
        rng: the only source of randomness.
        coverage: share of the image's area in (0, 1] that the silhouette has before it is clipped at the edge.
        silhouettes: one of these is chosen, each (h, w), non-zero inside. None or empty: a generated one.

    Returns:
        Bool (height, width), True inside the silhouette. It may be empty where the silhouette is thinner than a pixel.

    Reference:
        Simard, Steinkraus and Platt 2003 for the elastic deformation; Pathak et al. 2016, arXiv:1604.07379, for its
        use in masks.
    """
    chosen = silhouettes[int(rng.integers(len(silhouettes)))] if silhouettes is not None and len(silhouettes) else None
    silhouette = None if chosen is None else np.asarray(chosen)
    if silhouette is None or not silhouette.any():
        silhouette = random_blobs(rng)
    deformed, area = _deform(_fit_canvas(silhouette), rng)
    forward = _random_affine(rng, scale=math.sqrt(coverage * height * width / max(area, 1.0)))
    centre = rng.uniform(0, 1, 2) * (width, height)
    reach = np.abs(forward).sum(axis=1) * CANVAS / 2
    left, top = np.clip(np.floor(centre - reach), 0, (width - 1, height - 1)).astype(int).tolist()
    right, bottom = np.clip(np.ceil(centre + reach), (left + 1, top + 1), (width, height)).astype(int).tolist()
    # Only the box that the canvas can reach is resampled: x_canvas = inverse @ (x_image - centre) + CANVAS / 2.
    inverse = np.linalg.inv(forward)
    offset = CANVAS / 2 + inverse @ ((left, top) - centre)
    matrix = (inverse[0, 0], inverse[0, 1], offset[0], inverse[1, 0], inverse[1, 1], offset[1])
    box = deformed.transform((right - left, bottom - top), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    mask = np.zeros((height, width), dtype=bool)
    mask[top:bottom, left:right] = np.asarray(box) > 127
    return mask


def _random_affine(rng: np.random.Generator, *, scale: float) -> np.ndarray:
    """Return a 2x2 matrix of random stretch, shear and rotation whose determinant is scale squared."""
    angle, shear, stretch = rng.uniform(0, 2 * np.pi), rng.uniform(-0.5, 0.5), math.exp(rng.uniform(-0.3, 0.3))
    cosine, sine = math.cos(angle), math.sin(angle)
    rotation = np.array([[cosine, -sine], [sine, cosine]])
    return scale * rotation @ np.array([[1, shear], [0, 1]]) @ np.diag([stretch, 1 / stretch])


def _fit_canvas(silhouette: np.ndarray) -> np.ndarray:
    """Crop a silhouette to its bounding box and scale it to the canvas less the margin; uint8, 0 or 255."""
    rows, columns = np.flatnonzero(silhouette.any(axis=1)), np.flatnonzero(silhouette.any(axis=0))
    cropped = silhouette[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] != 0
    scale = (CANVAS - 2 * MARGIN) / max(cropped.shape)
    size = tuple(max(1, round(side * scale)) for side in cropped.shape[::-1])
    scaled = Image.fromarray(cropped.astype(np.uint8) * 255).resize(size, Image.Resampling.NEAREST)
    canvas = Image.new("L", (CANVAS, CANVAS))
    canvas.paste(scaled, ((CANVAS - size[0]) // 2, (CANVAS - size[1]) // 2))
    return np.asarray(canvas)


def _deform(canvas: np.ndarray, rng: np.random.Generator) -> tuple[Image.Image, float]:
    """Displace the canvas by smooth noise and blur it; also return the area inside, in canvas pixels."""
    deviation_px = rng.uniform(1.5, 5.0)
    coarse = rng.normal(0, deviation_px, (2, 5, 5)).astype(np.float32)
    smooth = [np.asarray(Image.fromarray(part).resize((CANVAS, CANVAS), Image.Resampling.BICUBIC)) for part in coarse]
    shift = [np.clip(part, 1 - MARGIN, MARGIN - 1).astype(np.int32) for part in smooth]
    index = np.arange(CANVAS, dtype=np.int32)
    rows = np.clip(index[:, None] + shift[0], 0, CANVAS - 1)
    columns = np.clip(index[None, :] + shift[1], 0, CANVAS - 1)
    deformed = canvas.ravel()[rows * CANVAS + columns]
    return Image.fromarray(deformed).filter(ImageFilter.BoxBlur(1)), float(np.count_nonzero(deformed))
