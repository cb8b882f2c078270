"""One side of a comparison: the process that times a task inside a checkout."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

DRIVER = Path(__file__).with_name("driver.py")
_LAST_LINES = 5


class Figures(NamedTuple):
    """The figures of one repeat.

    Attributes:
        wall_s: seconds.
        cpu_s: CPU seconds of all threads, in user mode and in the kernel.
        peak_mb: peak resident memory of the process in millions of bytes; None where the system does not report it.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float | None


class Side:
    """A process that times a task inside a checkout, repeat by repeat. Use it as a context manager.

    Args:
        checkout: folder with the packages `inpaint` and `page`, and `app.py`.
        settings: of the task, for `driver.py`.

    Raises:
        RuntimeError: the task cannot be prepared, or a repeat fails; with the last lines of standard error.
    """

    def __init__(self, checkout: Path, settings: Mapping[str, Any]) -> None:
        self._checkout = checkout
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 closed by `close`
        # an installed package has its bytecode: without it each start would compile all modules
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", DRIVER],
            cwd=checkout,
            env=kept | {"PYTHONPATH": str(checkout)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        try:
            self._ask(json.dumps(settings))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Side":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def repeat(self) -> dict[str, Figures]:
        """Run the task once and return the figures of each of its parts."""
        return {part: Figures(**figures) for part, figures in self._ask("").items()}

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
        self._errors.close()

    def _ask(self, line: str) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            print(line, file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            self._process.wait()
            self._errors.seek(0)
            last = self._errors.read().splitlines()[-_LAST_LINES:]
            raise RuntimeError("\n".join([f"the task has failed in {self._checkout}:", *last]))
        parsed: dict[str, Any] = json.loads(answer)
        return parsed
