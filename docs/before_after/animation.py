"""The animation at the top of the README: a photo, its mask, and a line that reveals the result."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

SIZE = 720, 448
STEPS, STEP_MS = 16, 50
BEFORE_MS, MASK_MS, AFTER_MS = 1200, 900, 2000
LINE_PX = 4
MASK_COLOUR, MASK_OPACITY = (255, 170, 0), 0.55
QUALITY = 74


class Scene(NamedTuple):
    """A photo of the animation.

    Attributes:
        before: RGB.
        mask: L, 255 = hole.
        after: RGB.
    """

    before: Image.Image
    mask: Image.Image
    after: Image.Image


def write_animation(path: Path, scenes: Sequence[Scene]) -> None:
    """Write an animated WebP that is repeated without end.

    Args:
        path: of the file.
        scenes: pictures of one size, shown one after the other.
    """
    frames, durations_ms = zip(*(frame for scene in scenes for frame in _frames(scene)), strict=True)
    frames[0].save(
        path, save_all=True, append_images=frames[1:], duration=list(durations_ms), loop=0, quality=QUALITY, method=6,
        minimize_size=True,
    )  # fmt: skip


def _frames(scene: Scene) -> Iterator[tuple[Image.Image, int]]:
    """Yield the pictures of a scene and for how long each is shown, in milliseconds."""
    before, mask, after = (picture.resize(SIZE, Image.Resampling.LANCZOS) for picture in scene)
    yield before, BEFORE_MS
    tint = Image.new("RGB", SIZE, MASK_COLOUR)
    marked = Image.composite(tint, before, mask.point(lambda value: round(value * MASK_OPACITY)))
    yield marked, MASK_MS
    for step in range(1, STEPS):
        share = step / STEPS
        column = round(SIZE[0] * share * share * (3 - 2 * share))  # slow at both ends
        pixels = np.array(marked)
        pixels[:, :column] = np.asarray(after)[:, :column]
        pixels[:, max(0, column - LINE_PX // 2) : column + LINE_PX // 2] = 255
        yield Image.fromarray(pixels), STEP_MS
    yield after, AFTER_MS
