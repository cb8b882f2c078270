"""Sessions for tests, with fills that can be computed by hand."""

import threading

import numpy as np

from inpaint.engine.fills import DRAFTS_END, Fill
from inpaint.engine.regions import Box, find_regions
from inpaint.session import Session
from tests.pictures import picture

TIMEOUT_S = 20


def fill_with_mean(photo, mask, within, options, cancelled):
    """Fill each region with the mean of its known surroundings plus its pixel count, so that every change shows."""
    for box, hole in find_regions(mask, within):
        around = box.expanded(20).intersection(Box(0, 0, mask.shape[1], mask.shape[0]))
        known = photo[around.slices][~mask[around.slices]]
        colour = (known.mean(axis=0) if len(known) else np.zeros(3)) + hole.sum()
        yield Fill(
            box.left, box.top, np.broadcast_to(colour.astype(np.int64) % 256, (*hole.shape, 3)).astype(np.uint8), hole
        )


class TwoPhases:
    """Fills thick regions in two phases: drafts like `fill_with_mean`, then final fills that depend on the seed.

    Attributes:
        thick: the number of hole pixels from which a region is thick; thinner ones have no draft.
        started, computed: the number of calls, and of final fills of thick regions.
        before_final: called before each of these.
    """

    def __init__(self, thick=200, before_final=lambda: None):
        self.thick, self.before_final = thick, before_final
        self.started = self.computed = 0
        self.seeds = []

    def __call__(self, photo, mask, within, options, cancelled):
        self.started += 1
        self.seeds.append(options.seed)
        fills = list(fill_with_mean(photo, mask, within, options, cancelled))
        thick = [fill for fill in fills if fill.hole.sum() >= self.thick]
        yield from (fill for fill in fills if fill.hole.sum() < self.thick)
        if not thick:
            return
        yield from (fill._replace(draft=True) for fill in thick)
        yield DRAFTS_END
        for fill in thick:
            self.before_final()
            if cancelled is not None and cancelled():
                return
            self.computed += 1
            yield fill._replace(pixels=final_of(fill.pixels, options.seed))


class Gate:
    """Stops the final fills of `TwoPhases` while it is closed."""

    def __init__(self, is_open=False):
        self.reached, self.opened = threading.Event(), threading.Event()
        if is_open:
            self.opened.set()

    def __call__(self):
        self.reached.set()
        assert self.opened.wait(TIMEOUT_S)

    def close(self):
        self.reached.clear()
        self.opened.clear()


def final_of(draft, seed=0):
    """The final fill's pixels for those of a draft."""
    return ((draft.astype(np.int64) + 50 + seed) % 256).astype(np.uint8)


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
