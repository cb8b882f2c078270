"""Precision, recall and F1 with a tolerance, and the report of an evaluation."""

import numpy as np
import pytest
from PIL import Image

from train.damage.evaluate import false_positive_rates, read_pairs, report, score_pairs, scratched_photo
from train.damage.scores import PixelCounts, count_pixels, sum_counts, within_distance
from train.damage.sheet import side_by_side


def test_pixels_within_the_tolerance_match():
    damaged, marked = np.zeros((20, 20), bool), np.zeros((20, 20), bool)
    damaged[10] = True
    marked[12, :10] = True
    marked[0, 0] = True
    counts = count_pixels(marked, damaged)
    assert counts == (10, 11, 10, 20)  # (10, 10) is further than 2 pixels from (12, 9)
    assert count_pixels(marked, damaged, 1) == (0, 11, 0, 20)
    assert sum_counts([counts, counts]) == (20, 22, 20, 40)
    assert counts.f1 == pytest.approx(2 * (10 / 11) * 0.5 / (10 / 11 + 0.5))


def test_empty_masks_have_defined_scores():
    empty, full = np.zeros((5, 5), bool), np.ones((5, 5), bool)
    assert count_pixels(empty, empty).f1 == 1
    assert count_pixels(full, empty).precision == 0
    assert count_pixels(empty, full).f1 == 0
    assert not within_distance(empty, 3).any()


class BrightPixels:
    """A finder that marks what is brighter than the threshold."""

    def masks(self, pixels, thresholds):
        return [pixels[..., 0] > 255 * threshold for threshold in thresholds]


@pytest.fixture
def pairs(tmp_path):
    """One scan with a line of brightness 0.6; the mask is that line and another one that is dark."""
    scan, mask = np.zeros((20, 30, 3), np.uint8), np.zeros((20, 30), bool)
    scan[5], mask[5], mask[15] = 153, True, True
    Image.fromarray(scan).save(tmp_path / "a.png")
    Image.fromarray(mask).save(tmp_path / "a-mask.png")
    return tmp_path


def test_pairs_are_scored_at_every_threshold(pairs):
    counts = score_pairs(BrightPixels(), read_pairs(pairs), (0.5, 0.7))
    assert counts == {0.5: [PixelCounts(30, 30, 30, 60)], 0.7: [PixelCounts(0, 0, 0, 60)]}
    rates = false_positive_rates(BrightPixels(), [Image.new("RGB", (8, 8), "#999999")], (0.5, 0.7))
    assert rates == {0.5: [1.0], 0.7: [0.0]}
    text = "\n".join(report(counts, rates, [0.001, 0.003], (2.0, 12.0)))
    assert "| 0.5 | 0.667 | 1.000 | 0.500 | 0.667 |" in text
    assert "| 0.7 | 0.000% | 0.000% | 0.00% |" in text
    assert "mean 0.200%, largest 0.30%" in text


def test_a_folder_without_masks_or_with_a_mask_without_scan_is_an_error(pairs, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no NAME-mask.png"):
        list(read_pairs(tmp_path / "empty"))
    (pairs / "a.png").unlink()
    with pytest.raises(ValueError, match="must be a.jpg"):
        list(read_pairs(pairs))


def test_the_scratches_of_the_timed_scan_are_thin_and_bright():
    before, after = scratched_photo(200, 100, 0), scratched_photo(200, 100, 5)
    changed = (before != after).any(2)
    assert 0.01 < changed.mean() < 0.2
    assert (after[changed] == 245).all()


@pytest.mark.parametrize(("count", "lines"), [(1, [[1], [2], [3]]), (2, [[1, 3], [2]]), (3, [[1, 2, 3]])])
def test_rows_of_a_sheet_continue_in_the_next_block(count, lines):
    assert side_by_side([[1], [2], [3]], count) == lines
