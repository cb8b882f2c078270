"""Progress of jobs, and how a visitor's cancel ends them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from inpaint.engine.fills import DRAFTS_END, Fill
from inpaint.engine.options import DEFAULT_OPTIONS
from inpaint.session import Session
from page.server.errors import PageError
from page.server.progress import RunningJobs, with_progress


def grey(left, width, draft=False):
    return Fill(left, 0, np.full((10, width, 3), 128, np.uint8), np.ones((10, width), bool), draft)


def fills_of(*fills):
    def fill_holes(pixels, mask, within, options, cancelled):
        for fill in fills:
            if cancelled():
                return
            yield fill

    return with_progress(fill_holes)


def hole(width):
    mask = np.zeros((10, 100), bool)
    mask[:, :width] = True
    return mask


def run(fill_holes, mask):
    return fill_holes(np.zeros((10, 100, 3), np.uint8), mask, None, DEFAULT_OPTIONS, lambda: False)


def test_the_share_is_that_of_the_filled_pixels_and_starts_anew_for_final_fills():
    jobs, shares = RunningJobs(), []
    drafted = fills_of(grey(0, 10), grey(10, 30, draft=True), DRAFTS_END, grey(10, 15), grey(25, 15))
    with jobs.running():
        for _ in run(drafted, hole(40)):
            shares.append(tuple(jobs.describe().values()))
    assert shares == [("fill", 0.25), ("fill", 1), ("refine", 0), ("refine", 0.5), ("refine", 1)]
    assert jobs.describe() == {}


def test_final_fills_report_to_the_job_that_computes_them():
    jobs = RunningJobs()
    with jobs.running():
        fills = run(fills_of(grey(0, 20, draft=True), DRAFTS_END, grey(0, 20)), hole(20))
        next(fills), next(fills)
    with jobs.running():
        next(fills)
        assert jobs.describe() == {"stage": "refine", "share": 1}
        jobs.cancel()
        with pytest.raises(PageError, match="cancelled"):
            next(fills)


def test_cancelling_ends_a_fill_between_crops_and_the_session_is_as_before():
    jobs, asked, go_on = RunningJobs(), threading.Event(), threading.Event()

    def fill_holes(pixels, mask, within, options, cancelled):
        for left in range(0, 100, 10):
            if cancelled():
                return
            yield grey(left, 10)
            if left == 30:
                asked.set()
                assert go_on.wait(20)

    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 100, 3), dtype=np.uint8))
    session = Session(photo, with_progress(fill_holes))
    mask = np.zeros((12, 100), bool)
    mask[:10] = True

    def fill():
        with jobs.running():
            return session.add_mask(mask)

    with ThreadPoolExecutor() as pool:
        filled = pool.submit(fill)
        assert asked.wait(20)
        assert jobs.describe() == {"stage": "fill", "share": 0.4}
        jobs.cancel()
        go_on.set()
        with pytest.raises(PageError, match="cancelled"):
            filled.result(20)
    assert not session.painted and not session.can_undo
    assert (np.asarray(session.result()) == np.asarray(photo)).all()
    assert session.add_mask(mask) and session.painted  # the next one is filled as usual


def test_a_fill_outside_of_a_job_is_the_same():
    fills = [grey(0, 10), grey(10, 30, draft=True), DRAFTS_END, grey(10, 30)]
    assert list(run(fills_of(*fills), hole(40))) == fills
