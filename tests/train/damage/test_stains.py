"""The measurement of levelled stains."""

import numpy as np

from inpaint.benchmark.workloads import synthetic_photo
from inpaint.inpainter import Inpainter
from train.damage.stains import Result, measure, table


def test_a_stain_is_measured_and_one_that_is_too_small_is_not():
    opacity, rng = np.zeros((200, 260), np.uint8), np.random.default_rng(0)
    opacity[60:140, 80:190] = 255
    photo, inpainter = synthetic_photo(260, 200), Inpainter.from_pretrained()
    result = measure(inpainter, photo, opacity, rng, 0.4)
    assert result is not None and 5 < result.scan < 40 and 5 < result.filled < 40
    assert result.pieces or result.levelled == result.filled
    assert measure(inpainter, photo, np.zeros_like(opacity), rng, 0.4) is None


def test_means_are_those_of_the_photos_that_were_levelled():
    results = {
        "faint": [Result(10, 12, 15, 1), Result(10, 14, 18, 2), Result(0, 0, 0, 0)],
        "opaque": [Result(1, 2, 2, 0)],
    }
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table(results).splitlines()]
    assert lines[2:] == [["faint", "2 of 3", "10.0", "13.0", "16.5"], ["opaque", "0 of 1", "-", "-", "-"]]
