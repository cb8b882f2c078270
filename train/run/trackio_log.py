"""Losses, held-out figures and sample sheets of a run in trackio: on a Space of the Hub, or on this machine."""

import importlib.util
import math
import queue
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import HfApi

from inpaint.hub.errors import explain_error
from inpaint.hub.retry import retry
from train.run_config import TRACKIO_LOCAL, RunConfig, to_dict
from train.settings import flatten

from .events import Callback

PROJECT = "inpaint"
"""Project of all runs in trackio, where their curves are compared."""
CLOSE_TIMEOUT_S = 90.0
"""trackio itself waits 30 seconds for what is not sent yet."""


class TrackioLog(Callback):
    """Sends what losses.jsonl holds, and the sample sheets, to trackio, in a background thread.

    Training never waits for trackio, and goes on without it after a failure, which is reported once. trackio keeps what
    a Space does not take, and sends it later.

    Args:
        config: of the run; its `trackio` says where to.
        resumed: whether the run goes on from a checkpoint; then its curves in trackio go on, too.

    Raises:
        ModuleNotFoundError: trackio is not installed.
    """

    def __init__(self, config: RunConfig, resumed: bool) -> None:
        if importlib.util.find_spec("trackio") is None:
            raise ModuleNotFoundError(
                f"trackio is {config.trackio!r}, but the package trackio is not installed: install it"
                " (`pip install trackio`), or leave --trackio out."
            )
        self._config, self._resumed = config, resumed
        self._shows_pictures = True
        self._actions: queue.SimpleQueue[Callable[[Any], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._send_all, daemon=True, name="trackio")
        self._thread.start()

    def on_log(self, line: dict[str, float], total: int | None) -> None:
        """Send a line of losses."""
        self._send(line)

    def on_measured(self, history: list[dict[str, float]], best: bool) -> None:
        """Send the last held-out figures."""
        self._send(history[-1])

    def on_sheet(self, path: Path, images_seen: int) -> None:
        """Send a sample sheet."""

        def log_sheet(run: Any) -> None:
            if self._shows_pictures:
                from trackio import Image

                run.log({"samples": Image(path)}, step=images_seen)

        self._actions.put(log_sheet)

    def close(self) -> None:
        """Wait until trackio has got everything, or until CLOSE_TIMEOUT_S has passed."""
        self._actions.put(None)
        self._thread.join(CLOSE_TIMEOUT_S)

    def _send(self, line: Mapping[str, float]) -> None:
        values = {name: value for name, value in line.items() if name != "images_seen" and math.isfinite(value)}
        step = int(line["images_seen"])
        self._actions.put(lambda run: run.log(values, step=step))

    def _send_all(self) -> None:
        """Run the actions in order until the end of the run, or until one fails."""
        try:
            run = self._start()
            while (action := self._actions.get()) is not None:
                action(run)
            run.finish()
        except Exception as error:  # whatever happens in trackio, the training goes on
            print(explain_error(error, "The run is not shown in trackio"), "Training goes on without it.", flush=True)

    def _start(self) -> Any:
        """Return trackio's run: the one of this name if the run was resumed, else a new one."""
        import trackio

        space = None if self._config.trackio == TRACKIO_LOCAL else self._config.trackio
        run = trackio.init(
            PROJECT,
            name=Path(self._config.folder).name,
            space_id=space,
            config=_numbers(self._config),
            resume="allow" if self._resumed else "never",
            private=self._config.private is not False,
            embed=False,
            auto_log_cpu=False,
        )
        if space is not None and self._config.private is not False and not _is_private(space):
            self._shows_pictures = False
            print(f"{space} is not private: it gets no sample sheets, unless you set private to false.", flush=True)
        return run


def _is_private(space_id: str) -> bool:
    """Return whether a Space is known to be private."""
    try:
        return bool(retry(lambda: HfApi().space_info(space_id)).private)
    except (httpx2.HTTPError, OSError):
        return False


def _numbers(config: RunConfig) -> dict[str, Any]:
    """Return the preset and the numbers among the settings: names of datasets and folders stay on this machine."""
    numbers = {name: value for name, value in flatten(to_dict(config)).items() if isinstance(value, int | float)}
    return {"preset": config.preset, **numbers}
