"""The evaluation of large holes: choice of photos, scores, and the command."""

import numpy as np
import pytest
from PIL import Image

from inpaint.hub.weights import save_generator
from inpaint.networks.config import FreeFormConfig
from inpaint.networks.generators import build_generator
from train.evaluate import large_holes
from train.evaluate.large_holes import CELL, WHOLE, evaluate_large_holes, largest_squares
from train.evaluate.methods import Method


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos" / "validation"
    folder.mkdir(parents=True)
    for number, (width, height) in enumerate([(90, 60), (300, 200), (400, 50), (150, 120)]):
        Image.new("RGB", (width, height), (50 * number, 120, 150)).save(folder / f"{number}.png")
    return str(folder.parent)


def test_photos_with_the_longest_short_sides_are_cropped_to_squares(photos):
    squares = largest_squares(photos, "validation", 2, 80)
    assert [square.shape for square in squares] == [(80, 80, 3)] * 2
    assert [int(square[0, 0, 0]) for square in squares] == [50, 150]


def test_every_method_is_scored_and_shown_whole_and_in_detail():
    photo = np.random.default_rng(0).integers(0, 256, (700, 700, 3), dtype=np.uint8)
    methods = [Method("perfect", lambda pixels, mask: photo), Method("black", lambda pixels, mask: pixels * 0)]
    ((scores, rows),) = evaluate_large_holes([photo], methods, distances=())
    assert [score.method for score in scores] == ["perfect", "black"]
    assert scores[0].psnr == np.inf and scores[1].psnr < 10
    whole, detail = rows
    assert whole.mask.mean() == pytest.approx(0.4, abs=0.015)
    assert np.array_equal(whole.fills["black"][~whole.mask], photo[~whole.mask])
    assert detail.ground_truth.shape == (*CELL[::-1], 3)
    assert 0.4 < detail.mask.mean() < 1


def test_the_command_prints_both_methods_and_writes_the_sheet(photos, tmp_path, capsys):
    save_generator(build_generator(FreeFormConfig(channels=(8, 8, 16), blocks=2)), tmp_path / "weights")
    sheet = tmp_path / "out" / "sheet.png"
    options = ["--data", photos, "--images", "1", "--side", "96", "--sheet", str(sheet)]
    large_holes.main([str(tmp_path / "weights"), *options])
    printed = capsys.readouterr().out
    assert "1 photos" not in printed and "1 photo of" in printed
    assert "| ours | " in printed and f"| {WHOLE} | " in printed
    with Image.open(sheet) as picture:
        assert picture.width > 4 * CELL[0]
        assert picture.height > 2 * CELL[1]


def test_a_command_without_data_weights_or_room_is_refused(photos, tmp_path, capsys):
    with pytest.raises(SystemExit):
        large_holes.main([])
    assert "give --data: a folder of pictures" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        large_holes.main(["--data", photos, "--side", "10"])
    assert "--side is 10; it must be at least 64" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="^error: "):
        large_holes.main([str(tmp_path / "nothing"), "--data", photos])
