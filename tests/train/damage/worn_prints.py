"""A second degradation model for evaluation, which shares no code with the one used in training.

    python -m tests.train.damage.worn_prints PHOTOS -o PAIRS/ --count 100

writes scans (NAME.jpg) and masks of their damage (NAME-mask.png) for `python -m train.damage.evaluate --pairs PAIRS/`.
The training's model draws shapes. Here every kind of damage is a thresholded field over the whole photo: the distance
to a curve, to the borders of Voronoi cells, to points or to a corner, or noise with a power-law spectrum.
"""

import argparse
import io
import math
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage
from scipy.spatial import cKDTree

VISIBLE_CHANGE = 14 / 255
"""Smallest change of a pixel, as a share of the range, that belongs to the mask."""


def spectrum_noise(shape, exponent, rng):
    """Return noise with amplitudes proportional to frequency ** -exponent; mean 0, standard deviation 1."""
    rows, columns = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None]
    frequency = np.hypot(rows * shape[0], columns * shape[1])
    frequency[0, 0] = 1
    phases = rng.standard_normal(frequency.shape) + 1j * rng.standard_normal(frequency.shape)
    phases[0, 0] = 0
    noise = np.fft.irfft2(phases * frequency**-exponent, s=shape)
    return noise / noise.std()


def distance_to(points, shape):
    """Return each pixel's distance to the nearest of points (N, 2) as x, y, and that point's index (-1: none)."""
    x, y = np.round(points).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < shape[1]) & (y < shape[0])
    if not inside.any():
        return np.full(shape, 1e6), np.full(shape, -1)
    index = np.full(shape, -1)
    index[y[inside], x[inside]] = np.flatnonzero(inside)
    distance, (rows, columns) = ndimage.distance_transform_edt(index < 0, return_indices=True)
    return distance, index[rows, columns]


def bezier(shape, rng, curl):
    """Return points of a random cubic Bezier curve, at most half a pixel apart."""
    height, width = shape
    start = rng.uniform(0, 1, 2) * (width, height)
    reach = math.hypot(width, height) * rng.uniform(0.08, 0.9)
    heading = rng.uniform(0, 2 * math.pi)
    end = start + reach * np.array([math.cos(heading), math.sin(heading)])
    controls = [start + (end - start) * part + rng.normal(0, curl * reach, 2) for part in (1 / 3, 2 / 3)]
    t = np.linspace(0, 1, int(2.5 * reach) + 8)[:, None]
    return (1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * controls[0] + 3 * (1 - t) * t**2 * controls[1] + t**3 * end


def profile(distance, width):
    """Return a line's coverage from the distance to its centre: 1 inside, falling to 0 over one pixel."""
    return np.clip(width / 2 - distance + 0.75, 0, 1)


def scratch(shape, rng):
    points = bezier(shape, rng, rng.choice([0.01, 0.04, 0.2]))
    distance, index = distance_to(points, shape)
    along = np.interp(
        np.arange(len(points)),
        np.arange(0, len(points) + 40, 40),
        rng.uniform(0, 1, len(np.arange(0, len(points) + 40, 40))),
    )
    worn = np.where(along > rng.uniform(-0.5, 0.45), 1.0, rng.uniform(0, 0.3))
    width = rng.choice([1.0, 1.5, 2.0, 3.0, 5.0]) * (0.7 + 0.6 * along)
    return profile(distance, width[index]) * worn[index]


def fibre(shape, rng):
    turns = np.cumsum(rng.normal(0, 0.06, int(rng.integers(40, 260))))
    steps = np.stack([np.cos(turns), np.sin(turns)], 1) * 0.6
    points = np.cumsum(steps, 0) + rng.uniform(0, 1, 2) * shape[::-1]
    return profile(distance_to(points, shape)[0], rng.uniform(0.8, 2.2))


def upright_lines(shape, rng):
    x = np.arange(shape[1])[None] - spectrum_noise((shape[0], 8), 1.2, rng)[:, :1] * 0.7
    total = np.zeros(shape)
    for _ in range(rng.integers(1, 4)):
        fading = np.clip(spectrum_noise((shape[0], 8), 1.0, rng)[:, :1] + 1, 0, 1)
        total = np.maximum(total, profile(np.abs(x - rng.uniform(0, shape[1])), rng.uniform(0.8, 2.5)) * fading)
    return total if rng.random() < 0.7 or shape[0] != shape[1] else total.T


def voronoi_cracks(shape, rng):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    warp = spectrum_noise(shape, 1.6, rng) * 4
    seeds = rng.uniform(0, 1, (int(rng.integers(6, 60)), 2)) * shape
    near, _ = cKDTree(seeds).query(np.stack([rows + warp, columns - warp], -1), k=2)
    cracks = profile((near[..., 1] - near[..., 0]) / 2, rng.uniform(0.8, 2.2))
    return cracks * (spectrum_noise(shape, 1.8, rng) > rng.uniform(-0.5, 0.8))


def dust(shape, rng):
    count = int(10 ** rng.uniform(0.5, 2.2))
    points = rng.uniform(0, 1, (count, 2)) * shape[::-1]
    distance, index = distance_to(points, shape)
    radius = (0.6 + rng.gamma(1.2, 0.9, count))[index]
    return np.clip(radius * (1 + 0.3 * spectrum_noise(shape, 0.8, rng)) - distance + 0.5, 0, 1)


def stain(shape, rng):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    middle, radius = rng.uniform(0, 1, 2) * shape, min(shape) * rng.uniform(0.03, 0.22)
    height = 1 - np.hypot(rows - middle[0], columns - middle[1]) / radius + 0.3 * spectrum_noise(shape, 1.7, rng)
    body = np.clip(height * rng.uniform(1.5, 8), 0, 1)
    return body * np.clip(1.2 - 0.5 * height, 0.4, 1) if rng.random() < 0.5 else body


def peeled(shape, rng):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    middle, radius = rng.uniform(0, 1, 2) * shape, min(shape) * rng.uniform(0.01, 0.1)
    distance = np.hypot(rows - middle[0], (columns - middle[1]) * rng.uniform(0.6, 1.6))
    return np.clip((radius * (1 + 0.45 * spectrum_noise(shape, 1.3, rng)) - distance) + 0.5, 0, 1)


def corner(shape, rng):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    rows, columns = (axis[::-1] if rng.random() < 0.5 else axis for axis in (rows, columns[:, ::-1]))
    slope, size = rng.uniform(0.4, 2.5), min(shape) * rng.uniform(0.06, 0.3)
    cut = (rows * slope + columns) / math.hypot(slope, 1) + spectrum_noise(shape, 1.2, rng) * 3
    return np.clip(size - cut, 0, 1)


def tear(shape, rng):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    heading, offset = rng.uniform(0, math.pi), rng.uniform(0.1, 0.9, 2) * shape
    across = (rows - offset[0]) * math.cos(heading) + (columns - offset[1]) * math.sin(heading)
    along = (columns - offset[1]) * math.cos(heading) - (rows - offset[0]) * math.sin(heading)
    opening = (
        rng.uniform(2, 9) * np.clip(1 - along / (max(shape) * rng.uniform(0.2, 0.7)), 0, 1) * (along > -max(shape) / 4)
    )
    ragged = across + 5 * spectrum_noise(shape, 1.5, rng) + 0.8 * spectrum_noise(shape, 0.7, rng)
    return np.clip(opening / 2 - np.abs(ragged) + 0.5, 0, 1) * (opening > 0)


def fold(photo, rng):
    """Add a crease from side to side; return the photo with darkened sides and the coverage of the bright core."""
    shape = photo.shape[:2]
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    heading, offset = rng.normal(rng.choice([0, math.pi / 2]), 0.1), rng.uniform(0.2, 0.8, 2) * shape
    across = (rows - offset[0]) * math.cos(heading) + (columns - offset[1]) * math.sin(heading)
    width = rng.uniform(1.2, 4)
    sides = np.exp(-((across / (3 * width)) ** 2)) * rng.uniform(0.0, 0.2)
    core = profile(np.abs(across + 0.6 * spectrum_noise(shape, 1.0, rng)), width)
    core *= np.clip(0.8 + 0.5 * spectrum_noise(shape, 1.1, rng), 0, 1)
    return photo * (1 - sides[..., None]), core


BRIGHT, DARK, BROWN = (0.96, 0.94, 0.88), (0.07, 0.06, 0.06), (0.5, 0.36, 0.2)
DAMAGE_KINDS = [
    (scratch, 5, (BRIGHT, BRIGHT, DARK)), (fibre, 2, (BRIGHT, DARK)), (upright_lines, 0.6, (BRIGHT, DARK)),
    (voronoi_cracks, 0.4, (BRIGHT, DARK)), (dust, 1.2, (BRIGHT, DARK)), (stain, 0.5, (BROWN, DARK, BRIGHT)),
    (peeled, 0.8, (BRIGHT, BROWN)), (corner, 0.25, (BRIGHT, DARK)), (tear, 0.5, (BRIGHT,)),
]  # fmt: skip
"""(draw, mean of the Poisson distributed count, colours)"""


def degrade_print(photo, rng):
    """Turn a photo into the scan of a damaged print.

    Args:
        photo: RGB image.
        rng: the only source of randomness.

    Returns:
        The scan as an RGB image, and its mask, bool (H, W): damage that changes the photo by more than VISIBLE_CHANGE.
    """
    pixels = np.asarray(photo.convert("RGB"), np.float64) / 255
    pixels = fade_tones(pixels, rng)
    clean, coverage = pixels, np.zeros(pixels.shape[:2])
    if rng.random() < 0.35:
        pixels, core = fold(pixels, rng)
        pixels, coverage = pixels + core[..., None] * (np.array(BRIGHT) - pixels), core
    for draw, mean_count, colors in DAMAGE_KINDS:
        for _ in range(rng.poisson(mean_count)):
            alpha = draw(pixels.shape[:2], rng) * rng.uniform(0.55, 1)
            color = np.array(colors[rng.integers(len(colors))]) + rng.normal(0, 0.03, 3)
            pixels, coverage = pixels + alpha[..., None] * (color - pixels), np.maximum(coverage, alpha)
    change = np.abs(pixels - clean).max(2)
    mask = (coverage > 0.25) & (change > VISIBLE_CHANGE)
    if rng.random() < 0.5:
        pixels = ndimage.gaussian_filter(pixels, (0.6, 0.6, 0))
    pixels = pixels + rng.normal(0, rng.choice([0, 0.01, 0.025]), (*mask.shape, 1))
    scan = Image.fromarray((np.clip(pixels, 0, 1) * 255).round().astype(np.uint8))
    scan.save(file := io.BytesIO(), "JPEG", quality=int(rng.integers(70, 96)))
    return Image.open(file).convert("RGB"), mask


def fade_tones(pixels, rng):
    """Reduce the contrast, and convert to greyscale or sepia in some cases."""
    if rng.random() < 0.6:
        pixels = np.repeat(pixels @ np.array([[0.299], [0.587], [0.114]]), 3, 2)
        if rng.random() < 0.5:
            pixels = pixels * (1, 0.9, 0.72)
    low, high = rng.uniform(0, 0.15), rng.uniform(0.75, 1)
    return low + pixels * (high - low)


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tests.train.damage.worn_prints", description="Write scans of damaged prints and their masks."
    )
    parser.add_argument("photos", help="a dataset: Hub id, folder of pictures or parquet file")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for NAME.jpg and NAME-mask.png")
    parser.add_argument("--split", default="validation", help="of the dataset (default: %(default)s)")
    parser.add_argument("--count", type=int, default=100, help="number of photos (default: %(default)s)")
    options = parser.parse_args()
    from train.data.datasets import iter_photos

    options.output.mkdir(parents=True, exist_ok=True)
    try:
        for number, photo in enumerate(iter_photos(options.photos, options.split, options.count)):
            scan, mask = degrade_print(photo, np.random.default_rng([7, number]))
            scan.save(options.output / f"{number:04d}.jpg", quality=92, subsampling=0)
            Image.fromarray(mask).save(options.output / f"{number:04d}-mask.png")
    except ValueError as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    main()
