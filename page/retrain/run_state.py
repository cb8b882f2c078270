"""The state of a run as the browser shows it."""

import base64
from typing import Any

from train.jobs.watch import JobSnapshot

DECIMALS = 4


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
        "comparison": comparison(snapshot),
        "can_publish": only_publishing_failed(snapshot),
        "withheld": withheld(snapshot),
    }


def comparison(snapshot: JobSnapshot) -> dict[str, Any] | None:
    """Return whether the weights are better than those at the start, on held-out pictures; None if it was not measured.

    Returns:
        {better, percent, other_percent, photos, sheet}: by how many percent the fills are better on the own pictures
        and on others (None if there are none), negative if worse; the number of own pictures; and the fills side by
        side, like `sheet` of a run.
    """
    found = snapshot.status.comparison
    if snapshot.stage == "RUNNING" or not found:
        return None
    score, other = found.get("score"), found.get("other_score")
    if not isinstance(score, int | float):
        return None
    own = found.get("groups", {}).get("own", {})
    return {
        "better": score < 1,
        "percent": _percent(score),
        "other_percent": _percent(other) if isinstance(other, int | float) else None,
        "photos": own.get("photos") if isinstance(own, dict) else None,
        "sheet": {"id": snapshot.comparison_id, "picture": data_url(snapshot.comparison_sheet)},
    }


def _percent(ratio: float) -> float:
    """Return by how many percent a distance has become smaller."""
    return round(100 * (1 - ratio), 1)


def only_publishing_failed(snapshot: JobSnapshot) -> bool:
    """Return whether a run has trained to its end and then failed, as when an upload breaks off."""
    status = snapshot.status
    trained = status.comparison is not None or (status.total is not None and status.images_seen >= status.total)
    return snapshot.stage == "ERROR" and trained and status.published is None


def withheld(snapshot: JobSnapshot) -> bool:
    """Return whether the weights were kept and not published, since they are not better than those at the start."""
    return snapshot.stage in ("COMPLETED", "CANCELED") and snapshot.status.withheld


def data_url(picture: bytes | None) -> str | None:
    """Return a PNG as a data URL; None for None."""
    return None if picture is None else "data:image/png;base64," + base64.b64encode(picture).decode()
