"""Small datasets for tests, laid out as on the Hub."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image


def png(value, size=(24, 20), kind="PNG"):
    buffer = io.BytesIO()
    Image.new("RGB", size, (value, value, value)).save(buffer, kind)
    return buffer.getvalue()


def write_parquet(folder, cells, column="image", rows_per_file=100):
    """A dataset as it lies on the Hub: data/train-*.parquet with an image column."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for start in range(0, len(cells), rows_per_file):
        rows = [
            {"bytes": cell, "path": f"{start + n}.png"} for n, cell in enumerate(cells[start : start + rows_per_file])
        ]
        table = pa.table({"caption": ["x"] * len(rows), column: rows})
        pq.write_table(table, folder / "data" / f"train-{start:05d}.parquet")
    return str(folder)
