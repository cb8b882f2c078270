#!/usr/bin/env bash
# datasets 5.2.0 with Pillow 12.3.0: a map() that only looks at a photo compresses it again, at quality 75.
#
# Expected: a map() that reads row["image"] and returns a new column leaves the image column as it is.
# Seen: photos that are stored as bytes (in Parquet, for example) are decoded when the function reads them, and the decoded
# image is written back: an image of format "JPEG" as a JPEG with Pillow's default quality, whatever the file had. Each such
# map() costs quality. A PNG stays the same, and so do photos that are stored as paths. With input_columns=["image"] the
# same function leaves the bytes alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet datasets==5.2.0 pillow==12.3.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import io

import numpy as np
from datasets import Dataset, Features, Image, disable_progress_bars
from PIL import Image as Pillow

disable_progress_bars()
file = io.BytesIO()
Pillow.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(file, "JPEG", quality=95)
photos = Dataset.from_dict({"image": [{"bytes": file.getvalue(), "path": None}]}, features=Features({"image": Image()}))
by_row = photos.map(lambda row: {"width": row["image"].width})
by_column = photos.map(lambda image: {"width": image.width}, input_columns=["image"])
before, *after = (np.asarray(rows[0]["image"]).astype(int) for rows in (photos, by_row, by_column))
error = [int(abs(before - pixels).max()) for pixels in after]
print(f"columns {by_row.column_names}; the pixels differ by {error[0]}, with input_columns by {error[1]}")
assert error[0] > 50 and error[1] == 0, "the behaviour has changed"
PYTHON
