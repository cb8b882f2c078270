"""Training on free pictures alone."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from train.data.datasets import iter_photos
from train.data.held_out import find_held_out
from train.data.licences import is_free
from train.data.order import START, CachedImages, StreamedImages
from train.data_config import DataConfig


@pytest.mark.parametrize(
    "name",
    ["CC0", "cc0-1.0", "CC BY 4.0", "CC BY-SA 4.0", "cc-by-sa-3.0", "Public Domain", "Unsplash", "PDM",
     "Creative Commons BY 2.0", "No known restrictions", "CC0 1.0 Universal", "mit"],
)  # fmt: skip
def test_free_licences(name):
    assert is_free(name)


@pytest.mark.parametrize(
    "name",
    ["CC BY-NC 4.0", "cc-by-nc-sa-4.0", "CC BY-ND 2.0", "all rights reserved", "research only", "", None, 3, "unknown",
     "not public domain"],
)  # fmt: skip
def test_other_licences(name):
    assert not is_free(name)


def write_dataset(path, licences, column="license"):
    """Pictures of one grey each: 10 times the number of the row."""
    images = []
    for number in range(len(licences)):
        file = io.BytesIO()
        Image.fromarray(np.full((16, 16, 3), 10 * number, np.uint8)).save(file, "PNG")
        images.append({"bytes": file.getvalue(), "path": None})
    pq.write_table(pa.table({"image": images, column: licences}), path, row_group_size=2)
    return str(path)


def test_only_free_rows_are_read(tmp_path):
    path = write_dataset(tmp_path / "a.parquet", ["CC0", "CC BY-NC 4.0", None, "CC BY-SA 4.0", "unknown", "CC BY 2.0"])
    greys = [photo.getpixel((0, 0))[0] for photo in iter_photos(path, free_only=True)]
    assert greys == [0, 30, 50]
    config = DataConfig(dataset=(path,), free_only=True, shuffle_buffer=2)
    for source in (StreamedImages(config, 0), CachedImages(config, 0)):
        seen = [(position, source.decode(cell).getpixel((0, 0))[0]) for position, cell in source.read(START)]
        assert sorted(grey for _, grey in seen) == [0, 30, 50]
        resumed = [source.decode(cell).getpixel((0, 0))[0] for _, cell in source.read(seen[0][0])]
        assert resumed == [grey for _, grey in seen[1:]]


def test_a_run_on_free_pictures_holds_out_free_pictures(tmp_path):
    (tmp_path / "data").mkdir()
    write_dataset(tmp_path / "data" / "train-0.parquet", ["CC0"] * 2)
    write_dataset(tmp_path / "data" / "validation-0.parquet", ["unknown", "CC BY-NC 4.0", "CC0", "unknown", "CC0"])
    held_out = find_held_out(DataConfig(dataset=(str(tmp_path),), free_only=True), None)
    assert [int(photo[0, 0, 0]) for photo in held_out.photos] == [20, 40]


def test_a_dataset_that_states_no_licences_is_refused(tmp_path):
    path = write_dataset(tmp_path / "a.parquet", ["CC0"], column="origin")
    with pytest.raises(ValueError, match=r"no column 'license'.*leave out --data\.free-only"):
        list(iter_photos(path, free_only=True))
