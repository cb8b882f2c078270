"""A finished run whose weights are published."""

import json

import pytest
import torch
from PIL import Image

from inpaint.hub.weights import save_generator
from inpaint.networks.config import FreeFormConfig
from inpaint.networks.generators import build_generator
from train.config import TrainConfig
from train.data_config import DataConfig
from train.run_config import to_dict

SMALL = FreeFormConfig(channels=(4, 8, 8), blocks=2, attention_every=1, attention_heads=2, expansion=1)
SCORES = [
    {"method": "ours", "coverage": "strokes", "photo": 0, "psnr": 20.0, "ssim": 0.5, "l1": 2.0, "elp": None},
    {"method": "ours", "coverage": "strokes", "photo": 1, "psnr": 23.0, "ssim": 0.75, "l1": 3.0, "elp": None},
    {"method": "mean fill", "coverage": "strokes", "photo": 0, "psnr": 14.0, "ssim": 0.25, "l1": 9.0, "elp": 0.5},
]


@pytest.fixture
def run_dir(tmp_path):
    """A finished run, with a sample sheet and the scores of an evaluation."""
    run = tmp_path / "runs" / "small"
    (run / "samples").mkdir(parents=True)
    data = DataConfig(dataset=("me/photos:small", "/home/someone/holiday pictures"), resolution=64)
    config = TrainConfig(preset="small", data=data, generator=SMALL, images=200, seed=7)
    (run / "config.json").write_text(json.dumps(to_dict(config)))
    (run / "losses.jsonl").write_text('{"images_seen": 100}\n{"images_seen": 12345}\n')
    (run / "results.json").write_text(json.dumps(SCORES))
    for images, colour in ((0, "black"), (200, "white")):
        Image.new("RGB", (8, 8), colour).save(run / "samples" / f"images-{images:09d}.png")
    torch.manual_seed(0)
    save_generator(build_generator(SMALL), run / "weights")
    return run
