"""One training sample: a decoded picture and a seed become a crop and a hole."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from train.config import DataConfig
from train.masks.families import sample_mask

MAX_COVERAGE = 0.7


Shapes = Sequence[np.ndarray] | None


def make_sample(
    photo: Image.Image, config: DataConfig, seed: Sequence[int], shapes: Shapes, bank: "MaskBank | None" = None
) -> tuple[np.ndarray, np.ndarray]:
    """Crops a picture at random and draws a hole. The same arguments give the same sample.

    Args:
        photo: RGB, any size.
        config: crop and mask settings.
        seed: whole numbers, e.g. (seed, epoch, row).
        shapes: silhouettes for the mask families that use them, or None.
        bank: where masks come from; None: each is drawn anew.

    Returns:
        Crop, uint8 (3, R, R), and mask, uint8 (1, R, R) in {0, 1}, 1 = hole; R is `config.resolution`.
    """
    rng = np.random.default_rng(list(seed))
    crop = random_crop(photo, config.resolution, config.min_scale, rng)
    if config.flip and rng.random() < 0.5:
        crop = crop[:, ::-1]
    mask = random_hole(config, rng, shapes, bank)
    return np.ascontiguousarray(crop.transpose(2, 0, 1)), mask[None].astype(np.uint8)


def random_crop(photo: Image.Image, resolution: int, min_scale: float, rng: np.random.Generator) -> np.ndarray:
    """A random square of the picture, resized to uint8 (resolution, resolution, 3).

    The square's side lies between `min_scale` of the short side and all of it, each magnification being as likely as
    any other, but it is never enlarged where the picture has pixels enough.
    """
    short = min(photo.size)
    low = min(short, max(resolution, round(short * min_scale)))
    side = round(low * (short / low) ** rng.uniform())
    left = int(rng.integers(0, photo.width - side + 1))
    top = int(rng.integers(0, photo.height - side + 1))
    box = (left, top, left + side, top + side)
    resized = photo.resize((resolution, resolution), Image.Resampling.LANCZOS, box=box, reducing_gap=2.0)
    return np.asarray(resized, dtype=np.uint8)


class MaskBank:
    """Masks that are drawn once each, when they are first needed, and then shown again turned and mirrored.

    Drawing a mask takes several milliseconds of Python, too long for a GPU that wants a thousand of them a second.
    Which masks the bank holds follows from the seed alone. Any number of threads may use it.

    Args:
        config: `config.masks.bank` is the number of masks.
        shapes: silhouettes, as for `make_sample`.
        seed: of the masks.
    """

    def __init__(self, config: DataConfig, shapes: Shapes, seed: int) -> None:
        self._config, self._shapes, self._seed = config, shapes, seed
        self._drawn: dict[int, tuple[int, np.ndarray]] = {}

    def pick(self, rng: np.random.Generator) -> np.ndarray:
        """Bool (n, n), True = hole; n differs."""
        number = int(rng.integers(self._config.masks.bank))
        if number not in self._drawn:
            mask = _draw(self._config, np.random.default_rng([self._seed, number]), self._shapes)
            self._drawn[number] = len(mask), np.packbits(mask)
        side, packed = self._drawn[number]
        mask = np.unpackbits(packed, count=side * side).reshape(side, side).astype(bool)
        mask = np.rot90(mask, int(rng.integers(4)))
        return mask[:, ::-1] if rng.random() < 0.5 else mask


def random_hole(
    config: DataConfig, rng: np.random.Generator, shapes: Shapes, bank: MaskBank | None = None
) -> np.ndarray:
    """A mask as a crop of a larger photo shows it: a window of a mask up to `config.masks.zoom` times larger.

    Returns:
        Bool (resolution, resolution), True = hole, at most MAX_COVERAGE of it where a few tries find such a window.
    """
    mask = _draw(config, rng, shapes) if bank is None else bank.pick(rng)
    side, canvas = config.resolution, len(mask)
    if canvas == side:
        return mask
    places = np.flatnonzero(mask)
    windows = []
    for _ in range(8):
        row, column = divmod(int(rng.choice(places)), canvas)
        top, left = (int(np.clip(place - rng.integers(side), 0, canvas - side)) for place in (row, column))
        windows.append(mask[top : top + side, left : left + side])
        if windows[-1].mean() <= MAX_COVERAGE:
            break
    return min(windows, key=np.mean)


def _draw(config: DataConfig, rng: np.random.Generator, shapes: Shapes) -> np.ndarray:
    canvas = round(config.resolution * config.masks.zoom ** rng.uniform())
    return sample_mask(config.masks.weights(), canvas, canvas, rng, shapes)


def to_silhouettes(picture: Image.Image, max_side: int = 192) -> list[np.ndarray]:
    """The silhouettes in a segmentation picture: one for each colour or label but background and border.

    Args:
        picture: 1-bit (white = inside), palette or grey labels (0 and 255 are background and void), or RGB labels
            (black is background, (224, 224, 192) void, as in Pascal VOC).
        max_side: silhouettes are reduced to at most this many pixels.

    Returns:
        bool arrays (h, w), cropped to the silhouette, each at least 1 % of the picture.
    """
    if picture.mode in ("1", "P", "L", "I", "I;16"):
        labels = np.asarray(picture).astype(np.int64)
        background = {0} if picture.mode == "1" else {0, 255}
        if picture.mode == "L" and set(np.unique(labels)) <= {0, 255}:
            background = {0}
    else:
        red, green, blue = np.asarray(picture.convert("RGB")).astype(np.int64).transpose(2, 0, 1)
        labels = (red << 16) + (green << 8) + blue
        background = {0, (224 << 16) + (224 << 8) + 192}
    found = []
    for label in set(np.unique(labels).tolist()) - background:
        inside = labels == label
        if inside.mean() < 0.01:
            continue
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        shape = Image.fromarray(inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
        shape.thumbnail((max_side, max_side), Image.Resampling.NEAREST)
        found.append(np.asarray(shape, dtype=bool))
    return found
