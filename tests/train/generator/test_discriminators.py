import pytest
import torch

from train.generator.discriminators import PatchDiscriminator, PictureDiscriminator


@pytest.mark.parametrize("size", [64, 128])
def test_the_papers_discriminator_gives_one_probability_per_picture(size):
    discriminator = PictureDiscriminator(size, channels=8)
    image = torch.rand(3, 3, size, size) * 2 - 1
    probability = discriminator.probability(image)
    assert probability.shape == (3,)
    assert ((probability > 0) & (probability < 1)).all()
    logits = discriminator(image, torch.zeros(3, 1, size, size)).logits
    assert torch.allclose(torch.sigmoid(logits), probability)


def test_every_pixel_counts_for_the_papers_discriminator():
    discriminator = PictureDiscriminator(64, channels=8).eval()
    image = torch.rand(1, 3, 64, 64, requires_grad=True)
    discriminator(image, image[:, :1]).logits.sum().backward()
    assert (image.grad != 0).all(1).float().mean() > 0.99


def test_patch_logits_cover_the_picture_and_see_only_their_neighbourhood():
    discriminator = PatchDiscriminator(channels=8)
    image = torch.rand(1, 3, 128, 128, requires_grad=True)
    judgement = discriminator(image, torch.zeros(1, 1, 128, 128))
    assert judgement.logits.shape[0] == 1
    assert judgement.logits.shape[1] == 1
    assert 12 <= judgement.logits.shape[-1] <= 17
    judgement.logits[0, 0, 0, 0].backward()
    assert image.grad[..., :8, :8].abs().sum() > 0
    assert image.grad[..., 100:, 100:].abs().sum() == 0


def test_the_patch_discriminator_sees_the_mask():
    torch.manual_seed(0)
    discriminator, image = PatchDiscriminator(channels=8), torch.rand(1, 3, 64, 64)
    empty, full = (discriminator(image, torch.full((1, 1, 64, 64), value)).logits for value in (0.0, 1.0))
    assert not torch.allclose(empty, full)
