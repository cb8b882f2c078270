"""Pixel metrics against closed forms and scikit-image."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from train.metrics.pixels import masked_psnr, masked_ssim, mean_gradient, mean_l1, mean_l2

METRICS = [masked_psnr, masked_ssim, mean_l1, mean_l2]


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(2, 3, 40, 52, generator=generator) * 2 - 1
    prediction = (image + 0.3 * torch.randn(2, 3, 40, 52, generator=generator)).clamp(-1, 1)
    mask = torch.zeros(2, 1, 40, 52)
    mask[0, :, 5:20, 8:30] = 1
    mask[1, :, 20:, 30:] = 1
    return prediction, image, mask


def test_a_constant_error_gives_the_values_of_the_formulas():
    image = torch.zeros(1, 3, 8, 8)
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 2:5, 2:5] = 1
    prediction = image + 0.2
    assert masked_psnr(prediction, image, mask).item() == pytest.approx(20.0)  # 10 log10(4 / 0.04)
    assert mean_l1(prediction, image, mask).item() == pytest.approx(10.0)
    assert mean_l2(prediction, image, mask).item() == pytest.approx(1.0)


def test_black_in_place_of_white_is_the_largest_error():
    image, mask = torch.full((1, 3, 4, 4), -1.0), torch.ones(1, 1, 4, 4)
    assert mean_l1(-image, image, mask).item() == pytest.approx(100.0)
    assert mean_l2(-image, image, mask).item() == pytest.approx(100.0)
    assert masked_psnr(-image, image, mask).item() == pytest.approx(0.0)


@pytest.mark.parametrize("metric", METRICS)
def test_known_pixels_do_not_count(metric, pair):
    prediction, image, mask = pair
    elsewhere = torch.where(mask > 0, prediction, torch.rand_like(prediction))
    assert torch.equal(metric(elsewhere, image, mask), metric(prediction, image, mask))


@pytest.mark.parametrize("metric", METRICS)
def test_a_batch_has_the_scores_of_each_image_alone(metric, pair):
    prediction, image, mask = pair
    together = metric(prediction, image, mask)
    alone = torch.cat([metric(prediction[i : i + 1], image[i : i + 1], mask[i : i + 1]) for i in range(2)])
    assert together.shape == (2,)
    assert torch.allclose(together, alone)
    assert together[0] != together[1]


@pytest.mark.parametrize(("metric", "best"), [(masked_psnr, math.inf), (masked_ssim, 1), (mean_l1, 0), (mean_l2, 0)])
def test_a_perfect_fill_scores_best(metric, best, pair):
    _, image, mask = pair
    assert metric(image, image, mask).tolist() == pytest.approx([best, best])


@pytest.mark.parametrize("metric", METRICS)
def test_a_mask_without_a_hole_gives_nan(metric, pair):
    prediction, image, mask = pair
    assert metric(prediction, image, torch.zeros_like(mask)).isnan().all()


@pytest.mark.parametrize("size", [(40, 52), (7, 30), (1, 1)])
def test_ssim_of_a_flat_fill_is_its_luminance_term(size):
    image, mask = torch.full((1, 3, *size), 0.5), torch.ones(1, 1, *size)
    expected = (2 * 0.5 * 0.25 + 0.0004) / (0.5**2 + 0.25**2 + 0.0004)
    assert masked_ssim(image * 0.5, image, mask).item() == pytest.approx(expected, abs=1e-6)


def test_ssim_agrees_with_scikit_image_also_at_the_edges(pair):
    structural_similarity = pytest.importorskip("skimage.metrics").structural_similarity
    prediction, image, mask = pair
    composite = torch.where(mask > 0, prediction, image)
    scores = masked_ssim(prediction, image, mask)
    for i in range(2):
        _, similarity = structural_similarity(
            composite[i].double().numpy(),
            image[i].double().numpy(),
            data_range=2.0,
            channel_axis=0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            full=True,
        )
        expected = similarity[:, mask[i, 0].numpy() > 0].mean()
        assert scores[i].item() == pytest.approx(expected, abs=1e-5)


def test_psnr_agrees_with_scikit_image_on_8_bit_pixels():
    peak_signal_noise_ratio = pytest.importorskip("skimage.metrics").peak_signal_noise_ratio
    rng = np.random.default_rng(0)
    ground_truth, fill = rng.integers(0, 256, (2, 3, 16, 16), dtype=np.uint8)
    tensors = [torch.from_numpy(pixels)[None].float() / 127.5 - 1 for pixels in (fill, ground_truth)]
    expected = peak_signal_noise_ratio(ground_truth, fill)
    assert masked_psnr(*tensors, torch.ones(1, 1, 16, 16)).item() == pytest.approx(expected, abs=1e-4)


def test_the_mean_gradient_is_taken_inside_the_hole_and_not_at_its_seam():
    mask = torch.zeros(1, 1, 12, 12)
    mask[..., 2:10, 2:10] = 1
    ramp = torch.arange(12.0).expand(1, 3, 12, 12) / 20
    assert mean_gradient(ramp, mask).item() == pytest.approx(100 * 0.05 / 2)
    seam = torch.where(mask > 0, torch.zeros(1), torch.ones(1)).expand(1, 3, 12, 12)
    assert mean_gradient(seam, mask).item() == 0
    checks = ((torch.arange(12)[:, None] + torch.arange(12)) % 2).expand(1, 3, 12, 12).float()
    assert mean_gradient(checks, mask).item() == pytest.approx(100 * 2**0.5 / 2)
    assert mean_gradient(ramp, torch.zeros_like(mask)).isnan().all()
