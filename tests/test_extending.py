"""The examples of docs/extending.md work as they stand."""

import dataclasses
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from inpaint.hub.weights import save_generator
from inpaint.inpainter import Inpainter
from inpaint.networks import config as network_config
from inpaint.networks.config import config_to_dict
from inpaint.networks.generators import build_generator
from tests.train.runs import batch_of, free_form
from train import registry
from train.data_config import MaskConfig
from train.generator.trainer import GeneratorTrainer
from train.masks.families import sample_mask

TEXT = (Path(__file__).parents[1] / "docs" / "extending.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^The file ([\w/]+\.py).*?```python\n(.*?)```", TEXT, re.MULTILINE | re.DOTALL))
LINES = dict(re.findall(r'```text\n"(\w+)": "([\w.:]+)"\n```', TEXT))


@pytest.fixture
def example(monkeypatch):
    """Puts a file of the page in its place, and returns what its line says."""

    def install(path, name):
        module = ModuleType(path.removesuffix(".py").replace("/", "."))
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(FILES[path], path, "exec"), module.__dict__)
        return LINES[name]

    return install


def test_the_page_has_three_examples():
    assert len(FILES) == len(LINES) == 3


def test_the_loss_is_a_term_of_the_generator(example, monkeypatch):
    monkeypatch.setitem(registry.LOSSES, "gradient", example("train/generator/gradient_loss.py", "gradient"))
    config = free_form("photos", "run")
    config = dataclasses.replace(config, loss=dataclasses.replace(config.loss, extra=(("gradient", 0.5),)))
    assert GeneratorTrainer(config).train_step(batch_of())["generator/gradient"] > 0
    with pytest.raises(ValueError, match=r"loss\.extra names 'edges'; registered are .*gradient"):
        GeneratorTrainer(dataclasses.replace(config, loss=dataclasses.replace(config.loss, extra=(("edges", 1.0),))))


def test_the_masks_are_drawn(example, monkeypatch):
    monkeypatch.setitem(registry.MASK_FAMILIES, "comb", example("train/masks/comb.py", "comb"))
    weights = MaskConfig(extra=(("comb", 1.0),)).weights()
    mask = sample_mask(weights, 16, 32, np.random.default_rng(0))
    assert mask.sum() == 16 * 4


def test_the_generator_is_trained_saved_and_fills_photos(example, monkeypatch, tmp_path):
    monkeypatch.setitem(network_config.EXTENSIONS, "plain", example("inpaint/networks/plain.py", "plain"))
    config = sys.modules["inpaint.networks.plain"].PlainConfig(channels=4)
    run = dataclasses.replace(free_form("photos", "run", guided=0.0), generator=config)
    assert GeneratorTrainer(run).train_step(batch_of())["generator/reconstruction"] > 0
    save_generator(build_generator(config), tmp_path)
    assert config_to_dict(config)["architecture"] == "plain"
    inpainter = Inpainter.from_pretrained(str(tmp_path))
    assert inpainter.config == config
    pixels = np.full((40, 40, 3), 120, np.uint8)
    mask = np.zeros((40, 40), bool)
    mask[10:14, 10:14] = True
    filled = np.asarray(inpainter(pixels, mask))
    assert (filled[~mask] == 120).all()
