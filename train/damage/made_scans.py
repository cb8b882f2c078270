"""Scans of film with dust, hairs and scratches, made from photos: colours, infrared channel and ground truth.

Dust has an optical density in colour and another, blurred one in infrared: the scanner's lens focuses both at different
distances. The infrared light falls off towards the corners; the dyes let a part of the picture leak into it; and the
two exposures are apart by a pixel.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

_SUPERSAMPLING = 3
_VISIBLE_LOSS = 0.04
"""Dust that takes less than this share of the light is not counted as damage."""
_DYE, _SILVER, _KODACHROME = (0.05, 0.015, 0.01), (0.32, 0.32, 0.32), (0.30, 0.10, 0.05)


@dataclass(frozen=True)
class ScanSettings:
    """What a scan is like.

    Attributes:
        film: "dye" (colour negative and slide film), "silver" (black and white) or "kodachrome".
        shift_px: (down, right), of the infrared channel.
        falloff: share of the infrared light that is missing in the corners.
        noise: standard deviation of the infrared channel, as a share of its light.
        blur_px: standard deviation of the infrared channel's defocus.
        amount: number of pieces of dust for a megapixel; hairs and scratches in proportion.
    """

    film: str = "dye"
    shift_px: tuple[float, float] = (0.9, -0.6)
    falloff: float = 0.3
    noise: float = 0.006
    blur_px: float = 1.1
    amount: float = 150.0


class MadeScan(NamedTuple):
    """A scan and its ground truth.

    Attributes:
        colour: uint16 (H, W, 3), the scan.
        infrared: uint16 (H, W), its infrared channel.
        clean: uint16 (H, W, 3), the scan without dust.
        damaged: bool (H, W), where dust takes light visibly.
    """

    colour: np.ndarray
    infrared: np.ndarray
    clean: np.ndarray
    damaged: np.ndarray


def make_scan(photo: np.ndarray, seed: int, settings: ScanSettings | None = None) -> MadeScan:
    """Return a scan of a photo with dust, hairs and scratches on it.

    Args:
        photo: RGB uint8 (H, W, 3).
        seed: of everything random.
        settings: of the scanner and the film; None: the defaults.
    """
    settings = settings or ScanSettings()
    rng = np.random.default_rng(seed)
    clean = np.clip(photo.astype(np.float32) / 255 + rng.normal(0, 0.004, photo.shape), 0.004, 1).astype(np.float32)
    if settings.film == "silver":
        clean = np.repeat(clean.mean(axis=2, keepdims=True), 3, axis=2)
    height, width = photo.shape[:2]
    density = draw_dust(height, width, rng, settings.amount)
    in_colour = ndimage.gaussian_filter(density * np.float32(rng.uniform(0.85, 1.1)), 0.5)
    transmission = np.exp(-in_colour)
    infrared = _infrared(clean, density, rng, settings)
    return MadeScan(_deep(clean * transmission[..., None]), infrared, _deep(clean), transmission < 1 - _VISIBLE_LOSS)


def draw_dust(height: int, width: int, rng: np.random.Generator, amount: float) -> np.ndarray:
    """Return the density of dust, hairs and scratches, natural logarithm, float32 (height, width); 0 = nothing.

    Args:
        height: in pixels.
        width: in pixels.
        rng: the only source of randomness.
        amount: as in `ScanSettings`.
    """
    scale = _SUPERSAMPLING
    canvas = Image.new("F", (width * scale, height * scale))
    draw = ImageDraw.Draw(canvas)
    megapixels = height * width / 1e6
    for _ in range(max(3, round(amount * megapixels))):
        _speck(draw, _place(height, width, rng), rng)
    for _ in range(max(2, round(amount * megapixels / 12))):
        _hair(draw, _place(height, width, rng), rng)
    for _ in range(max(1, round(amount * megapixels / 25))):
        _scratch(draw, _place(height, width, rng), rng)
    return np.asarray(canvas.resize((width, height), Image.Resampling.BOX))


def _place(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0, 1, 2) * (width, height)


def _speck(draw: ImageDraw.ImageDraw, place: np.ndarray, rng: np.random.Generator) -> None:
    radius = 0.8 * (1 + rng.pareto(1.6))
    angles = np.sort(rng.uniform(0, 2 * math.pi, 9))
    radii = min(radius, 14) * rng.uniform(0.5, 1.2, 9)
    points = place + np.stack([np.cos(angles) * radii, np.sin(angles) * radii], axis=1)
    density = float(rng.choice([rng.uniform(0.1, 0.6), rng.uniform(0.6, 2.5)]))
    draw.polygon([tuple(point) for point in (points * _SUPERSAMPLING).tolist()], fill=density)


def _hair(draw: ImageDraw.ImageDraw, place: np.ndarray, rng: np.random.Generator) -> None:
    steps = int(rng.integers(10, 60))
    turns = np.cumsum(rng.normal(0, 0.12, steps)) + rng.uniform(0, 2 * math.pi)
    points = place + np.cumsum(np.stack([np.cos(turns), np.sin(turns)], axis=1) * 4, axis=0)
    _line(draw, points, rng.uniform(0.8, 2.5), rng.uniform(0.15, 1.2))


def _scratch(draw: ImageDraw.ImageDraw, place: np.ndarray, rng: np.random.Generator) -> None:
    angle, length = rng.normal(0, 0.1) + math.pi / 2, rng.uniform(60, 500)
    points = place + np.linspace(-0.5, 0.5, 8)[:, None] * length * np.array([math.cos(angle), math.sin(angle)])
    _line(draw, points + rng.normal(0, 0.4, points.shape), rng.uniform(0.7, 1.3), rng.uniform(0.06, 0.4))


def _line(draw: ImageDraw.ImageDraw, points: np.ndarray, width_px: float, density: float) -> None:
    scaled = [tuple(point) for point in (points * _SUPERSAMPLING).tolist()]
    draw.line(scaled, fill=density, width=max(1, round(width_px * _SUPERSAMPLING)), joint="curve")


def _infrared(clean: np.ndarray, density: np.ndarray, rng: np.random.Generator, settings: ScanSettings) -> np.ndarray:
    """Return the infrared channel, uint16 (H, W)."""
    height, width = density.shape
    rows, columns = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
    light = 1 - settings.falloff / 2 * ((rows - 0.1) ** 2 + (columns + 0.15) ** 2)
    dyes = {"dye": _DYE, "silver": _SILVER, "kodachrome": _KODACHROME}[settings.film]
    picture = np.log(clean) @ np.array(dyes, np.float32)
    exposed = np.exp(ndimage.gaussian_filter(picture - density, settings.blur_px))
    moved = ndimage.shift(exposed, settings.shift_px, order=1, mode="nearest")
    noisy = light * moved * (1 + rng.normal(0, settings.noise, density.shape))
    return np.clip(noisy * 45000, 0, 65535).round().astype(np.uint16)


def _deep(values: np.ndarray) -> np.ndarray:
    return (values * 65535).round().astype(np.uint16)
