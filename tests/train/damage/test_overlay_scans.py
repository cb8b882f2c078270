"""The public test under opacity maps, with finders whose scores are known."""

import numpy as np
import pytest
from PIL import Image

from inpaint.benchmark.workloads import synthetic_photo
from tests.train.damage.opacity_maps import map_of_line
from train.damage.evaluate import kinds_table, main, score_kinds
from train.damage.overlay_scans import LONG_SIDE, overlay_scans

DOT = np.zeros((60, 60), np.uint8)
DOT[25:35, 25:35] = 255
MAPS = {"dots": [DOT], "lines": [map_of_line()]}


def photos(count=4):
    return [Image.fromarray(synthetic_photo(200, 150, seed)) for seed in range(count)]


class Truth:
    """A finder that knows the ground truth of scans, and marks a share of it."""

    def __init__(self, scans, share=1.0):
        self.known, self.share = {scan.pixels.tobytes(): scan.damaged for scan in scans}, share

    def __call__(self, pixels, *, threshold):
        damaged = self.known[pixels.tobytes()].copy()
        rows = np.flatnonzero(damaged.any(axis=1))
        damaged[rows[int(len(rows) * self.share) :]] = False
        return damaged


def test_each_photo_is_shown_under_each_kind_and_repeats_exactly():
    first, again = (list(overlay_scans(photos(), MAPS)) for _ in range(2))
    assert [scan.kind for scan in first] == ["dots", "lines"] * 4
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.pixels, other.pixels) and np.array_equal(one.damaged, other.damaged)
    reseeded = list(overlay_scans(photos(), MAPS, seed=1))
    assert not np.array_equal(first[0].pixels, reseeded[0].pixels)


def test_a_scan_depends_neither_on_other_kinds_nor_on_later_photos():
    alone = list(overlay_scans(photos(2), {"lines": MAPS["lines"]}))
    among = [scan for scan in overlay_scans(photos(4), MAPS) if scan.kind == "lines"]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(alone, among, strict=False))


def test_the_truth_is_where_the_photo_has_changed():
    for scan, clean in zip(overlay_scans(photos(), {"dots": [DOT]}), photos(), strict=True):
        grey = np.asarray(clean.convert("L"), int)
        outside = np.abs(scan.pixels.mean(axis=2) - grey)[~scan.damaged]
        inside = np.abs(scan.pixels.mean(axis=2) - grey)[scan.damaged]
        assert 20 < scan.damaged.sum() < 4000 and inside.mean() > 3 * outside.mean()


def test_large_photos_are_reduced():
    (scan,) = overlay_scans([Image.new("RGB", (2000, 1000))], {"dots": [DOT]})
    assert max(scan.pixels.shape) == LONG_SIDE


def test_scores_are_those_of_a_finder_that_knows_the_truth():
    scans = list(overlay_scans(photos(), MAPS))
    perfect = score_kinds(Truth(scans), scans, 0.5)
    assert all(count.f1 == 1 for counts in perfect.values() for count in counts)
    half = score_kinds(Truth(scans, 0.5), scans, 0.5)
    assert all(count.precision == 1 and count.recall < 0.95 for counts in half.values() for count in counts)
    lines = kinds_table(perfect).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["dots", "lines", "all"]


def test_overlays_need_photos(capsys):
    with pytest.raises(SystemExit):
        main(["--overlays", "maps"])
    assert "add --clean" in capsys.readouterr().err
