"""Sessions for tests, with fills that can be computed by hand."""

import numpy as np

from inpaint.engine.fills import Fill
from inpaint.engine.regions import Box, find_regions
from inpaint.session import Session
from tests.pictures import picture


def fill_with_mean(photo, mask, within, options, cancelled):
    """Fill each region with the mean of its known surroundings plus its pixel count, so that every change shows."""
    for box, hole in find_regions(mask, within):
        around = box.expanded(20).intersection(Box(0, 0, mask.shape[1], mask.shape[0]))
        known = photo[around.slices][~mask[around.slices]]
        colour = (known.mean(axis=0) if len(known) else np.zeros(3)) + hole.sum()
        yield Fill(
            box.left, box.top, np.broadcast_to(colour.astype(np.int64) % 256, (*hole.shape, 3)).astype(np.uint8), hole
        )


def session(width=300, height=200, mode="RGB", **options):
    return Session(picture(mode, (width, height)), fill_with_mean, **options)


def state(session):
    return session.mask.tobytes(), session.result().tobytes()


class Screen:
    """A client's view of the session: the photo with the patches drawn on it."""

    def __init__(self, session):
        self.pixels = np.array(session.photo.convert("RGB"))

    def draw(self, patches):
        for left, top, pixels in patches:
            self.pixels[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
