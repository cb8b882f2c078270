"""Marks that are lines: scratches, scuffs, hairs, folds, cracks.

Each takes the side of a square in pixels and the only source of randomness, and returns layers from back to front.
"""

import math

import numpy as np

from .layers import Mark, finish, line_ink, paper, random_width
from .shapes import Canvas, blob, blurred, broken, jagged, line_noise, place, straight_path, tapered, wandering_path


def scratches(side: int, rng: np.random.Generator) -> list[Mark]:
    """A few single lines, straight or bent."""
    canvas = Canvas(side)
    for _ in range(int(rng.integers(1, 6))):
        if rng.random() < 0.6:
            path = straight_path(side, rng, through=rng.random() < 0.3)
        else:
            path = wandering_path(side, rng, length=side * rng.uniform(0.15, 1.2), turn=rng.uniform(0.01, 0.12))
        if rng.random() < 0.25:
            path = jagged(path, rng.uniform(0.2, 0.8), rng)
        count = len(path)
        canvas.line(path, random_width(rng) * tapered(count, rng), broken(count, rng) * rng.uniform(0.75, 1))
    ink, adds = line_ink(rng)
    return [Mark(finish(canvas, rng), ink, adds)]


def scuffs(side: int, rng: np.random.Generator) -> list[Mark]:
    """A bundle of fine parallel lines, as something dragged across leaves them."""
    canvas, angle, where = Canvas(side), rng.uniform(0, 2 * math.pi), rng.uniform(0.1, 0.9, 2) * side
    spread = side * rng.uniform(0.03, 0.3)
    for _ in range(int(rng.integers(4, 30))):
        length = side * rng.uniform(0.05, 0.5)
        along = np.linspace(-0.5, 0.5, max(4, int(length / 5)))
        points = np.stack([along, rng.normal(0, 0.02) * along**2], 1) * length
        tilt = angle + rng.normal(0, 0.06)
        turn = np.array([[math.cos(tilt), math.sin(tilt)], [-math.sin(tilt), math.cos(tilt)]])
        path = points @ turn + where + rng.normal(0, spread, 2)
        canvas.line(path, np.full(len(path), random_width(rng, 0.5, 2)), broken(len(path), rng) * rng.uniform(0.4, 1))
    ink, adds = line_ink(rng)
    return [Mark(finish(canvas, rng, (0.6, 1.0)), ink, adds)]


def film_scratches(side: int, rng: np.random.Generator) -> list[Mark]:
    """Lines along the film's way, upright or level, through everything."""
    canvas, upright = Canvas(side), rng.random() < 0.75
    lean = rng.normal(0, 0.01)
    for _ in range(int(rng.integers(1, 5))):
        count = int(rng.integers(12, 70))
        along = np.linspace(-0.05, 1.05, count) * side
        across = rng.uniform(0, side) + lean * along + line_noise(count, 3, rng) * rng.uniform(0, 1.2)
        path = np.stack([across, along] if upright else [along, across], 1)
        canvas.line(path, np.full(count, random_width(rng, 0.7, 3)), broken(count, rng) * rng.uniform(0.7, 1))
    ink, adds = line_ink(rng)
    return [Mark(finish(canvas, rng), ink, adds)]


def hairs(side: int, rng: np.random.Generator) -> list[Mark]:
    """Hairs and lint that lay on the print or the glass."""
    canvas = Canvas(side)
    for _ in range(int(rng.integers(1, 6))):
        length = rng.uniform(12, 130)
        path = wandering_path(side, rng, length=length, turn=rng.uniform(0.08, 0.45), step_px=2.5)
        count = len(path)
        canvas.line(path, np.full(count, random_width(rng, 0.8, 3)), np.full(count, rng.uniform(0.6, 1)))
    ink = paper(rng) if rng.random() < 0.6 else np.full(3, rng.uniform(0, 0.3))
    return [Mark(finish(canvas, rng, (0.5, 1.0)), ink)]


def fold(side: int, rng: np.random.Generator) -> list[Mark]:
    """A crease: a broken bright core, where the emulsion has cracked off, between darker or lighter sides."""
    if rng.random() < 0.7:
        path = straight_path(side, rng, through=rng.random() < 0.7, bow=0.008)
    else:  # the half-moon that a thumb leaves
        path = wandering_path(side, rng, length=rng.uniform(20, 110), turn=0.01)
        bend = np.linspace(-1, 1, len(path)) ** 2 * rng.uniform(4, 25)
        path = path + np.stack([bend, -bend], 1) * rng.choice([-1, 1])
    count, width = len(path), random_width(rng, 0.8, 6)
    core, sides = Canvas(side), Canvas(side)
    core_path = jagged(path, rng.uniform(0.05, 0.5) * width**0.5, rng)
    core.line(core_path, width * np.clip(1 + 0.5 * rng.standard_normal(count), 0.3, 2.5), broken(count, rng))
    sides.line(path, np.full(count, width * rng.uniform(2, 6) + 2), np.ones(count))
    shadow = blurred(sides.alpha(), width * rng.uniform(0.5, 1.5) + 0.5)
    shade = rng.normal(0, 0.14) * np.ones(3)
    if rng.random() < 0.3:  # a soft crease without a crack
        bright = rng.uniform(0.15, 0.45) * rng.choice([-1, 1])
        return [Mark(blurred(core.alpha(), width / 2 + 0.4), bright * np.ones(3), adds=True)]
    marks = [Mark(shadow, shade, adds=True, shade=True)] if rng.random() < 0.7 else []
    ink = paper(rng) if rng.random() < 0.85 else np.full(3, rng.uniform(0, 0.25))
    return [*marks, Mark(finish(core, rng, (0.5, 1.0)), ink)]


def cracks(side: int, rng: np.random.Generator) -> list[Mark]:
    """Branching cracks of a brittle emulsion, from a single one to a net."""
    canvas, width = Canvas(side), random_width(rng, 0.6, 2.6)
    starts = [place(np.zeros((1, 2)), 0, side, rng)[0] for _ in range(int(rng.integers(1, 7)))]
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
        path, count = jagged(np.array(points), rng.uniform(0.1, 0.5), rng), len(points)
        canvas.line(path, width * 0.85**depth * tapered(count, rng), np.clip(broken(count, rng), 0.3, 1))
    ink = paper(rng) if rng.random() < 0.55 else np.full(3, rng.uniform(0, 0.25)) + rng.uniform(0, 0.06, 3)
    return [Mark(finish(canvas, rng, (0.5, 1.0)), ink)]


def craquelure(side: int, rng: np.random.Generator) -> list[Mark]:
    """A net of cracks all over a part of the picture."""
    canvas, pitch, width = Canvas(side), rng.uniform(12, 60), random_width(rng, 0.6, 2)
    cells = int(side / pitch) + 3
    knots = (
        np.stack(np.meshgrid(np.arange(cells), np.arange(cells)), 2) - 1 + rng.normal(0, 0.3, (cells, cells, 2))
    ) * pitch
    for row in range(cells):
        for column in range(cells):
            for down, right in ((0, 1), (1, 0)):
                if row + down < cells and column + right < cells and rng.random() < 0.8:
                    ends = np.linspace(knots[row, column], knots[row + down, column + right], max(3, int(pitch / 5)))
                    path = jagged(ends, rng.uniform(0.2, 0.7), rng)
                    canvas.line(path, np.full(len(path), width), np.full(len(path), rng.uniform(0.4, 1)))
    alpha = finish(canvas, rng, (0.5, 1.0))
    if rng.random() < 0.7:
        alpha *= blob(side, rng.uniform(0.2, 0.7) * side, rng, rough=0.3, soft_px=20)
    ink = paper(rng) if rng.random() < 0.5 else np.full(3, rng.uniform(0, 0.25))
    return [Mark(alpha, ink)]
