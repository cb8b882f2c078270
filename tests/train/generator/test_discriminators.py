import pytest
import torch

from train.generator.discriminators import PatchDiscriminator, PictureDiscriminator


@pytest.mark.parametrize("size", [64, 128])
def test_the_picture_discriminator_is_a_convolution_down_to_one_logit_per_image(size):
    discriminator = PictureDiscriminator(size, channels=8)
    image = torch.rand(3, 3, size, size) * 2 - 1
    logits = discriminator(image, torch.zeros(3, 1, size, size)).logits
    assert logits.shape == (3,)
    head = torch.nn.functional.conv2d(discriminator(image, image[:, :1]).features[-1], discriminator.head.weight)
    assert torch.allclose(logits, head.flatten() + discriminator.head.bias, atol=1e-5)


def test_every_pixel_influences_the_logit_of_the_picture_discriminator():
    discriminator = PictureDiscriminator(64, channels=8).eval()
    image = torch.rand(1, 3, 64, 64, requires_grad=True)
    discriminator(image, image[:, :1]).logits.sum().backward()
    assert (image.grad != 0).all(1).float().mean() > 0.99


def test_patch_logits_cover_the_image_and_see_only_their_receptive_field():
    discriminator = PatchDiscriminator(channels=8)
    image = torch.rand(1, 3, 128, 128, requires_grad=True)
    output = discriminator(image, torch.zeros(1, 1, 128, 128))
    assert output.logits.shape[0] == 1
    assert output.logits.shape[1] == 1
    assert 12 <= output.logits.shape[-1] <= 17
    output.logits[0, 0, 0, 0].backward()
    assert image.grad[..., :8, :8].abs().sum() > 0
    assert image.grad[..., 100:, 100:].abs().sum() == 0


def test_the_patch_discriminator_sees_the_mask():
    torch.manual_seed(0)
    discriminator, image = PatchDiscriminator(channels=8), torch.rand(1, 3, 64, 64)
    empty, full = (discriminator(image, torch.full((1, 1, 64, 64), value)).logits for value in (0.0, 1.0))
    assert not torch.allclose(empty, full)
