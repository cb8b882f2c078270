"""python -m tests.train.data.faults [--table docs/faults.md]: train through faults of the Hub and compare the weights.

A dataset lies on the local Hub of the tests. A run streams it, trains, and publishes its weights: once undisturbed, and
once with each fault. A run must either complete with exactly the weights of the undisturbed run, or stop with an error
message; then the same command, given again without the fault, must complete with exactly those weights.
"""

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

from inpaint.markdown import markdown_head, markdown_row
from tests.hub import Hub, User

from .testbed import IMAGES, Fault, Result, Testbed

ALWAYS = 10**9


def _expire_token(hub: Hub) -> None:
    hub.users[:] = [User("me", "hf_renewed")]


FAULTS = (
    Fault("drop", "every 7th connection dropped", lambda hub: hub.fail(drop=True, every=7, times=ALWAYS)),
    Fault("500", "status 500 for every 5th request", lambda hub: hub.fail(status=500, every=5, times=ALWAYS)),
    Fault("503", "status 503 for every 5th request", lambda hub: hub.fail(status=503, every=5, times=ALWAYS)),
    Fault(
        "429", "status 429 with Retry-After: 2 for every 5th request",
        lambda hub: hub.fail(status=429, headers={"Retry-After": "2"}, every=5, times=ALWAYS),
    ),
    Fault(
        "half", "every 3rd file download cut off after half of its bytes",
        lambda hub: hub.fail(path="/cdn/", drop=True, share=0.5, every=3, times=ALWAYS),
    ),
    Fault(
        "slow", "file downloads at 10 kB/s",
        lambda hub: hub.fail(path="/cdn/", status=None, bytes_per_s=10_000, times=ALWAYS),
    ),
    Fault(
        "outage", "status 503 for 14 requests after the first steps, which exhausts the retries of the client twice",
        lambda hub: hub.fail(times=14), late=True,
    ),
    Fault(
        "down", "no response after the first steps", lambda hub: hub.fail(drop=True, times=ALWAYS),
        late=True, may_stop=True,
    ),
    Fault("expired", "the token expires after the first steps", _expire_token, late=True, may_stop=True),
)  # fmt: skip

PAGE = """\
# What a training run survives

`python -m tests.train.data.faults --table docs/faults.md` writes this page. A dataset lies on the local Hub of the
tests (`tests/hub`) and is read by the real client libraries. `python -m train tiny` streams it, trains on {images}
images, and publishes the weights: once undisturbed, and once with each of these faults. The weights in the run's folder
and on the Hub are compared with those of the undisturbed run byte by byte. Where a run stopped, the table quotes its
error message; the same command was then given again without the fault.

{table}

The kills are spread over several runs. Retries are in `train/data/retry.py` and `inpaint/hub/retry.py`; what
happens to a file that stays damaged is in `train/data/shards.py`.
"""


def table_row(result: Result) -> str:
    """Return a result as a row of the Markdown table."""
    return markdown_row([result.description, result.outcome, "identical" if result.identical else "**different**"])


def write_page(path: Path, results: list[Result]) -> None:
    """Write the page; if it exists, keep the rows of other faults."""
    rows = {result.description: table_row(result) for result in results}
    if path.exists():
        lines = path.read_text(encoding="utf-8").splitlines()
        old = [line for line in lines if line.endswith(("| identical |", "| **different** |"))]
        rows = {line.split(" | ")[0].removeprefix("| "): line for line in old} | rows
    table = "\n".join([markdown_head(["Fault", "How the run ended", "Weights"]), *rows.values()])
    path.write_text(PAGE.format(images=IMAGES, table=table), encoding="utf-8")


def main() -> int:
    """Run the command line; return 1 if weights differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.train.data.faults", description=__doc__)
    parser.add_argument("--table", type=Path, help="write the page to this file")
    names = ", ".join(fault.name for fault in FAULTS)
    parser.add_argument("--only", nargs="+", metavar="NAME", help=f"of {names}, kill; other rows of the table are kept")
    parser.add_argument("--kills", type=int, default=20, help="of the training process (default: %(default)s)")
    options = parser.parse_args()
    results: list[Result] = []
    wanted = options.only or [*(fault.name for fault in FAULTS), "kill"]
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, Testbed(Path(folder)) as testbed:
        runs = {fault.name: partial(testbed.run_with_fault, fault) for fault in FAULTS}
        runs["kill"] = partial(testbed.run_with_kills, options.kills)
        for name in wanted:
            results.append(runs[name]())
            print(f"{results[-1].seconds:5.0f} s  {table_row(results[-1])}", flush=True)
            if options.table:
                write_page(options.table, results)
    return 0 if all(result.identical for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
