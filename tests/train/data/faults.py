"""python -m tests.train.data.faults [--table docs/faults.md]: trains through Hub faults, compares weights.

A dataset lies on the local Hub. `python -m train tiny` streams it, trains, and publishes, once undisturbed and once
with each fault. A run must end with the very bits of the undisturbed one, or stop with a sentence; then the same
command is given again without the fault, and must end with them too.
"""

import argparse
import contextlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint.markdown import markdown_head, markdown_row
from tests.datasets import write_parquet
from tests.hub import Hub, User
from tests.hub.client import Client
from tests.hub.store import Repo

ALWAYS = 10**9
PICTURES, IMAGES = 24, 96
PATIENCE_S = 3600  # for a run, on a machine that has other things to do


@dataclass(frozen=True)
class Case:
    """A fault.

    Attributes:
        name: for --only.
        what: for the table.
        plan: brings it about.
        late: whether it begins after the first steps only.
        may_stop: whether the run may end with a sentence.
    """

    name: str
    what: str
    plan: Callable[[Hub], object]
    late: bool = False
    may_stop: bool = False


def _expire(hub: Hub) -> None:
    hub.users[:] = [User("me", "hf_renewed")]


CASES = (
    Case("drop", "connection dropped at every 7th request", lambda hub: hub.fail(drop=True, every=7, times=ALWAYS)),
    Case("500", "500 at every 5th request", lambda hub: hub.fail(status=500, every=5, times=ALWAYS)),
    Case("503", "503 at every 5th request", lambda hub: hub.fail(status=503, every=5, times=ALWAYS)),
    Case(
        "429", "429 with Retry-After: 2 at every 5th request",
        lambda hub: hub.fail(status=429, headers={"Retry-After": "2"}, every=5, times=ALWAYS),
    ),
    Case(
        "half", "every 3rd file from the storage cut in half",
        lambda hub: hub.fail(path="/cdn/", drop=True, share=0.5, every=3, times=ALWAYS),
    ),
    Case(
        "slow", "10 kB/s from the storage",
        lambda hub: hub.fail(path="/cdn/", status=None, bytes_per_s=10_000, times=ALWAYS),
    ),
    Case(
        "outage", "the next 14 requests after the first steps answered 503: two rounds of the client's own patience",
        lambda hub: hub.fail(times=14), late=True,
    ),
    Case("down", "no answer any more after the first steps", lambda hub: hub.fail(drop=True, times=ALWAYS), True, True),
    Case("expired", "the token expires after the first steps", _expire, True, True),
)  # fmt: skip


@dataclass
class Row:
    """A line of the table: what was done, how the run ended, and whether it ended with the undisturbed weights."""

    what: str
    ended: str
    same: bool
    seconds: float


class Bench:
    """A Hub with a dataset, and the runs that stream it.

    Args:
        folder: for the Hub, the runs, and a cache for each of them.
        more: further flags of the training command.
    """

    def __init__(self, folder: Path, *more: str):
        self.folder, self._more = folder, more
        self.hub = Hub(users=[User("me", "hf_me")])
        self._reference: dict[int, bytes] = {}

    def __enter__(self) -> "Bench":
        self.hub.__enter__()
        write_parquet(self.folder / "photos", [_picture(n) for n in range(PICTURES)], rows_per_file=PICTURES // 3)
        repo = self.hub.store.create(Repo("dataset", "me/photos"), "me")
        parts = sorted((self.folder / "photos" / "data").iterdir())
        files = {f"data/{path.name}": self.hub.store.put(path.read_bytes(), lfs=True) for path in parts}
        repo.add_commit("main", files, "pictures", "", "me")
        self.hub.store.save(repo)
        return self

    def __exit__(self, *_: object) -> None:
        self.hub.__exit__()

    def command(self, name: str, images: int = IMAGES) -> list[str]:
        """The training command of the run `name`; giving it again goes on with it."""
        length = ["--images", str(images), "--checkpoint-every", "16", "--log-every", "4", "--sample-every", "48"]
        data = ["--data.dataset", "me/photos", "--data.resolution", "32", "--data.shuffle-buffer", "8"]
        place = ["--run-dir", str(self.folder / "runs" / name), "--push-to-hub", f"me/{name}"]
        return ["-m", "train", "tiny", *data, "--data.patience-s", "30", *length, *place, *self._more]

    def client(self, name: str, token: str = "hf_me") -> Client:
        """A machine of its own for the run `name`."""
        return Client(self.hub.url, self.folder / "homes" / name, token)

    def weights(self, name: str) -> bytes | None:
        """The weights in the run's folder, if the Hub has the same."""
        path = self.folder / "runs" / name / "weights" / "model.safetensors"
        repo = self.hub.store.repos.get(("model", f"me/{name}"))
        file = repo.commits[repo.branches["main"]].files.get("model.safetensors") if repo else None
        if not path.exists() or file is None:
            return None
        return path.read_bytes() if self.hub.store.read(file.sha256) == path.read_bytes() else None

    def reference(self, images: int = IMAGES) -> bytes:
        """The weights of the undisturbed run, which is trained when they are first asked for."""
        if images not in self._reference:
            name = f"undisturbed-{images}"
            self.client(name).run(*self.command(name, images), timeout_s=PATIENCE_S)
            weights = self.weights(name)
            assert weights is not None
            self._reference[images] = weights
        return self._reference[images]

    def try_case(self, case: Case) -> Row:
        """Trains through a fault, and a second time without it where the run stopped."""
        reference, started = self.reference(), time.monotonic()
        client = self.client(case.name)
        process = client.start(*self.command(case.name), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if case.late:
            wait_for_steps(lambda: process.poll() is not None, self.folder / "runs" / case.name, 1)
        case.plan(self.hub)
        _, errors = process.communicate(timeout=PATIENCE_S)
        self.hub.faults.clear()
        assert "Traceback" not in errors, errors[-3000:]
        ended = "went through"
        if process.returncode:
            assert case.may_stop, errors[-3000:]
            sentence = errors.rpartition("python -m train: ")[2].splitlines()[0]
            ended = f"stopped: “{sentence.replace(self.hub.url, 'https://huggingface.co')}” The same command went on"
            again = self.client(case.name, self.hub.users[0].token)
            again.run(*self.command(case.name), timeout_s=PATIENCE_S)
        self.hub.users[:] = [User("me", "hf_me")]
        return Row(case.what, ended, self.weights(case.name) == reference, time.monotonic() - started)

    def try_kills(self, kills: int, images: int = 2 * IMAGES, seed: int = 0) -> Row:
        """Kills the trainer at random moments, starts it again each time, and lets it end at last."""
        reference, started, rng = self.reference(images), time.monotonic(), random.Random(seed)
        done, training, runs = 0, 0, 1
        with Lives(self.client("killed")) as lives:
            while True:
                run_dir = self.folder / "runs" / f"killed-{runs}"
                before = _lines(run_dir)
                lives.begin(self.command(run_dir.name, images)[2:])
                if done < kills:
                    if rng.random() < 0.8:
                        wait_for_steps(lives.ended, run_dir, before + rng.randint(1, 3))
                    time.sleep(rng.uniform(0, 1))
                    lives.kill()
                code = lives.end()
                if code == -signal.SIGKILL:
                    done += 1
                    training += _lines(run_dir) > before
                    continue
                same = code == 0 and self.weights(run_dir.name) == reference
                if done == kills or not same:
                    break
                runs += 1
        what = f"kill -9 of the trainer at {kills} random moments"
        ended = f"{training} while it trained, {kills - training} before; the same command went on each time"
        return Row(what, ended, same, time.monotonic() - started)


class Lives:
    """Trainers that begin at once: children of a process that has imported everything.

    Args:
        client: the machine that they run on.
    """

    CODE = """
import json, os, sys
from train.__main__ import main
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1), os.dup2(null, 2)
        os._exit(main(json.loads(line)))
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""

    def __init__(self, client: Client):
        self._parent = client.start("-c", self.CODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._child = 0

    def __enter__(self) -> "Lives":
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.stdin.close()
        self._parent.stdout.close()
        self._parent.wait(60)

    def begin(self, arguments: list[str]) -> None:
        """`python -m train ARGUMENTS`."""
        self._parent.stdin.write(json.dumps(arguments) + "\n")
        self._parent.stdin.flush()
        self._child = int(self._parent.stdout.readline())

    def ended(self) -> bool:
        """Whether it is over."""
        try:
            os.kill(self._child, 0)
            return False
        except ProcessLookupError:
            return True

    def kill(self) -> None:
        """kill -9, if it is not over."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child, signal.SIGKILL)

    def end(self) -> int:
        """Waits for its end; the exit code, negative for a signal."""
        return int(self._parent.stdout.readline())


def wait_for_steps(ended: Callable[[], bool], run_dir: Path, lines: int) -> None:
    """Returns when the run has written so many lines of losses, or has ended."""
    while not ended() and _lines(run_dir) < lines:
        time.sleep(0.02)


def _lines(run_dir: Path) -> int:
    losses = run_dir / "losses.jsonl"
    return losses.read_text().count("\n") if losses.exists() else 0


def _picture(number: int) -> bytes:
    coarse = np.random.default_rng(number).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize((96 + number, 80), Image.Resampling.BICUBIC).save(buffer, "JPEG")
    return buffer.getvalue()


def line(row: Row) -> str:
    """A row of the table in Markdown."""
    return markdown_row([row.what, row.ended, "the same bits" if row.same else "**others**"])


def write_page(path: Path, rows: list[Row]) -> None:
    """Writes the page, or the lines of these rows in a page that is there."""
    lines = {row.what: line(row) for row in rows}
    if path.exists():
        old = [
            text for text in path.read_text(encoding="utf-8").splitlines() if text.endswith(("bits |", "others** |"))
        ]
        lines = {text.split(" | ")[0].removeprefix("| "): text for text in old} | lines
    table = "\n".join([markdown_head(["Fault", "How the run ended", "Weights"]), *lines.values()])
    path.write_text(PAGE.format(images=IMAGES, long=2 * IMAGES, table=table), encoding="utf-8")


PAGE = """\
# What a training run survives

`python -m tests.train.data.faults --table docs/faults.md` writes this page. A dataset lies on the local Hub of the
tests (`tests/hub`), and the real clients read it. `python -m train tiny` streams it, trains {images} pictures, and
publishes the weights: once undisturbed, and once with each of these faults. The weights in the run's folder and those
on the Hub are compared with the undisturbed run's bit for bit. Where a run stopped, its last sentence is quoted, and
the same command was given again once the fault was over.

{table}

Kills are spread over runs of {long} pictures. What reads and waits is in `train/data/retry.py` and
`train/data/datasets.py`.
"""


def main() -> int:
    """Returns 1 if weights differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.train.data.faults", description=__doc__)
    parser.add_argument("--table", type=Path, help="write the page here")
    names = ", ".join(case.name for case in CASES)
    parser.add_argument("--only", nargs="+", metavar="NAME", help=f"of {names}, kill; the table's other lines stay")
    parser.add_argument("--kills", type=int, default=20, help="of the trainer (%(default)s)")
    options = parser.parse_args()
    rows: list[Row] = []
    wanted = options.only or [*(case.name for case in CASES), "kill"]
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, Bench(Path(folder)) as bench:
        tries = {case.name: partial(bench.try_case, case) for case in CASES}
        tries["kill"] = partial(bench.try_kills, options.kills)
        for name in wanted:
            rows.append(tries[name]())
            print(f"{rows[-1].seconds:5.0f} s  {line(rows[-1])}", flush=True)
            if options.table:
                write_page(options.table, rows)
    return 0 if all(row.same for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
