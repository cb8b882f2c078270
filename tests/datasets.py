"""Small image datasets for tests, with the files of a dataset repository on the Hub."""

import io

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image


def png(value, size=(24, 20), kind="PNG"):
    """Return the file of a uniform grey image."""
    buffer = io.BytesIO()
    Image.new("RGB", size, (value, value, value)).save(buffer, kind)
    return buffer.getvalue()


def write_parquet(folder, cells, column="image", rows_per_file=100):
    """Write cells (bytes of image files) to data/train-*.parquet with an image column; return the folder's name."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for start in range(0, len(cells), rows_per_file):
        rows = [
            {"bytes": cell, "path": f"{start + n}.png"} for n, cell in enumerate(cells[start : start + rows_per_file])
        ]
        table = pa.table({"caption": ["x"] * len(rows), column: rows})
        pq.write_table(table, folder / "data" / f"train-{start:05d}.parquet")
    return str(folder)


def write_nested(folder, cells):
    """Write the same images in a field of a struct, in lists, and in lists of two structs; return the folder's name."""
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
