"""Weights whose predictions are not finite are reported, and no photo is changed by them."""

import numpy as np
import pytest
import torch
from PIL import Image

from inpaint import Inpainter, WeightsError
from inpaint.__main__ import main
from inpaint.hub.weights import save_generator
from inpaint.networks.errors import PredictionError
from inpaint.runtime.choose import choose_runtime
from tests.inpaint.exploding import exploding
from tests.inpaint.mean_generator import MeanGenerator, in_pytorch
from tests.pictures import picture

RUNTIMES = ["openvino", "onnxruntime", "pytorch"]


@pytest.mark.parametrize("name", RUNTIMES)
@pytest.mark.parametrize("weight", [3e38, -3e38])
def test_an_infinite_prediction_is_no_colour(name, weight):
    runtime = choose_runtime(exploding(weight), "cpu", name)
    mask = np.zeros((1, 1, 32, 32), np.float32)
    mask[..., 8:20, 8:20] = 1
    with pytest.raises(PredictionError, match="not finite.*use other weights"):
        runtime(np.zeros((1, 3, 32, 32), np.float32), mask)


def test_a_prediction_of_a_module_that_is_not_a_number_is_no_grey():
    class NotANumber(MeanGenerator):
        def forward(self, masked_image, mask, coarse_fill=None):
            return super().forward(masked_image, mask, coarse_fill) * torch.nan

    hole = np.zeros((1, 1, 32, 32), np.float32)
    with pytest.raises(PredictionError):
        in_pytorch(NotANumber())(np.zeros((1, 3, 32, 32), np.float32), hole)


def test_a_call_and_a_stroke_raise_and_leave_the_photo_as_it_is():
    inpainter = Inpainter(exploding())
    photo = picture("RGB", (80, 60))
    mask = np.zeros((60, 80), bool)
    mask[20:30, 20:30] = True
    with pytest.raises(WeightsError):
        inpainter(photo, mask)
    session = inpainter.open(photo)
    with pytest.raises(WeightsError):
        session.stroke([[30, 30]], 6)
    assert not session.painted and not session.can_undo
    assert np.array_equal(session.result(), photo)


def test_a_session_goes_on_with_the_fills_that_it_had():
    good, photo = Inpainter(MeanGenerator()), picture("RGB", (80, 60))
    session = good.open(photo)
    session.stroke([[30, 30]], 6)
    before = np.asarray(session.result())
    replaced = session.use(Inpainter(exploding()).fill_holes)
    with pytest.raises(WeightsError):
        session.refill()
    assert np.array_equal(session.result(), before)
    session.use(replaced)
    session.stroke([[60, 30]], 6)
    session.undo()
    assert np.array_equal(session.result(), before)


def test_the_command_line_says_so_and_writes_nothing(tmp_path, capsys):
    save_generator(exploding(), tmp_path / "weights", dtype=torch.float32)
    picture("RGB", (80, 60)).save(tmp_path / "photo.png")
    mask = Image.new("L", (80, 60))
    mask.paste(255, (20, 20, 30, 30))
    mask.save(tmp_path / "mask.png")
    paths = [str(tmp_path / name) for name in ("photo.png", "mask.png")]
    assert main([*paths, "-o", str(tmp_path / "out.png"), "--model", str(tmp_path / "weights")]) == 1
    assert "predict values that are not finite" in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()
