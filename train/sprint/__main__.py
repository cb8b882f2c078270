"""python -m train.sprint: train for minutes on a machine with a GPU and little else, with all results in a folder.

`python -m train.sprint pack DATASET... --output PACK` prepares the pictures where `datasets` is installed.
"""

import time

STARTED_S = time.monotonic()  # before PyTorch is imported, which takes seconds

import argparse  # noqa: E402
import sys  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from pathlib import Path  # noqa: E402

from inpaint.networks.errors import WeightsError  # noqa: E402
from inpaint.os_errors import sentence_of  # noqa: E402
from inpaint.program import program_name  # noqa: E402
from train.config_file import read_config  # noqa: E402
from train.data.retry import StreamError  # noqa: E402
from train.metrics.efficientnet import LITE0, LITE2  # noqa: E402
from train.presets import PRESETS  # noqa: E402
from train.run.checkpoint import CheckpointError  # noqa: E402
from train.run.optimize import NonFiniteError  # noqa: E402

from .pack import write_pack  # noqa: E402
from .run import Plan, run_sprint, sprint_config  # noqa: E402

PROG = program_name("train.sprint")
CONFIG_HELP = (
    "settings as for `python -m train --config`: YAML, JSON, or a run's run.yaml; the other options replace its crops,"
    " batch size, number of masks and device (default: the preset photos)"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code: 0 done, 1 a reported problem."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    started_s = STARTED_S if arguments is None else time.monotonic()
    try:
        if given[:1] == ["pack"]:
            _pack(given[1:])
        else:
            _sprint(given, started_s)
        return 0
    except (ValueError, WeightsError, StreamError, CheckpointError, NonFiniteError, OSError) as error:
        print(f"{PROG}: {sentence_of(error)}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"{PROG}: {error}", file=sys.stderr)
        return 1


def _pack(arguments: Sequence[str]) -> None:
    from train.data.datasets import iter_photos

    parser = argparse.ArgumentParser(prog=f"{PROG} pack", description="Pack pictures for a sprint on another machine.")
    parser.add_argument("dataset", nargs="+", help="Hub dataset ids, folders of pictures, or parquet files")
    parser.add_argument("--output", type=Path, required=True, help="folder of the pack")
    parser.add_argument("--split", default="train", help="split to train on (%(default)s)")
    parser.add_argument("--held-out", required=True, metavar="DATASET[@SPLIT]", help="photos to evaluate on")
    parser.add_argument("--held-out-images", type=int, default=24, help="number of these (%(default)s)")
    parser.add_argument("--images", type=int, help="largest number of pictures to train on; default: all")
    parser.add_argument("--side", type=int, default=288, help="largest short side in pixels (%(default)s)")
    parser.add_argument("--mib", type=float, default=56, help="largest size of the pack in MiB (%(default)s)")
    parser.add_argument("--free-only", action="store_true", help="only pictures that their licence column calls free")
    parser.add_argument(
        "--networks", nargs="*", choices=(LITE0, LITE2), default=(LITE0, LITE2),
        help="those of the perceptual loss and distances that the pack holds; none are needed in a second pack (both)",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    name, _, split = options.held_out.partition("@")
    held_out = iter_photos(name, split or "validation", options.held_out_images)
    left = options.images
    training = []
    for dataset in options.dataset:
        training += list(iter_photos(dataset, options.split, left, free_only=options.free_only))
        left = None if options.images is None else options.images - len(training)
    about = {"datasets": options.dataset, "held_out_from": options.held_out, "free_only": options.free_only}
    about = write_pack(options.output, training, held_out, about, side=options.side,
        max_bytes=int(options.mib * 2**20), networks=options.networks)  # fmt: skip
    print(
        f"{about['training']} pictures to train on and {about['held_out']} to evaluate on, at quality"
        f" {about['quality']}; {about['left_out']} did not fit. {options.output} has {about['bytes'] / 2**20:.1f} MiB."
    )


def _sprint(arguments: Sequence[str], started_s: float) -> None:
    parser = argparse.ArgumentParser(prog=PROG, description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pack", type=Path, nargs="+", help="folders that `python -m train.sprint pack` has written")
    parser.add_argument("--output", type=Path, required=True, help="folder of the results")
    parser.add_argument("--resume", type=Path, help="output folder of an earlier sprint, to go on from")
    parser.add_argument("--minutes", type=float, default=9, help="of the whole sprint, start included (%(default)s)")
    parser.add_argument("--profile-minutes", type=float, default=1, help="minutes of profiled steps (%(default)s)")
    parser.add_argument("--write-minutes", type=float, default=2, help="minutes between two writings (%(default)s)")
    parser.add_argument("--log-seconds", type=float, default=10, help="seconds between two lines (%(default)s)")
    parser.add_argument("--evaluated", type=int, default=12, help="photos of the table; 0: no table (%(default)s)")
    parser.add_argument("--config", metavar="FILE", default='{"preset": "photos"}', help=CONFIG_HELP)
    parser.add_argument("--cooldown-share", type=float, default=0.25,
                        help="share of the sprint over which the learning rate falls (%(default)s)")  # fmt: skip
    parser.add_argument("--batch-size", type=int, default=96, help="(%(default)s)")
    parser.add_argument("--resolution", type=int, default=192, help="side of the crops in pixels (%(default)s)")
    parser.add_argument("--bank", type=int, default=4000, help="number of masks (%(default)s)")
    parser.add_argument("--device", default="auto", help="(%(default)s)")
    parser.add_argument("--compile", action="store_true", help="compile the networks: starts minutes later")
    parser.add_argument("--from-scratch", action="store_true", help="start from random weights")
    options = parser.parse_args(arguments)
    if not 0 <= options.cooldown_share <= 1:
        raise ValueError(f"--cooldown-share is {options.cooldown_share:g}; it must lie between 0 and 1: try 0.25.")
    config = sprint_config(
        read_config(options.config, PRESETS), options.device, batch_size=options.batch_size,
        resolution=options.resolution, bank=options.bank, from_scratch=options.from_scratch, compiled=options.compile,
    )  # fmt: skip
    print(f"The sprint starts from {options.resume or config.init_from or 'random weights'}.", flush=True)
    plan = Plan(
        options.pack, options.output, options.resume, options.minutes * 60, options.cooldown_share,
        options.profile_minutes * 60, options.write_minutes * 60, options.log_seconds, options.evaluated,
    )  # fmt: skip
    options.output.mkdir(parents=True, exist_ok=True)
    images = run_sprint(config, plan, started_s)
    table = ", a table and a sheet" if (options.output / "table.md").exists() else ", but no table yet"
    print(f"{images:,} images seen in all. {options.output} has the weights and the state{table}.")


if __name__ == "__main__":
    sys.exit(main())
