"""A narrower copy keeps what matters: channels that are zero can go without a change of the predictions."""

import pytest
import torch

from inpaint.hub.weights import load_generator, save_generator
from inpaint.networks.config import ContextEncoderConfig, FreeFormConfig
from inpaint.networks.free_form import FreeFormGenerator
from inpaint.networks.generators import build_generator
from train.generator.narrowing import main, narrowed

WIDE = FreeFormConfig(channels=(16, 24, 32), blocks=3, attention_every=0, key_channels=0, expansion=2)


def wide_generator(config=WIDE):
    """A generator with random weights everywhere, also where they start at zero."""
    torch.manual_seed(0)
    generator = FreeFormGenerator(config).eval()
    with torch.no_grad():
        for value in generator.parameters():
            value.normal_(0, 0.2)
    return generator


def picture():
    torch.manual_seed(1)
    mask = torch.zeros(2, 1, 48, 64)
    mask[:, :, 20:26] = 1
    return (torch.rand(2, 3, 48, 64) * 2 - 1) * (1 - mask), mask


def switch_off(generator, names, channels):
    """Make these output channels of some layers zero."""
    state = generator.state_dict()
    for name in names:
        state[f"{name}.weight"][channels] = 0
        state[f"{name}.bias"][channels] = 0


def test_zero_channels_are_what_goes():
    generator = wide_generator()
    switch_off(generator, ["stem.0"], range(0, 16, 2))
    switch_off(generator, ["stem.2"], range(8))
    switch_off(generator, ["up_half.1", "merge_half.2"], range(8, 16))
    switch_off(generator, ["merge_half.0"], range(4, 12))
    switch_off(generator, ["down_quarter.1", "mix_quarter.1"], range(0, 24, 3))
    switch_off(generator, ["up_quarter.0", "merge_quarter.2"], range(8))
    switch_off(generator, ["merge_quarter.0"], range(16, 24))
    switch_off(generator, ["up_full.1"], [*range(4), *range(12, 16)])  # two of six, four pixels each
    narrow = narrowed(generator, (8, 16, 32), 3)
    assert sum(value.numel() for value in narrow.parameters()) < 0.7 * sum(v.numel() for v in generator.parameters())
    with torch.inference_mode():
        assert torch.allclose(narrow(*picture()), generator(*picture()), atol=1e-4)


@pytest.mark.parametrize("deep_blocks", [0, 2])
def test_attention_and_blocks_are_left_out_and_the_rest_of_the_body_shrinks(deep_blocks):
    wide = FreeFormConfig(channels=(16, 24, 32), blocks=5, deep_blocks=deep_blocks, deep_channels=40)
    narrow = narrowed(wide_generator(wide), (6, 8, 12), 2)
    assert narrow.config == FreeFormConfig((6, 8, 12), blocks=2, attention_every=0, key_channels=0)
    with torch.inference_mode():
        assert narrow(*picture()).isfinite().all()


@pytest.mark.parametrize(("channels", "blocks"), [((17, 24, 32), 3), ((16, 24, 32), 4), ((16, 24, 32), 0)])
def test_more_than_there_is_is_refused(channels, blocks):
    with pytest.raises(ValueError, match=f"{blocks} blocks are no part of .*: give less"):
        narrowed(wide_generator(), channels, blocks)


def test_the_command_writes_weights_to_start_from(tmp_path):
    save_generator(wide_generator(), tmp_path / "wide")
    main([str(tmp_path / "wide"), str(tmp_path / "narrow"), "--channels", "8", "16", "24", "--blocks", "2"])
    assert load_generator(tmp_path / "narrow").generator.config.channels == (8, 16, 24)


def test_other_networks_are_refused_in_a_sentence(tmp_path):
    save_generator(build_generator(ContextEncoderConfig(channels=8, bottleneck_channels=8)), tmp_path / "paper")
    with pytest.raises(SystemExit, match="is no free-form generator"):
        main([str(tmp_path / "paper"), str(tmp_path / "narrow")])
    with pytest.raises(SystemExit, match=r"^error: .*nowhere"):
        main([str(tmp_path / "nowhere"), str(tmp_path / "narrow")])
