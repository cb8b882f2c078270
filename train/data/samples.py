"""Turn a photo and a seed into a training sample: a random crop and a random mask."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from train.data_config import DataConfig
from train.masks.families import Silhouettes, sample_mask

MAX_COVERAGE = 0.7
"""Largest share of a crop that is hole, where few attempts suffice to find such a window."""
WINDOW_ATTEMPTS = 8
MIN_SILHOUETTE_SHARE = 0.01
"""Smaller segments of a segmentation map are left out."""


def make_sample(
    photo: Image.Image,
    config: DataConfig,
    seed: Sequence[int],
    silhouettes: Silhouettes | None,
    bank: "MaskBank | None" = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Crop a photo at random and draw a mask. The same arguments give the same sample.

    Args:
        photo: RGB, any size.
        config: settings of the crop and the mask.
        seed: integers, for example (seed, epoch, row).
        silhouettes: for the mask families that use them, or None.
        bank: where masks are sampled from; None: each is drawn.

    Returns:
        The crop, uint8 (3, R, R), and the mask, uint8 (1, R, R) in {0, 1}, 1 = hole; R is `config.resolution`.
    """
    rng = np.random.default_rng(list(seed))
    crop = random_crop(photo, config.resolution, config.min_scale, rng)
    if config.flip and rng.random() < 0.5:
        crop = crop[:, ::-1]
    mask = random_mask(config, rng, silhouettes, bank)
    return np.ascontiguousarray(crop.transpose(2, 0, 1)), mask[None].astype(np.uint8)


def random_crop(photo: Image.Image, resolution: int, min_scale: float, rng: np.random.Generator) -> np.ndarray:
    """Return a random square of a photo, resized to uint8 (resolution, resolution, 3).

    The square's side is log-uniform between `min_scale` of the photo's short side and all of it. It is at least
    `resolution` where the photo is large enough, so that large photos are never enlarged.

    Args:
        photo: RGB, any size.
        resolution: side of the result in pixels.
        min_scale: smallest side of the square as a share of the short side, in (0, 1].
        rng: the only source of randomness.
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
    """A fixed number of masks, each drawn when it is first needed and then reused, rotated and mirrored.

    Drawing a mask takes milliseconds of Python, too long for a GPU that consumes a thousand per second. The masks
    depend on the seed only. The bank may be used by several threads.

    Args:
        config: `config.masks.bank` is the number of masks.
        silhouettes: as for `make_sample`.
        seed: of the masks.
    """

    def __init__(self, config: DataConfig, silhouettes: Silhouettes | None, seed: int) -> None:
        self._config, self._silhouettes, self._seed = config, silhouettes, seed
        self._masks: dict[int, tuple[int, np.ndarray]] = {}

    def sample(self, rng: np.random.Generator) -> np.ndarray:
        """Return a random mask in one of its eight orientations: bool (n, n), True = hole; n varies."""
        number = int(rng.integers(self._config.masks.bank))
        if number not in self._masks:
            mask = draw_bank_mask(self._config, self._silhouettes, self._seed, number)
            self._masks[number] = len(mask), np.packbits(mask)
        side, packed = self._masks[number]
        mask = np.unpackbits(packed, count=side * side).reshape(side, side).astype(bool)
        mask = np.rot90(mask, int(rng.integers(4)))
        return mask[:, ::-1] if rng.random() < 0.5 else mask


def draw_bank_mask(config: DataConfig, silhouettes: Silhouettes | None, seed: int, number: int) -> np.ndarray:
    """Draw one mask of a bank: bool (n, n), True = hole; n varies. Arguments as for `MaskBank`."""
    return _draw_mask(config, np.random.default_rng([seed, number]), silhouettes)


def random_mask(
    config: DataConfig, rng: np.random.Generator, silhouettes: Silhouettes | None, bank: MaskBank | None = None
) -> np.ndarray:
    """Return a window of a mask that is up to `config.masks.zoom` times larger than the crop.

    The window contains a part of the hole, as thick as in a crop of a larger photo.

    Args:
        config: settings of the mask.
        rng: the only source of randomness.
        silhouettes: as for `make_sample`.
        bank: as for `make_sample`.

    Returns:
        Bool (resolution, resolution), True = hole. At most MAX_COVERAGE is hole if one of WINDOW_ATTEMPTS windows has
        that little; otherwise the window with the smallest hole.
    """
    mask = _draw_mask(config, rng, silhouettes) if bank is None else bank.sample(rng)
    side, canvas = config.resolution, len(mask)
    if canvas == side:
        return mask
    hole_pixels = np.flatnonzero(mask)
    windows = []
    for _ in range(WINDOW_ATTEMPTS):
        row, column = divmod(int(rng.choice(hole_pixels)), canvas)
        top, left = (int(np.clip(pixel - rng.integers(side), 0, canvas - side)) for pixel in (row, column))
        windows.append(mask[top : top + side, left : left + side])
        if windows[-1].mean() <= MAX_COVERAGE:
            break
    return min(windows, key=np.mean)


def extract_silhouettes(segmentation: Image.Image, max_side: int = 192) -> list[np.ndarray]:
    """Return the silhouettes of a segmentation map: one per colour or label, without background and void.

    Args:
        segmentation: 1-bit (white = inside), palette or greyscale labels (0 is background, 255 void), or RGB labels
            (black is background, (224, 224, 192) void, as in Pascal VOC).
        max_side: silhouettes are reduced to at most this many pixels.

    Returns:
        Bool arrays (h, w), cropped to the silhouette, each at least MIN_SILHOUETTE_SHARE of the map.
    """
    if segmentation.mode in ("1", "P", "L", "I", "I;16"):
        labels = np.asarray(segmentation).astype(np.int64)
        background = {0} if segmentation.mode == "1" else {0, 255}
        if segmentation.mode == "L" and set(np.unique(labels)) <= {0, 255}:  # black and white: 255 is inside
            background = {0}
    else:
        red, green, blue = np.asarray(segmentation.convert("RGB")).astype(np.int64).transpose(2, 0, 1)
        labels = (red << 16) + (green << 8) + blue
        background = {0, (224 << 16) + (224 << 8) + 192}
    silhouettes = []
    for label in set(np.unique(labels).tolist()) - background:
        inside = labels == label
        if inside.mean() < MIN_SILHOUETTE_SHARE:
            continue
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        silhouette = Image.fromarray(inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
        silhouette.thumbnail((max_side, max_side), Image.Resampling.NEAREST)
        silhouettes.append(np.asarray(silhouette, dtype=bool))
    return silhouettes


def _draw_mask(config: DataConfig, rng: np.random.Generator, silhouettes: Silhouettes | None) -> np.ndarray:
    canvas = round(config.resolution * config.masks.zoom ** rng.uniform())
    return sample_mask(config.masks.weights(), canvas, canvas, rng, silhouettes)
