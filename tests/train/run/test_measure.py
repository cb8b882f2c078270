"""Held-out figures: when they are measured, which weights are the best, and what a run does with them."""

import dataclasses

import pytest
import torch
from torch import nn

from tests.train.runs import checkpoint, free_form, losses_of, same, weights
from train.generator import run as generator_run
from train.generator.run import train_generator
from train.run.events import EventLog, read_events
from train.run.measure import HeldOutFigures

FIGURES = {"held-out/elp": 0.2, "held-out/elp2": 0.4, "held-out/psnr": 20.0, "other/elp": 0.5}


def figures_of(*changes, patience=0, at_full_rate=0):
    """Measurements one after the other; each change multiplies the distances of the start.

    The learning rate falls after the first `at_full_rate` of them.
    """
    factors = iter([{}, *changes])

    def measure(network):
        factor = next(factors)
        return {
            name: value * factor.get(name, factor.get(name.partition("/")[0], 1)) for name, value in FIGURES.items()
        }

    figures = HeldOutFigures(measure, count=4, patience=patience)
    network = nn.Linear(1, 1)
    for images in range(1 + len(changes)):
        network.weight.data.fill_(images)
        figures.measure(network, images, images <= at_full_rate)
    return figures


def test_the_best_weights_have_the_lowest_mean_ratio_of_the_distances():
    figures = figures_of({"held-out/elp": 0.9, "held-out/elp2": 1.08}, {"held-out": 0.98}, {"held-out": 0.985})
    assert figures.best["weight"].item() == 2
    assert figures.stale == 1
    assert figures.score(figures.history[1]) == pytest.approx(0.99)
    assert (
        "after 2 images, are 2.0% better than the start on the held-out photos, 0.0% worse on other"
        in figures.verdict()
    )


def test_a_gain_that_is_paid_for_on_other_photos_is_none():
    figures = figures_of({"held-out": 0.9, "other": 1.05}, {"held-out": 0.97, "other": 1.01})
    assert figures.best["weight"].item() == 2


def test_weights_that_are_all_worse_than_the_start_are_kept_and_told():
    figures = figures_of({"held-out": 1.02}, {"held-out": 1.05}, patience=2)
    assert figures.best["weight"].item() == 1
    assert "2.0% worse than the start" in figures.verdict()
    assert not figures.gives_up, "the first of them is the best of those that were trained"
    assert figures_of({"held-out": 1.0}, {"held-out": 1.05}, {"held-out": 1.1}, patience=2).gives_up


def test_before_the_learning_rate_falls_no_measurement_makes_a_run_give_up():
    worse = [{"held-out": 1 + step / 10} for step in range(3)]
    assert not figures_of(*worse, patience=2, at_full_rate=2).gives_up
    assert figures_of(*worse, patience=2, at_full_rate=1).gives_up
    figures = figures_of(*worse, patience=1, at_full_rate=3)
    assert figures.stale == 2 and "best so far" not in figures.sentence()


def test_a_run_that_still_becomes_better_does_not_give_up_although_an_early_measurement_was_better():
    better = [{"held-out": 1 + step / 100} for step in (-1, 5, 4, 3, 2)]
    assert not figures_of(*better, patience=2).gives_up
    assert figures_of(*better, {"held-out": 1.02}, patience=2).gives_up


def test_measurements_are_spread_over_the_run():
    figures = figures_of()
    due = []
    for share in (0.1, 0.25, 0.3, 0.49, 0.6, 1.0):
        if figures.is_due(share):
            due.append(share)
            figures.history.append(figures.history[0])
    assert due == [0.25, 0.6, 1.0]
    assert not HeldOutFigures(None, count=4).is_due(1.0)


def test_figures_are_restored_from_a_checkpoint():
    figures, restored = figures_of({"held-out": 0.9}, {"held-out": 0.95}), HeldOutFigures(None, 4)
    restored.restore(figures.state())
    assert (restored.history, restored.stale) == (figures.history, 1)
    assert torch.equal(restored.best["weight"], figures.best["weight"])
    assert (restored.seconds, restored.spent_s) == (figures.seconds, figures.spent_s)
    older = {name: value for name, value in figures.state().items() if name != "spent_s"} | {"seconds": 2.0}
    restored.restore(older)
    assert restored.spent_s == 6, "three measurements"


@pytest.mark.usefixtures("no_curves")
def test_a_run_is_measured_keeps_its_best_weights_and_resumes_bit_for_bit(photos, tmp_path, monkeypatch, capsys):
    def measure(network):
        return {"held-out/l1": float(next(network.parameters()).abs().mean())}

    monkeypatch.setattr(generator_run, "measure_of_run", lambda config, held_out: measure)
    config = free_form(photos, tmp_path / "whole", evaluations=3, log_every=4)
    config = dataclasses.replace(config, loss=dataclasses.replace(config.loss, shift_px=8))
    train_generator(config, None, [EventLog()])
    status = read_events(capsys.readouterr().out.splitlines())
    assert [event["now"]["images_seen"] for event in status.measured] == [0, 16, 32, 48]
    kept = checkpoint(tmp_path / "whole")["held_out"]
    best = min(kept["history"][1:], key=lambda line: line["held-out/l1"])
    saved = weights(tmp_path / "whole")
    assert float(saved["stem.0.weight"].float().abs().mean()) == pytest.approx(best["held-out/l1"], rel=1e-3)
    parts = dataclasses.replace(config, run_dir=str(tmp_path / "parts"))
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            train_generator(dataclasses.replace(parts, pause_minutes=1e-6))
    train_generator(parts)
    assert same(saved, weights(tmp_path / "parts"))
    assert losses_of(tmp_path / "whole") == losses_of(tmp_path / "parts")
