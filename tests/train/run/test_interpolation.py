"""Weights between those at the start of a run and the trained ones, where these lose too much on other photos."""

import json

import pytest
import torch
from torch import nn

from tests.train.runs import checkpoint, free_form, weights
from train.generator import trainer as generator_trainer
from train.generator.trainer import train_generator
from train.publish.card_text import recipe
from train.run.interpolation import interpolated, share_for
from train.run.measure import OTHER_LIMIT, SHARE, HeldOutFigures

START, TRAINED = 1.0, 2.0


def weight_of(network):
    return next(network.parameters()).mean().item()


def measured(gain, loss, **options):
    """The figures of one measurement; own photos gain in proportion to the share, others lose with its square."""

    def measure(network):
        share = (weight_of(network) - START) / (TRAINED - START)
        return {"held-out/elp": 0.2 * (1 - gain * share), "other/elp": 0.5 * (1 + loss * share**2)}

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


@pytest.mark.parametrize(("loss", "share"), [(0.09, 0.32), (0.0101, 0.95), (100.0, 0.1)])
def test_the_share_follows_from_a_loss_that_is_quadratic(loss, share):
    assert share_for(loss, 0.01) == pytest.approx(share, abs=0.01)


def test_what_loses_too_much_on_other_photos_is_taken_nearer_to_the_start():
    figures = measured(gain=0.08, loss=0.04)
    last = figures.history[-1]
    assert 0.4 < last[SHARE] < 0.5
    assert last["other/elp"] / 0.5 <= OTHER_LIMIT
    assert figures.best["weight"].item() == pytest.approx(START + last[SHARE])
    assert figures.score(last) == pytest.approx(1 - 0.08 * last[SHARE])
    for text in (figures.sentence(), figures.verdict()):
        assert "47% of them and 53% of those of the start" in text


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


def test_the_start_is_kept_in_the_checkpoint():
    figures, restored = measured(gain=0.08, loss=0.04), HeldOutFigures(None, 4, interpolate=True)
    restored.restore(figures.state())
    assert restored.state()["start"]["weight"].item() == START


@pytest.mark.usefixtures("no_curves")
def test_a_run_saves_the_interpolated_weights_and_its_card_tells_the_share(photos, tmp_path, monkeypatch):
    first = {}

    def measure(network):
        first.setdefault("weights", {name: value.clone() for name, value in network.state_dict().items()})
        moved = sum(float((value - first["weights"][name]).abs().sum()) for name, value in network.state_dict().items())
        first["moved"] = max(first.get("moved", 0), moved)
        return {"held-out/l1": 1 - moved / 1e6, "other/l1": 1 + 0.04 * (moved / first["moved"] if moved else 0)}

    monkeypatch.setattr(generator_trainer, "measure_of_run", lambda config, held_out: measure)
    config = free_form(photos, tmp_path / "run", evaluations=1, interpolate=True)
    train_generator(config)
    share = checkpoint(tmp_path / "run")["held_out"]["history"][-1][SHARE]
    ema, saved = checkpoint(tmp_path / "run")["ema"], weights(tmp_path / "run")
    ran = json.loads((tmp_path / "run" / "config.json").read_text())
    assert f"| {share:.2f} of these weights and {1 - share:.2f} of the initial ones" in recipe(ran, 48)
    assert "of the initial ones" not in recipe(ran | {"ran": ran["ran"] | {"best_share": 1.0}}, 48)
    for name, value in saved.items():
        expected = torch.lerp(first["weights"][name].float(), ema[name].float(), share)
        torch.testing.assert_close(value.float(), expected, rtol=2e-3, atol=2e-3)
