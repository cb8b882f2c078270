"""The projected discriminator judges every cell at three scales, over features that never change."""

import copy
import dataclasses

import pytest
import torch

from tests.train import runs
from tests.train.generator.test_on_device import CPU, config_of, refuse_waits
from train.config import LossConfig
from train.data.device.stream import open_device_stream
from train.data.order import Position
from train.generator.losses import adversarial_loss, discriminator_loss
from train.generator.projected import ProjectedDiscriminator
from train.generator.trainer import GeneratorTrainer
from train.metrics.efficientnet import LITE0
from train.metrics.perceptual import shared_features

LOSS = LossConfig(adversarial="hinge", discriminator="projected", adversarial_weight=0.05, feature_matching_weight=0.1)


@pytest.fixture
def discriminator():
    torch.manual_seed(0)
    return ProjectedDiscriminator(width=16).eval()


def test_each_scale_has_a_logit_for_each_cell_which_coarser_ones_share(discriminator):
    image, mask = torch.rand(2, 3, 48, 80) * 2 - 1, torch.zeros(2, 1, 48, 80)
    logits = discriminator(image, mask).logits
    assert logits.shape == (2, 3, 12, 20)
    for channel, cells in enumerate((1, 2, 4)):
        blocks = logits[:, channel].unflatten(2, (-1, cells)).unflatten(1, (-1, cells)).transpose(2, 3).flatten(3)
        assert (blocks == blocks[..., :1]).all()
        assert blocks[..., 0].unique().numel() == blocks[..., 0].numel(), "a cell's logit is its own"


def test_the_image_moves_the_logits_near_it_more_than_those_far_away_and_so_does_the_mask(discriminator):
    image, mask = torch.rand(1, 3, 128, 128) * 2 - 1, torch.zeros(1, 1, 128, 128)
    changed, hole = image.clone(), mask.clone()
    changed[..., 8:40, 8:40] *= -1
    hole[..., 8:40, 8:40] = 1
    logits = discriminator(image, mask).logits
    for other in (discriminator(changed, mask).logits, discriminator(image, hole).logits):
        difference = (other - logits).abs()[:, 0]
        assert difference[..., 2:10, 2:10].mean() > 5 * difference[..., 24:, 24:].mean()


def test_the_mixed_maps_have_about_unit_size_at_every_scale_so_that_no_scale_outweighs_another(discriminator):
    for x in discriminator._mixed(torch.rand(2, 3, 128, 128) * 2 - 1):
        assert 0.3 < x.square().mean().sqrt() < 3


def test_a_cell_without_a_hole_does_not_count_and_all_scales_count_the_same():
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., :8, :8] = 1
    logits = torch.zeros(1, 3, 4, 4)
    logits[:, 0, :2, :2], logits[:, 1:, 2:, 2:] = 6.0, 100.0
    assert adversarial_loss("hinge", logits, mask).item() == pytest.approx(-2)  # the mean of 6, 0 and 0
    assert discriminator_loss("hinge", torch.ones_like(logits), logits, mask).item() == pytest.approx((7 + 1 + 1) / 3)


@pytest.mark.usefixtures("fast_bfloat16")
def test_a_step_trains_the_heads_alone_and_never_waits_for_the_device(photos, tmp_path):
    config = config_of(photos, tmp_path, loss=LOSS, bf16=True)
    stream = open_device_stream(config.data, 0, CPU, Position(0, 16))
    trainer = GeneratorTrainer(config)
    frozen = [value.clone() for value in shared_features(CPU, LITE0).state_dict().values()]
    before = {name: value.clone() for name, value in trainer.discriminator.state_dict().items()}
    with refuse_waits():
        for _ in range(2):
            report = trainer.train_step(stream.next_batch())
    assert {"discriminator/adversarial", "generator/adversarial", "generator/feature_matching"} <= set(report)
    after = trainer.discriminator.state_dict()
    learnt = {name for name in before if not torch.equal(before[name], after[name])}
    assert learnt and all(name.startswith("heads.") for name in learnt)
    assert {name.partition(".")[0] for name in before} > {"heads"} and len(before) < 40, "without EfficientNet-Lite0"
    assert all(map(torch.equal, frozen, shared_features(CPU, LITE0).state_dict().values()))


def test_the_heads_learn_to_tell_noise_in_the_hole_from_the_photo(photos, tmp_path):
    torch.manual_seed(0)
    discriminator = ProjectedDiscriminator(width=16)
    optimizer = torch.optim.Adam(discriminator.parameters(), 2e-3, (0.0, 0.99))
    real = torch.nn.functional.interpolate(torch.rand(4, 3, 8, 8) * 2 - 1, 64, mode="bicubic")
    mask = torch.zeros(4, 1, 64, 64)
    mask[..., 16:48, 16:48] = 1
    fake = real + 0.5 * torch.randn_like(real) * mask
    losses = []
    for _ in range(25):
        loss = discriminator_loss("hinge", discriminator(real, mask).logits, discriminator(fake, mask).logits, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 1.7 and losses[-1] < 1


def test_a_restored_state_continues_as_if_nothing_had_happened(photos, tmp_path):
    config = config_of(photos, tmp_path, loss=LOSS)
    stream, first = open_device_stream(config.data, 0, CPU), GeneratorTrainer(config)
    first.train_step(stream.next_batch())
    second = GeneratorTrainer(dataclasses.replace(config, seed=1))
    second.restore(copy.deepcopy(first.state()))
    batch = stream.next_batch()
    for trainer in (first, second):
        trainer.train_step(batch)
    for name in ("generator", "discriminator"):
        assert runs.same(first.state()[name], second.state()[name])


def test_a_gradient_penalty_through_frozen_features_is_refused():
    with pytest.raises(ValueError, match=r"r1-gamma 0"):
        LossConfig(discriminator="projected", r1_gamma=0.01)
