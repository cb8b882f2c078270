import json
import time

import numpy as np
import pytest
import torch
from PIL import Image

from train.run.progress import Progress, plot_losses, read_losses, save_sheet


def test_losses_are_averaged_between_two_lines(tmp_path):
    progress = Progress(tmp_path, 0, 100)
    for value in (1.0, 2.0, 3.0):
        progress.advance(4, {"generator/reconstruction": torch.tensor(value)}, 100)
    line = progress.write(12, waited_s=0.0, epoch=2)
    progress.close()
    assert line["generator/reconstruction"] == pytest.approx(2.0)
    (written,) = read_losses(tmp_path / "losses.jsonl")
    assert written["images_seen"] == 12
    assert written["epoch"] == 2
    assert written["images_per_s"] > 0


def test_lines_after_the_checkpoint_are_dropped_when_a_run_resumes(tmp_path):
    path = tmp_path / "losses.jsonl"
    path.write_text("".join(json.dumps({"images_seen": n}) + "\n" for n in (10, 20, 30)) + '{"images_se')
    Progress(tmp_path, 20, None).close()
    assert [line["images_seen"] for line in read_losses(path)] == [10, 20]


def test_a_sheet_shows_masked_image_prediction_composite_and_ground_truth(tmp_path):
    image = torch.zeros(2, 3, 8, 8)
    prediction = torch.ones(2, 3, 8, 8) * 5  # out of range on purpose: it is clipped
    mask = torch.zeros(2, 1, 8, 8)
    mask[..., :4] = 1
    image[:, 0] = -1
    save_sheet(tmp_path / "samples" / "sheet.png", image, mask, prediction)
    with Image.open(tmp_path / "samples" / "sheet.png") as picture:
        sheet = np.asarray(picture)
    assert sheet.shape == (4 * 10 + 2, 2 * 10 + 2, 3)
    masked, predicted, composite, ground_truth = (sheet[2 + 10 * row : 10 + 10 * row, 2:10] for row in range(4))
    assert (masked[:, :4] == 128).all()
    assert (predicted == 255).all()
    assert (composite[:, :4] == 255).all()
    assert np.array_equal(composite[:, 4:], ground_truth[:, 4:])
    assert (ground_truth[..., 0] == 0).all()


def test_loss_curves_are_drawn_for_every_loss(tmp_path):
    lines = [{"images_seen": n, "generator/reconstruction": 1 / n, "discriminator/adversarial": 1.0} for n in (1, 2, 3)]
    (tmp_path / "losses.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert plot_losses(tmp_path) == tmp_path / "losses.png"
    with Image.open(tmp_path / "losses.png") as picture:
        assert picture.width > 600
    assert plot_losses(tmp_path / "nothing") is None


def test_the_share_of_time_spent_waiting_for_data_is_reported(tmp_path):
    progress = Progress(tmp_path, 0, None)
    time.sleep(0.05)
    line = progress.write(4, waited_s=0.02)
    assert 0 < line["waiting_for_data"] < 0.5
    time.sleep(0.05)
    assert progress.write(8, waited_s=0.02)["waiting_for_data"] == 0
    progress.close()
