"""The figure of a run: sample sheets of its epochs and loss curves."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from train.masks.families import central_region
from train.paper.figure import cut_sheet, draw
from train.paper.figure import main as figure_main
from train.run.progress import save_sheet


@pytest.fixture
def run_dir(tmp_path):
    """A run's folder with sheets of three epochs, whose fills get lighter, and its losses."""
    image = torch.full((4, 3, 128, 128), -0.5)
    mask = torch.from_numpy(central_region(128, 128))[None, None].float().expand(4, 1, 128, 128)
    for epoch, value in ((0, -1.0), (1, 0.0), (20, 1.0)):
        path = tmp_path / "samples" / f"epoch-{epoch:04d}.png"
        save_sheet(path, image, mask, torch.full_like(image, value))
    lines = [{"images_seen": 100 * n, "generator/reconstruction": 1 / n} for n in range(1, 4)]
    (tmp_path / "losses.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def test_a_sample_sheet_is_split_into_its_four_rows(run_dir):
    with Image.open(run_dir / "samples" / "epoch-0020.png") as sheet:
        masked, prediction, composite, ground_truth = cut_sheet(sheet)
    assert masked.shape == prediction.shape == composite.shape == ground_truth.shape == (132, 4 * 130 + 2, 3)
    assert [int(row[66, 66, 0]) for row in (masked, prediction, composite, ground_truth)] == [128, 255, 255, 64]
    assert int(composite[10, 10, 0]) == 64


def test_the_figure_has_a_row_per_epoch_in_order(run_dir):
    assert figure_main([str(run_dir), "-o", str(run_dir / "docs" / "epochs.png"), "--pictures", "2"]) == 0
    with Image.open(run_dir / "docs" / "epochs.png") as picture:
        pixels = np.asarray(picture.convert("L")).astype(int)
    inside = pixels[:, pixels.shape[1] // 3]  # a column through the holes of the first picture
    changes = [int(inside[start]) for start in np.flatnonzero(np.diff(inside) != 0) + 1]
    holes = [value for value in changes if value in (0, 128, 255)]
    assert holes.index(0) < holes.index(128, holes.index(0)) < len(holes)
    (run_dir / "samples" / "epoch-0020.png").unlink()
    draw(run_dir, run_dir / "fewer.png", 2)
    with Image.open(run_dir / "fewer.png") as fewer:
        assert fewer.height < picture.height


def test_a_run_without_sample_sheets_of_epochs_is_refused(tmp_path, capsys):
    assert figure_main([str(tmp_path)]) == 1
    assert "no sample sheets of epochs" in capsys.readouterr().err
