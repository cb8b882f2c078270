"""python -m train.evaluate.recipe TARGET --data PHOTOS: publish the photos and holes of an evaluation as a dataset.

The dataset has the photos in the size in which they are measured, and the mask of each kind of hole. `train.evaluate`
with this dataset as its --data gives the same scores as with PHOTOS, and model cards then name it with its revision.
"""

import argparse
import io
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from huggingface_hub import CommitOperationAdd, HfApi
from PIL import Image

from inpaint.atomic_write import atomic_write
from inpaint.hub.errors import explain_error, hide_token
from inpaint.hub.retry import retry
from inpaint.program import program_name
from inpaint.temporary_folder import temporary_folder
from train.data.held_out import HELD_OUT_SPLITS, split_to_measure
from train.data.names import display_name
from train.data.retry import StreamError

from .command import add_arguments, parse
from .results import COVERAGE_TITLES
from .scores import COVERAGES, read_photos

PROG = program_name("train.evaluate.recipe")
MASK_COLUMN = "mask_{}"
_IMAGE = {"_type": "Image"}
CARD = """\
---
license: {licence}
task_categories:
- image-to-image
tags:
- inpainting
- held-out
configs:
- config_name: default
  data_files:
  - split: {split}
    path: data/{split}-*.parquet
---

# Held-out photos and holes

{count} photos from `{data}` ({source}), with a long side of at most {max_side} px, and the holes in which fills of them
are measured. Do not train on them.

| column | what it is |
|---|---|
| `image` | the photo, lossless: the ground truth |
{columns}

The masks are white where to fill. They were drawn with seed {seed}. This command draws the same ones, and measures
PSNR, SSIM, L1 and perceptual distances over them:

```sh
python -m train.evaluate WEIGHTS --data {target} --split {split} --images {count} --seed {seed} --max-side {max_side}
```
"""


def recipe_rows(photos: Iterable[np.ndarray], seed: int) -> list[dict[str, bytes]]:
    """Return a row for each photo: the files of the photo and of its masks, by column.

    Args:
        photos: RGB uint8 (H, W, 3).
        seed: of the masks, as for `evaluate`.
    """
    rows = []
    for number, pixels in enumerate(photos):
        row = {"image": _lossless(pixels)}
        height, width = pixels.shape[:2]
        for kind, (coverage, draw) in enumerate(COVERAGES.items()):
            mask = draw(height, width, np.random.default_rng((seed, number, kind)))
            row[MASK_COLUMN.format(coverage)] = _lossless(mask.astype(np.uint8) * 255)
        rows.append(row)
    return rows


def write_parquet(path: Path, rows: Sequence[dict[str, bytes]]) -> None:
    """Write rows to a parquet file whose columns the library `datasets` reads as images."""
    import pyarrow
    from pyarrow import parquet

    cell = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    columns = {
        name: pyarrow.array([{"bytes": row[name], "path": f"{n:05d}.png"} for n, row in enumerate(rows)], cell)
        for name in rows[0]
    }
    features = {"huggingface": json.dumps({"info": {"features": dict.fromkeys(columns, _IMAGE)}})}
    with atomic_write(path) as file:
        parquet.write_table(pyarrow.table(columns).replace_schema_metadata(features), file)


def _lossless(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def push(repo_id: str, file: Path, card: str, split: str, private: bool | None) -> str:
    """Upload the file and its card as a dataset in one commit, and return the commit's id.

    Raises:
        httpx2.HTTPError: the Hub refuses or cannot be reached.
        OSError: the same.
    """
    api = HfApi()
    retry(lambda: api.create_repo(repo_id, repo_type="dataset", private=private, exist_ok=True))
    operations: list[Any] = [
        CommitOperationAdd("README.md", card.encode()),
        CommitOperationAdd(f"data/{split}-00000-of-00001.parquet", file),
    ]
    commit = retry(
        lambda: api.create_commit(repo_id, operations, commit_message="Held-out photos and holes", repo_type="dataset")
    )
    return str(commit.oid)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=PROG, description=__doc__.partition(": ")[2].split("\n")[0].capitalize())
    parser.add_argument("target", help="OWNER/NAME of a dataset on the Hub, or a .parquet file to write")
    add_arguments(parser, images=24, images_help="maximum number of photos", weights=False)
    parser.add_argument("--max-side", type=int, default=768, help="shrink photos to at most this side (%(default)s)")
    parser.add_argument("--license", help="id of the photos' licence, such as cc0-1.0; needed for the Hub")
    parser.add_argument("--private", action="store_true", default=None, help="make a new dataset private")
    options = parse(parser, arguments, {"images": 1, "max_side": 1})
    if not options.target.endswith(".parquet") and not options.license:
        parser.error("give --license, the id of the photos' licence on the Hub, such as cc0-1.0 or cc-by-4.0")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or publish the dataset; the return value is the exit code: 0 done, 1 an error with a message."""
    options = _arguments(arguments)
    try:
        options.split = split_to_measure(options.data, options.split)
        rows = recipe_rows(read_photos(options.data, options.split, options.images, options.max_side), options.seed)
        if not rows:
            raise ValueError(f"{options.data} (split {options.split}) has no readable photos: give another --split")
        if options.target.endswith(".parquet"):
            write_parquet(Path(options.target), rows)
            print(f"{len(rows)} photos with their holes are in {options.target}.")
            return 0
        with temporary_folder() as folder:
            write_parquet(file := folder / "rows.parquet", rows)
            commit = push(options.target, file, _card(options, len(rows)), _published(options.split), options.private)
    except (httpx2.HTTPError, OSError, ValueError, StreamError) as error:
        text = explain_error(error, f"{options.target} could not be written", right=f"write to {options.target}")
        print(f"{PROG}: {hide_token(text)}", file=sys.stderr)
        return 1
    print(f"Published: {HfApi().endpoint}/datasets/{options.target} at {commit[:8]}, {len(rows)} photos.")
    print(
        f"Measure on it: python -m train.evaluate WEIGHTS --data {options.target} --split {_published(options.split)}"
        f" --images {len(rows)} --seed {options.seed} --max-side {options.max_side}"
    )
    return 0


def _card(options: argparse.Namespace, count: int) -> str:
    columns = "\n".join(f"| `{MASK_COLUMN.format(name)}` | {COVERAGE_TITLES[name]} |" for name in COVERAGES)
    data = display_name(options.data)
    shown = {name: getattr(options, name) for name in ("target", "max_side", "seed")}
    splits = {"source": options.split, "split": _published(options.split)}
    return CARD.format(licence=options.license, count=count, data=data, columns=columns, **shown, **splits)


def _published(split: str) -> str:
    """Return the split under which photos are published: nobody shall take held-out ones for a training set."""
    return split if split in HELD_OUT_SPLITS else HELD_OUT_SPLITS[0]


if __name__ == "__main__":
    sys.exit(main())
