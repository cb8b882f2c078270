"""The benchmark's workloads, figures, table, plot and command."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from inpaint.benchmark import __main__ as benchmark
from inpaint.benchmark import timing
from inpaint.benchmark.baselines import UnavailableError, load_opencv
from inpaint.benchmark.plot import plot_times
from inpaint.benchmark.timing import OURS, QUICK, Outcome, Point, Sizes, median_seconds, peak_memory_mb
from inpaint.benchmark.whole_photo import whole_photo_fill
from inpaint.benchmark.workloads import disc_mask, scratches_mask, stroke_mask, stroke_points, synthetic_photo
from inpaint.engine.regions import find_regions
from inpaint.hub.weights import save_generator
from inpaint.inpainter import Inpainter
from inpaint.networks.config import FreeFormConfig
from inpaint.networks.generators import build_generator


@pytest.fixture(scope="module")
def generator():
    return build_generator(FreeFormConfig(channels=(8, 8, 16), blocks=2))


def test_a_synthetic_photo_is_deterministic_and_has_gradients_texture_and_edges():
    photo = synthetic_photo(500, 300)
    assert photo.shape == (300, 500, 3)
    assert np.array_equal(photo, synthetic_photo(500, 300))
    assert not np.array_equal(photo, synthetic_photo(500, 300, seed=1))
    values = photo.astype(int)
    assert np.abs(np.diff(values, axis=1)).mean() > 3  # grain
    assert (np.abs(np.diff(values, axis=1)) > 40).any()  # edges
    blocks = values[:300, :500].reshape(3, 100, 5, 100, 3).mean(axis=(1, 3))
    assert np.ptp(blocks) > 20  # gradients


def test_strips_of_a_synthetic_photo_join_without_a_seam():
    values = synthetic_photo(200, 600).astype(int).mean(axis=2)
    steps = np.abs(np.diff(values, axis=0)).mean(axis=1)
    assert steps[255] < np.quantile(steps, 0.99)


def test_a_stroke_has_the_width_and_length_that_were_given():
    mask = stroke_mask(1000, 800, 400, 64)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    assert abs(np.ptp(columns) + 1 - (400 + 64)) <= 2  # round caps
    assert abs(mask[:, 500].sum() - 64) <= 2
    assert abs((rows[0] + rows[-1]) / 2 - 400) < 20
    assert len(stroke_points(1000, 800, 400)) > 2


def test_a_disc_covers_its_share():
    assert disc_mask(300, 300, 0.4).mean() == pytest.approx(0.4, abs=0.005)


def test_scratches_are_thin_and_spread_over_the_photo():
    mask = scratches_mask(1200, 800, 40)
    assert np.array_equal(mask, scratches_mask(1200, 800, 40))
    assert 0.01 < mask.mean() < 0.2
    assert mask[:400, :600].any() and mask[400:, 600:].any()
    assert scratches_mask(1200, 800, 3).sum() < mask.sum()
    assert len(find_regions(mask)) > 1


def test_a_pass_over_the_whole_photo_fills_the_hole_only_and_uses_no_colour_of_it(generator):
    fill = whole_photo_fill(Inpainter(generator, runtime="pytorch"), side_px=64)
    photo = np.full((150, 200, 3), 90, np.uint8)
    mask = np.zeros((150, 200), bool)
    mask[60:83, 70:121] = True
    photo[mask] = 255
    filled = fill(photo, mask)
    assert np.array_equal(filled[~mask], photo[~mask])
    assert np.abs(filled[mask].astype(int) - 90).max() <= 2


def test_times_are_medians_and_repeats_end_at_the_time_limit(monkeypatch):
    now = [0.0]  # a clock that only these calls move, as a busy machine sleeps longer; in exact fractions
    monkeypatch.setattr(timing, "time", SimpleNamespace(perf_counter=lambda: now[0]))

    def sleep(seconds):
        now[0] += seconds

    waits = iter([0, 1 / 16, 0, 0, 1 / 16, 0])
    assert median_seconds(lambda: sleep(next(waits)), 5) < 1 / 64
    calls = []
    median_seconds(lambda: calls.append(sleep(1 / 64)), 100, limit_s=3 / 64)
    assert 3 <= len(calls) <= 5
    assert median_seconds(lambda: sleep(1 / 32), 9, limit_s=1 / 64) >= 1 / 32


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_peak_memory_includes_freed_memory():
    before = peak_memory_mb()
    assert before > 20
    np.ones(int(before) * 125_000)  # as much again, in float64
    assert peak_memory_mb() - before > 0.3 * before


def outcomes():
    return [
        Outcome("a stroke", {OURS: 0.2, "Telea": 1.5}, 0.25),
        Outcome("ratio", {OURS: 1.42, "Telea": 9.0}, 1.3, "x"),
        Outcome("memory", {OURS: 1234.5}, 2000, "MB"),
        Outcome("free", {OURS: 3.14}),
    ]


def test_the_table_shows_which_limits_are_met():
    rows = benchmark.table(outcomes(), [OURS, "Telea"], with_limits=True).splitlines()
    assert rows[0] == "| task | ours | Telea | limit |"
    assert rows[2] == "| a stroke | 0.200 s | 1.5 s | 0.25 s, met |"
    assert rows[3] == "| ratio | 1.42 x | 9.00 x | 1.3 x, missed |"
    assert rows[4] == "| memory | 1234 MB | - | 2000 MB, met |"
    assert rows[5] == "| free | 3.1 s | - | - |"
    assert {row.count("|") for row in rows} == {5}


def test_a_table_of_small_tasks_has_no_limits():
    assert "limit" not in benchmark.table(outcomes(), [OURS], with_limits=False)


def test_the_tasks_are_those_of_the_project_s_limits():
    sizes = Sizes()
    megapixels = [w * h / 1e6 for w, h in (sizes.large_photo, sizes.small_photo, sizes.scratched_photo)]
    assert megapixels == pytest.approx([24, 1, 50], rel=0.01)
    assert (sizes.stroke_px, sizes.repeats) == ((64, 400), 20)
    assert (sizes.scratches, sizes.square_px, sizes.share) == (200, 2048, 0.4)
    strokes = (benchmark.FIRST_S, benchmark.FINAL_S, benchmark.RATIO)
    assert strokes == (0.25, 1, 1.3)
    assert (benchmark.SCRATCHES_S, benchmark.PEAK_MB, benchmark.DISC_S) == (60, 2000, 6)


def test_without_opencv_its_column_is_left_out(monkeypatch, generator):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(UnavailableError, match="pip install opencv-python-headless"):
        load_opencv("INPAINT_TELEA")
    baselines, note = benchmark._load_baselines(Inpainter(generator, runtime="pytorch"))
    assert list(baselines) == [benchmark.WHOLE_PHOTO]
    assert "OpenCV Telea is left out: not installed" in note


def test_the_plot_has_a_curve_for_each_method(tmp_path):
    points = [Point(name, x, x * k) for k, name in enumerate((OURS, "Telea"), 1) for x in (1.0, 10.0)]
    drawn = benchmark.panels(points, points[:2], QUICK)
    assert drawn[0][2] == {OURS: ([1, 10], [1, 10]), "Telea": ([1, 10], [2, 20])}
    plot_times(drawn, tmp_path / "new" / "plot.svg", "a note")
    text = (tmp_path / "new" / "plot.svg").read_text()
    assert text.count('id="line2d') > 4
    with pytest.raises(ValueError):
        plot_times(drawn, tmp_path / "plot.nothing")


@pytest.mark.slow
def test_the_command_prints_the_table_and_writes_plot_and_figures(tmp_path, generator, capsys):
    save_generator(generator, tmp_path / "weights")
    plot, figures = tmp_path / "plot.png", tmp_path / "out" / "figures.json"
    options = [
        "--model",
        str(tmp_path / "weights"),
        "--runtime",
        "pytorch",
        "--plot",
        str(plot),
        "--json",
        str(figures),
    ]
    assert benchmark.main(["--quick", *options]) == 0
    printed = capsys.readouterr().out
    rows = [line for line in printed.splitlines() if line.startswith("| ") and "--:" not in line]
    assert len(rows) == (9 if sys.platform.startswith(("linux", "darwin")) else 8)
    assert [row.split("|")[1].strip().rpartition(": ")[2] for row in rows[1:5]] == ["first fill", "final fill"] * 2
    assert "a stroke of 16 x 100 px" in printed and "10 scratches" in printed and "a round hole of 40%" in printed
    assert "PyTorch on " in printed and "thread" in printed
    written = json.loads(figures.read_text())
    assert all(outcome["values"][OURS] > 0 for outcome in written["outcomes"])
    assert {point["x"] for point in written["sweeps"]["hole"]} == set(QUICK.hole_sweep_px)
    assert len(written["sweeps"]["photo"]) % len(QUICK.photo_sweep) == 0
    with Image.open(plot) as picture:
        assert picture.width > picture.height > 300


def test_missing_weights_end_with_an_error_message(tmp_path, capsys):
    assert benchmark.main(["--quick", "--model", str(tmp_path / "nothing")]) == 1
    assert capsys.readouterr().err.startswith("error: ")
