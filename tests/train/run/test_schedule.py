"""The schedule follows the length of the run, however that is given."""

import dataclasses
import itertools
import time
from types import SimpleNamespace

import pytest

from tests.train.runs import checkpoint, free_form, losses_of, same, train, weights
from train.config_file import parse_config
from train.damage.config import DAMAGE_PRESETS, DamageTrainConfig
from train.data.order import Position
from train.generator import run as generator_run
from train.generator.run import train_generator
from train.generator.trainer import GeneratorTrainer
from train.presets import PRESETS
from train.run import length, loop
from train.run import measure as measure_module
from train.run.length import RunLength
from train.run.schedule import Schedule

PHOTOS = PRESETS["photos"][1]


def scaled(images, **changes):
    return Schedule(dataclasses.replace(PHOTOS, images=images, **changes), PHOTOS)


def test_a_short_run_has_a_warm_up_a_plateau_and_a_cool_down():
    schedule = scaled(4000)
    assert (schedule.log_every, schedule.checkpoint_every, schedule.sample_every) == (20, 200, 200)
    assert (schedule.warmup_images, schedule.cooldown_images, schedule.ema_halflife_images) == (200, 800, 200)
    rates = [schedule.learning_rate_factor(seen, 0.1) for seen in (0, 184, 2000, 3600, 4000)]
    assert rates == pytest.approx([16 / 200, 1, 1, 0.55, 0.1])


def test_a_run_of_the_length_of_its_preset_keeps_the_settings_of_the_preset():
    assert scaled(2_000_000).settings() == {name: getattr(PHOTOS, name) for name in scaled(1).settings()}
    assert scaled(1_000_000).cooldown_images == 200_000


def test_a_share_of_the_preset_that_is_larger_stays_as_large_in_a_shorter_run():
    finetune = PRESETS["finetune"][1]  # it cools down over two thirds
    assert finetune.cooldown_images * 3 == finetune.images * 2
    for images in (5_400, 2_100):
        config = dataclasses.replace(finetune, images=images)
        assert Schedule(config, finetune).cooldown_images == images * 2 // 3


def test_settings_that_were_chosen_are_kept():
    assert scaled(4000, warmup_images=3000).warmup_images == 3000
    assert Schedule(dataclasses.replace(PHOTOS, images=4000)).warmup_images == 2000, "nothing to compare with"


@pytest.mark.parametrize("flags", [("--images", "4000"), ("--epochs=4",), ("--max-minutes", "15")])
@pytest.mark.parametrize("preset", ["photos", "tiny", "context-encoder", "damage"])
def test_every_length_works_with_every_preset(preset, flags):
    config = parse_config([preset, *flags], {**PRESETS, **DAMAGE_PRESETS}, "train")
    name = flags[0].partition("=")[0].removeprefix("--").replace("-", "_")
    lengths = {length: getattr(config, length) for length in ("images", "epochs", "max_minutes")}
    assert [length for length, value in lengths.items() if value is not None] == [name]


def test_a_run_in_epochs_knows_its_length_from_the_rows_that_it_has_read():
    run = RunLength(DamageTrainConfig(images=None, epochs=3), rows=100)
    assert run.total(0, Position(0, 0)) == 300
    assert run.total(99, Position(1, 10)) == 270, "a tenth of the rows cannot be used"
    assert RunLength(DamageTrainConfig(images=None, epochs=3)).total(9, Position(0, 9)) is None


def test_a_run_by_time_estimates_its_length_from_its_speed(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    run = RunLength(DamageTrainConfig(images=None, max_minutes=2), trained_s=20)
    assert run.total(0, Position(0, 0)) is None
    now[0] += 10
    assert run.total(50, Position(0, 50)) == 200, "30 of 120 s"
    run.measured_s = 5.0
    assert run.total(50, Position(0, 50)) == 50 + 90 * 50 / 25, "in 5 of the 30 s nothing was trained"
    assert not run.is_reached(50, Position(0, 50))
    run.reserve_s = 90.0
    assert run.is_reached(50, Position(0, 50))
    run.end()
    assert RunLength(DamageTrainConfig(images=None, max_minutes=2), run.trained_s).is_reached(50, Position(0, 50))


@pytest.mark.usefixtures("no_curves")
def test_a_time_budget_ends_the_run_normally_with_a_cool_down(photos, tmp_path, monkeypatch):
    rates = []
    factor = Schedule.learning_rate_factor
    monkeypatch.setattr(
        Schedule, "learning_rate_factor", lambda *arguments: rates.append(factor(*arguments)) or rates[-1]
    )
    clock = itertools.count()  # a second passes with each call
    monkeypatch.setattr(length, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    config = free_form(photos, tmp_path, images=None, max_minutes=0.5, cooldown_images=10**9)
    train(config)
    assert checkpoint(tmp_path)["images_seen"] >= 4
    assert rates[-1] < 0.5, "the cool-down has reached its end"
    seen = checkpoint(tmp_path)["images_seen"]
    train(config)
    assert checkpoint(tmp_path)["images_seen"] == seen, "it is complete"


@pytest.mark.usefixtures("no_curves")
@pytest.mark.parametrize(("cost_s", "draw_s", "expected"), [(0.25, 0, 5), (15, 0, 2), (8, 1, 2)])
def test_measurements_take_no_more_than_a_part_of_a_time_budget(
    photos, tmp_path, monkeypatch, cost_s, draw_s, expected
):
    now = [0.0]

    def measure(network):
        now[0] += cost_s
        return {"held-out/l1": float(next(network.parameters()).abs().mean())}

    def step(trainer, batch):
        now[0] += 1
        return train_step(trainer, batch)

    def draw(trainer, path):
        now[0] += draw_s

    train_step = GeneratorTrainer.train_step
    monkeypatch.setattr(GeneratorTrainer, "train_step", step)
    monkeypatch.setattr(GeneratorTrainer, "draw_sheet", draw)
    monkeypatch.setattr(generator_run, "measure_of_run", lambda config, held_out: measure)
    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr(length, "time", clock)
    monkeypatch.setattr(measure_module, "time", clock)
    config = free_form(photos, tmp_path, images=None, max_minutes=0.5, evaluations=4, cooldown_images=10**9)
    train_generator(config)
    held_out = checkpoint(tmp_path)["held_out"]
    assert len(held_out["history"]) == expected, "at the start, at the end, and as often between as there is time for"
    assert held_out["spent_s"] == cost_s * expected
    assert now[0] <= 31 + 2 * draw_s, "at most a step and a sheet late"


@pytest.mark.usefixtures("no_curves")
def test_a_run_in_epochs_that_is_interrupted_has_the_same_cool_down(photos, tmp_path):
    config = free_form(photos, tmp_path / "whole", images=None, epochs=2, cooldown_images=24, log_every=4)
    train(config)
    parts = dataclasses.replace(config, run_dir=str(tmp_path / "parts"))
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            train(dataclasses.replace(parts, pause_minutes=1e-6))
    train(parts)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    assert losses_of(tmp_path / "whole") == losses_of(tmp_path / "parts")


@pytest.mark.usefixtures("no_curves")
def test_a_checkpoint_is_also_written_after_minutes(photos, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(loop, "save_checkpoint", lambda run_dir, state: written.append(state["images_seen"]))
    train(free_form(photos, tmp_path, images=12, checkpoint_every=1000, checkpoint_minutes=1e-9))
    assert written == [4, 8, 12]


def test_the_rate_falls_from_the_start_of_the_cooldown_and_always_counts_as_falling_without_one(tmp_path):
    config = free_form("photos", tmp_path, images=100, cooldown_images=40)
    schedule = Schedule(config)
    assert [schedule.is_cooling(seen) for seen in (0, 59, 60, 99)] == [False, False, True, True]
    assert Schedule(dataclasses.replace(config, cooldown_images=0)).is_cooling(0)
    schedule.total = None
    assert not schedule.is_cooling(99)
