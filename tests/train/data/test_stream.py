"""The stream of batches: order, resuming, several processes, datasets of every layout."""

import dataclasses
import io
import itertools

import pytest
import torch
from PIL import Image

from tests.datasets import png, write_nested, write_parquet
from train.data.order import START, CachedImages, Position, StreamedImages
from train.data.shards import Shards
from train.data.stream import PhotoStream
from train.data_config import MaskConfig

from .streams import config, shades, take


@pytest.mark.parametrize("cache", [False, True])
def test_an_epoch_has_every_image_once_and_the_next_has_another_order(greys, cache):
    batches = take(PhotoStream(config(greys, cache=cache), seed=0), 10)
    first, second = shades(batches)[:20], shades(batches)[20:]
    assert sorted(first) == sorted(second) == list(range(0, 200, 10))
    assert first != second
    assert first != sorted(first)
    assert batches[0].image.shape == (4, 3, 16, 16)
    assert batches[0].mask.shape == (4, 1, 16, 16)


@pytest.mark.parametrize("cache", [False, True])
@pytest.mark.parametrize("after", [1, 4, 5, 7])
def test_a_stream_resumes_exactly_at_a_position(greys, cache, after):
    settings = config(greys, cache=cache, batch_size=3)
    whole = take(PhotoStream(settings, seed=3), after + 4)
    rest = take(PhotoStream(settings, seed=3, start=whole[after - 1].position), 4)
    for expected, batch in zip(whole[after:], rest, strict=True):
        assert torch.equal(batch.image, expected.image)
        assert torch.equal(batch.mask, expected.mask)
        assert batch.position == expected.position


def test_the_batches_do_not_depend_on_the_number_of_workers(greys):
    one, four = (take(PhotoStream(config(greys, workers=n), seed=0), 6) for n in (1, 4))
    assert all(torch.equal(a.image, b.image) and torch.equal(a.mask, b.mask) for a, b in zip(one, four, strict=True))


def test_another_seed_gives_another_order(greys):
    assert shades(take(PhotoStream(config(greys), seed=0), 5)) != shades(take(PhotoStream(config(greys), seed=1), 5))


@pytest.mark.parametrize(
    ("column", "each"), [(None, None), ("sample", 1), ("sample.photo", 1), ("photos", None), ("pairs", 2), ("view", 2)]
)
def test_images_in_fields_and_lists_are_found(tmp_path, column, each):
    values = list(range(0, 200, 10))
    folder = write_nested(tmp_path, [png(value) for value in values])
    expected = sorted(v for n, v in enumerate(values) for _ in range(n % 3 if each is None else each))
    count = len(expected)
    settings = config(folder, column=column, batch_size=1, shuffle_buffer=7)
    whole = take(PhotoStream(settings, seed=0), count + 5)
    assert sorted(shades(whole[:count])) == expected
    assert whole[count - 1].position == Position(1, 0)
    rest = take(PhotoStream(settings, seed=0, start=whole[9].position), count - 5)
    assert shades(rest) == shades(whole[10:])


@pytest.mark.parametrize("cache", [False, True])
@pytest.mark.parametrize("processes", [2, 4])
def test_processes_together_see_what_a_single_process_would_see(greys, cache, processes):
    settings = config(greys, cache=cache, batch_size=8)  # 20 images: batches cross epochs
    alone = take(PhotoStream(settings, seed=1), 7)
    shares = [take(PhotoStream(settings, 1, rank=rank, world_size=processes), 7) for rank in range(processes)]
    for step, batch in enumerate(alone):
        parts = [share[step] for share in shares]
        assert all(part.position == batch.position for part in parts)
        together = torch.stack([part.image for part in parts], 1).flatten(0, 1)
        assert torch.equal(together, batch.image)
        assert torch.equal(torch.stack([part.mask for part in parts], 1).flatten(0, 1), batch.mask)
    rest = take(PhotoStream(settings, 1, shares[1][2].position, rank=1, world_size=processes), 4)
    assert shades(rest) == shades(shares[1][3:])


def test_processes_with_broken_images_skip_none_and_repeat_none(tmp_path):
    cells = [png(value) for value in range(0, 240, 10)]
    folder = write_parquet(tmp_path, [*cells[:5], b"broken", *cells[5:9], b"broken", b"broken", *cells[9:]])
    settings = config(folder, batch_size=2)
    seen = []
    for rank in (0, 1):
        batches = take(PhotoStream(settings, 0, rank=rank, world_size=2), 16)
        seen += [shade for batch in batches if batch.position.epoch == 0 for shade in shades([batch])]
    assert len(set(seen)) == len(seen) >= 22


def test_a_batch_size_that_processes_cannot_share_raises(greys):
    with pytest.raises(ValueError, match="multiple of the 3 processes: try 9"):
        PhotoStream(config(greys, batch_size=8), seed=0, world_size=3)


def test_resuming_reads_only_the_buffer_of_the_position(greys, monkeypatch):
    read = []
    rows = Shards.rows

    def counted(self, number, start=0):
        for cells in rows(self, number, start):
            read.append(1)
            yield cells

    monkeypatch.setattr(Shards, "rows", counted)
    settings = config(greys, shuffle_buffer=4)
    position, cell = next(itertools.islice(StreamedImages(settings, 0).read(START), 13, None))
    read.clear()
    _, again = next(StreamedImages(settings, 0).read(position._replace(row=13, taken=position.taken - 1)))
    assert again == cell
    assert len(read) <= 8, "of the 14 rows before the position"


def test_a_dataset_smaller_than_a_batch_is_repeated(tmp_path):
    folder = write_parquet(tmp_path, [png(10), png(20), png(30)])
    batches = take(PhotoStream(config(folder), seed=0), 3)
    assert sorted(shades(batches)) == sorted([10, 20, 30] * 4)
    assert batches[-1].position == Position(4, 0)


def test_a_folder_of_images_and_a_parquet_file_are_datasets(tmp_path, greys):
    for value in (50, 60):
        (tmp_path / "folder").mkdir(exist_ok=True)
        (tmp_path / "folder" / f"{value}.jpg").write_bytes(png(value, kind="JPEG"))
    assert set(shades(take(PhotoStream(config(str(tmp_path / "folder")), seed=0), 2))) == {50, 60}
    parquet = f"{greys}/data/train-00000.parquet"
    assert len(set(shades(take(PhotoStream(config(parquet), seed=0), 3)))) == 6


def test_several_datasets_are_concatenated(tmp_path, greys):
    other = write_parquet(tmp_path / "other", [png(205), png(215)], column="picture")
    seen = shades(take(PhotoStream(config((greys, other), batch_size=2, shuffle_buffer=30), seed=0), 11))
    assert sorted(seen) == [*range(0, 200, 10), 205, 215]


def test_an_image_gets_another_mask_in_every_epoch(tmp_path):
    folder = write_parquet(tmp_path, [png(10)])
    masks = [batch.mask for batch in take(PhotoStream(config(folder, batch_size=1), seed=0), 3)]
    assert not torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[1], masks[2])


def test_another_seed_gives_another_order_of_cached_images(greys):
    orders = [shades(take(PhotoStream(config(greys, cache=True), seed=seed), 5)) for seed in (0, 1)]
    assert orders[0] != orders[1]


def test_cached_photos_are_reduced_to_the_short_side_of_the_cache(tmp_path):
    folder = write_parquet(tmp_path, [png(10, size=(90, 60)), png(20, size=(20, 200))])
    sizes = {photo.size for _, photo in CachedImages(config(folder, cache_side=30), seed=0).read(START)}
    assert sizes == {(45, 30), (20, 200)}


def test_the_length_of_an_epoch_is_known_once_it_has_been_read(greys):
    stream = PhotoStream(config(greys), seed=0)
    assert len(list(itertools.islice(stream, 20))) == 20
    assert stream.rows_per_epoch == 20
    stream.close()


@pytest.mark.parametrize("family", ["region", "large"])
def test_both_families_that_use_silhouettes_get_those_of_the_dataset(tmp_path, family):
    photos = write_parquet(tmp_path / "photos", [png(10)])
    square = Image.new("L", (40, 40))
    square.paste(255, (5, 5, 35, 35))
    buffer = io.BytesIO()
    square.save(buffer, "PNG")
    shapes = write_parquet(tmp_path / "shapes", [buffer.getvalue()])
    holes = []
    for source in (None, shapes):
        masks = MaskConfig(**{family: 1.0}, shapes=source)
        settings = dataclasses.replace(config(photos, batch_size=1, resolution=64), masks=masks)
        holes.append(torch.cat([batch.mask for batch in take(PhotoStream(settings, seed=0), 6)]))
    assert not torch.equal(*holes)
