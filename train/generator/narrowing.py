"""A narrower, shallower copy of a free-form generator, to go on training from instead of random weights.

`python -m train.generator.narrowing SOURCE FOLDER --channels 24 48 96 --blocks 3` writes it.
"""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from inpaint.hub.weights import load_generator, save_generator
from inpaint.networks.config import FreeFormConfig
from inpaint.networks.errors import WeightsError
from inpaint.networks.free_form import FreeFormGenerator
from inpaint.program import program_name


def narrowed(source: FreeFormGenerator, channels: tuple[int, int, int], blocks: int) -> FreeFormGenerator:
    """Return a generator with the most important channels and some blocks of another one.

    Its attention and its blocks at 1/16 of the resolution are left out. A channel is as important as the product of the
    norms of the weights that compute it and of those that use it. What the network predicts gets worse until it has
    been trained further.

    Args:
        source: not modified.
        channels: widths at 1/2, 1/4 and 1/8 of the resolution, at most those of the source.
        blocks: number of blocks at 1/8 of the resolution, evenly spaced among those of the source.

    Raises:
        ValueError: the source is narrower or has fewer blocks.

    Reference:
        Li et al. 2017, Pruning Filters for Efficient ConvNets, arXiv:1608.08710, section 3.1, here with the weights of
        the next layers as well.
    """
    wide = source.config
    if any(new > old for new, old in zip(channels, wide.channels, strict=True)) or not 1 <= blocks <= wide.blocks:
        raise ValueError(
            f"channels {channels} and {blocks} blocks are no part of {wide.channels} and {wide.blocks}: give less"
        )
    config = replace(
        wide, channels=channels, blocks=blocks, thin_damage="own", attention_every=0, key_channels=0,
        deep_blocks=0, deep_channels=FreeFormConfig.deep_channels,
    )  # fmt: skip
    narrow = FreeFormGenerator(config)
    state = _Narrowing(source.state_dict(), config, wide).state()
    narrow.load_state_dict(state)
    return narrow.eval()


class _Narrowing:
    """Copies weights layer by layer; each `_chosen` set of channels is one that several layers share."""

    def __init__(self, source: dict[str, Tensor], config: FreeFormConfig, wide: FreeFormConfig) -> None:
        self._source, self._config = source, config
        self._numbers = torch.linspace(0, wide.blocks - 1, config.blocks).round().long().tolist()
        self._state: dict[str, Tensor] = {}

    def state(self) -> dict[str, Tensor]:
        """Return the state dict."""
        half, quarter, eighth = self._config.channels
        old_half, old_quarter, _ = (len(self._source[name]) for name in _WIDTHS)
        blocks = [f"body.{number}" for number in self._numbers]
        stem = self._chosen(half, ["stem.0"], ["stem.2"])
        at_half = self._chosen(half, ["stem.2"], ["down_quarter.1", ("merge_half.0", old_half)])
        at_quarter = self._chosen(
            quarter,
            ["down_quarter.1", "mix_quarter.1"],
            ["mix_quarter.1", "down_eighth.1", ("merge_quarter.0", old_quarter)],
        )
        body = self._chosen(
            eighth,
            ["down_eighth.1", *(f"{name}.contract" for name in blocks)],
            [*(f"{n}.expand" for n in blocks), "up_quarter.0"],
        )
        up_quarter = self._chosen(quarter, ["up_quarter.0", "merge_quarter.2"], [("merge_quarter.0", 0), "up_half.1"])
        in_quarter = self._chosen(quarter, ["merge_quarter.0"], ["merge_quarter.2"])
        up_half = self._chosen(half, ["up_half.1", "merge_half.2"], [("merge_half.0", 0), "up_full.1"])
        in_half = self._chosen(half, ["merge_half.0"], ["merge_half.2"])
        detail = self._chosen_detail(max(4, half * 2 // 5))
        pixels = (detail[:, None] * 4 + torch.arange(4)).flatten()  # a pixel shuffle follows
        self._copy("stem.0", stem)
        self._copy("stem.2", at_half, stem)
        self._copy("down_quarter.1", at_quarter, at_half)
        self._copy("mix_quarter.1", at_quarter, at_quarter)
        self._copy("down_eighth.1", body, at_quarter)
        for number, name in enumerate(blocks):
            self._copy_block(name, f"body.{number}", body)
        self._copy("up_quarter.0", up_quarter, body)
        self._copy("merge_quarter.0", in_quarter, torch.cat([up_quarter, at_quarter + old_quarter]))
        self._copy("merge_quarter.2", up_quarter, in_quarter)
        self._copy("up_half.1", up_half, up_quarter)
        self._copy("merge_half.0", in_half, torch.cat([up_half, at_half + old_half]))
        self._copy("merge_half.2", up_half, in_half)
        self._copy("up_full.1", pixels, up_half)
        self._copy("to_rgb", None, detail)
        self._state["correct.weight"] = self._source["correct.weight"].clone()
        return self._state

    def _copy_block(self, name: str, new_name: str, body: Tensor) -> None:
        hidden = self._chosen(len(body) * self._config.expansion, [f"{name}.expand"], [f"{name}.contract"])
        self._copy(f"{name}.spatial", body, new_name=f"{new_name}.spatial")
        self._copy(f"{name}.norm.norm", body, new_name=f"{new_name}.norm.norm")
        self._copy(f"{name}.expand", hidden, body, new_name=f"{new_name}.expand")
        self._copy(f"{name}.contract", body, hidden, new_name=f"{new_name}.contract")
        self._state[f"{new_name}.scale"] = self._source[f"{name}.scale"][body].clone()

    def _copy(self, name: str, out: Tensor | None, into: Tensor | None = None, new_name: str | None = None) -> None:
        """Copy the weights of a layer for some of its output and input channels; None: all of them."""
        for part in ("weight", "bias"):
            value = self._source[f"{name}.{part}"]
            value = value if out is None else value[out]
            value = value[:, into] if part == "weight" and into is not None else value
            self._state[f"{new_name or name}.{part}"] = value.clone()

    def _chosen(self, count: int, makers: Iterable[str], users: Iterable[str | tuple[str, int]]) -> Tensor:
        """Return the most important channels, ascending.

        Args:
            count: how many.
            makers: layers whose output channels they are.
            users: layers whose input channels they are, with the number of the first one if that is not 0.
        """
        made = sum(self._source[f"{name}.weight"].flatten(1).square().sum(1) for name in makers)
        used: Tensor | float = 0.0
        assert isinstance(made, Tensor)
        for user in users:
            name, first = user if isinstance(user, tuple) else (user, 0)
            weight = self._source[f"{name}.weight"].transpose(0, 1).flatten(1).square().sum(1)
            used = used + weight[first : first + len(made)]
        return (made * used).topk(count).indices.sort().values

    def _chosen_detail(self, count: int) -> Tensor:
        made = self._source["up_full.1.weight"].flatten(1).square().sum(1).reshape(-1, 4).sum(1)
        used = self._source["to_rgb.weight"].transpose(0, 1).flatten(1).square().sum(1)
        return (made * used).topk(count).indices.sort().values


_WIDTHS = "stem.2.weight", "down_quarter.1.weight", "down_eighth.1.weight"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Raises:
        SystemExit: the weights cannot be used; with a message.
    """
    parser = argparse.ArgumentParser(
        prog=program_name("train.generator.narrowing"),
        description="Write a narrower copy of a free-form generator, to be trained further with --init-from.",
    )
    parser.add_argument("source", help="weights: a folder, a Hub repository, or bundled")
    parser.add_argument("folder", help="that the copy is written to")
    parser.add_argument("--channels", type=int, nargs=3, default=(24, 48, 96), help="widths (default: %(default)s)")
    parser.add_argument("--blocks", type=int, default=3, help="blocks of the body (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        source = load_generator(options.source).generator
        if not isinstance(source, FreeFormGenerator):
            raise ValueError(f"{options.source} is no free-form generator: give the weights of one")
        save_generator(narrowed(source, tuple(options.channels), options.blocks), options.folder)
    except (WeightsError, ValueError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    main()
