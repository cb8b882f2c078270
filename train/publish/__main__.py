"""python -m train.publish RUN_DIR REPO_ID: puts a run's weights and their model card on the Hub, as one commit."""

import argparse
import sys
from pathlib import Path

from train.publish.publish import PublishError, publish, report


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 0 published, 1 a problem that was explained."""
    parser = argparse.ArgumentParser(prog="python -m train.publish", description=__doc__)
    parser.add_argument("run_dir", type=Path, help="a training run, such as runs/photos, or its weights folder")
    parser.add_argument("repo_id", help="the repository, such as me/weights; made when absent")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--private", action="store_true", default=None, help="hide a new repository from others")
    shown.add_argument(
        "--public", dest="private", action="store_false", default=None, help="show it, also if a dataset is private"
    )
    parser.add_argument("--tag", help="also give this version a name, such as v1")
    parser.add_argument(
        "--held-out", metavar="DATASET[@SPLIT]", help="photos that new and old weights are compared on; default: the"
        " validation or test split of the run's first dataset, if it has one",
    )  # fmt: skip
    parser.add_argument(
        "--if-better", action="store_true", help="publish only if the fills of the held-out photos look more like the"
        " truth (a lower mean ELP) than those of the weights that are there",
    )  # fmt: skip
    options = vars(parser.parse_args(arguments))
    try:
        published = publish(options.pop("run_dir"), options.pop("repo_id"), **options)
    except PublishError as error:
        print(f"python -m train.publish: {error}", file=sys.stderr)
        return 1
    print(report(published))
    return 0


if __name__ == "__main__":
    sys.exit(main())
