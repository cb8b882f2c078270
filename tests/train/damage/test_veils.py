"""The measurement of damage that is lifted off a picture."""

import numpy as np

from inpaint.benchmark.workloads import synthetic_photo
from inpaint.inpainter import Inpainter
from train.damage.veils import DUST, KINDS, OPACITIES, Result, measure, scans, table, veil


def test_a_veil_is_measured_over_its_hole_and_an_empty_hole_is_not():
    opacity, rng = np.zeros((200, 260), np.uint8), np.random.default_rng(0)
    opacity[60:140, 80:190] = 255
    photo, inpainter = synthetic_photo(260, 200), Inpainter.from_pretrained()
    scan, visible = veil(photo, opacity, rng, 0.4)
    assert np.array_equal(visible, opacity > 0)
    result = measure(inpainter, photo, scan, visible)
    assert result is not None and 5 < result.scan < 40 and 5 < result.filled < 40
    assert result.share or result.lifted == result.filled
    assert measure(inpainter, photo, scan, np.zeros_like(visible)) is None


def test_each_kind_is_laid_half_transparent_and_opaque_in_the_same_place_and_dust_is_drawn():
    opacity = np.zeros((90, 120), np.uint8)
    opacity[30:60, 40:80] = 255
    photo = synthetic_photo(120, 90)
    made = list(scans(photo, 0, {kind: [opacity] for kind in KINDS}))
    assert [name for name, *_ in made] == [f"{kind}, {name}" for kind in KINDS for name in OPACITIES] + [DUST]
    changes = [np.abs(scan.astype(int) - clean)[hole].mean() for _, clean, scan, hole in made]
    assert changes[1] > 1.5 * changes[0] and changes[3] > 1.5 * changes[2] and changes[4] > 5
    assert np.array_equal(made[0][3], made[1][3]) and made[0][3].sum() > made[2][3].sum() > 1200


def test_means_are_those_of_all_photos():
    results = {"faint": [Result(10, 12, 15, 1), Result(10, 14, 18, 0.5)], "opaque": [Result(1, 2, 2, 0)]}
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table(results).splitlines()]
    assert lines[2:] == [["faint", "2", "75%", "10.0", "13.0", "16.5"], ["opaque", "1", "0%", "1.0", "2.0", "2.0"]]
