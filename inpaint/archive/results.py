"""Write the results of a part into parquet files: the restored photos, and a table of those that failed."""

import importlib
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

from .columns import hub_features
from .parts import Rows
from .restorer import Restored

NAME, MASK, SHARE, NOTES = "file_name", "mask", "filled_share", "notes"
"""Columns of results beside that of the photos, which has the name that it has in the source, or "image"."""
_IMAGE = {"_type": "Image"}


class Counts(NamedTuple):
    """What became of the photos of a part."""

    filled: int = 0
    unchanged: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """Number of photos."""
        return sum(self)

    def plus(self, other: "Counts") -> "Counts":
        """Return the sums."""
        return Counts(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def count_rows(data: bytes) -> int:
    """Return the number of rows of a parquet file."""
    return int(importlib.import_module("pyarrow.parquet").read_metadata(io.BytesIO(data)).num_rows)


class ResultWriter:
    """Writes the photos of a part as they come, so that a part may be larger than the memory.

    Args:
        folder: receives data.parquet, and errors.parquet if a photo failed.
    """

    def __init__(self, folder: Path) -> None:
        self.data, self.errors = folder / "data.parquet", folder / "errors.parquet"
        self.counts = Counts()
        self._arrow, self._parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
        self._writer: Any = None
        self._failed: list[dict[str, str]] = []

    def add(self, rows: Rows, results: list[Restored | str]) -> None:
        """Write some photos.

        Args:
            rows: as they were read.
            results: what became of each photo of these; a sentence for one that failed.
        """
        pairs = list(zip(rows.pictures, results, strict=True))
        kept = [number for number, result in enumerate(results) if isinstance(result, Restored)]
        restored = [result for result in results if isinstance(result, Restored)]
        table = self._table(rows, kept, restored)
        if self._writer is None:
            self._writer = self._parquet.ParquetWriter(self.data, table.schema)
        self._writer.write_table(table)
        self._failed += [{NAME: picture.name, "error": why} for picture, why in pairs if isinstance(why, str)]
        filled = sum(result.share > 0 for result in restored)
        self.counts = self.counts.plus(Counts(filled, len(restored) - filled, len(pairs) - len(restored)))

    def close(self, with_errors: bool = False) -> list[Path]:
        """Complete the files and return those that there are.

        Args:
            with_errors: write the table of errors also if it is empty, since it replaces that of an earlier run.
        """
        if self._writer is not None:
            self._writer.close()
        if self._failed or with_errors:
            text = self._arrow.string()
            schema = self._arrow.schema([(NAME, text), ("error", text)])
            self._parquet.write_table(self._arrow.Table.from_pylist(self._failed, schema), self.errors)
        return [path for path in (self.data, self.errors) if path.exists()]

    def _table(self, rows: Rows, kept: list[int], restored: list[Restored]) -> Any:
        arrow, image = self._arrow, rows.image_column
        cell = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
        names = [rows.pictures[number].name.partition(" (")[0] for number in kept]
        pictures = [{"bytes": each.data, "path": name} for each, name in zip(restored, names, strict=True)]
        masks = [{"bytes": each.mask, "path": None} for each in restored]
        columns = {
            image: arrow.array(pictures, cell),
            MASK: arrow.array(masks, cell),
            SHARE: arrow.array([each.share for each in restored], arrow.float32()),
            NOTES: arrow.array(["; ".join(each.notes) for each in restored], arrow.string()),
        }
        features: dict[str, Any] = {}
        if rows.others is None:
            columns[NAME] = arrow.array(names, arrow.string())
        else:
            others = arrow.Table.from_batches([rows.others]).take(arrow.array(kept, arrow.int64()))
            kept_columns = {name: others.column(name) for name in others.column_names if name not in columns}
            columns = {**kept_columns, **columns}
            features = {name: each for name, each in hub_features(rows.others.schema).items() if name in kept_columns}
        features |= {image: _IMAGE, MASK: _IMAGE}
        metadata = {"huggingface": json.dumps({"info": {"features": features}})}
        return arrow.table(columns).replace_schema_metadata(metadata)
