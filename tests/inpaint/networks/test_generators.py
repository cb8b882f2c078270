import pytest
import torch
import torch.nn.functional as F

from inpaint.networks.config import ConfigError, ContextEncoderConfig, FreeFormConfig
from inpaint.networks.generators import GENERATORS, build_generator
from inpaint.networks.pyramid import initial_fill

SMALL = FreeFormConfig(channels=(8, 12, 16), blocks=2, attention_every=1, expansion=2, key_channels=8)
BOTTLENECKS = ["fc", "channelwise", "conv"]


def with_random_weights(generator, seed=0):
    """The generator with random weights in its zero-initialised layers too, so that every weight has an effect."""
    torch.manual_seed(seed)
    for parameter in generator.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    return generator


def picture(height=128, width=128, batch=2):
    torch.manual_seed(1)
    image = torch.rand(batch, 3, height, width) * 2 - 1
    mask = torch.zeros(batch, 1, height, width)
    mask[..., height // 4 : -(height // 4), width // 4 : -(width // 4)] = 1
    return image * (1 - mask), mask


def parameters(generator):
    return sum(p.numel() for p in generator.parameters())


@pytest.mark.parametrize("bottleneck", BOTTLENECKS)
@pytest.mark.parametrize("region", ["center", "full"])
def test_the_context_encoder_predicts_a_128_pixel_picture_in_range(bottleneck, region):
    generator = build_generator(
        ContextEncoderConfig(region=region, bottleneck=bottleneck, bottleneck_channels=50, channels=8)
    )
    masked_image, mask = picture()
    prediction = generator(masked_image, mask)
    assert prediction.shape == (2, 3, 128, 128)
    assert prediction.abs().max() <= 1


def test_the_context_encoder_of_the_paper_has_the_parameters_of_the_release():
    generator = build_generator(ContextEncoderConfig())
    c, units = 64, 4000

    def conv(narrow, wide):
        return narrow * wide * 16 + wide

    norm = 2 * (c + 2 * c + 4 * c + 8 * c + units + 8 * c + 4 * c + 2 * c + c)
    down = conv(3, c) + conv(c, c) + conv(c, 2 * c) + conv(2 * c, 4 * c) + conv(4 * c, 8 * c) + conv(8 * c, units)
    up = conv(units, 8 * c) + conv(8 * c, 4 * c) + conv(4 * c, 2 * c) + conv(2 * c, c) + conv(c, 3)
    assert parameters(generator) == down + up + norm


def test_the_central_context_encoder_changes_the_central_square_only():
    generator = build_generator(ContextEncoderConfig(channels=8, bottleneck_channels=20)).eval()
    masked_image, mask = picture()
    masked_image += 0.25
    changed = generator(masked_image, mask) != masked_image
    assert changed[..., 32:96, 32:96].float().mean() > 0.99
    changed[..., 32:96, 32:96] = False
    assert not changed.any()


def test_the_fully_connected_bottleneck_sees_the_whole_picture():
    generator = build_generator(ContextEncoderConfig(channels=4, bottleneck_channels=20)).eval()
    masked_image, mask = picture(batch=1)
    masked_image.requires_grad_(True)
    generator(masked_image, mask)[0, :, 40, 40].sum().backward()
    assert masked_image.grad[0, :, -6:, -6:].abs().sum() > 0


def test_the_context_encoder_rejects_other_sizes():
    generator = build_generator(ContextEncoderConfig(channels=4, bottleneck_channels=20))
    with pytest.raises(ValueError, match="256x64.*128x128"):
        generator(*picture(64, 256))


@pytest.mark.parametrize("size", [(16, 16), (48, 128), (160, 32)])
def test_the_free_form_generator_takes_any_multiple_of_16(size):
    generator = with_random_weights(build_generator(SMALL)).eval()
    prediction = generator(*picture(*size))
    assert prediction.shape == (2, 3, *size)
    assert prediction.abs().max() <= 1


def test_the_free_form_generator_rejects_other_sizes():
    with pytest.raises(ValueError, match="50x64.*multiples of 16"):
        build_generator(SMALL)(*picture(64, 50))


def test_an_untrained_free_form_generator_returns_the_initial_fill():
    masked_image, mask = picture(64, 64)
    assert torch.allclose(build_generator(SMALL)(masked_image, mask), initial_fill(masked_image, mask))


def test_an_untrained_free_form_generator_returns_the_coarse_fill_in_the_hole_only():
    masked_image, mask = picture(64, 64)
    coarse_fill = torch.rand_like(masked_image)
    assert torch.equal(
        build_generator(SMALL)(masked_image, mask, coarse_fill), torch.where(mask > 0, coarse_fill, masked_image)
    )


def test_a_coarse_fill_replaces_the_initial_fill_in_the_hole_only():
    generator = with_random_weights(build_generator(SMALL)).eval()
    masked_image, mask = picture(64, 64)
    coarse_fill = torch.rand_like(masked_image)
    expected = generator(masked_image, mask, coarse_fill)
    assert torch.equal(generator(masked_image + 0.3 * mask, mask, coarse_fill + 5 * (1 - mask)), expected)
    other = generator(masked_image, mask, coarse_fill * 0.5)
    assert not torch.allclose(
        (other - coarse_fill * 0.5)[..., 20:40, 20:40], (expected - coarse_fill)[..., 20:40, 20:40], atol=1e-3
    )


def test_the_free_form_generator_ignores_values_in_the_hole_and_depends_on_the_mask():
    generator = with_random_weights(build_generator(SMALL)).eval()
    masked_image, mask = picture(64, 64)
    expected = generator(masked_image, mask)
    assert torch.equal(generator(masked_image + 0.7 * mask, mask), expected)
    assert not torch.allclose(generator(masked_image, torch.zeros_like(mask)), expected, atol=1e-3)


def test_the_middle_of_a_large_hole_sees_the_whole_picture():
    generator = with_random_weights(build_generator(SMALL)).eval().double()
    torch.manual_seed(0)
    image = torch.rand(1, 3, 256, 256, dtype=torch.double)
    mask = torch.zeros(1, 1, 256, 256, dtype=torch.double)
    mask[..., 64:192, 64:192] = 1
    image = (image * (1 - mask)).requires_grad_(True)
    generator(image, mask)[0, :, 128, 128].sum().backward()
    for corner in (image.grad[..., :16, :16], image.grad[..., -16:, -16:]):
        assert corner.abs().max() > 0


def test_the_shipped_architecture_stays_under_five_million_parameters():
    assert parameters(build_generator(FreeFormConfig())) < 5_000_000


def test_a_config_with_too_many_parameters_is_rejected_before_memory_is_allocated():
    with pytest.raises(ConfigError, match="parameters"):
        build_generator(ContextEncoderConfig(channels=128, bottleneck_channels=8192))


@pytest.mark.parametrize("config", [SMALL, ContextEncoderConfig(channels=4, bottleneck_channels=20, region="full")])
def test_every_weight_of_a_generator_gets_a_gradient(config):
    generator = with_random_weights(build_generator(config))
    generator(*picture(128, 128)).square().sum().backward()
    unused = [name for name, p in generator.named_parameters() if p.grad is None or not p.grad.any()]
    assert unused == []


def test_generators_are_registered_under_the_architecture_of_their_config():
    for name, generator in GENERATORS.items():
        config = FreeFormConfig() if name == "free-form" else ContextEncoderConfig()
        assert config.architecture == name
        assert generator is type(build_generator(config))


def test_the_hole_enters_the_context_encoder_as_the_mean_colour_of_the_release():
    generator = build_generator(ContextEncoderConfig(channels=4, bottleneck_channels=20, region="full")).eval()
    masked_image, mask = picture()
    mean = torch.tensor([117, 104, 123]).view(1, 3, 1, 1) / 127.5 - 1
    painted = generator(masked_image + mask * mean, torch.zeros_like(mask))
    assert torch.allclose(generator(masked_image, mask), painted, atol=1e-6)


@pytest.mark.parametrize("zeroed", ["up_half", "up_quarter"])
def test_skip_connections_carry_detail_past_the_body(zeroed):
    generator = with_random_weights(build_generator(SMALL)).eval()
    for parameter in getattr(generator, zeroed).parameters():
        parameter.data.zero_()
    generator.correct.weight.data.zero_()  # the direct path from the picture
    generator.up_full[1].weight.data.mul_(5)
    masked_image, mask = picture(64, 64)
    changed = masked_image.clone()
    changed[..., 2, 2] += 1
    difference = (generator(changed, mask) - changed) - (generator(masked_image, mask) - masked_image)
    assert difference[..., 30:, 30:].abs().max() < 0.01 < difference[..., :6, :6].abs().max()


def test_the_fully_connected_layers_equal_the_convolutions_with_their_weights():
    generator = with_random_weights(build_generator(ContextEncoderConfig(channels=4, bottleneck_channels=20)))
    narrow, widen = generator.bottleneck[0], generator.bottleneck[3]
    torch.manual_seed(2)
    cells = torch.randn(3, 32, 4, 4)
    units = narrow(cells)
    assert torch.allclose(units, F.conv2d(cells, narrow.weight, narrow.bias), atol=1e-5)
    assert torch.allclose(widen(units), F.conv_transpose2d(units, widen.weight, widen.bias), atol=1e-5)
