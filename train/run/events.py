"""What a run tells about itself while it goes: to whoever watches it, and as JSON lines in a log that programs read."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

MARK = '{"event": '
"""How a line of a log begins that is an event."""
MAX_LINE = 20_000


class Watcher:
    """Is told of a run's progress, in the thread of the training loop. This one does nothing."""

    def progressed(self, line: dict[str, float], total: int | None) -> None:
        """A line of losses was written; `total` is the run's length in images, None while unknown."""

    def checkpointed(self, run_dir: Path) -> None:
        """A checkpoint and the weights beside it were written."""


class EventLog(Watcher):
    """Prints events as JSON lines, for a log that a program reads."""

    def progressed(self, line: dict[str, float], total: int | None) -> None:
        """Prints the line of losses."""
        say("progress", total=total, **{name: round(value, 6) for name, value in line.items()})


def say(event: str, **facts: Any) -> None:
    """Prints one event."""
    print(json.dumps({"event": event, **facts}), flush=True)


class Happened(NamedTuple):
    """What a log tells about its run.

    Attributes:
        lines: losses, by rising images_seen; what an interrupted run did twice is there once.
        total: length of the run in images, None while unknown.
        published: {"url", "revision", "repo_id"} of the weights, once they are on the Hub.
        finished: whether the run came to its end.
        last_words: what the log says last that is no event, such as why the run stopped.
    """

    lines: list[dict[str, float]]
    total: int | None
    published: dict[str, str] | None
    finished: bool
    last_words: str

    @property
    def images_seen(self) -> int:
        """How far the run is."""
        return int(self.lines[-1]["images_seen"]) if self.lines else 0

    @property
    def images_per_s(self) -> float | None:
        """Its present speed, from the last lines; None before there is any."""
        recent = [line["images_per_s"] for line in self.lines[-5:] if line.get("images_per_s")]
        return len(recent) / sum(1 / speed for speed in recent) if recent else None


def read_events(log: Iterable[str]) -> Happened:
    """Reads a log, from its start or from somewhere in it. Lines that are no events are what programs say."""
    lines: dict[int, dict[str, float]] = {}
    total, published, finished, words = None, None, False, ""
    for text in log:
        event = _event(text)
        if event is None:
            words = text.strip() or words
            continue
        kind = event.pop("event")
        if kind == "progress" and isinstance(event.get("images_seen"), int):
            seen, total = event["images_seen"], event.pop("total", None)
            lines = {images: line for images, line in lines.items() if images < seen}
            lines[seen] = {name: value for name, value in event.items() if isinstance(value, int | float)}
        elif kind == "published":
            published = {name: str(value) for name, value in event.items()}
        elif kind == "finished":
            finished = True
    return Happened(list(lines.values()), total, published, finished, words)


def _event(text: str) -> dict[str, Any] | None:
    if not text.startswith(MARK) or len(text) > MAX_LINE:
        return None
    try:
        event = json.loads(text)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None
