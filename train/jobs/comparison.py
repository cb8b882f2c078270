"""The comparison of trained weights with those at the start, for programs that show it; imports no PyTorch.

`python -m train` writes comparison.json, and the fills side by side as comparison.png, at the end of a run that started
from other weights; both are copied to the checkpoint repository of a job. `train.evaluate.finetune` describes the JSON.
"""

import json
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from huggingface_hub import HfApi

from inpaint.hub.retry import retry

JSON_FILE, SHEET_FILE = "comparison.json", "comparison.png"


class Comparison(NamedTuple):
    """Trained weights against those at the start.

    Attributes:
        figures: the content of comparison.json.
        sheet: the fills side by side as a PNG; None if there are none.
    """

    figures: dict[str, Any]
    sheet: bytes | None

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A row for each group of photos and metric, over all holes: {"group", "metric", "start", "trained"}."""
        rows = []
        for name, group in self.figures["groups"].items():
            start, trained = (group["holes"]["all"].get(method, {}) for method in ("start", "trained"))
            for metric in ("elp", "elp2", "psnr"):
                if metric in start and metric in trained:
                    rows.append({"group": name, "metric": metric, "start": start[metric], "trained": trained[metric]})
        return rows


def local_comparison(folder: Path) -> Comparison | None:
    """Return the comparison in a run's folder; None if there is none."""
    try:
        figures = json.loads((folder / JSON_FILE).read_text())
        sheet = (folder / SHEET_FILE).read_bytes() if (folder / SHEET_FILE).exists() else None
    except (OSError, ValueError):
        return None
    return Comparison(figures, sheet) if isinstance(figures, dict) and "groups" in figures else None


def hub_comparison(checkpoint_repo: str, token: str | None) -> Comparison | None:
    """Return the comparison in a job's checkpoint repository; None if there is none, or while the Hub is unavailable.

    Args:
        checkpoint_repo: of the job.
        token: may read it.
    """
    api = HfApi(token=token or False)
    with tempfile.TemporaryDirectory(prefix="comparison-") as folder:
        for name in (JSON_FILE, SHEET_FILE):
            try:
                retry(lambda name=name: api.hf_hub_download(checkpoint_repo, name, local_dir=folder))  # type: ignore[misc]
            except (httpx2.HTTPError, OSError):
                continue
        return local_comparison(Path(folder))
