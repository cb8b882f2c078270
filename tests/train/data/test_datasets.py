"""Datasets are read in the order of their rows, and their image columns are found."""

import io

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.datasets import png, write_parquet
from train.data.columns import find_image_column
from train.data.datasets import iter_photos, load_silhouettes


def test_photos_are_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    Image.new("RGB", (30, 10)).save(tmp_path / "turned.jpg", exif=exif)
    assert next(iter_photos(str(tmp_path))).size == (10, 30)


def test_photos_are_read_in_the_order_of_the_dataset(tmp_path):
    greys = write_parquet(tmp_path, [png(value) for value in range(0, 100, 10)])
    photos = list(iter_photos(greys, limit=3))
    assert [photo.getpixel((0, 0))[0] for photo in photos] == [0, 10, 20]
    assert photos[0].mode == "RGB"


@pytest.mark.parametrize(
    ("features", "column"),
    [
        ({"label": datasets.Value("int64"), "img": datasets.Image()}, "img"),
        ({"text": datasets.Value("string"), "jpg": datasets.Value("binary")}, "jpg"),
        ({"picture": {"bytes": datasets.Value("binary"), "path": datasets.Value("string")}}, "picture"),
        ({"sample": {"photo": datasets.Image(), "id": datasets.Value("int64")}}, "sample.photo"),
        ({"views": datasets.List({"photo": datasets.Image()})}, "views.photo"),
        ({"deep": {"image": datasets.Image()}, "image": datasets.Image()}, "image"),
    ],
)
def test_the_image_column_is_found(features, column):
    assert ".".join(find_image_column(features)) == column


def test_the_error_for_a_missing_image_column_lists_the_columns():
    with pytest.raises(ValueError, match="no column with images.*caption, url"):
        find_image_column({"caption": datasets.Value("string"), "url": datasets.Value("string")})
    with pytest.raises(ValueError, match="no column 'photo'.*img"):
        find_image_column({"img": datasets.Image()}, "photo")


def test_silhouettes_come_from_the_mask_column(tmp_path):
    inside = np.zeros((40, 40), np.uint8)
    inside[10:30, 10:20] = 255
    buffer = io.BytesIO()
    Image.fromarray(inside).save(buffer, "PNG")
    rows = [{"bytes": buffer.getvalue(), "path": "m.png"}]
    photo = [{"bytes": png(90), "path": "p.png"}]
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table({"image": photo, "mask": rows}), tmp_path / "data" / "train-00000.parquet")
    (shape,) = load_silhouettes(str(tmp_path))
    assert shape.shape == (20, 10)
