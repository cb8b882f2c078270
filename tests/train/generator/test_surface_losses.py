"""The loss terms that leave the inside of thick holes free, against closed forms."""

import pytest
import torch
import torch.nn.functional as F

from train.generator.losses import LossInputs
from train.generator.surface_losses import RIM_PX, block_mean_l1, gram, rim_l1, style


def inputs_of(error, mask):
    image = torch.linspace(-0.5, 0.5, 3 * 64 * 64).view(1, 3, 64, 64)
    prediction = image + error
    return LossInputs(prediction, torch.where(mask > 0, prediction, image), image, mask)


def square(top, left, side):
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., top : top + side, left : left + side] = 1
    return mask


def test_the_core_of_a_thick_hole_is_free_and_its_rim_is_not():
    mask, core = square(8, 8, 48), square(8 + RIM_PX, 8 + RIM_PX, 48 - 2 * RIM_PX)
    assert rim_l1(inputs_of(core, mask)) == 0
    assert rim_l1(inputs_of(0.25 * mask, mask)) == pytest.approx(0.25)
    assert rim_l1(inputs_of(mask - core, mask)) == pytest.approx(1)
    assert rim_l1(inputs_of(1 - mask, mask)) == 0  # known pixels do not count


def test_all_of_a_thin_hole_is_rim():
    line = torch.zeros(1, 1, 64, 64)
    line[..., 30:36] = 1
    assert rim_l1(inputs_of(0.5 * line, line)) == pytest.approx(0.5)


def test_block_means_see_a_constant_error_and_no_texture():
    mask = square(8, 16, 32)
    assert block_mean_l1(inputs_of(0.25 * mask, mask)) == pytest.approx(0.25)
    y, x = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
    texture = ((x + y) % 2 * 2.0 - 1) * mask
    assert block_mean_l1(inputs_of(texture, mask)) == pytest.approx(0, abs=1e-6)
    half = ((x + y) % 2.0) * mask
    assert block_mean_l1(inputs_of(half, mask)) == pytest.approx(0.5)
    assert block_mean_l1(inputs_of(1 - mask, mask)) == 0


def test_gram_is_the_weighted_mean_of_outer_products():
    features = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    mask = torch.zeros(2, 1, 16, 16)
    mask[0, 0, :4, :4], mask[0, 0, 4:8, :2] = 1, 1  # one cell, and half of another
    mask[1] = 1
    one, half = features[0, :, 0, 0], features[0, :, 1, 0]
    expected = (torch.outer(one, one) + 0.5 * torch.outer(half, half)) / 1.5
    assert torch.allclose(gram(features, mask)[0], expected, atol=1e-6)
    cells = features[1].flatten(1)
    assert torch.allclose(gram(features, mask)[1], cells @ cells.T / 16, atol=1e-6)


def test_style_is_lower_for_the_same_texture_elsewhere_than_for_fog():
    mask = square(16, 16, 32)
    noise = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 0.4
    other = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 0.4

    def distance(fill):
        composite = torch.where(mask > 0, fill, noise).requires_grad_(True)
        value = style(LossInputs(composite, composite, noise, mask))
        value.backward()
        return float(value.detach()), composite.grad

    assert distance(noise)[0] == pytest.approx(0, abs=1e-6)
    (texture, _), (fog, gradient) = distance(other), distance(torch.zeros_like(noise))
    assert 0 < texture < 0.5 * fog
    assert torch.isfinite(gradient).all() and gradient.abs().max() > 0
    assert F.l1_loss(other * mask, noise * mask) > (noise * mask).abs().mean()  # L1 prefers the fog
