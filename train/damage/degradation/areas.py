"""Damage that covers areas: dust, tears, stains, tape, fingerprints, missing pieces.

Each function takes the side of a square in pixels and the only source of randomness, and returns layers from back to
front.
"""

import math

import numpy as np

from .layers import Layer, add_texture, log_uniform_width, paper_color, random_finish
from .shapes import (
    Canvas,
    blob,
    fractal_noise,
    gaussian_blur,
    noise_1d,
    place_at_random,
    roughen,
    smooth_noise,
    spots,
    straight_path,
)

HAZE_LABEL_WEIGHT = 0.4
"""`Layer.label_weight` of haze and stains through which the photo is still visible."""


def dust(side: int, rng: np.random.Generator) -> list[Layer]:
    """Draw 1 to 90 specks of up to 7 pixels radius."""
    canvas = Canvas(side)
    count = int(math.exp(rng.uniform(0, math.log(90))))
    sizes = np.minimum(0.7 + rng.exponential(rng.uniform(0.4, 1.6), count), 7)
    for outline, _ in spots(side, count, sizes, rng):
        canvas.polygon(outline, rng.uniform(0.5, 1))
    color = paper_color(rng) if rng.random() < 0.65 else np.full(3, rng.uniform(0, 0.3)) + rng.uniform(0, 0.1, 3)
    return [Layer(random_finish(canvas, rng, (0.5, 1.0)), color)]


def tear(side: int, rng: np.random.Generator) -> list[Layer]:
    """Draw a ragged gap that shows the paper's white core, in half of the cases with a shadow on one side."""
    path = straight_path(side, rng, through=rng.random() < 0.5, bow=0.08)
    path = roughen(path, rng.uniform(0.6, 2.2), rng)
    count = len(path)
    along, width = np.linspace(1.1, 0.1, count), rng.uniform(1.5, 14)
    halves = [width / 2 * along * np.clip(1 + 0.6 * noise_1d(count, count / 2, rng), 0.1, 3) for _ in range(2)]
    step = np.gradient(path, axis=0)
    normal = np.stack([-step[:, 1], step[:, 0]], 1) / np.maximum(np.hypot(*step.T), 1e-6)[:, None]
    canvas = Canvas(side)
    canvas.polygon(np.concatenate([path + normal * halves[0][:, None], (path - normal * halves[1][:, None])[::-1]]))
    canvas.line(path, np.full(count, log_uniform_width(rng, 0.7, 2)), np.ones(count))
    alpha, layers = canvas.alpha(), []
    if rng.random() < 0.5:
        shift = rng.integers(-2, 3, 2)
        edge = np.clip(np.roll(alpha, shift, (0, 1)) - alpha, 0, 1)
        layers = [Layer(gaussian_blur(edge, 0.7), np.full(3, rng.uniform(0, 0.3)))]
    return [*layers, Layer(alpha, add_texture(paper_color(rng), side, rng))]


def loss(side: int, rng: np.random.Generator) -> list[Layer]:
    """Draw patches of lost emulsion, or of dried ink, mould or glue, with hard, irregular edges."""
    alpha = np.zeros((side, side), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        radius = math.exp(rng.uniform(math.log(3), math.log(45)))
        alpha = np.maximum(alpha, blob(side, radius, rng, roughness=rng.uniform(0.1, 0.6), edge_px=rng.uniform(0.7, 2)))
    color = paper_color(rng) if rng.random() < 0.6 else stain_color(rng)
    return [Layer(alpha * rng.uniform(0.75, 1), add_texture(color, side, rng))]


def stain(side: int, rng: np.random.Generator) -> list[Layer]:
    """Draw a stain of water, rust, ink or mould with soft edges, in half of the cases with a darker rim."""
    radius = math.exp(rng.uniform(math.log(6), math.log(110)))
    edge_px = rng.uniform(0.1, 0.9) * radius
    body = blob(side, radius, rng, roughness=rng.uniform(0.05, 0.4), edge_px=edge_px)
    rim = np.clip(4 * body * (1 - body), 0, 1) ** rng.uniform(1, 3)
    ring = rng.uniform(0, 1) if rng.random() < 0.5 else 0
    alpha = np.clip(body * (1 - ring) + rim * ring, 0, 1) * rng.uniform(0.45, 1)
    if rng.random() < 0.3:
        alpha *= np.clip(0.8 + 0.4 * fractal_noise(side, radius / 2 + 3, rng), 0, 1)
    return [Layer(alpha.astype(np.float32), stain_color(rng), label_weight=HAZE_LABEL_WEIGHT)]


def stain_color(rng: np.random.Generator) -> np.ndarray:
    """Return the colour (3,) of a stain: rust, tea, ink, washed-out paper or blue-black."""
    kinds = np.array([(0.45, 0.3, 0.14), (0.75, 0.62, 0.35), (0.12, 0.09, 0.08), (0.95, 0.95, 0.92), (0.3, 0.33, 0.4)])
    return np.clip(kinds[rng.integers(len(kinds))] * rng.uniform(0.7, 1.2) + rng.normal(0, 0.04, 3), 0, 1)


def foxing(side: int, rng: np.random.Generator) -> list[Layer]:
    """Draw 3 to 39 soft spots of brown, black or white, like those of rust and mould."""
    canvas = Canvas(side)
    count = int(rng.integers(3, 40))
    for outline, _ in spots(side, count, rng.uniform(1.2, 7, count), rng):
        canvas.polygon(outline, rng.uniform(0.4, 1))
    alpha = gaussian_blur(canvas.alpha(), rng.uniform(0.8, 2.5)) * rng.uniform(0.5, 1)
    colors = np.array([(0.42, 0.27, 0.12), (0.15, 0.12, 0.1), (0.92, 0.92, 0.88)])
    return [Layer(np.clip(alpha * 1.3, 0, 1), colors[rng.integers(3)] * rng.uniform(0.8, 1.08))]


def fingerprint(side: int, rng: np.random.Generator) -> list[Layer]:
    """Draw a fingerprint: bright or dark ridges within an oval."""
    y, x = np.mgrid[:side, :side].astype(np.float32)
    centre = rng.uniform(0.1, 0.9, 2) * side
    bend = smooth_noise(side, 30, rng) * 6
    distance = np.hypot(x - centre[0] + bend, (y - centre[1]) * rng.uniform(0.6, 1) + bend)
    period, size = rng.uniform(3.5, 8), rng.uniform(18, 70)
    ridges = np.clip(0.5 + 1.2 * np.cos(distance * 2 * math.pi / period), 0, 1)
    inside = np.clip((size - distance) / 6, 0, 1) * np.clip(0.7 + 0.6 * smooth_noise(side, 15, rng), 0, 1)
    return [
        Layer(ridges * inside * rng.uniform(0.4, 0.9), paper_color(rng) if rng.random() < 0.6 else np.full(3, 0.15))
    ]


def tape(side: int, rng: np.random.Generator) -> list[Layer]:
    """Draw a strip of old adhesive tape, or of its glue."""
    width, length = rng.uniform(14, 60), side * rng.uniform(0.2, 1.4)
    corners = np.array([[-length, -width], [length, -width], [length, width], [-length, width]]) / 2
    outline = np.concatenate([np.linspace(a, b, 24) for a, b in zip(corners, np.roll(corners, -1, 0), strict=True)])
    outline = outline + rng.normal(0, rng.uniform(0, 1.2), outline.shape)
    canvas = Canvas(side)
    canvas.polygon(place_at_random(outline, rng.uniform(0, math.pi), side, rng))
    alpha = gaussian_blur(canvas.alpha(), rng.uniform(0.3, 1.5)) * rng.uniform(0.35, 0.85)
    tint = np.clip(np.array([0.82, 0.68, 0.36]) * rng.uniform(0.7, 1.2) + rng.normal(0, 0.05, 3), 0, 1)
    return [Layer(alpha, add_texture(tint, side, rng), label_weight=HAZE_LABEL_WEIGHT)]


def missing(side: int, rng: np.random.Generator) -> list[Layer]:
    """Draw a torn-off corner or border: the background behind a fibrous white edge."""
    angle, depth = rng.uniform(0, 2 * math.pi), rng.uniform(0.02, 0.45) * side
    count = 90
    along = np.linspace(-1.2, 1.2, count) * side
    cut = noise_1d(count, rng.uniform(3, 12), rng) * depth * 0.25 + roughen(np.zeros((count, 2)), 1.2, rng)[:, 0]
    direction = np.array([math.cos(angle), math.sin(angle)])
    normal = np.array([-direction[1], direction[0]])
    edge = np.array([side / 2, side / 2]) + normal * (side / 2 * (abs(normal[0]) + abs(normal[1])) - depth)
    line = edge + along[:, None] * direction + cut[:, None] * normal
    beyond = np.stack([line[-1] + normal * 2 * side, line[0] + normal * 2 * side])
    background, fringe = Canvas(side), Canvas(side)
    fringe.polygon(np.concatenate([line, beyond]))
    lip = (
        roughen(line, 0.8, rng)
        + normal * rng.uniform(0.5, 7) * np.clip(1 + 0.6 * noise_1d(count, 20, rng), 0.1, 3)[:, None]
    )
    background.polygon(np.concatenate([lip, beyond]))
    kind = rng.random()
    color = np.full(3, 1.0 if kind < 0.35 else 0.03 if kind < 0.6 else rng.uniform(0.1, 0.9)) - rng.uniform(0, 0.05, 3)
    first = Layer(fringe.alpha(), add_texture(paper_color(rng), side, rng))
    return [first, Layer(background.alpha(), color if rng.random() < 0.6 else add_texture(color, side, rng))]


def mirroring(side: int, rng: np.random.Generator) -> list[Layer]:
    """Draw silver mirroring: a bluish haze that spreads inwards from an edge."""
    y, x = np.mgrid[:side, :side].astype(np.float32) / side
    edge = (x, 1 - x, y, 1 - y)[rng.integers(4)]
    reach = rng.uniform(0.1, 0.5)
    alpha = np.clip(1 - edge / reach + 0.35 * fractal_noise(side, rng.uniform(10, 50), rng), 0, 1) * rng.uniform(
        0.3, 0.8
    )
    return [
        Layer(
            alpha.astype(np.float32),
            np.clip(np.array([0.5, 0.56, 0.66]) * rng.uniform(0.8, 1.3), 0, 1),
            label_weight=HAZE_LABEL_WEIGHT,
        )
    ]
