"""python -m train.publish RUN_DIR REPO_ID: publish a run's weights and their model card on the Hub in one commit."""

import argparse
import sys
from pathlib import Path

from inpaint.program import program_name
from train.publish.publish import PublishError, publish
from train.publish.report import report

PROG = program_name("train.publish")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the return value is the exit code: 0 published or not better, 1 an error with a message."""
    parser = argparse.ArgumentParser(prog=PROG, description=__doc__)
    parser.add_argument("run_dir", type=Path, help="a training run, such as runs/photos, or its weights folder")
    parser.add_argument("repo_id", help="the repository, such as me/weights; created if it does not exist")
    visibility = parser.add_mutually_exclusive_group()
    visibility.add_argument("--private", action="store_true", default=None, help="make a new repository private")
    visibility.add_argument(
        "--public", dest="private", action="store_false", default=None, help="public, even if a dataset is private"
    )
    parser.add_argument("--tag", help="tag for this version, such as v1")
    parser.add_argument(
        "--held-out", metavar="DATASET[@SPLIT]", help="photos that new and previous weights are compared on; default:"
        " the validation or test split of the run's first dataset, if it has one",
    )  # fmt: skip
    parser.add_argument(
        "--if-better", action="store_true", help="publish only if the weights score better on the held-out photos"
        " than the previous ones: generators have a lower mean ELP, damage networks a higher F1",
    )  # fmt: skip
    parser.add_argument(
        "--even-if-worse", action="store_true", help="publish weights, too, that score worse than those that the run"
        " started from",
    )  # fmt: skip
    parser.add_argument(
        "--supersedes", metavar="REPO_ID", help="repository of older weights, whose card then says that these are its"
        " new version",
    )  # fmt: skip
    parser.add_argument(
        "--watts", type=float, help="mean power of the machine during the training; with it the card states emissions",
    )  # fmt: skip
    options = vars(parser.parse_args(arguments))
    try:
        published = publish(options.pop("run_dir"), options.pop("repo_id"), **options)
    except PublishError as error:
        print(f"{PROG}: {error}", file=sys.stderr)
        return 1
    print(report(published))
    return 0


if __name__ == "__main__":
    sys.exit(main())
