"""Count the pictures of a dataset before they are read."""

import contextlib
from pathlib import Path

from train.data_config import DataConfig

from .folder import list_pictures
from .libraries import datasets, parquet
from .opening import configure_datasets


def count_rows(config: DataConfig) -> int | None:
    """Return the number of rows of all datasets of a config; None if one of them does not say how many it has."""
    counts = [_count(name, config.split, config.revision) for name in config.dataset]
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None


def _count(dataset: str, split: str, revision: str | None) -> int | None:
    path = Path(dataset).expanduser()
    with contextlib.suppress(Exception):  # the number is of use, not needed; reading reports what is wrong
        if path.is_file():
            return _count_parquet([str(path)])
        if path.is_dir() and (listed := list_pictures(path, split)) is not None:
            return len(listed.pictures)
        configure_datasets()
        name, _, subset = (dataset, "", "") if path.is_dir() else dataset.partition(":")
        builder = datasets.load_dataset_builder(name, subset or None, revision=revision)
        stated = (builder.info.splits or {}).get(split)
        if stated is not None and stated.num_examples:
            return int(stated.num_examples)
        return _count_parquet([str(file) for file in (builder.config.data_files or {})[split]])
    return None


def _count_parquet(files: list[str]) -> int | None:
    """Return the rows of local parquet files; None if there are others among them."""
    if not files or not all(Path(file).is_file() and file.endswith(".parquet") for file in files):
        return None
    return sum(parquet.ParquetFile(file).metadata.num_rows for file in files)
