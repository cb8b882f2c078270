import math

import pytest
import torch
from torch import nn

from train.config import LossConfig
from train.generator.discriminators import DiscriminatorOutput
from train.generator.losses import (
    adversarial_loss,
    border_band,
    discriminator_loss,
    discriminator_weights,
    feature_matching_loss,
    r1_penalty,
    reconstruction_loss,
)


def hole(size=16, rim=4):
    mask = torch.zeros(1, 1, size, size)
    mask[..., rim:-rim, rim:-rim] = 1
    return mask


def test_the_border_band_lies_inside_the_edge_of_the_hole():
    band = border_band(hole(), 2)
    inner = hole(16, 6)
    assert torch.equal(band, hole() - inner)


@pytest.mark.parametrize("border_px", [1, 3, 8])
def test_the_band_is_where_a_square_around_the_pixel_has_a_known_one(border_px):
    mask = (torch.rand(2, 1, 24, 30, generator=torch.manual_seed(0)) < 0.98).float()
    near_known = torch.nn.functional.max_pool2d(1 - mask, 2 * border_px + 1, 1, border_px)
    assert torch.equal(border_band(mask, border_px), mask * near_known)


def test_the_edge_of_the_image_is_no_border():
    assert border_band(torch.ones(1, 1, 8, 8), 2).sum() == 0


@pytest.mark.parametrize(("power", "expected"), [(1, 0.5), (2, 0.25)])
def test_reconstruction_is_the_mean_distance_in_the_hole(power, expected):
    image = torch.zeros(1, 3, 16, 16)
    prediction = image + 0.5 * hole() + 9 * (1 - hole())
    assert reconstruction_loss(prediction, image, hole(), power=power).item() == pytest.approx(expected)


def test_a_small_hole_has_the_weight_of_a_large_one():
    masks = torch.cat([hole(16, 7), hole(16, 1)])
    image = torch.zeros(2, 3, 16, 16)
    prediction = torch.stack([torch.full((3, 16, 16), 1.0), torch.full((3, 16, 16), 0.5)])
    assert reconstruction_loss(prediction, image, masks, power=1).item() == pytest.approx(0.75)


def test_known_pixels_have_their_weight():
    image, mask = torch.zeros(1, 3, 16, 16), hole()
    prediction = 1 - mask.expand(1, 3, 16, 16)
    known, missing = 256 - 64, 64
    expected = 0.1 * known / (missing + 0.1 * known)
    assert reconstruction_loss(prediction, image, mask, power=1, known_weight=0.1).item() == pytest.approx(expected)


def test_the_border_weight_multiplies_errors_at_the_border_only():
    image, mask = torch.zeros(1, 3, 16, 16), hole()
    band = border_band(mask, 2)
    for wrong, times in ((band, 10), (mask - band, 1)):
        prediction = wrong.expand(1, 3, 16, 16)
        plain = reconstruction_loss(prediction, image, mask, power=2)
        loss = reconstruction_loss(prediction, image, mask, power=2, border_weight=10, border_px=2)
        assert loss.item() == pytest.approx(times * plain.item())


def test_hinge_losses_have_their_closed_form():
    real, fake = torch.tensor([2.0, 0.5]), torch.tensor([-3.0, 0.25])
    mask = hole().expand(2, 1, 16, 16)
    assert discriminator_loss("hinge", real, fake, mask).item() == pytest.approx((0 + 0.5) / 2 + (0 + 1.25) / 2)
    assert adversarial_loss("hinge", fake, mask).item() == pytest.approx((3 - 0.25) / 2)


@pytest.mark.parametrize("kind", ["bce", "non-saturating"])
def test_cross_entropy_is_that_of_the_sigmoid(kind):
    real, fake, mask = torch.tensor([1.5]), torch.tensor([-0.5]), hole()

    def sigmoid(x):
        return 1 / (1 + math.exp(-x))

    expected = -math.log(sigmoid(1.5)) - math.log(1 - sigmoid(-0.5))
    assert discriminator_loss(kind, real, fake, mask).item() == pytest.approx(expected, rel=1e-5)
    assert adversarial_loss(kind, fake, mask).item() == pytest.approx(-math.log(sigmoid(-0.5)), rel=1e-5)


def test_patches_without_a_hole_are_not_fake():
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., :16, :16] = 1
    fake = torch.full((1, 1, 4, 4), 100.0)
    fake[..., :2, :2] = -100.0
    real = torch.full((1, 1, 4, 4), 100.0)
    assert discriminator_loss("hinge", real, fake, mask).item() == 0
    assert adversarial_loss("hinge", fake, mask).item() == pytest.approx(100)


class Linear(nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, image, mask):
        return DiscriminatorOutput((image * self.weight).sum((1, 2, 3)), [])


def test_r1_of_a_linear_network_is_its_squared_weight():
    weight = torch.randn(3, 4, 4)
    image = torch.randn(5, 3, 4, 4)
    network = Linear(weight)
    penalty = r1_penalty(network, image, torch.zeros(5, 1, 4, 4))
    assert penalty.item() == pytest.approx(weight.square().sum().item(), rel=1e-5)
    penalty.backward()
    assert torch.allclose(network.weight.grad, 2 * weight, rtol=1e-4)
    assert not image.requires_grad


def test_feature_matching_is_the_mean_l1_over_layers_with_a_gradient_for_the_fake_only():
    fake = DiscriminatorOutput(torch.zeros(1), [torch.ones(1, 2, 4, 4, requires_grad=True), torch.zeros(1, 8, 2, 2)])
    real = DiscriminatorOutput(
        torch.zeros(1), [torch.zeros(1, 2, 4, 4, requires_grad=True), torch.full((1, 8, 2, 2), 3.0)]
    )
    loss = feature_matching_loss(fake, real)
    assert loss.item() == pytest.approx((1 + 3) / 2)
    loss.backward()
    assert fake.features[0].grad is not None
    assert real.features[0].grad is None


def test_the_weight_of_r1_is_half_its_gamma_times_the_steps_between_two_of_its_terms():
    config = LossConfig(r1_gamma=3.0, r1_interval=8)
    assert discriminator_weights(config) == {"adversarial": 1.0, "r1": 12.0}


class SumOfConvolution(nn.Module):
    """A discriminator of one logit, whose gradient does not depend on the picture."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3)

    def forward(self, image, mask):
        return DiscriminatorOutput(self.convolution(image).sum((1, 2, 3)), [])


def test_r1_is_computed_in_float32_also_under_autocast():
    torch.manual_seed(0)
    discriminator, real = SumOfConvolution(), torch.randn(2, 3, 16, 16)
    expected = r1_penalty(discriminator, real, hole())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert r1_penalty(discriminator, real, hole()).item() == expected.item()
