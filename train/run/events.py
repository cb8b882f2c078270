"""What a run reports while it trains: to callbacks, and as JSON lines in a log that programs read."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

EVENT_PREFIX = '{"event": '
"""Start of a line that is an event."""
MAX_LINE = 20_000


class Callback:
    """Hooks that the training loop calls in its own thread. These do nothing."""

    def on_log(self, line: dict[str, float], total: int | None) -> None:
        """Run after a line of losses was written; `total` is the run's length in images, None while unknown."""

    def on_measured(self, history: list[dict[str, float]], best: bool) -> None:
        """Run after a measurement on held-out photos.

        Args:
            history: images_seen and figures of all measurements; the first is that of the weights at the start.
            best: whether the last figures are the best so far.
        """

    def on_checkpoint(self, run_dir: Path) -> None:
        """Run after a checkpoint and the weights beside it were written."""

    def on_sheet(self, path: Path, images_seen: int) -> None:
        """Run after a sample sheet was drawn to `path`, a PNG file."""

    def close(self) -> None:
        """Run at the end of the run, however it ended; not called by the loop but by what has started it."""


class EventLog(Callback):
    """Prints events as JSON lines, for a log that a program reads."""

    def on_log(self, line: dict[str, float], total: int | None) -> None:
        """Print the line of losses."""
        emit("progress", total=total, **{name: round(value, 6) for name, value in line.items()})

    def on_measured(self, history: list[dict[str, float]], best: bool) -> None:
        """Print the last figures and those of the start."""
        rounded = [{name: round(value, 6) for name, value in line.items()} for line in (history[0], history[-1])]
        emit("measured", start=rounded[0], now=rounded[1], best=best)


def emit(event: str, **values: Any) -> None:
    """Print one event."""
    print(json.dumps({"event": event, **values}), flush=True)


class RunStatus(NamedTuple):
    """The state of a run as its log shows it.

    Attributes:
        lines: losses, by rising images_seen; steps that a resumed run repeats appear once.
        total: length of the run in images, None while unknown.
        published: {"url", "revision", "repo_id"} of the weights, once they are on the Hub.
        finished: whether the run has ended normally.
        measured: {"start", "now", "best"} of each measurement on held-out photos, by rising images_seen: the figures of
            the weights at the start and now, by "group/metric", and whether those now are the best so far.
        comparison: the weights compared with those at the start, as in comparison.json of `train.evaluate.finetune`.
        last_log_line: the last line of the log that is no event, such as the reason why the run stopped.
        withheld: whether the weights were not published since they are not better than those at the start.
    """

    lines: list[dict[str, float]]
    total: int | None
    published: dict[str, str] | None
    finished: bool
    last_log_line: str
    measured: list[dict[str, Any]] = []  # noqa: RUF012
    comparison: dict[str, Any] | None = None
    withheld: bool = False

    @property
    def images_seen(self) -> int:
        """Images seen so far."""
        return int(self.lines[-1]["images_seen"]) if self.lines else 0

    @property
    def images_per_s(self) -> float | None:
        """Current speed, the harmonic mean of the last five lines; None before the first."""
        recent = [line["images_per_s"] for line in self.lines[-5:] if line.get("images_per_s")]
        return len(recent) / sum(1 / speed for speed in recent) if recent else None


def read_events(log: Iterable[str]) -> RunStatus:
    """Return the state of a run from the lines of its log.

    Args:
        log: may begin anywhere in the log, and hold lines that are no events.
    """
    lines: dict[int, dict[str, float]] = {}
    measured: dict[int, dict[str, Any]] = {}
    comparison: dict[str, Any] | None = None
    total, published, withheld, finished, last_log_line = None, None, False, False, ""
    for text in log:
        event = _event(text)
        if event is None:
            last_log_line = text.strip() or last_log_line
            continue
        kind = event.pop("event")
        if kind == "progress" and isinstance(event.get("images_seen"), int):
            seen, total = event["images_seen"], event.pop("total", None)
            lines = {images: line for images, line in lines.items() if images < seen}
            lines[seen] = {name: value for name, value in event.items() if isinstance(value, int | float)}
        elif kind == "measured" and isinstance(event.get("now"), dict) and isinstance(event.get("start"), dict):
            measured[int(event["now"].get("images_seen", 0))] = event
        elif kind == "compared" and isinstance(event.get("groups"), dict):
            comparison = event
        elif kind == "published":
            published, withheld = {name: str(value) for name, value in event.items()}, False
        elif kind == "withheld":
            withheld = True
        elif kind == "finished":
            finished = True
    history = list(measured.values())
    return RunStatus(list(lines.values()), total, published, finished, last_log_line, history, comparison, withheld)


def _event(text: str) -> dict[str, Any] | None:
    if not text.startswith(EVENT_PREFIX) or len(text) > MAX_LINE:
        return None
    try:
        event = json.loads(text)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None
