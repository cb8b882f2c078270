"""Building blocks of degradations: noise, random paths, anti-aliased lines of varying width, blobs."""

import math
from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

Polyline = np.ndarray  # (N, 2) float, the x and y of each point in pixels
SUPERSAMPLING = 3
"""Factor by which a canvas is drawn larger and box-filtered down: a line of half a pixel has half the opacity."""


class Canvas:
    """A square alpha mask with anti-aliased lines and polygons; later shapes overwrite earlier ones.

    Args:
        side: of the square in pixels.
    """

    def __init__(self, side: int) -> None:
        self.side = side
        self._image = Image.new("L", (side * SUPERSAMPLING, side * SUPERSAMPLING))
        self._draw = ImageDraw.Draw(self._image)

    def line(self, path: Polyline, widths: np.ndarray, opacities: np.ndarray) -> None:
        """Draw a polyline of varying width and opacity.

        Args:
            path: (N, 2), x and y of each point in pixels.
            widths: (N,) in pixels; a segment has the width of its first point.
            opacities: (N,) in [0, 1]; a segment has the opacity of its first point.
        """
        points = (path * SUPERSAMPLING).tolist()
        pens = np.maximum(1, np.round(widths * SUPERSAMPLING)).astype(int).tolist()
        levels = (np.clip(opacities, 0, 1) * 255).astype(int).tolist()
        for (x, y), (u, v), pen, level in zip(points[:-1], points[1:], pens, levels, strict=False):
            if level:
                self._draw.line((x, y, u, v), fill=level, width=pen)
                if pen > 5:  # a round joint
                    radius = pen / 2 - 0.5
                    self._draw.ellipse((u - radius, v - radius, u + radius, v + radius), fill=level)

    def polygon(self, outline: Polyline, opacity: float = 1.0) -> None:
        """Fill a polygon with corners (N, 2) in pixels and an opacity in [0, 1]."""
        self._draw.polygon([tuple(point) for point in (outline * SUPERSAMPLING).tolist()], fill=round(255 * opacity))

    def alpha(self) -> np.ndarray:
        """Return the mask: float32 (side, side) in [0, 1]."""
        return np.asarray(self._image.reduce(SUPERSAMPLING), np.float32) / 255


def smooth_noise(side: int, cell_px: float, rng: np.random.Generator, *, aspect: float = 1.0) -> np.ndarray:
    """Return value noise on a randomly shifted grid: float32 (side, side), mean near 0, standard deviation 1.

    Args:
        side: of the square in pixels.
        cell_px: width of a grid cell in pixels; values between the grid points are interpolated bicubically.
        rng: the only source of randomness.
        aspect: height of a cell over its width.
    """
    across = max(2, math.ceil(side / cell_px) + 3)
    down = max(2, math.ceil(side / (cell_px * aspect)) + 3)
    coarse = rng.standard_normal((down, across)).astype(np.float32)
    scale = side / cell_px, side / (cell_px * aspect)
    left, top = rng.uniform(0, 1, 2)
    box = (left, top, min(across, left + max(scale[0], 1)), min(down, top + max(scale[1], 1)))
    noise = np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC, box=box))
    return noise / max(float(noise.std()), 0.3)


def fractal_noise(side: int, cell_px: float, rng: np.random.Generator, octaves: int = 4) -> np.ndarray:
    """Return the sum of octaves of `smooth_noise`: float32 (side, side), mean near 0, standard deviation near 1.

    Args:
        side: of the square in pixels.
        cell_px: cell of the first octave in pixels; each further octave halves it and has 0.55 times the amplitude.
        rng: the only source of randomness.
        octaves: at most this many; those with cells below 1.5 pixels are left out.
    """
    total = np.zeros((side, side), np.float32)
    for octave in range(octaves):
        if cell_px / 2**octave < 1.5:
            break
        total += smooth_noise(side, cell_px / 2**octave, rng) * 0.55**octave
    return total / max(float(total.std()), 0.1)


def noise_1d(count: int, knots: float, rng: np.random.Generator) -> np.ndarray:
    """Return (count,) values that interpolate about `knots` normal random numbers linearly."""
    values = rng.standard_normal(max(2, round(knots)) + 1)
    return np.interp(np.linspace(0, len(values) - 1, count), np.arange(len(values)), values)


def straight_path(side: int, rng: np.random.Generator, *, through: bool, bow: float = 0.02) -> Polyline:
    """Return a nearly straight path of random position and direction, with a point about every 4 pixels.

    Args:
        side: of the square in pixels.
        rng: the only source of randomness.
        through: whether the path is longer than the square's diagonal; else its length is log-uniform.
        bow: standard deviation of the sagitta, as a share of the length.
    """
    length = side * (1.6 if through else math.exp(rng.uniform(math.log(0.06), math.log(1.1))))
    count = max(6, int(length / 4))
    along = np.linspace(-0.5, 0.5, count)
    across = rng.normal(0, bow) * (1 - 4 * along**2) + noise_1d(count, count / 6, rng) * rng.uniform(0, 0.5) / length
    return place_at_random(np.stack([along, across], 1) * length, rng.uniform(0, 2 * math.pi), side, rng)


def random_walk_path(
    side: int, rng: np.random.Generator, *, length: float, turn: float, step_px: float = 3
) -> Polyline:
    """Return a correlated random walk at a random position.

    Args:
        side: of the square in pixels.
        rng: the only source of randomness.
        length: of the path in pixels.
        turn: standard deviation of the change of direction per step, in radians.
        step_px: length of a step in pixels.
    """
    count = max(4, int(length / step_px))
    heading = np.cumsum(rng.normal(0, turn, count) + rng.normal(0, turn / 3))
    path = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], 1) * step_px, 0)
    return place_at_random(path - path[count // 2], rng.uniform(0, 2 * math.pi), side, rng)


def roughen(path: Polyline, roughness_px: float, rng: np.random.Generator) -> Polyline:
    """Add a mean-reverting random walk to a path, so that it looks like torn fibres or brittle cracks.

    Args:
        path: (N, 2) in pixels.
        roughness_px: standard deviation of a step in pixels.
        rng: the only source of randomness.
    """
    steps = rng.normal(0, roughness_px, (len(path), 2))
    decay = np.exp(-np.arange(12) / 4.0)
    return path + np.stack([np.convolve(steps[:, axis], decay)[: len(path)] for axis in (0, 1)], 1)


def place_at_random(points: Polyline, angle: float, side: int, rng: np.random.Generator) -> Polyline:
    """Rotate points (N, 2) about the origin by `angle` radians and move them to a random position in the square."""
    cosine, sine = math.cos(angle), math.sin(angle)
    return points @ np.array([[cosine, sine], [-sine, cosine]]) + rng.uniform(-0.05, 1.05, 2) * side


def random_opacities(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return (count,) opacities in [0, 1] along a line: constant, varying, worn off in places, or dashed."""
    kind = rng.integers(4)
    if kind == 0:
        return np.ones(count)
    waves = noise_1d(count, max(2, count / rng.uniform(2, 14)), rng)
    if kind == 1:
        return np.clip(0.75 + 0.3 * waves, 0.25, 1)
    if kind == 2:
        return np.clip(0.6 + rng.uniform(0.4, 1.0) * waves, 0, 1)
    return np.where(waves > rng.uniform(-1.2, 0.2), 1.0, 0.0) * np.clip(0.8 + 0.2 * rng.standard_normal(count), 0.3, 1)


def random_taper(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return (count,) factors of a line's width, in [0.3, 2]: tapered towards none, one or both of its ends."""
    along = np.linspace(0, 1, count)
    start, end = rng.random(2) < 0.4
    widths = 1 + 0.25 * noise_1d(count, max(2, count / 8), rng)
    widths = widths * (np.minimum(1, along / 0.3) if start else 1) * (np.minimum(1, (1 - along) / 0.3) if end else 1)
    return np.clip(widths, 0.3, 2)


def blob(side: int, radius: float, rng: np.random.Generator, *, roughness: float, edge_px: float) -> np.ndarray:
    """Return an irregular patch at a random position: float32 (side, side) in [0, 1].

    Args:
        side: of the square in pixels.
        radius: approximate radius of the patch in pixels.
        rng: the only source of randomness.
        roughness: amplitude of the noise on the outline relative to the radius, 0 (an ellipse) to about 0.6.
        edge_px: width of the soft edge in pixels.
    """
    centre, angle, stretch = rng.uniform(-0.1, 1.1, 2) * side, rng.uniform(0, math.pi), math.exp(rng.normal(0, 0.3))
    y, x = np.mgrid[:side, :side].astype(np.float32)
    x, y = x - centre[0], y - centre[1]
    u = (x * math.cos(angle) + y * math.sin(angle)) / stretch
    v = (y * math.cos(angle) - x * math.sin(angle)) * stretch
    distance = np.sqrt(u * u + v * v) / radius
    distance += roughness * fractal_noise(side, max(3.0, radius * rng.uniform(0.4, 1.2)), rng, 5)
    return np.clip((1 - distance) * radius / max(edge_px, 0.7) + 0.5, 0, 1)


def spots(side: int, count: int, sizes: np.ndarray, rng: np.random.Generator) -> Iterable[tuple[Polyline, float]]:
    """Yield small irregular polygons as (outline, radius in pixels); in half of the cases they form a cluster.

    Args:
        side: of the square in pixels.
        count: at most this many polygons.
        sizes: radii in pixels.
        rng: the only source of randomness.
    """
    cluster = rng.random() < 0.5
    centre, spread = rng.uniform(0, 1, 2) * side, rng.uniform(0.05, 0.4) * side
    for radius in sizes[:count].tolist():
        middle = rng.normal(centre, spread) if cluster else rng.uniform(0, 1, 2) * side
        corners = int(rng.integers(5, 9))
        angles = (np.arange(corners) + rng.uniform(0, 0.6, corners)) * 2 * math.pi / corners
        reach = radius * rng.uniform(0.6, 1.3, corners)
        stretch = np.array([math.exp(rng.normal(0, 0.3)), 1.0])
        yield middle + np.stack([np.cos(angles), np.sin(angles)], 1) * reach[:, None] * stretch, radius


def gaussian_blur(values: np.ndarray, sigma: float) -> np.ndarray:
    """Blur (H, W) or (H, W, C) along its first two axes; a sigma below 0.2 pixels returns the values unchanged."""
    if sigma < 0.2:
        return values
    return ndimage.gaussian_filter(values, (sigma, sigma, 0)[: values.ndim], mode="nearest", truncate=2.2)
