"""Thin damage has a network of its own, which is run where nothing thick is in sight."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np

from inpaint import Inpainter
from inpaint.engine.filler import Filler
from inpaint.engine.plan import CropSizes, plan
from inpaint.engine.thickness import THIN_DAMAGE_PX
from inpaint.hub.weights import THIN, load_weights
from tests.pictures import picture
from train.generator.initial_weights import with_loaded_generator
from train.generator.trainer import GeneratorTrainer
from train.presets import PRESETS

SIZE = (900, 1300)


class Paints:
    """A generator that predicts one value everywhere, and counts its crops."""

    config = SimpleNamespace(architecture="free-form")
    multiple, fixed_size = 16, None

    def __init__(self, value):
        self.value, self.crops = value, 0

    def __call__(self, masked_image, mask, coarse_fill=None):
        self.crops += len(mask)
        return np.full_like(masked_image, self.value)


def line(mask, row, thickness, first=30, last=1000):
    mask[row : row + thickness, first:last] = True


def fills_of(mask, thin, usual):
    """The value that fills each pixel of the hole."""
    filled = np.zeros(SIZE)
    pixels = np.full((*SIZE, 3), 128, np.uint8)
    for fill in Filler(usual, thin_generator=thin, synthesis=False).fills(pixels, mask):
        filled[fill.box.slices][fill.hole] = np.where(fill.pixels[fill.hole][:, 0] > 127, 255, 0)
    return filled


def test_thin_damage_is_filled_by_its_network_and_all_else_by_the_other():
    mask = np.zeros(SIZE, bool)
    line(mask, 100, 2)
    line(mask, 300, THIN_DAMAGE_PX - 2)
    line(mask, 500, THIN_DAMAGE_PX + 6)
    mask[700:860, 1100:1260] = True
    filled = fills_of(mask, Paints(1), Paints(-1))
    assert (filled[100:102, 30:1000] == 255).all() and (filled[300 : 298 + THIN_DAMAGE_PX, 30:1000] == 255).all()
    assert (filled[500 : 506 + THIN_DAMAGE_PX, 30:1000] == 0).all() and (filled[700:860, 1100:1260] == 0).all()


def test_a_scratch_changes_networks_where_a_thick_hole_comes_into_sight():
    mask = np.zeros(SIZE, bool)
    line(mask, 400, 4)
    mask[380:440, 960:1020] = True
    filled = fills_of(mask, Paints(1), Paints(-1))
    assert (filled[400:404, 30:500] == 255).all() and (filled[400:404, 940:960] == 0).all()
    assert set(np.unique(filled[mask])) == {0, 255}


def test_without_a_network_for_it_one_fills_all_in_as_few_passes():
    mask = np.zeros(SIZE, bool)
    line(mask, 400, 4)
    usual = Paints(-1)
    assert (fills_of(mask, None, usual)[mask] == 0).all()
    assert usual.crops == sum(len(region.crops) for region in plan(mask, CropSizes()))


def test_the_default_weights_bring_their_network_for_thin_damage_and_others_do_not(tmp_path):
    assert load_weights().thin is not None and load_weights().thin.config == load_weights(THIN).config
    assert load_weights("context-encoder").thin is None and load_weights(THIN).thin is None
    smaller = sum(value.size for value in load_weights(THIN).tensors.values())
    assert smaller < 0.3 * sum(value.size for value in load_weights().tensors.values())


def test_weights_that_were_trained_from_the_default_ones_keep_it(tmp_path):
    trainer = GeneratorTrainer(with_loaded_generator(dataclasses.replace(PRESETS["finetune"][1], device="cpu")))
    trainer.save_weights(tmp_path)
    assert load_weights(tmp_path).thin.source == THIN
    values = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(values | {"thin_damage": "own"}))
    assert load_weights(tmp_path).thin is None
    assert load_weights(tmp_path).config == load_weights().config, "the network itself is the same"


def test_any_weights_can_be_given_it():
    mask = np.zeros((300, 400), bool)
    mask[100:104, 20:380] = True
    photo = picture("RGB", (400, 300))
    default = Inpainter.from_pretrained(device="cpu")
    alone = Inpainter(default.generator._replace(thin=None), device="cpu")
    again = Inpainter(alone.generator._replace(thin=load_weights(THIN)), device="cpu")
    results = [np.array(each(photo, mask)) for each in (default, alone, again)]
    assert np.array_equal(results[0], results[2])
    assert not np.array_equal(results[0], results[1])
