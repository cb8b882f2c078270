"""Restore an archive on a Dask cluster, or with some processes of this machine: a task for each part.

    pip install "inpaint-photos[archive]" distributed
    python docs/archive/dask_cluster.py SCANS RESTORED --workers 2
    python docs/archive/dask_cluster.py hf://datasets/ME/SCANS hf://datasets/ME/RESTORED --scheduler tcp://HOST:8786

Results, the table of errors and what happens when it is started again are those of `inpaint-photos restore`. Each
worker process loads the weights once, and computes with one thread.
"""

import argparse
import os
import sys
import time
from contextlib import ExitStack
from functools import cache

from distributed import Client, LocalCluster, as_completed

from inpaint.archive.hub_access import HubAccessError, prepare_hub
from inpaint.archive.restorer import Restorer
from inpaint.archive.run import Progress, open_destination, restore_archive, start
from inpaint.archive.tally import Tally, sentence_about, summary
from inpaint.argument_types import Shard
from inpaint.batch_options import Options
from inpaint.os_errors import sentence_of

OPTIONS = Options(find_damage=True)
SETTINGS = {"options": {"find_damage": True}, "model": None, "column": None}
"""What decides the results, as `inpaint-photos restore` writes it: either continues what the other one began."""


@cache
def restorer() -> Restorer:
    """Return this process's restorer, with the weights loaded."""
    return Restorer(OPTIONS)


def restore_part(scans: str, restored: str, number: int, of: int) -> Tally:
    """Restore a part, unless it is there already; return what became of its photos, now or in an earlier run."""
    prepare_hub()
    progress = Progress(advance=lambda: None, line=lambda text: None)
    destination = open_destination(restored, public=False)
    source, parts = start(scans, destination, SETTINGS)
    restore_archive(source, destination, restorer, parts, Shard(number, of), None, progress)
    return progress.tally


def main() -> int:
    """Restore all parts, print what became of the photos, and return the exit code: 0 only if no photo failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("scans", help="folder, file, or hf://datasets/OWNER/NAME")
    parser.add_argument("restored", help="folder, or hf://datasets/OWNER/NAME")
    parser.add_argument("--workers", type=int, default=2, help="processes on this machine (default: 2)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a running cluster, instead of processes here")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # of the workers, which inherit it
    with ExitStack() as stack:
        cluster = options.scheduler or stack.enter_context(
            LocalCluster(n_workers=options.workers, threads_per_worker=1, dashboard_address=None)
        )
        try:
            return run(stack.enter_context(Client(cluster)), options.scans, options.restored)
        except (HubAccessError, OSError, ValueError) as error:
            print(f"error: {sentence_of(error)}", file=sys.stderr)
            return 1


def run(client: Client, scans: str, restored: str) -> int:
    """Restore all parts on the workers of a client, and return the exit code."""
    prepare_hub()
    _, parts = start(scans, open_destination(restored, public=False), SETTINGS)
    count, total, begin = len(parts), Tally(), time.monotonic()
    tasks = [client.submit(restore_part, scans, restored, n + 1, count, pure=False, retries=2) for n in range(count)]
    for done, task in enumerate(as_completed(tasks), start=1):
        tally = task.result()
        total.add(tally)
        for sentence in tally.damaged:
            print(f"{sentence}; nothing of this part was written")
        if tally.counts.total:
            print(f"{done} of {count} parts: {sentence_about(total.counts, OPTIONS)}")
        task.release()  # or the scheduler warns that its result is lost when the workers end
    total.seconds = time.monotonic() - begin  # of the cluster, not the sum of its workers' seconds
    print(summary(total, count, restored, OPTIONS))
    return total.exit_code


if __name__ == "__main__":
    sys.exit(main())
