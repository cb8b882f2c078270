"""Images, files and datasets that cannot be used: they are skipped and counted, or the error names what to do."""

import io
import itertools
import struct
import time
import zlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.datasets import png, write_parquet
from train.data.stream import PhotoStream
from train.data_config import DataConfig

from .streams import config, shades, take


def with_size(png_file, width, height):
    """A PNG file whose header states another size."""
    header = b"IHDR" + struct.pack(">II", width, height) + png_file[24:29]
    return png_file[:12] + header + struct.pack(">I", zlib.crc32(header)) + png_file[33:]


@pytest.mark.parametrize("cache", [False, True])
def test_broken_images_are_skipped_and_counted(tmp_path, cache):
    cells = [png(value) for value in range(0, 100, 10)]
    broken = [b"not an image", png(7)[:60], b""]
    folder = write_parquet(tmp_path, [*cells[:4], *broken, *cells[4:]])
    batches = take(PhotoStream(config(folder, cache=cache, batch_size=5), seed=0), 2)
    assert sorted(shades(batches)) == list(range(0, 100, 10))
    stream = PhotoStream(config(folder, cache=cache, batch_size=5), seed=0)
    list(itertools.islice(stream, 2))
    assert stream.skipped >= 3 or batches[-1].position.epoch == 0
    stream.close()


@pytest.mark.parametrize("cache", [False, True])
def test_unusual_images_are_used_or_skipped_and_counted_by_reason(tmp_path, cache):
    """The files with huge dimensions hold few pixels: they would be unreadable, if they were decoded."""

    def saved(image, kind="PNG"):
        buffer = io.BytesIO()
        image.save(buffer, kind)
        return buffer.getvalue()

    cells = {
        "cmyk": saved(Image.new("CMYK", (24, 20), (0, 255, 255, 0)), "JPEG"),
        "palette": saved(Image.new("P", (24, 20), 0)),
        "16-bit": saved(Image.new("I;16", (24, 20), 0)),
        "transparent": saved(Image.new("RGBA", (24, 20), (9, 9, 9, 0))),
        "one pixel": png(10, size=(1, 1)),
        "one pixel wide": png(10, size=(1, 900)),
        "200 megapixels": with_size(png(10), 20_000, 10_000),
        "100 megapixels": with_size(png(10), 10_000, 10_000),
        "cut off": png(7)[:60],
    }
    folder = write_parquet(tmp_path, list(cells.values()))
    stream = PhotoStream(config(folder, cache=cache, batch_size=4), seed=0)
    batches = take(stream, 3)
    red = [image for image in batches[0].image if image[0, 0, 0] > 200]
    assert len(red) == 1, "a CMYK image keeps its colours"
    assert red[0][1:].max() < 60
    reasons = set(stream.skip_reasons)
    assert reasons == {"smaller than 8 pixels", "larger than 89 megapixels", "not readable as an image"}
    assert cache is False or dict(stream.skip_reasons) == dict.fromkeys(reasons, 2) | {"not readable as an image": 1}


def test_the_error_for_a_dataset_without_images_lists_its_columns(tmp_path):
    (tmp_path / "data").mkdir()
    table = pa.table({"caption": ["a"], "url": ["https://example.org/a.jpg"], "n": [1]})
    pq.write_table(table, tmp_path / "data" / "train-0.parquet")
    with pytest.raises(ValueError, match=r"no column with images; its columns: caption, url, n\. Name one"):
        PhotoStream(config(str(tmp_path)), seed=0)
    with pytest.raises(ValueError, match="column 'n' holds"):
        PhotoStream(config(str(tmp_path), column="n"), seed=0)


@pytest.mark.parametrize("cache", [False, True])
@pytest.mark.parametrize("damage", ["cut in half", "overwritten"])
def test_a_damaged_file_loses_only_its_own_images(tmp_path, monkeypatch, caplog, damage, cache):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    folder = write_parquet(tmp_path, [png(value) + bytes(500) for value in range(0, 200, 10)], rows_per_file=5)
    file = tmp_path / "data" / "train-00010.parquet"
    data = file.read_bytes()
    middle = len(data) // 3
    file.write_bytes(data[:middle] if damage == "cut in half" else data[:9] + bytes(middle) + data[9 + middle :])
    stream = PhotoStream(config(folder, cache=cache, batch_size=5), seed=0)
    epochs = take(stream, 6)
    healthy = [value for value in range(0, 200, 10) if not 100 <= value < 150]
    assert sorted(shades(epochs[:3])) == sorted(shades(epochs[3:])) == healthy
    assert "is damaged" in caplog.text
    assert caplog.text.count("is damaged") == 1


def test_a_dataset_of_damaged_files_cannot_be_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    folder = write_parquet(tmp_path, [png(10)] * 4, rows_per_file=2)
    for file in (tmp_path / "data").iterdir():
        file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(ValueError, match="cannot be opened.*corrupted"):
        PhotoStream(config(folder), seed=0)


def test_a_dataset_of_broken_images_only_raises(tmp_path):
    folder = write_parquet(tmp_path, [b"nothing"] * 5)
    with pytest.raises(ValueError, match="None of the 5 rows.*column"):
        next(iter(PhotoStream(config(folder), seed=0)))


@pytest.mark.parametrize("cache", [False, True])
def test_a_broken_file_in_a_folder_is_skipped(tmp_path, cache):
    for value in (50, 60, 70):
        (tmp_path / f"{value}.png").write_bytes(png(value))
    (tmp_path / "55.png").write_bytes(b"nothing")
    (tmp_path / "65.png").write_bytes(png(65)[:50])
    stream = PhotoStream(config(str(tmp_path), cache=cache, batch_size=3), seed=0)
    assert [sorted(shades([batch])) for batch in take(stream, 3)] == [[50, 60, 70]] * 3
    assert stream.skip_reasons["not readable as an image"] >= 2


@pytest.mark.parametrize(
    ("dataset", "split", "message"),
    [("/no/such/folder", "train", "cannot be opened"), ("greys", "nosplit", "has no split 'nosplit'.*'train'")],
)
def test_a_missing_dataset_or_split_raises(greys, dataset, split, message):
    with pytest.raises(ValueError, match=message):
        PhotoStream(config(greys if dataset == "greys" else dataset, split=split), seed=0)


def test_the_error_for_no_dataset_names_the_flag():
    with pytest.raises(ValueError, match="--data.dataset"):
        PhotoStream(DataConfig(), seed=0)
