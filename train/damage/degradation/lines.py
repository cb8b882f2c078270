"""Damage that consists of lines: scratches, scuffs, hairs, folds, cracks.

Each function takes the side of a square in pixels and the only source of randomness, and returns layers from back to
front.
"""

import math

import numpy as np

from .layers import Layer, line_color, log_uniform_width, paper_color, random_finish
from .shapes import (
    Canvas,
    blob,
    gaussian_blur,
    noise_1d,
    place_at_random,
    random_opacities,
    random_taper,
    random_walk_path,
    roughen,
    straight_path,
)


def scratches(side: int, rng: np.random.Generator) -> list[Layer]:
    """Draw one to five single scratches, straight or curved."""
    canvas = Canvas(side)
    for _ in range(int(rng.integers(1, 6))):
        if rng.random() < 0.6:
            path = straight_path(side, rng, through=rng.random() < 0.3)
        else:
            path = random_walk_path(side, rng, length=side * rng.uniform(0.15, 1.2), turn=rng.uniform(0.01, 0.12))
        if rng.random() < 0.25:
            path = roughen(path, rng.uniform(0.2, 0.8), rng)
        count = len(path)
        canvas.line(
            path, log_uniform_width(rng) * random_taper(count, rng), random_opacities(count, rng) * rng.uniform(0.75, 1)
        )
    color, additive = line_color(rng)
    return [Layer(random_finish(canvas, rng), color, additive)]


def scuffs(side: int, rng: np.random.Generator) -> list[Layer]:
    """Draw a bundle of fine, nearly parallel scratches, like those of abrasion."""
    canvas, angle, where = Canvas(side), rng.uniform(0, 2 * math.pi), rng.uniform(0.1, 0.9, 2) * side
    spread = side * rng.uniform(0.03, 0.3)
    for _ in range(int(rng.integers(4, 30))):
        length = side * rng.uniform(0.05, 0.5)
        along = np.linspace(-0.5, 0.5, max(4, int(length / 5)))
        points = np.stack([along, rng.normal(0, 0.02) * along**2], 1) * length
        tilt = angle + rng.normal(0, 0.06)
        turn = np.array([[math.cos(tilt), math.sin(tilt)], [-math.sin(tilt), math.cos(tilt)]])
        path = points @ turn + where + rng.normal(0, spread, 2)
        canvas.line(
            path,
            np.full(len(path), log_uniform_width(rng, 0.5, 2)),
            random_opacities(len(path), rng) * rng.uniform(0.4, 1),
        )
    color, additive = line_color(rng)
    return [Layer(random_finish(canvas, rng, (0.6, 1.0)), color, additive)]


def film_scratches(side: int, rng: np.random.Generator) -> list[Layer]:
    """Draw long vertical or horizontal lines, like those of film transport."""
    canvas, upright = Canvas(side), rng.random() < 0.75
    lean = rng.normal(0, 0.01)
    for _ in range(int(rng.integers(1, 5))):
        count = int(rng.integers(12, 70))
        along = np.linspace(-0.05, 1.05, count) * side
        across = rng.uniform(0, side) + lean * along + noise_1d(count, 3, rng) * rng.uniform(0, 1.2)
        path = np.stack([across, along] if upright else [along, across], 1)
        canvas.line(
            path, np.full(count, log_uniform_width(rng, 0.7, 3)), random_opacities(count, rng) * rng.uniform(0.7, 1)
        )
    color, additive = line_color(rng)
    return [Layer(random_finish(canvas, rng), color, additive)]


def hairs(side: int, rng: np.random.Generator) -> list[Layer]:
    """Draw hairs and lint that lie on the print or on the scanner's glass."""
    canvas = Canvas(side)
    for _ in range(int(rng.integers(1, 6))):
        length = rng.uniform(12, 130)
        path = random_walk_path(side, rng, length=length, turn=rng.uniform(0.08, 0.45), step_px=2.5)
        count = len(path)
        canvas.line(path, np.full(count, log_uniform_width(rng, 0.8, 3)), np.full(count, rng.uniform(0.6, 1)))
    color = paper_color(rng) if rng.random() < 0.6 else np.full(3, rng.uniform(0, 0.3))
    return [Layer(random_finish(canvas, rng, (0.5, 1.0)), color)]


def fold(side: int, rng: np.random.Generator) -> list[Layer]:
    """Draw a crease: a broken core, where the emulsion has cracked off, between darker or lighter sides."""
    if rng.random() < 0.7:
        path = straight_path(side, rng, through=rng.random() < 0.7, bow=0.008)
    else:  # a curved crease, as made by a thumb
        path = random_walk_path(side, rng, length=rng.uniform(20, 110), turn=0.01)
        bend = np.linspace(-1, 1, len(path)) ** 2 * rng.uniform(4, 25)
        path = path + np.stack([bend, -bend], 1) * rng.choice([-1, 1])
    count, width = len(path), log_uniform_width(rng, 0.8, 6)
    core, sides = Canvas(side), Canvas(side)
    core_path = roughen(path, rng.uniform(0.05, 0.5) * width**0.5, rng)
    core.line(core_path, width * np.clip(1 + 0.5 * rng.standard_normal(count), 0.3, 2.5), random_opacities(count, rng))
    sides.line(path, np.full(count, width * rng.uniform(2, 6) + 2), np.ones(count))
    shadow = gaussian_blur(sides.alpha(), width * rng.uniform(0.5, 1.5) + 0.5)
    brightness = rng.normal(0, 0.14) * np.ones(3)
    if rng.random() < 0.3:  # a soft crease without a crack
        bright = rng.uniform(0.15, 0.45) * rng.choice([-1, 1])
        return [Layer(gaussian_blur(core.alpha(), width / 2 + 0.4), bright * np.ones(3), additive=True)]
    layers = [Layer(shadow, brightness, additive=True, shading=True)] if rng.random() < 0.7 else []
    color = paper_color(rng) if rng.random() < 0.85 else np.full(3, rng.uniform(0, 0.25))
    return [*layers, Layer(random_finish(core, rng, (0.5, 1.0)), color)]


def cracks(side: int, rng: np.random.Generator) -> list[Layer]:
    """Draw branching cracks of a brittle emulsion, from a single one to a network."""
    canvas, width = Canvas(side), log_uniform_width(rng, 0.6, 2.6)
    starts = [place_at_random(np.zeros((1, 2)), 0, side, rng)[0] for _ in range(int(rng.integers(1, 7)))]
    queue = [(start, rng.uniform(0, 2 * math.pi), 0) for start in starts]
    branching, turn = rng.uniform(0.02, 0.16), rng.uniform(0.1, 0.4)
    for _ in range(60):
        if not queue:
            break
        position, heading, depth = queue.pop(0)
        points = [position]
        for _ in range(int(rng.integers(4, 34))):
            heading += rng.normal(0, turn)
            position = position + 4 * np.array([math.cos(heading), math.sin(heading)])
            points.append(position)
            if rng.random() < branching and depth < 4:
                queue.append((position, heading + rng.choice([-1, 1]) * rng.uniform(0.7, 1.7), depth + 1))
        path, count = roughen(np.array(points), rng.uniform(0.1, 0.5), rng), len(points)
        canvas.line(path, width * 0.85**depth * random_taper(count, rng), np.clip(random_opacities(count, rng), 0.3, 1))
    color = paper_color(rng) if rng.random() < 0.55 else np.full(3, rng.uniform(0, 0.25)) + rng.uniform(0, 0.06, 3)
    return [Layer(random_finish(canvas, rng, (0.5, 1.0)), color)]


def craquelure(side: int, rng: np.random.Generator) -> list[Layer]:
    """Draw a grid of cracks over part of the photo, as in aged varnish."""
    canvas, pitch, width = Canvas(side), rng.uniform(12, 60), log_uniform_width(rng, 0.6, 2)
    cells = int(side / pitch) + 3
    knots = (
        np.stack(np.meshgrid(np.arange(cells), np.arange(cells)), 2) - 1 + rng.normal(0, 0.3, (cells, cells, 2))
    ) * pitch
    for row in range(cells):
        for column in range(cells):
            for down, right in ((0, 1), (1, 0)):
                if row + down < cells and column + right < cells and rng.random() < 0.8:
                    ends = np.linspace(knots[row, column], knots[row + down, column + right], max(3, int(pitch / 5)))
                    path = roughen(ends, rng.uniform(0.2, 0.7), rng)
                    canvas.line(path, np.full(len(path), width), np.full(len(path), rng.uniform(0.4, 1)))
    alpha = random_finish(canvas, rng, (0.5, 1.0))
    if rng.random() < 0.7:
        alpha *= blob(side, rng.uniform(0.2, 0.7) * side, rng, roughness=0.3, edge_px=20)
    color = paper_color(rng) if rng.random() < 0.5 else np.full(3, rng.uniform(0, 0.25))
    return [Layer(alpha, color)]
