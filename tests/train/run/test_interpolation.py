"""Weights between those at the start of a run and the trained ones, where these lose too much on other photos."""

import dataclasses
import json

import pytest
import torch
from torch import nn

from tests.train.runs import checkpoint, free_form, weights
from train.generator import run as generator_run
from train.generator.run import train_generator
from train.publish.card_text import recipe
from train.run.checkpoint import read_ran
from train.run.interpolation import interpolated, share_for
from train.run.measure import OTHER_LIMIT, SHARE, HeldOutFigures

START, TRAINED = 1.0, 2.0


def weight_of(network):
    return next(network.parameters()).mean().item()


def measured(gain, loss, power=2, **options):
    """The figures of one measurement; own photos gain in proportion to the share, others lose with a power of it."""

    def measure(network):
        share = (weight_of(network) - START) / (TRAINED - START)
        return {"held-out/elp": 0.2 * (1 - gain * share), "other/elp": 0.5 * (1 + loss * share**power)}

    figures = HeldOutFigures(measure, count=4, interpolate=True)
    network = nn.Linear(1, 1, bias=False)
    for images, value in enumerate((START, TRAINED)):
        network.weight.data.fill_(value)
        figures.measure(network, images, **(options if images else {}))
    assert weight_of(network) == TRAINED, "the network that is trained on stays as it is"
    return figures


def test_tensors_are_on_the_line_and_whole_numbers_are_the_trained_ones():
    start = {"weight": torch.tensor([1.0, 2.0]), "count": torch.tensor(3)}
    trained = {"weight": torch.tensor([2.0, 0.0]), "count": torch.tensor(9)}
    assert interpolated(start, trained, 0.25)["weight"].tolist() == [1.25, 1.5]
    assert interpolated(start, trained, 0.25)["count"] == 9
    assert torch.equal(interpolated(start, trained, 1.0)["weight"], trained["weight"])


@pytest.mark.parametrize(
    ("loss", "power", "share"), [(0.09, 2, 0.27), (0.0101, 2, 0.8), (100.0, 2, 0.1), (0.02, 1, 0.4), (0.001, 1, 0.95)]
)
def test_the_share_follows_from_the_loss(loss, power, share):
    assert share_for(loss, 0.01, power) == pytest.approx(share, abs=0.01)


def test_what_loses_too_much_on_other_photos_is_taken_nearer_to_the_start():
    figures = measured(gain=0.08, loss=0.04)
    last = figures.history[-1]
    assert last[SHARE] == pytest.approx(0.4)
    assert last["other/elp"] / 0.5 <= OTHER_LIMIT
    assert figures.best["weight"].item() == pytest.approx(START + last[SHARE])
    assert figures.score(last) == pytest.approx(1 - 0.08 * last[SHARE])
    for text in (figures.sentence(), figures.verdict()):
        assert "interpolated: 40% trained weights, 60% initial weights" in text


def test_a_loss_that_does_not_fall_as_fast_is_followed_by_another_try():
    last = measured(gain=0.08, loss=0.04, power=1).history[-1]
    assert 0.15 < last[SHARE] < 0.25
    assert last["other/elp"] / 0.5 <= OTHER_LIMIT


def test_the_trained_weights_are_kept_if_interpolated_ones_are_no_better():
    figures = measured(gain=0.9, loss=0.011, power=0.01)  # nothing is lost less on the way to the start
    assert SHARE not in figures.history[-1]
    assert figures.best["weight"].item() == TRAINED


def test_what_loses_little_is_taken_as_it_is():
    figures = measured(gain=0.08, loss=0.009)
    assert SHARE not in figures.history[-1]
    assert figures.best["weight"].item() == TRAINED


def test_at_the_full_rate_nothing_is_interpolated():
    assert SHARE not in measured(gain=0.08, loss=0.04, at_full_rate=True).history[-1]


def test_without_other_photos_nothing_is_interpolated():
    figures = HeldOutFigures(lambda network: {"held-out/elp": weight_of(network)}, count=4, interpolate=True)
    network = nn.Linear(1, 1)
    for images in range(3):
        figures.measure(network, images)
    assert all(SHARE not in line for line in figures.history)


def test_a_resumed_run_interpolates_with_its_start():
    whole, resumed = measured(gain=0.08, loss=0.04), measured(gain=0.08, loss=0.04, at_full_rate=True)
    restored = HeldOutFigures(resumed._measure, 4, interpolate=True)
    restored.restore(resumed.state())
    network = nn.Linear(1, 1, bias=False)
    network.weight.data.fill_(TRAINED)
    restored.measure(network, 2)
    assert restored.history[-1][SHARE] == whole.history[-1][SHARE]
    assert torch.equal(restored.best["weight"], whole.best["weight"])


@pytest.mark.parametrize(("other", "measurements"), [({"other/elp": 0.5}, 3), ({}, 1)])
def test_the_time_that_is_kept_for_a_measurement_counts_those_nearer_to_the_start(other, measurements):
    figures = HeldOutFigures(lambda network: {"held-out/elp": 0.2, **other}, count=4, interpolate=True)
    figures.measure(nn.Linear(1, 1), 0)
    figures.seconds = 7.0
    assert figures.most_seconds == measurements * 7.0


def test_facts_about_the_best_weights_are_gone_while_other_weights_lie_in_the_folder(photos, tmp_path, monkeypatch):
    values = iter([1.0, 0.9, 0.95, 0.8, 0.85])
    monkeypatch.setattr(generator_run, "measure_of_run", lambda *_: lambda network: {"held-out/l1": next(values)})
    config = free_form(photos, tmp_path, evaluations=2)
    train_generator(config)
    assert read_ran(tmp_path)["best_images"] == 24
    with pytest.raises(KeyboardInterrupt):
        train_generator(dataclasses.replace(config, images=96, pause_minutes=1e-6))
    assert not {"best_images", "best_score", "best_share"} & set(read_ran(tmp_path))


@pytest.mark.usefixtures("no_curves")
def test_a_run_saves_the_interpolated_weights_and_its_card_tells_the_share(photos, tmp_path, monkeypatch):
    first = {}

    def measure(network):
        first.setdefault("weights", {name: value.clone() for name, value in network.state_dict().items()})
        moved = sum(float((value - first["weights"][name]).abs().sum()) for name, value in network.state_dict().items())
        first["moved"] = max(first.get("moved", 0), moved)
        return {"held-out/l1": 1 - moved / 1e6, "other/l1": 1 + 0.04 * (moved / first["moved"] if moved else 0)}

    monkeypatch.setattr(generator_run, "measure_of_run", lambda config, held_out: measure)
    config = free_form(photos, tmp_path / "run", evaluations=1, interpolate=True)
    train_generator(config)
    share = checkpoint(tmp_path / "run")["held_out"]["history"][-1][SHARE]
    ema, saved = checkpoint(tmp_path / "run")["ema"], weights(tmp_path / "run")
    ran = json.loads((tmp_path / "run" / "config.json").read_text())
    assert f"| {share:.2f} of the trained weights and {1 - share:.2f} of the initial ones" in recipe(ran, 48)
    assert "of the initial ones" not in recipe(ran | {"ran": ran["ran"] | {"best_share": 1.0}}, 48)
    for name, value in saved.items():
        expected = torch.lerp(first["weights"][name].float(), ema[name].float(), share)
        torch.testing.assert_close(value.float(), expected, rtol=2e-3, atol=2e-3)
