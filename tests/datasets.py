"""Small datasets for tests, laid out as on the Hub."""

import io

import datasets
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


def write_nested(folder, cells):
    """The same pictures in a field of a struct, in a list, and in lists of structs of two; captions beside them."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    cells = [{"bytes": cell, "path": None} for cell in cells]
    features = datasets.Features({
        "id": datasets.Value("int64"),
        "sample": {"photo": datasets.Image(), "caption": datasets.Value("string")},
        "photos": datasets.List(datasets.Image()),
        "pairs": datasets.List({"view": datasets.Image(), "angle": datasets.Value("int64")}),
    })  # fmt: skip
    columns = {
        "id": list(range(len(cells))),
        "sample": [{"photo": cell, "caption": "x"} for cell in cells],
        "photos": [[cell] * (n % 3) for n, cell in enumerate(cells)],
        "pairs": [[{"view": cell, "angle": 0}, {"view": cell, "angle": 90}] for cell in cells],
    }
    table = datasets.Dataset.from_dict(columns, features=features).with_format("arrow")[:]
    pq.write_table(table, folder / "data" / "train-00000.parquet")
    return str(folder)
