"""The loss of the damage network, compared with what its formula gives for a few pixels."""

import pytest
import torch
import torch.nn.functional as F

from train.damage.losses import _box_mean, damage_losses


def test_the_weight_of_the_focal_term_is_a_constant_for_the_gradient():
    logits = torch.zeros(1, 1, 1, 1, requires_grad=True)
    damage_losses(logits, torch.zeros(1, 1, 1, 1))["focal"].backward()
    assert logits.grad.item() == pytest.approx(0.5 * 0.5)  # the weight, and the slope of the entropy


def test_a_crop_without_damage_is_no_part_of_the_dice_of_crops():
    logits, target = torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(0)), torch.zeros(2, 1, 16, 16)
    target[0, :, 4:9, 4:9] = 1
    alone = damage_losses(logits[:1], target[:1])["dice_of_crops"]
    assert damage_losses(logits, target)["dice_of_crops"].item() == pytest.approx(alone.item())
    assert damage_losses(logits[1:], target[1:])["dice_of_crops"].item() == 0


@pytest.mark.parametrize(("dim", "window", "padding"), [(2, (31, 1), (15, 0)), (3, (1, 31), (0, 15))])
def test_box_mean_is_an_average_pooling(dim: int, window: tuple[int, int], padding: tuple[int, int]):
    values = torch.rand(2, 1, 48, 80)
    torch.testing.assert_close(_box_mean(values, dim), F.avg_pool2d(values, window, 1, padding), atol=1e-5, rtol=0)
