"""Scores of removed objects: which photos, masks and fills belong together, the scores, and the command."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from PIL import Image

from inpaint.hub.weights import save_generator
from inpaint.networks.config import FreeFormConfig
from inpaint.networks.generators import build_generator
from train.evaluate import removals
from train.evaluate.methods import Method
from train.evaluate.removals import (
    RemovalScore,
    evaluate_removals,
    find_removals,
    read_fill,
    removals_report,
)


def noise(seed: int = 0, height: int = 90, width: int = 120) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def hole(height: int = 90, width: int = 120) -> np.ndarray:
    mask = np.zeros((height, width), dtype=bool)
    mask[30:60, 40:80] = True
    return mask


def save(pixels: np.ndarray, path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def data(tmp_path):
    """Two photos with masks, one without, and the fills of another tool."""
    folder = tmp_path / "data"
    for number, name in enumerate(("dog", "cat")):
        save(noise(number), folder / f"{name}.png")
        save(hole(), folder / f"{name}-mask.png")
        save(np.where(hole()[:, :, None], np.uint8(128), noise(number)), folder / "grey" / f"{name}.png")
        save(noise(number), folder / "same" / f"{name}.bmp")
    save(noise(3), folder / "sheet.png")
    return folder


def test_photos_are_paired_with_their_masks_and_others_are_left_out(data):
    assert [(photo.name, mask.name) for photo, mask in find_removals(data)] == [
        ("cat.png", "cat-mask.png"),
        ("dog.png", "dog-mask.png"),
    ]


def test_a_folder_without_pairs_is_refused(data):
    with pytest.raises(ValueError, match=r"no photo in .*grey has a mask; name the mask of NAME.jpg NAME-mask.png"):
        find_removals(data / "grey")
    with pytest.raises(ValueError, match="nothing is not a folder"):
        find_removals(data / "nothing")


def test_a_fill_may_have_another_format_and_must_have_the_size_of_the_photo(data):
    photo, shape = data / "cat.png", noise().shape
    filled = read_fill(data / "same", photo, shape)
    assert filled is not None and np.array_equal(filled, noise(1))
    assert read_fill(data / "same", data / "cow.png", shape) is None
    with pytest.raises(ValueError, match=r"cat.bmp has 120x90 px and the photo 60x45; both must have the same size"):
        read_fill(data / "same", photo, (45, 60, 3))


def test_methods_and_ready_made_fills_are_scored_on_every_photo(data):
    methods = [Method("black", lambda pixels, mask: np.zeros_like(pixels)), Method("broken", None, reason="why")]
    fills = {"grey": data / "grey", "same": data / "same"}
    scores = [score for of in evaluate_removals(find_removals(data), methods, fills) for score in of]
    assert [(score.photo, score.method) for score in scores] == [
        (photo, method) for photo in ("cat", "dog") for method in ("grey", "same", "black")
    ]
    for score in scores:
        if score.method == "same":  # noise that goes on
            assert score.detail == pytest.approx(1, abs=0.06)
            assert score.seam == pytest.approx(1, abs=0.15)
        else:
            assert score.detail == 0
            # steps between two random values are 1/3 of the range, from the middle 1/4, from the end 1/2
            assert score.seam == pytest.approx(3 / 4 if score.method == "grey" else 3 / 2, abs=0.12)
        assert math.isnan(score.seconds) == (score.method != "black")


def test_a_photo_without_a_ready_made_fill_is_not_scored_for_it(data):
    (data / "same" / "dog.bmp").unlink()
    scored = list(evaluate_removals(find_removals(data), [], {"grey": data / "grey", "same": data / "same"}))
    assert [[score.method for score in scores] for scores in scored] == [["grey", "same"], ["grey"]]
    lines = removals_report([score for scores in scored for score in scores], {"grey": "", "same": ""}).splitlines()
    assert lines[2].endswith("| - | 2 |") and lines[3].endswith("| - | 1 |")
    assert lines[-1].startswith("| dog | 0.00 / ") and lines[-1].endswith("|  |")


def test_the_report_has_means_and_every_photo():
    scores = [
        RemovalScore("a", "cat", 0.25, 0.5, 1.0),
        RemovalScore("a", "dog", 0.75, 0.7, 2.0),
        RemovalScore("b", "cat", math.nan, 1.5, 4.0),
        RemovalScore("b", "dog", 1.1, 1.5, 4.0),
    ]
    lines = removals_report(scores, {"a": "", "b": "", "broken": "not installed"}).splitlines()
    assert lines[2] == "| a | 0.50 | **0.60** | 1.50 | 2 |"
    assert lines[3] == "| b | **1.10** | 1.50 | 4.00 | 2 |"
    assert lines[4] == "| broken | not run: not installed |  |  | 0 |"
    assert lines[-2:] == ["| cat | 0.25 / 0.50 | - / 1.50 |", "| dog | 0.75 / 0.70 | 1.10 / 1.50 |"]


def test_the_command_scores_weights_and_fills_and_writes_every_score(data, tmp_path, capsys):
    save_generator(build_generator(FreeFormConfig(channels=(8, 8, 16), blocks=2)), tmp_path / "weights")
    scores = tmp_path / "out" / "scores.json"
    options = ["--data", str(data), "--fills", f"other tool={data / 'grey'}", "--json", str(scores)]
    removals.main([str(tmp_path / "weights"), *options])
    printed = capsys.readouterr()
    assert "| other tool | 0.00 | " in printed.out and "| ours | " in printed.out and "\n| cat | 0.00 / " in printed.out
    assert "photo 2 of 2" in printed.err
    written = json.loads(scores.read_text())
    assert {(row["method"], row["photo"]) for row in written} >= {
        ("ours", "cat"),
        ("ours", "dog"),
        ("other tool", "cat"),
    }
    assert all(row["seconds"] is None for row in written if row["method"] == "other tool")


def test_fills_alone_are_scored_without_loading_weights(data, capsys):
    removals.main(["no/such/weights", "--data", str(data), "--fills", f"grey={data / 'grey'}", "--only-fills"])
    printed = capsys.readouterr().out
    assert "| grey | " in printed and "| ours | " not in printed


def test_arguments_that_cannot_be_used_are_refused_with_a_message(data, tmp_path, capsys):
    grey = f"grey={data / 'grey'}"
    for arguments, message in [
        (["--only-fills"], "--only-fills needs --fills LABEL=FOLDER"),
        (["--fills", str(data)], f"--fills is {data}; it must be LABEL=FOLDER, and FOLDER must exist"),
        (["--fills", "a="], "--fills is a=; it must be LABEL=FOLDER"),
        (["--fills", grey, "--fills", grey], "--fills has the label grey twice"),
    ]:
        with pytest.raises(SystemExit):
            removals.main(["--data", str(data), *arguments])
        assert message in capsys.readouterr().err
    with pytest.raises(SystemExit, match="^error: "):
        removals.main([str(tmp_path / "nothing"), "--data", str(data)])
    with pytest.raises(SystemExit, match="^error: --fills has the label ours, the name of a method"):
        removals.main(["--data", str(data), "--fills", f"ours={data / 'grey'}"])
