"""Training runs against the local Hub, with faults injected and processes killed."""

import contextlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.datasets import write_parquet
from tests.hub import Hub, User
from tests.hub.client import Client
from tests.hub.store import Repo

PHOTOS, IMAGES = 24, 96
"""Photos in the dataset; length of a run in images seen."""
USER = User("me", "hf_me")


@dataclass(frozen=True)
class Fault:
    """A fault to inject.

    Attributes:
        name: for `--only`.
        description: for the table.
        inject: brings it about.
        late: whether it begins after the first training steps.
        may_stop: whether the run may stop with an error message; otherwise it must complete.
    """

    name: str
    description: str
    inject: Callable[[Hub], object]
    late: bool = False
    may_stop: bool = False


@dataclass
class Result:
    """A row of the table: the fault, how the run ended, and whether its weights equal those of the undisturbed run."""

    description: str
    outcome: str
    identical: bool
    seconds: float


class Testbed:
    """A local Hub with a dataset, and training runs that stream it.

    Args:
        folder: for the Hub, the runs and the cache.
        images: length of a run in images seen.
    """

    __test__ = False  # no test class

    def __init__(self, folder: Path, images: int = IMAGES):
        self.folder, self.images = folder, images
        self.hub = Hub(users=[USER])
        self._reference: bytes | None = None

    def __enter__(self) -> "Testbed":
        self.hub.__enter__()
        write_parquet(self.folder / "photos", [_photo(n) for n in range(PHOTOS)], rows_per_file=PHOTOS // 3)
        repo = self.hub.store.create(Repo("dataset", "me/photos"), "me")
        parts = sorted((self.folder / "photos" / "data").iterdir())
        files = {f"data/{path.name}": self.hub.store.put(path.read_bytes(), lfs=True) for path in parts}
        repo.add_commit("main", files, "photos", "", "me")
        self.hub.store.save(repo)
        self.server = ForkServer(Client(self.hub.url, self.folder / "home"), self.folder / "stderr.txt")
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()
        self.hub.__exit__()

    def start(self, name: str) -> None:
        """Start `python -m train`, or start it again to resume the run `name`, with an empty cache."""
        shutil.rmtree(self.folder / "home", ignore_errors=True)
        length = ["--images", str(self.images), "--checkpoint-every", "16", "--log-every", "4", "--sample-every", "48"]
        data = ["--data.dataset", "me/photos", "--data.resolution", "32", "--data.shuffle-buffer", "8"]
        target = ["--run-dir", str(self.run_dir(name)), "--push-to-hub", f"me/{name}"]
        arguments = ["tiny", *data, "--data.patience-s", "30", *length, *target]
        self.server.start(arguments, self.hub.users[0].token)

    def complete(self, name: str) -> None:
        """Start or resume the run `name` and wait until it completes."""
        self.start(name)
        code = self.server.wait()
        assert code == 0, self.server.stderr()[-3000:]

    def run_dir(self, name: str) -> Path:
        """Return the folder of a run."""
        return self.folder / "runs" / name

    def weights(self, name: str) -> bytes | None:
        """Return the weights in the run's folder; None if the Hub does not have the same ones."""
        path = self.run_dir(name) / "weights" / "model.safetensors"
        repo = self.hub.store.repos.get(("model", f"me/{name}"))
        file = repo.commits[repo.branches["main"]].files.get("model.safetensors") if repo else None
        if not path.exists() or file is None:
            return None
        return path.read_bytes() if self.hub.store.read(file.sha256) == path.read_bytes() else None

    def reference(self) -> bytes:
        """Return the weights of the undisturbed run, which is trained on the first call."""
        if self._reference is None:
            self.complete("undisturbed")
            self._reference = self.weights("undisturbed")
            assert self._reference is not None
        return self._reference

    def run_with_fault(self, fault: Fault) -> Result:
        """Train with a fault; if the run stops, resume it without the fault."""
        reference, started = self.reference(), time.monotonic()
        self.start(fault.name)
        if fault.late:
            self._wait_for_lines(fault.name, 1)
        fault.inject(self.hub)
        code, outcome = self.server.wait(), "completed"
        stderr = self.server.stderr()
        self.hub.faults.clear()
        assert "Traceback" not in stderr, stderr[-3000:]
        if code:
            assert fault.may_stop, stderr[-3000:]
            message = stderr.rpartition("python -m train: ")[2].splitlines()[0]
            outcome = f"stopped: “{message.replace(self.hub.url, 'https://huggingface.co')}” Resumed and completed"
            self.complete(fault.name)
        self.hub.users[:] = [USER]
        identical = self.weights(fault.name) == reference
        return Result(fault.description, outcome, identical, time.monotonic() - started)

    def run_with_kills(self, kills: int, seed: int = 0) -> Result:
        """Kill the training process at random moments, and resume the run each time."""
        reference, started, rng = self.reference(), time.monotonic(), random.Random(seed)
        done, while_training, runs = 0, 0, 1
        while True:
            name = f"killed-{runs}"
            lines = self._lines(name)
            self.start(name)
            if done < kills:
                if rng.random() < 0.8:
                    self._wait_for_lines(name, lines + rng.randint(1, 3))
                time.sleep(rng.uniform(0, 1))
                self.server.kill()
            code = self.server.wait()
            if code == -signal.SIGKILL:
                done += 1
                while_training += self._lines(name) > lines
                continue
            identical = code == 0 and self.weights(name) == reference
            if done == kills or not identical:
                break
            runs += 1
        description = f"training process killed with SIGKILL at {kills} random moments"
        outcome = f"{while_training} kills during training, {kills - while_training} before; resumed and completed"
        return Result(description, outcome, identical, time.monotonic() - started)

    def _wait_for_lines(self, name: str, count: int) -> None:
        """Wait until the run has written this many lines of losses, or has ended."""
        while self.server.is_running() and self._lines(name) < count:
            time.sleep(0.02)

    def _lines(self, name: str) -> int:
        losses = self.run_dir(name) / "losses.jsonl"
        return losses.read_text().count("\n") if losses.exists() else 0


class ForkServer:
    """Runs `python -m train`, one at a time, as forks of a process that has imported everything already.

    Args:
        client: the environment of the process.
        stderr_path: gets what a run writes to stderr.
    """

    CODE = """
import json, os, sys, traceback
import matplotlib.pyplot, torch._dynamo  # which a run would import
from train.__main__ import main
for line in sys.stdin:
    arguments, token, path = json.loads(line)
    pid = os.fork()
    if not pid:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        os.environ["HF_TOKEN"] = token
        try:
            code = main(arguments)
        except BaseException:
            traceback.print_exc()
            code = 70
        sys.stderr.flush()
        os._exit(code)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""

    def __init__(self, client: Client, stderr_path: Path):
        self._parent = client.start("-c", self.CODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._stderr_path, self._child = stderr_path, 0

    def start(self, arguments: list[str], token: str) -> None:
        """Start a run as the user with this token; returns when the process exists."""
        self._parent.stdin.write(json.dumps([arguments, token, str(self._stderr_path)]) + "\n")
        self._parent.stdin.flush()
        self._child = int(self._parent.stdout.readline())

    def is_running(self) -> bool:
        """Return whether the run has not ended."""
        try:
            os.kill(self._child, 0)
            return True
        except ProcessLookupError:
            return False

    def kill(self) -> None:
        """Send SIGKILL to the run if it has not ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child, signal.SIGKILL)

    def wait(self) -> int:
        """Wait until the run ends; return its exit code, negative for a signal."""
        return int(self._parent.stdout.readline())

    def stderr(self) -> str:
        """Return what the last run wrote to stderr."""
        return self._stderr_path.read_text(encoding="utf-8")

    def close(self) -> None:
        """End the process that forks."""
        self._parent.stdin.close()
        self._parent.stdout.close()
        self._parent.wait(60)


def _photo(number: int) -> bytes:
    coarse = np.random.default_rng(number).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize((96 + number, 80), Image.Resampling.BICUBIC).save(buffer, "JPEG")
    return buffer.getvalue()
