import dataclasses
import json

import pytest

from inpaint.hub.weights import load_generator
from inpaint.networks.config import ContextEncoderConfig
from train.config import LossConfig, TrainConfig
from train.data_config import DataConfig, MaskConfig
from train.generator.losses import generator_weights
from train.presets import PRESETS
from train.run_config import to_dict


def test_the_context_encoder_preset_is_the_recipe_of_the_paper():
    config = PRESETS["context-encoder"][1]
    assert isinstance(config.generator, ContextEncoderConfig)
    assert (config.data.resolution, config.data.batch_size, config.epochs) == (128, 64, 100)
    assert config.learning_rate == 2e-4
    assert (config.loss.reconstruction, config.loss.reconstruction_weight) == ("l2", 0.999)
    assert (config.loss.adversarial, config.loss.adversarial_weight) == ("bce", 0.001)
    assert (config.loss.border_weight, config.loss.discriminator) == (10, "picture")
    assert config.generator.bottleneck_channels == 4000
    assert config.sample_epochs == (0, 1, 5, 20, 50, 100)


def test_the_photos_preset_trains_the_network_of_the_bundled_weights_with_terms_that_leave_no_fog_or_grid():
    config = PRESETS["photos"][1]
    assert config.generator == load_generator().generator.config
    assert config.loss.perceptual_area == "hole" and config.loss.shift_px == 32
    terms = generator_weights(config.loss, ["reconstruction", "perceptual", "rim_l1", "block_mean_l1"])
    assert min(terms.values()) > 0 and terms["reconstruction"] < min(terms["rim_l1"], terms["perceptual"])
    assert config.ema_halflife_images > 0


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_its_name_and_converts_to_json(name):
    config = PRESETS[name][1]
    assert config.preset == name
    assert json.loads(json.dumps(to_dict(config)))["generator"]["architecture"] == config.generator.architecture


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DataConfig(resolution=250), "250.*multiple of 16.*240"),
        (lambda: DataConfig(batch_size=0), "batch_size is 0"),
        (lambda: DataConfig(min_scale=0), "min_scale is 0"),
        (lambda: MaskConfig(), "one must be positive"),
        (lambda: MaskConfig(region=1, strokes=-1), "none may be negative"),
        (lambda: MaskConfig(strokes=1, zoom=0.5), "zoom is 0.5"),
        (lambda: TrainConfig(), "exactly one"),
        (lambda: TrainConfig(images=1, guided=1.5), "guided is 1.5"),
        (lambda: TrainConfig(images=1, guided=0.5, data=DataConfig(resolution=48)), "multiple of 32"),
        (
            lambda: TrainConfig(
                epochs=1, guided=0.5, data=DataConfig(resolution=128), generator=ContextEncoderConfig()
            ),
            "guided is 0.5",
        ),
        (lambda: TrainConfig(images=1, epochs=1), "exactly one"),
        (lambda: TrainConfig(images=0), "images is 0"),
        (lambda: TrainConfig(images=1, sample_epochs=(0, -1)), r"sample_epochs is \(0, -1\)"),
        (lambda: TrainConfig(epochs=1, cooldown_images=-5), "cooldown_images is -5"),
        (lambda: TrainConfig(max_minutes=0), "max_minutes is 0"),
        (lambda: TrainConfig(epochs=1, generator=ContextEncoderConfig()), "128 for a context encoder"),
    ],
)
def test_invalid_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_generator_of_the_centre_cannot_be_trained_on_other_holes():
    paper = PRESETS["context-encoder"][1]
    data = dataclasses.replace(paper.data, masks=MaskConfig(central=1, strokes=1))
    with pytest.raises(ValueError, match="region full"):
        dataclasses.replace(paper, data=data)
    free = ContextEncoderConfig(region="full")
    assert dataclasses.replace(paper, data=data, generator=free).data is data


def test_there_is_no_discriminator_by_default():
    assert LossConfig().adversarial_weight == 0
