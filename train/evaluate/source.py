"""Where the photos of an evaluation come from, as model cards name it."""

import contextlib
import re
from pathlib import Path

import httpx2
from huggingface_hub import HfApi

from inpaint.hub.retry import retry
from train.data.opening import load_rows
from train.data.retry import StreamError

LOOKUP_TIMEOUT_S = 10
_HUB_ID = re.compile(r"[\w][\w.-]*/[\w][\w.-]*(:[\w][\w.-]*)?")


def photo_source(data: str, split: str) -> dict[str, str]:
    """Return id, config, split and revision of a dataset on the Hub, under these names; empty for local files.

    Args:
        data: OWNER/NAME or OWNER/NAME:SUBSET on the Hub, or a folder or file.
        split: of the dataset.

    Returns:
        Without `config` and `revision` if the Hub does not answer.
    """
    if Path(data).expanduser().exists() or not _HUB_ID.fullmatch(data):
        return {}
    dataset = data.partition(":")[0]
    found = {"dataset": dataset, "split": split}
    with contextlib.suppress(httpx2.HTTPError, OSError, ValueError, StreamError):
        found["config"] = load_rows(data, split).info.config_name or ""
        found["revision"] = retry(lambda: HfApi().dataset_info(dataset, timeout=LOOKUP_TIMEOUT_S)).sha or ""
    return {name: value for name, value in found.items() if value}
