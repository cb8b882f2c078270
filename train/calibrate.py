"""python -m train.calibrate WEIGHTS --dataset PHOTOS: measure the ranges of a network's activations.

By them OpenVINO and ONNX Runtime compute convolutions in 8-bit integers. They are written into the folder of the
weights, and used if these come with the package. Weights that change need new ranges.

Reference:
    Krishnamoorthi 2018, arXiv:1806.08342, section 3.1: post-training quantization with a calibration set.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from inpaint.atomic_write import atomic_write
from inpaint.hub.files import read_folder
from inpaint.networks.activation_ranges import RANGES_FILE, ConvRanges, Range
from inpaint.networks.config import (
    DamageConfig,
    FreeFormConfig,
    NetworkConfig,
    config_from_dict,
    damage_config_from_dict,
)
from inpaint.networks.errors import WeightsError
from inpaint.os_errors import check_writable, sentence_of, words_of
from inpaint.pyramid.fills import downscale
from inpaint.runtime.damage_graph import INPUT, damage_graph
from inpaint.runtime.free_form_graph import free_form_graph
from inpaint.runtime.graph_generators import graph_generator
from inpaint.runtime.graph_layers import INPUT_OF, OUTPUT_OF
from inpaint.runtime.openvino import compile_graph
from inpaint.segmentation.network_input import unshuffled_with_contrast
from train.damage.config import DamageTrainConfig
from train.damage.stream import DegradedStream
from train.data.datasets import iter_photos
from train.data.retry import StreamError
from train.masks.families import sample_mask
from train.masks.thin import thin_damage

CLIPPED = 1e-4
"""Share of a crop's values that may be clipped at either end of a range."""
MOST_PX = 512
"""Larger photos are cropped to this side."""
HOLES = {"scratches": 1.0, "strokes": 1.0, "large": 1.0}
"""Families of masks of a network that fills thick holes too, and their weights."""


class Observer:
    """Runs a network and remembers the ranges of its convolutions' inputs and outputs.

    Args:
        graph: the content of an ONNX file, whose outputs after the first are observed.
    """

    def __init__(self, graph: bytes) -> None:
        self._model, _ = compile_graph(graph, half=False)
        self._observed: dict[str, Range] = {}

    @property
    def ranges(self) -> dict[str, ConvRanges]:
        """Name of a convolution -> its ranges: the widest of all runs, apart from what is clipped."""
        names = (text.removeprefix(INPUT_OF) for text in self._observed if text.startswith(INPUT_OF))
        return {name: ConvRanges(self._observed[f"{INPUT_OF}{name}"], self._output_range(name)) for name in names}

    def _output_range(self, name: str) -> Range | None:
        low, high = self._observed.get(f"{OUTPUT_OF}{name}", (0.0, 0.0))
        return (low, high) if low < high else None

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Run the network, and return its first output.

        Args:
            inputs: of the network, by name.
        """
        output, *observed = self._model(dict(inputs)).items()
        for port, values in observed:
            low, high = (float(value) for value in np.quantile(values, [CLIPPED, 1 - CLIPPED]))
            for name in (text for text in port.names if text.startswith((INPUT_OF, OUTPUT_OF))):
                before = self._observed.get(name, (0.0, 0.0))
                self._observed[name] = min(low, before[0]), max(high, before[1])
        result: np.ndarray = output[1]
        return result


def damage_ranges(
    config: DamageConfig, tensors: Mapping[str, np.ndarray], options: argparse.Namespace
) -> dict[str, ConvRanges]:
    """Return the ranges of a damage network on crops as it is trained on, damaged or not.

    Args:
        config: of the network.
        tensors: name in its state dict -> float32 array.
        options: of the command line.

    Raises:
        ValueError: the dataset cannot be opened or has no usable photos.
        StreamError: it cannot be read.
    """
    observer = Observer(damage_graph(config, tensors, observed=True))
    settings = DamageTrainConfig(
        dataset=tuple(options.dataset), split=options.split, overlays=options.overlays, batch_size=1, workers=1
    )
    with contextlib.closing(DegradedStream(settings)) as stream:
        for batch in itertools.islice(stream, options.count):
            observer({INPUT: unshuffled_with_contrast(batch.image[0].permute(1, 2, 0).numpy())[None]})
    return observer.ranges


def generator_ranges(
    config: FreeFormConfig, tensors: Mapping[str, np.ndarray], options: argparse.Namespace
) -> dict[str, ConvRanges]:
    """Return the ranges of a free-form generator on photos with random holes.

    Args:
        config: of the generator.
        tensors: name in its state dict -> float32 array.
        options: of the command line.

    Raises:
        ValueError: a dataset cannot be opened or has no usable photos.
        StreamError: it cannot be read.
    """
    observer = Observer(free_form_graph(config, tensors, observed=True))
    generator = graph_generator(config)
    for number, pixels in enumerate(_photos(options, generator.multiple)):
        rng = np.random.default_rng(number)
        height, width = pixels.shape[:2]
        mask = thin_damage(height, width, rng) if options.thin else sample_mask(HOLES, height, width, rng)
        masked_image, hole = downscale(pixels, mask, 1)
        generator.predict(observer, masked_image[None], hole[None, None], None)
    if not observer.ranges:
        raise ValueError(f"no photo has sides of at least {generator.multiple} px: give larger ones")
    return observer.ranges


def _photos(options: argparse.Namespace, multiple: int) -> Iterator[np.ndarray]:
    """Yield photos, or the middle of large ones, whose sides are multiples: RGB uint8 (H, W, 3)."""
    photos = itertools.chain.from_iterable(iter_photos(name, options.split) for name in options.dataset)
    large_enough = (photo for photo in photos if min(photo.size) >= multiple)
    for photo in itertools.islice(large_enough, options.count):
        width, height = (min(side, MOST_PX) // multiple * multiple for side in photo.size)
        left, top = (photo.width - width) // 2, (photo.height - height) // 2
        yield np.asarray(photo.crop((left, top, left + width, top + height)))


def measured(options: argparse.Namespace) -> dict[str, ConvRanges]:
    """Return the ranges that the command line asks for, in the order of the convolutions' names.

    Args:
        options: of the command line.

    Raises:
        WeightsError: the weights cannot be read.
        ValueError: they are of a network that is never quantized, or an option does not fit them; or as for the
            functions above.
        StreamError: a dataset cannot be read.
    """
    config, tensors = read_folder(options.weights, str(options.weights), _parse)
    if isinstance(config, DamageConfig):
        for option in ("thin", "outputs"):
            if getattr(options, option):
                raise ValueError(
                    f"--{option} is for generators, and {options.weights} holds a damage network: leave it out"
                )
        ranges = damage_ranges(config, tensors, options)
    elif isinstance(config, FreeFormConfig):
        if options.overlays:
            raise ValueError(
                f"--overlays is for damage networks, and {options.weights} holds a generator: leave it out"
            )
        ranges = generator_ranges(config, tensors, options)
    else:
        raise ValueError(f"{options.weights} holds a Context Encoder, which is never quantized")
    left_out, with_output = (
        set().union(*(_named(text, ranges, option) for text in names))
        for option, names in (("--floats", options.floats), ("--outputs", options.outputs))
    )
    return {
        name: found._replace(output=found.output if name in with_output else None)
        for name, found in sorted(ranges.items())
        if name not in left_out and found.input[0] < found.input[1]
    }


def _named(text: str, names: Collection[str], option: str) -> set[str]:
    """Return the convolution of this name, or else those whose names begin with it.

    Args:
        text: value of an option.
        names: of all convolutions.
        option: that is named in the error.

    Raises:
        ValueError: there is none.
    """
    found = {text} & set(names) or {name for name in names if text and name.startswith(text)}
    if not found:
        raise ValueError(f"{option} {text!r} fits no convolution; their names are {', '.join(sorted(names))}")
    return found


def _parse(values: Any) -> NetworkConfig:
    is_damage = isinstance(values, dict) and values.get("architecture") == DamageConfig.architecture
    config: NetworkConfig = damage_config_from_dict(values) if is_damage else config_from_dict(values)
    return config


def _write(ranges: Mapping[str, ConvRanges], path: Path) -> None:
    try:
        with atomic_write(path) as file:
            file.write(_as_json(ranges).encode())
    except OSError as error:
        raise OSError(f"{path} cannot be written: {words_of(error)}") from error


def _as_json(ranges: Mapping[str, ConvRanges]) -> str:
    """Return JSON with a line for each convolution: the range of its input, and then that of its output."""
    lines = (
        f"  {json.dumps(name)}: [{', '.join(f'{value:.4g}' for value in (*found.input, *(found.output or ())))}]"
        for name, found in ranges.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 done, 1 an error that was explained."""
    parser = argparse.ArgumentParser(prog="python -m train.calibrate", description=__doc__)
    parser.add_argument("weights", type=Path, help="folder of a free-form generator's or a damage network's weights")
    parser.add_argument("--dataset", nargs="+", required=True, help="photos: Hub ids, folders of images, parquet files")
    parser.add_argument("--split", default="train", help="of the datasets (default: %(default)s)")
    parser.add_argument("--overlays", help="opacity maps of damage, for a damage network (default: drawn damage only)")
    parser.add_argument("--thin", action="store_true", help="the generator fills thin damage only")
    parser.add_argument(
        "--floats",
        nargs="+",
        default=[],
        metavar="NAME",
        help="names of convolutions to leave out, or beginnings of several names",
    )
    parser.add_argument(
        "--outputs",
        nargs="+",
        default=[],
        metavar="NAME",
        help="convolutions of a generator, named in the same way, that ONNX Runtime computes too: their outputs are "
        "rounded to 8-bit integers then",
    )
    parser.add_argument("--count", type=int, default=96, help="number of photos (default: %(default)s)")
    options = parser.parse_args(arguments)
    if options.count < 1:
        parser.error(f"--count is {options.count}; it must be at least 1")
    try:
        check_writable([options.weights])
        ranges = measured(options)
        _write(ranges, options.weights / RANGES_FILE)
    except ImportError as error:
        print(f"error: {error}: run  pip install openvino", file=sys.stderr)
        return 1
    except (ValueError, WeightsError, StreamError, OSError) as error:
        print(f"error: {sentence_of(error)}", file=sys.stderr)
        return 1
    print(f"Ranges of {len(ranges)} convolutions: {options.weights / RANGES_FILE}")
    print("They are used where these weights come with the package; the weights of other folders run in floats.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
