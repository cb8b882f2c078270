"""The state of a run as the browser shows it."""

import base64
from typing import Any

from train.jobs.watch import JobSnapshot

DECIMALS = 4
OWN, ALL = "own", "all"
"""Keys of the comparison of a run with its start: photos of the own kind, and all holes together."""


def run_state(snapshot: JobSnapshot) -> dict[str, Any]:
    """Return the state of a run for the browser."""
    status = snapshot.status
    lines = [{name: round(value, DECIMALS) for name, value in line.items()} for line in status.lines]
    return {
        "stage": snapshot.stage,
        "images_seen": status.images_seen,
        "total": status.total,
        "images_per_s": status.images_per_s,
        "seconds_left": snapshot.seconds_left,
        "lines": lines,
        "published": status.published,
        "log": snapshot.log_tail,
        "sheet": {"id": snapshot.sheet_id, "picture": data_url(snapshot.sheet)},
        "can_publish": only_publishing_failed(snapshot),
    }


def only_publishing_failed(snapshot: JobSnapshot) -> bool:
    """Return whether a run has trained to its end and then failed, as when an upload breaks off."""
    status = snapshot.status
    trained = status.total is not None and status.images_seen >= status.total
    return snapshot.stage == "ERROR" and trained and status.published is None


def data_url(picture: bytes | None) -> str | None:
    """Return a PNG as a data URL; None for None."""
    return None if picture is None else "data:image/png;base64," + base64.b64encode(picture).decode()
