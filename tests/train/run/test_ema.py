import pytest
import torch
from torch import nn

from train.run.ema import EMA


def network(value):
    layer = nn.Linear(1, 1, bias=False)
    nn.init.constant_(layer.weight, value)
    return layer


def test_after_a_half_life_the_past_has_half_the_weight():
    ema = EMA(network(0.0), halflife_images=100)
    now = network(1.0)
    for step in range(10):
        ema.update(now, 10, images_seen=10_000 + 10 * step)
    assert ema.network.weight.item() == pytest.approx(0.5, rel=1e-5)


def test_the_random_initialization_is_forgotten_early():
    ema = EMA(network(0.0), halflife_images=10**9)
    for step in range(1, 101):
        ema.update(network(1.0), 10, images_seen=10 * step)
    assert ema.network.weight.item() > 0.99


def test_early_in_a_run_the_half_life_is_a_twentieth_of_the_images_seen():
    ema = EMA(network(0.0), halflife_images=10**9)
    for _ in range(5):
        ema.update(network(1.0), 10, images_seen=1000)
    assert ema.network.weight.item() == pytest.approx(0.5, rel=1e-5), "50 images are a half-life then"


def test_without_a_half_life_the_average_is_the_network_itself():
    trained = network(0.0)
    ema = EMA(trained, halflife_images=0)
    nn.init.constant_(trained.weight, 0.7)
    ema.update(trained, 4, images_seen=4)
    assert ema.network.weight.item() == pytest.approx(0.7)
    assert trained.weight.requires_grad and trained.training


def test_batch_norm_statistics_are_copied_and_the_network_is_not_modified():
    norm = nn.BatchNorm2d(2)
    ema = EMA(norm, halflife_images=1000)
    norm(torch.randn(8, 2, 4, 4) + 5)
    before = norm.weight.clone()
    ema.update(norm, 8, images_seen=8)
    assert torch.equal(ema.network.running_mean, norm.running_mean)
    assert torch.equal(norm.weight, before)
    assert not ema.network.training
    assert norm.training
