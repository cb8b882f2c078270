"""Structure that belongs to a photo and only resembles damage: wires, bars, branches, hair, patterns, text, borders.

Distractors are drawn into photos before the damage and are never labelled, so that the damage network learns not to
mark such structure. They are as sharp as the photo, have a constant opacity, and are often occluded by other objects.
"""

import math
import string
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .shapes import Canvas, blob, fractal_noise, gaussian_blur, noise_1d, random_walk_path, smooth_noise


def _random_color(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a colour (3,) for an object: dark, bright, or sampled from the photo."""
    if rng.random() < 0.4:
        row, column = rng.integers(len(photo), size=2)
        return np.clip(photo[row, column] * rng.uniform(0.4, 1.5), 0, 1)
    if rng.random() < 0.6:
        return np.full(3, rng.uniform(0, 0.3)) + rng.uniform(0, 0.06, 3)
    return np.clip(rng.uniform(0.55, 1) + rng.normal(0, 0.05, 3), 0, 1)


def _occlusion(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray | float:
    """Return where an object behind parts of the photo is visible: in bright parts, in dark parts, or everywhere."""
    if rng.random() < 0.2:
        return 1.0
    grey = gaussian_blur(photo @ np.full(3, 1 / 3, np.float32), 2)
    level = np.quantile(grey, rng.uniform(0.2, 0.8))
    return (grey > level if rng.random() < 0.75 else grey < level).astype(np.float32)


def wires(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw power lines, ropes or stays: one to five smooth curves from side to side."""
    side, canvas = len(photo), Canvas(len(photo))
    slope, gap, width = rng.normal(0, 0.5), rng.uniform(3, 40), rng.uniform(0.5, 3.5)
    x = np.linspace(-0.1, 1.1, 40) * side
    sag, low, start = rng.uniform(0, 0.15), rng.uniform(0, 1), rng.uniform(-0.2, 1.2) * side
    for number in range(int(rng.integers(1, 6))):
        y = start + number * gap + slope * x - sag * side * (1 - ((x / side - low) * 1.5) ** 2)
        path = np.stack([x, y] if rng.random() < 0.8 else [y, x], 1)
        canvas.line(path, np.full(40, width), np.full(40, rng.uniform(0.7, 1)))
    return canvas.alpha() * _occlusion(photo, rng)


def bars(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw window bars, fences, blinds or bricks: equidistant straight lines in one or two directions."""
    side, canvas = len(photo), Canvas(len(photo))
    pitch, angle, width = rng.uniform(7, 70), rng.normal(0, 0.25), rng.uniform(0.6, 6)
    fan, reach = rng.normal(0, 0.15), rng.uniform(0.2, 0.8)
    where = rng.uniform(0, 1, 2) * side
    for turn in (0, math.pi / 2) if rng.random() < 0.5 else (rng.choice([0, math.pi / 2]),):
        for number in range(-int(side * reach / pitch), int(side * reach / pitch) + 1):
            heading = angle + turn + fan * number * pitch / side
            along = np.array([math.cos(heading), math.sin(heading)])
            middle = where + number * pitch * np.array([-math.sin(angle + turn), math.cos(angle + turn)])
            ends = np.linspace(middle - along * side * reach, middle + along * side * reach, 8)
            canvas.line(ends, np.full(8, min(width, pitch / 2)), np.ones(8))
    return canvas.alpha() * _occlusion(photo, rng)


def branches(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the branches of a tree, which get thinner where they fork."""
    side, canvas = len(photo), Canvas(len(photo))
    position = np.array([rng.uniform(0, side), side * rng.choice([0.0, 1.0, rng.random()])])
    queue = [(position, rng.uniform(0, 2 * math.pi), rng.uniform(1.5, 7), rng.uniform(15, 60))]
    for _ in range(int(rng.integers(20, 110))):
        if not queue:
            break
        position, heading, width, length = queue.pop(0)
        count = max(3, int(length / 4))
        headings = heading + np.cumsum(rng.normal(0, 0.12, count))
        path = position + np.cumsum(np.stack([np.cos(headings), np.sin(headings)], 1) * 4, 0)
        canvas.line(path, np.linspace(width, width * 0.75, count), np.ones(count))
        if width > 0.6:
            for _ in range(int(rng.integers(1, 4))):
                start = path[rng.integers(count // 2, count)]
                turn = rng.normal(0, 0.6)
                queue.append(
                    (start, headings[-1] + turn, width * rng.uniform(0.5, 0.8), length * rng.uniform(0.6, 0.95))
                )
    return canvas.alpha() * _occlusion(photo, rng)


def strands(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw hair, fur or grass: many fine, nearly parallel curves."""
    side, canvas = len(photo), Canvas(len(photo))
    base = random_walk_path(side, rng, length=rng.uniform(30, 160), turn=rng.uniform(0.02, 0.12))
    spread, width = rng.uniform(4, 40), rng.uniform(0.5, 1.6)
    for _ in range(int(rng.integers(8, 60))):
        drift = np.stack([noise_1d(len(base), 4, rng), noise_1d(len(base), 4, rng)], 1) * rng.uniform(1, 6)
        path = base + rng.normal(0, spread, 2) + drift
        canvas.line(path, np.full(len(path), width), np.full(len(path), rng.uniform(0.3, 1)))
    return canvas.alpha()


def patterns(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw curved stripes or patches with sharp edges over an area, as on zebras, leopards, marble or printed cloth."""
    side, period = len(photo), math.exp(rng.uniform(math.log(6), math.log(36)))
    if rng.random() < 0.6:
        y, x = np.mgrid[:side, :side].astype(np.float32)
        angle, bend = rng.uniform(0, math.pi), period * rng.uniform(0.3, 2)
        across = x * math.cos(angle) + y * math.sin(angle) + bend * smooth_noise(side, rng.uniform(20, 90), rng)
        height = np.cos(across * 2 * math.pi / period) + rng.uniform(0, 0.5) * smooth_noise(side, period, rng)
    else:
        height = fractal_noise(side, period, rng, 2)
    pattern = np.clip(0.5 + rng.uniform(2, 8) * (height - rng.normal(0, 0.4)), 0, 1)
    shape = blob(side, rng.uniform(0.2, 0.7) * side, rng, roughness=rng.uniform(0.1, 0.4), edge_px=rng.uniform(1, 6))
    return pattern * shape


def text(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw lines of random text, as on signs, captions and pages."""
    side = len(photo)
    size = math.exp(rng.uniform(math.log(7), math.log(70)))
    canvas = Image.new("L", (side * 2, side * 2))
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(size * 2)
    alphabet = list(string.ascii_letters + string.digits + "    .,-|/")
    top = rng.uniform(0, 1.6) * side
    for _ in range(int(rng.integers(1, int(2 + 120 / size)))):
        text = "".join(rng.choice(alphabet, int(rng.integers(2, 30))))
        draw.text((rng.uniform(-0.2, 1.2) * side, top), text, fill=int(rng.integers(150, 256)), font=font)
        top += size * 2.4
    return np.asarray(canvas.rotate(rng.normal(0, 12)).reduce(2), np.float32) / 255


def highlights(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw glints, lamps, stars, buttons or pebbles: small discs with a soft halo."""
    side, canvas = len(photo), Canvas(len(photo))
    for _ in range(int(rng.integers(1, 30))):
        radius = min(0.7 + rng.exponential(2.0), 9)
        angles = np.linspace(0, 2 * math.pi, 12)
        canvas.polygon(
            rng.uniform(0, side, 2) + np.stack([np.cos(angles), np.sin(angles)], 1) * radius, rng.uniform(0.4, 1)
        )
    sharp = canvas.alpha()
    return np.clip(0.6 * sharp + gaussian_blur(sharp, rng.uniform(0.8, 3)), 0, 1)


def garments(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw collars, cuffs, bows, sails or petals: areas with a smooth outline, soft folds and a sharp edge."""
    side, canvas = len(photo), Canvas(len(photo))
    angles = np.linspace(0, 2 * math.pi, 90, endpoint=False)
    for _ in range(int(rng.integers(1, 5))):
        radius = math.exp(rng.uniform(math.log(4), math.log(0.35 * side)))
        waves = sum(rng.normal(0, 0.35 / k) * np.cos(k * angles + rng.uniform(0, 2 * math.pi)) for k in range(2, 6))
        stretch = np.array([math.exp(rng.normal(0, 0.5)), 1.0])
        outline = (
            np.stack([np.cos(angles), np.sin(angles)], 1) * stretch * (radius * np.maximum(1 + waves, 0.15))[:, None]
        )
        turn = rng.uniform(0, math.pi)
        rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        canvas.polygon(outline @ rotation + rng.uniform(0, side, 2))
    folds = 1 - rng.uniform(0, 0.5) * np.clip(
        smooth_noise(side, rng.uniform(5, 40), rng, aspect=rng.uniform(1, 5)), 0, 1
    )
    return canvas.alpha() * folds * rng.uniform(0.55, 1)


DISTRACTOR_WEIGHTS: dict[Callable[[np.ndarray, np.random.Generator], np.ndarray], float] = {
    wires: 1.0, bars: 1.3, branches: 1.2, strands: 0.8, patterns: 0.8, text: 1.3, highlights: 0.35, garments: 1.3,
}  # fmt: skip
"""Kind of distractor -> sampling weight."""


def add_distractors(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw one or two distractors, slightly blurred, into a photo; float32 (side, side, 3) in [0, 1]."""
    weights = np.array(list(DISTRACTOR_WEIGHTS.values()))
    for _ in range(1 + (rng.random() < 0.3)):
        draw = list(DISTRACTOR_WEIGHTS)[rng.choice(len(weights), p=weights / weights.sum())]
        alpha = gaussian_blur(draw(photo, rng).astype(np.float32), rng.uniform(0.3, 1.3))[..., None]
        shading = 1 + np.float32(rng.uniform(0, 0.25)) * smooth_noise(len(photo), rng.uniform(15, 80), rng)[..., None]
        photo = photo + alpha * (np.clip(_random_color(photo, rng).astype(np.float32) * shading, 0, 1) - photo)
    return np.clip(photo, 0, 1).astype(np.float32)


def add_border(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a print's uniform border along one or two sides, in some cases with the scanner's bed beyond it."""
    side = len(photo)
    photo = np.rot90(photo, int(rng.integers(4))).copy()
    band = int(rng.integers(3, 40))
    value = rng.uniform(0.75, 1) if rng.random() < 0.75 else rng.uniform(0, 0.15)
    tone = np.clip(value * np.array([1, 1 - rng.uniform(0, 0.08), 1 - rng.uniform(0, 0.2)]), 0, 1)
    bed = int(rng.integers(0, 25)) if rng.random() < 0.4 else 0
    background = rng.uniform(0.9, 1) if rng.random() < 0.5 else rng.uniform(0, 0.12)
    for rows in (photo, photo.transpose(1, 0, 2)) if rng.random() < 0.4 else (photo,):
        rows[: bed + band] = tone
        if rng.random() < 0.4:
            rows[bed + band : bed + band + int(rng.integers(1, 3))] = tone * rng.uniform(0.2, 0.9)
    photo[:bed] = background
    if rng.random() < 0.5:
        photo += 0.01 * smooth_noise(side, rng.uniform(2, 20), rng)[..., None]
    return np.clip(np.rot90(photo, int(rng.integers(4))), 0, 1).astype(np.float32)
