"""python -m train.damage.fusion PHOTOS... --overlays MAPS -o FOLDER: train the network that decides in small photos.

It sees the bundled damage network's logits at three sizes of a photo, see `inpaint.networks.damage_fusion`. First scans
are made and searched, which takes most of the time, and kept in a temporary folder: 1 to 2.2 MB each, some gigabytes
in all. The environment variable TMPDIR chooses the place.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint.damage import DamageFinder
from inpaint.hub.weights import save_generator
from inpaint.networks.config import DamageFusionConfig
from inpaint.os_errors import check_writable, sentence_of
from train.data.held_out import training_photos
from train.data.overlays import by_kind, load_overlays
from train.data.retry import StreamError

from .samples import made_scan, write_samples
from .training import BATCH_SIZE, train_fusion


def all_photos(datasets: list[str], split: str) -> Iterator[Image.Image]:
    """Yield the photos of datasets again and again, without those that a run of training holds out.

    Raises:
        ValueError: a dataset cannot be opened or has no usable photos.
        StreamError: it cannot be read.
    """
    has_any = True
    while has_any:
        has_any = False
        for photo in training_photos(datasets, split):
            has_any = True
            yield photo
    raise ValueError(f"no photo of {', '.join(datasets)} can be used: give larger ones, or another split")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 done, 1 an error that was explained."""
    parser = argparse.ArgumentParser(prog="python -m train.damage.fusion", description=__doc__)
    parser.add_argument("dataset", nargs="+", help="undamaged photos: Hub ids, folders of images or parquet files")
    parser.add_argument("--split", default="train", help="of the datasets (default: %(default)s)")
    parser.add_argument("--overlays", help="opacity maps of damage (default: drawn damage only)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the weights")
    parser.add_argument("--scans", type=int, default=5000, help="number of scans (default: %(default)s)")
    parser.add_argument("--samples", type=int, default=16000, help="seen in training (default: %(default)s)")
    parser.add_argument("--channels", type=int, default=DamageFusionConfig.channels, help="(default: %(default)s)")
    parser.add_argument("--learning-rate", type=float, default=3e-3, help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument(
        "--strength", type=float, default=1.0, help="share of what was learnt that is added (default: %(default)s)"
    )
    parser.add_argument("--offset", type=float, default=0.0, help="added to all logits (default: %(default)s)")
    options = parser.parse_args(arguments)
    _check(parser, options)
    try:
        config = DamageFusionConfig(channels=options.channels)
        options.output.mkdir(parents=True, exist_ok=True)
        check_writable([options.output])
        with tempfile.TemporaryDirectory() as folder:
            network = train_fusion(
                list(_samples(options, Path(folder))), config, samples=options.samples,
                learning_rate=options.learning_rate, seed=options.seed, progress=_report,
            )  # fmt: skip
        network.set_strength(options.strength, options.offset)
        save_generator(network, options.output)
    except (ValueError, StreamError, OSError) as error:
        print(f"error: {sentence_of(error)}", file=sys.stderr)
        return 1
    print(f"Weights: {options.output}. Compare them with  python -m train.damage.evaluate --fusion {options.output}")
    return 0


def _check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End the program if a number cannot be used: the scans take most of an hour."""
    for name, least in (("scans", 1), ("samples", BATCH_SIZE), ("channels", 1), ("seed", 0)):
        if not least <= getattr(options, name) < 2**63:
            parser.error(f"--{name} is {getattr(options, name)}; it must be at least {least}, and below 2 ** 63")
    for name in ("strength", "offset"):
        if not math.isfinite(getattr(options, name)):
            parser.error(f"--{name} is {getattr(options, name)}; it must be a finite number")
    if not 0 < options.learning_rate < 1:
        parser.error(f"--learning-rate is {options.learning_rate}; it must lie between 0 and 1")


def _samples(options: argparse.Namespace, folder: Path) -> Iterator[Path]:
    maps = by_kind(load_overlays(options.overlays, held_out=False)) if options.overlays else None
    rng = np.random.default_rng(options.seed)
    photos = itertools.islice(all_photos(options.dataset, options.split), options.scans)
    scans = (made_scan(photo, rng, maps) for photo in photos)
    for number, path in enumerate(write_samples(folder, scans, DamageFinder().logits), 1):
        if number % 100 == 0:
            print(f"{number} of {options.scans} scans", flush=True)
        yield path


def _report(seen: int, loss: float) -> None:
    if seen % 1000 == 0:
        print(f"{seen} samples, loss {loss:.3f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
