"""Open image datasets for streaming: on the Hub, in a folder, or in parquet files."""

from __future__ import annotations

import functools
import glob
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from inpaint.hub.errors import explain_error, is_refusal
from inpaint.hub.retry import install_retrying_client
from inpaint.os_errors import sentence_of

from .columns import find_image_column, undecoded_feature
from .folder import NoSuchSplitError, list_pictures
from .hub_pictures import count_used_pictures
from .libraries import datasets, pyarrow
from .licences import free_rows
from .retry import StreamError, retry_read

OPEN_TIMEOUT_S = 60.0
"""Opening a dataset is retried for this many seconds."""
MAX_SHARDS = 1024
"""Of a folder of pictures."""
PICTURE_COLUMN = "image"
"""Name of the only column of a folder of pictures, as `datasets` calls it."""
log = logging.getLogger(__name__)


class OpenDataset(NamedTuple):
    """A dataset ready to be read.

    Attributes:
        name: as the user wrote it.
        rows: a stream of rows with one column, whose images are not decoded.
        column: name of the column.
        path: names of the fields that lead to the images inside the column, see `columns.find_image_column`.
    """

    name: str
    rows: datasets.IterableDataset
    column: str
    path: tuple[str, ...]


def open_dataset(
    dataset: str,
    split: str,
    revision: str | None = None,
    column: str | None = None,
    prefer: Sequence[str] = (),
    *,
    free_only: bool = False,
) -> OpenDataset:
    """Open a dataset and find its images. They are not decoded here, so that a broken image does not end the stream.

    Args:
        dataset: Hub id (OWNER/NAME, or OWNER/NAME:SUBSET), folder of images, or parquet file.
        split: of the dataset.
        revision: of a Hub dataset: branch, tag or commit; None: its main branch.
        column: that holds the images, or a field of one; None finds it.
        prefer: parts of column names that are preferred.
        free_only: only rows whose column of licences says that they are free, see `licences.is_free`.

    Raises:
        ValueError: the dataset cannot be opened, or has no images.
        StreamError: the Hub cannot be reached.
    """
    rows = load_rows(dataset, split, revision, column)
    features = rows.features
    if features is None:
        features = retry_read(lambda: rows._resolve_features().features, f"the dataset {dataset}", OPEN_TIMEOUT_S)
    name, *path = find_image_column(features, column, prefer)
    feature = undecoded_feature(features[name], path) if features and name in features else datasets.Image(decode=False)
    if free_only:
        rows = free_rows(rows.decode(False), features, dataset)
    # without `decode(False)`, `cast_column` would decode the images of a folder
    rows = rows.decode(False).cast_column(name, feature).select_columns([name])
    return OpenDataset(dataset, rows, name, tuple(path))


def load_rows(
    dataset: str, split: str, revision: str | None = None, column: str | None = None
) -> datasets.IterableDataset:
    """Open one dataset for streaming, with all its columns; arguments as for `open_dataset`.

    Raises:
        NoSuchSplitError: it has no such split.
        ValueError: the dataset does not exist, or may not be read.
        StreamError: the Hub cannot be reached.
    """
    configure_datasets()
    path = Path(dataset).expanduser()
    try:
        if path.is_file():
            builder = {".parquet": "parquet", ".tar": "webdataset"}.get(path.suffix.lower(), "imagefolder")
            files = {split: glob.escape(str(path))}
            return datasets.load_dataset(builder, data_files=files, split=split, streaming=True)
        if path.is_dir():
            return _load_folder(path, split, column)
        return retry_read(lambda: _load_from_hub(dataset, split, revision), f"the dataset {dataset}", OPEN_TIMEOUT_S)
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError, pyarrow.ArrowException) as error:
        if isinstance(error, StreamError | NoSuchSplitError):
            raise
        if is_refusal(error):
            raise ValueError(explain_error(error, f"The dataset {dataset} cannot be read")) from error
        looks_local = dataset.startswith((".", "/", "~")) or dataset.count("/") > 1
        hint = "there is no such folder or file" if looks_local and not path.exists() else sentence_of(error).strip()
        if "Bad split" in hint:
            raise NoSuchSplitError(
                f"The dataset {dataset!r} has no split {split!r}: use another one. ({hint})"
            ) from error
        raise ValueError(
            f"The dataset {dataset!r} (split {split!r}) cannot be opened: {hint}\n"
            "Give a Hub dataset id (OWNER/NAME, or OWNER/NAME:SUBSET), a folder of images, or a .parquet file;"
            " a private or gated one needs a token (`hf auth login`)."
        ) from error


def _load_folder(path: Path, split: str, column: str | None) -> datasets.IterableDataset:
    """Open a folder: of pictures, or with the files of a dataset."""
    listed = list_pictures(path, split) if column in (None, PICTURE_COLUMN) else None
    if listed is not None:
        if listed.left_out:
            log.warning("%s: %s", path, listed.summary())
        features = datasets.Features({PICTURE_COLUMN: datasets.Image(decode=False)})
        rows = datasets.Dataset.from_dict({PICTURE_COLUMN: listed.pictures}, features=features)
        return rows.to_iterable_dataset(num_shards=min(len(listed.pictures), MAX_SHARDS))
    if not glob.has_magic(str(path)):
        return datasets.load_dataset(str(path), split=split, streaming=True)
    base = glob.escape(str(path))  # `datasets` takes brackets in the path of a folder for a pattern
    files = datasets.data_files.DataFilesDict.from_patterns(datasets.data_files.get_data_patterns(base), base)
    module, options = datasets.load.infer_module_for_data_files(files)
    if module is None or split not in files:
        raise ValueError(f"Bad split: {split}. Available splits: {list(files)}")
    escaped = {str(name): list(map(glob.escape, paths)) for name, paths in files.items()}
    return datasets.load_dataset(module, data_files=escaped, split=split, streaming=True, **options)


def _load_from_hub(dataset: str, split: str, revision: str | None) -> datasets.IterableDataset:
    """Open a dataset of the Hub, and warn where it leaves out pictures of the repository."""
    repo_id, _, subset = dataset.partition(":")
    rows = datasets.load_dataset(repo_id, subset or None, split=split, revision=revision, streaming=True)
    if not subset and (counts := count_used_pictures(repo_id, split, revision)) is not None:
        log.warning(
            "%s (split %r): %d of the %d pictures of the repository are used; `datasets` reads the splits from the"
            " names of files and folders.",
            repo_id, split, *counts,
        )  # fmt: skip
    return rows


@functools.cache
def configure_datasets() -> None:
    """Leave retries of `datasets` to `train.data.retry`, and skip its sleep of 5 s at the end of each epoch.

    Called when the first dataset is opened, since importing a module must not change the process.
    """
    install_retrying_client()
    datasets.config.SLEEP_TIME_ON_THREADS_SHUTDOWN = 0
    datasets.config.STREAMING_READ_MAX_RETRIES = 1
    datasets.config.STREAMING_OPEN_MAX_RETRIES = 1
    for name in ("READ", "READ_SERVER_UNAVAILABLE", "READ_RATE_LIMIT", "OPEN"):
        setattr(datasets.config, f"STREAMING_{name}_RETRY_INTERVAL", 0)
