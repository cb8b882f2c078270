"""Damage networks that grow: what they compute at first, and what can be learned from then on."""

import dataclasses

import pytest
import torch

from inpaint.damage import load_damage_network
from inpaint.hub.weights import save_generator
from inpaint.networks.config import DamageConfig
from inpaint.networks.damage import DamageNetwork
from tests.train.damage.test_training import batch_of
from tests.train.runs import damage
from train.damage.config import DamageTrainConfig
from train.damage.growth import grown, why_not_grown
from train.damage.initial_weights import with_loaded_network
from train.damage.trainer import DamageTrainer

SMALL = DamageConfig(channels=(8, 6, 10, 12), blocks=1, lite0_blocks=0)
LARGER = {
    "more blocks": {"blocks": 3},
    "a wider decoder": {"decoder_channels": 11},
    "both": {"blocks": 2, "decoder_channels": 16},
    "the first blocks": {"blocks": 4, "decoder_channels": 6},
}


def trained(config: DamageConfig) -> DamageNetwork:
    """A network whose weights, biases and batch-norm statistics are all random."""
    torch.manual_seed(1)
    network = DamageNetwork(config)
    with torch.no_grad():
        for value in network.state_dict().values():
            if value.is_floating_point():
                value.uniform_(0.2, 0.8) if value.ndim == 1 else value.normal_(0, 0.2)
    return network


def pictures() -> torch.Tensor:
    return torch.rand(2, 3, 64, 80, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("change", LARGER.values(), ids=LARGER)
@pytest.mark.parametrize("blocks", [0, 1])
def test_a_grown_network_computes_the_same_and_learns_in_all_its_parts(change, blocks):
    network = trained(dataclasses.replace(SMALL, blocks=blocks)).eval()
    larger = grown(network, dataclasses.replace(SMALL, **change))
    with torch.no_grad():
        before, after = network(pictures()), larger.eval()(pictures())
    assert before.std() > 1e-3
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-5)

    larger.train()
    optimizer = torch.optim.SGD(larger.parameters(), 0.1)
    for _ in range(2):  # what is 0 hides from the first step what lies behind it
        optimizer.zero_grad()
        larger(pictures()).square().mean().backward()
        optimizer.step()
    silent = [name for name, value in larger.named_parameters() if value.grad.abs().max() == 0]
    assert silent == []
    before, after = SMALL.decoder_width, larger.config.decoder_width
    made, taken_up = larger.to_eighth[0].weight.grad[before:], larger.to_quarter[0].weight.grad[:, before:after]
    assert (made.abs().amax((1, 2, 3)) > 0).all() and (taken_up.abs().amax((0, 2, 3)) > 0).all()


def test_the_bundled_network_grows():
    network = load_damage_network()
    larger = dataclasses.replace(
        network.config, blocks=network.config.blocks + 1, decoder_channels=network.config.decoder_width + 8
    )
    with torch.no_grad():
        wanted = network(pictures())
        torch.testing.assert_close(grown(network, larger).eval()(pictures()), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("config", "larger", "reason"),
    [
        (SMALL, SMALL, None),
        (SMALL, dataclasses.replace(SMALL, decoder_channels=6), None),  # as wide as by default
        (SMALL, dataclasses.replace(SMALL, decoder_channels=8, blocks=2), None),
        (DamageConfig(blocks=0), DamageConfig(blocks=0, decoder_channels=40), None),
        (dataclasses.replace(SMALL, decoder_channels=8), SMALL, "only become wider: add --network.decoder-channels 8"),
        (SMALL, dataclasses.replace(SMALL, blocks=0), "no block can be left out: add --network.blocks 1"),
        (SMALL, dataclasses.replace(SMALL, channels=(8, 6, 10, 14)), "must stay: add --network.channels 8 6 10 12"),
        (SMALL, dataclasses.replace(SMALL, lite0_blocks=6), "must stay: add --network.lite0-blocks 0"),
        (DamageConfig(blocks=0), DamageConfig(blocks=1), "cannot get any: add --network.blocks 0"),
    ],
)
def test_a_network_grows_into_larger_ones_of_its_kind_only(config, larger, reason):
    found = why_not_grown(config, larger)
    assert found is None if reason is None else reason in found


def test_a_run_has_the_network_of_its_weights_unless_another_one_is_chosen(tmp_path):
    weights = dataclasses.replace(SMALL, blocks=2, decoder_channels=9)
    save_generator(DamageNetwork(weights), tmp_path)
    usual = DamageTrainConfig(init_from=str(tmp_path))
    assert with_loaded_network(usual).network == dataclasses.replace(weights, lite0_blocks=DamageConfig().lite0_blocks)
    assert with_loaded_network(DamageTrainConfig()) == DamageTrainConfig()
    chosen = dataclasses.replace(usual, network=dataclasses.replace(weights, blocks=1))
    assert with_loaded_network(chosen) is chosen
    with pytest.raises(ValueError, match=r"no block can be left out: add --network.blocks 2, or more; or leave out"):
        DamageTrainer(chosen)


def test_training_starts_from_smaller_weights(tmp_path):
    save_generator(trained(SMALL), tmp_path)
    network = dataclasses.replace(SMALL, blocks=2, decoder_channels=9)
    trainer = DamageTrainer(damage("photos", "run", network=network, init_from=str(tmp_path)))
    assert trainer.network.config == network
    with torch.no_grad():
        wanted = load_damage_network(tmp_path)(pictures())
        torch.testing.assert_close(trainer.network.eval()(pictures()), wanted, rtol=1e-3, atol=1e-3)
    trainer.network.train()
    image, mask = torch.full((2, 3, 32, 32), 90, dtype=torch.uint8), torch.ones(2, 1, 32, 32, dtype=torch.uint8)
    trainer.save_weights(tmp_path / "larger")
    assert load_damage_network(tmp_path / "larger").config == network
    trainer.train_step(batch_of(image, mask))
    assert trainer.network.at_sixteenth[2].norm.weight.abs().max() > 0
