"""The photos of the comparison: examples of the page, and free photos of scikit-image with drawn holes."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from docs.before_after.__main__ import EXAMPLES, HERE
from inpaint import open_photo
from inpaint.photos.masks import to_mask
from inpaint.photos.modes import to_rgb
from train.evaluate.scores import COVERAGES

SEED = 4


class Subject(NamedTuple):
    """A photo with a hole.

    Attributes:
        name: of its files.
        title: what is filled.
        source: who made the photo, and its licence.
        pixels: RGB uint8 (H, W, 3).
        mask: bool (H, W), True = hole.
        has_truth: whether the pixels in the hole are what a fill should be. Otherwise they are what is to go.
    """

    name: str
    title: str
    source: str
    pixels: np.ndarray
    mask: np.ndarray
    has_truth: bool


REMOVED = {
    "otter": ("An otter on a rock", "Oakland Zoo, the author is not named, budgie-backgrounds, CC0"),
    "farmhouse": ("Drawn scratches and spots on a print", "Dorothea Lange, 1935-1940, Getty Open Content, CC0"),
    "harbour": ("A mast and its ropes", "Felice Beato, about 1865, Getty Open Content, CC0"),
    "cracked": ("Cracks, creases and dust, as they are found", "Dorothea Lange, 1935-1940, Getty Open Content, CC0"),
    "coffee": ("Ink on a photo", "Rachel Michetti, scikit-image, CC0"),
}
"""Example of the page -> what its hole is, and the photo's source."""
DRAWN = {
    "chelsea": ("strokes", "Strokes over a cat", "Stefan van der Walt, scikit-image, CC0"),
    "rocket": ("large", "Large holes in a launch at night", "SpaceX, scikit-image, CC0"),
    "gravel": ("large", "Large holes in a texture", "CC0-Textures, scikit-image, CC0"),
    "astronaut": ("scratches", "Scratches over a portrait", "NASA, scikit-image, public domain"),
}
"""Photo of scikit-image -> its kind of hole, a key of `train.evaluate.scores.COVERAGES`, its title and its source."""


def subjects() -> list[Subject]:
    """Return all photos with their holes."""
    removed = [_example(name, title, source) for name, (title, source) in REMOVED.items()]
    drawn = [_drawn(number, name, *about) for number, (name, about) in enumerate(DRAWN.items())]
    return removed + drawn


def _example(name: str, title: str, source: str) -> Subject:
    photo = open_photo(EXAMPLES / f"{name}.jpg")
    mask = HERE / "farmhouse-mask.png" if name == "farmhouse" else EXAMPLES / f"{name}-mask.png"
    return Subject(name, title, source, to_rgb(photo), to_mask(mask, photo.size), has_truth=False)


def _drawn(number: int, name: str, coverage: str, title: str, source: str) -> Subject:
    from skimage import data

    pixels = np.array(Image.fromarray(getattr(data, name)()).convert("RGB"))
    mask = COVERAGES[coverage](*pixels.shape[:2], np.random.default_rng((SEED, number)))
    return Subject(name, title, source, pixels, mask, has_truth=True)
