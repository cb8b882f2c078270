"""Steps of an optimizer: parts, clipping, scaling."""

import pytest
import torch
from torch import nn

from train.run.distributed import ProcessGroup
from train.run.optimize import Part, optimizer_step


def step_of(values, parts=1, clip_norm=None, scaler=None):
    """The weight after a step of gradient descent with rate 1 from 0, whose gradient is the mean of the values."""
    network = nn.Linear(1, 1, bias=False)
    network.weight.data.zero_()
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    for number, chunk in enumerate(torch.tensor(values).chunk(parts)):
        terms = {"mean": (network.weight * chunk).mean()}
        optimizer_step(
            "network", optimizer, terms, {"mean": 1.0}, 0, ProcessGroup(), None, clip_norm, scaler, Part(number, parts)
        )
    return network.weight.item()


def test_the_gradients_of_the_parts_of_a_step_are_averaged():
    assert step_of([1.0, 2.0, 3.0, 6.0], parts=2) == step_of([1.0, 2.0, 3.0, 6.0]) == -3


def test_a_gradient_is_scaled_down_to_its_limit():
    assert step_of([4.0], clip_norm=0.5) == pytest.approx(-0.5, abs=1e-5)
    assert step_of([0.25], clip_norm=0.5) == -0.25


def test_scaling_changes_no_step_and_an_overflow_leaves_it_out():
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**16)
    assert step_of([3.0], scaler=scaler) == -3
    assert step_of([4.0], clip_norm=0.5, scaler=scaler) == pytest.approx(-0.5, abs=1e-5)
    before = scaler.get_scale()
    assert step_of([1e38], scaler=scaler) == 0
    assert scaler.get_scale() == before / 2
