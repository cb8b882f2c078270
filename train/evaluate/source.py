"""Where the photos of an evaluation come from, as model cards name it."""

import re
from pathlib import Path

import httpx2
from huggingface_hub import HfApi

from inpaint.hub.retry import retry

LOOKUP_TIMEOUT_S = 10
_HUB_ID = re.compile(r"[\w][\w.-]*/[\w][\w.-]*(:[\w][\w.-]*)?")


def photo_source(data: str, split: str) -> dict[str, str]:
    """Return id, config, split and revision of a dataset on the Hub, under these names; empty for local files.

    Args:
        data: OWNER/NAME or OWNER/NAME:SUBSET on the Hub, or a folder or file.
        split: of the dataset.

    Returns:
        Without `config` if the dataset has no subset; without `revision` if the Hub does not answer.
    """
    if Path(data).expanduser().exists() or not _HUB_ID.fullmatch(data):
        return {}
    dataset, _, config = data.partition(":")
    found = {"dataset": dataset, "config": config, "split": split}
    try:
        found["revision"] = retry(lambda: HfApi().dataset_info(dataset, timeout=LOOKUP_TIMEOUT_S)).sha or ""
    except (httpx2.HTTPError, OSError):
        found["revision"] = ""
    return {name: value for name, value in found.items() if value}
