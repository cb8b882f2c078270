import dataclasses
import io
import itertools

import pytest
import torch
from PIL import Image

from tests.datasets import png, write_parquet
from train.config import DataConfig, MaskConfig
from train.rows import START, CachedRows, Position
from train.stream import PhotoStream


def config(dataset, **changes):
    settings = {"resolution": 16, "batch_size": 4, "shuffle_buffer": 8, "min_scale": 1.0, "flip": False}
    datasets_ = dataset if isinstance(dataset, tuple) else (dataset,)
    return DataConfig(dataset=datasets_, masks=MaskConfig(strokes=1), **(settings | changes))


def take(stream, count):
    batches = list(itertools.islice(stream, count))
    stream.close()
    return batches


def shades(batches):
    """The grey value of each picture in order; the test pictures are plain."""
    return [int(image[0, 0, 0]) for batch in batches for image in batch.image]


@pytest.fixture
def greys(tmp_path):
    return write_parquet(tmp_path / "greys", [png(value) for value in range(0, 200, 10)], rows_per_file=6)


@pytest.mark.parametrize("cache", [False, True])
def test_every_picture_comes_once_in_an_epoch_and_in_another_order_in_the_next(greys, cache):
    batches = take(PhotoStream(config(greys, cache=cache), seed=0), 10)
    first, second = shades(batches)[:20], shades(batches)[20:]
    assert sorted(first) == sorted(second) == list(range(0, 200, 10))
    assert first != second
    assert first != sorted(first)
    assert batches[0].image.shape == (4, 3, 16, 16)
    assert batches[0].mask.shape == (4, 1, 16, 16)


@pytest.mark.parametrize("cache", [False, True])
@pytest.mark.parametrize("after", [1, 4, 5, 7])
def test_a_stream_opened_at_a_position_goes_on_exactly(greys, cache, after):
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


@pytest.mark.parametrize("cache", [False, True])
def test_broken_pictures_are_skipped_and_counted(tmp_path, cache):
    cells = [png(value) for value in range(0, 100, 10)]
    broken = [b"not a picture", png(7)[:60], b""]
    folder = write_parquet(tmp_path, [*cells[:4], *broken, *cells[4:]])
    batches = take(PhotoStream(config(folder, cache=cache, batch_size=5), seed=0), 2)
    assert sorted(shades(batches)) == list(range(0, 100, 10))
    stream = PhotoStream(config(folder, cache=cache, batch_size=5), seed=0)
    list(itertools.islice(stream, 2))
    assert stream.skipped >= 3 or batches[-1].position.epoch == 0
    stream.close()


def test_a_dataset_of_nothing_but_broken_pictures_is_answered_with_a_sentence(tmp_path):
    folder = write_parquet(tmp_path, [b"nothing"] * 5)
    with pytest.raises(ValueError, match="None of the 5 rows.*column"):
        next(iter(PhotoStream(config(folder), seed=0)))


def test_a_dataset_smaller_than_a_batch_goes_round(tmp_path):
    folder = write_parquet(tmp_path, [png(10), png(20), png(30)])
    batches = take(PhotoStream(config(folder), seed=0), 3)
    assert sorted(shades(batches)) == sorted([10, 20, 30] * 4)
    assert batches[-1].position == Position(4, 0)


def test_a_folder_of_pictures_and_a_parquet_file_are_datasets_too(tmp_path, greys):
    for value in (50, 60):
        (tmp_path / "folder").mkdir(exist_ok=True)
        (tmp_path / "folder" / f"{value}.jpg").write_bytes(png(value, kind="JPEG"))
    assert set(shades(take(PhotoStream(config(str(tmp_path / "folder")), seed=0), 2))) == {50, 60}
    parquet = f"{greys}/data/train-00000.parquet"
    assert len(set(shades(take(PhotoStream(config(parquet), seed=0), 3)))) == 6


def test_several_datasets_are_one(tmp_path, greys):
    other = write_parquet(tmp_path / "other", [png(205), png(215)], column="picture")
    seen = shades(take(PhotoStream(config((greys, other), batch_size=2, shuffle_buffer=30), seed=0), 11))
    assert sorted(seen) == [*range(0, 200, 10), 205, 215]


@pytest.mark.parametrize(("dataset", "split"), [("/no/such/folder", "train"), ("greys", "nosplit")])
def test_a_dataset_that_cannot_be_opened_is_named(greys, dataset, split):
    with pytest.raises(ValueError, match="cannot be opened"):
        PhotoStream(config(greys if dataset == "greys" else dataset, split=split), seed=0)


def test_no_dataset_at_all_is_answered_with_the_flag_to_use():
    with pytest.raises(ValueError, match="--data.dataset"):
        PhotoStream(DataConfig(), seed=0)


def test_a_picture_gets_another_hole_in_every_epoch(tmp_path):
    folder = write_parquet(tmp_path, [png(10)])
    masks = [batch.mask for batch in take(PhotoStream(config(folder, batch_size=1), seed=0), 3)]
    assert not torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[1], masks[2])


def test_another_seed_shuffles_cached_pictures_otherwise(greys):
    orders = [shades(take(PhotoStream(config(greys, cache=True), seed=seed), 5)) for seed in (0, 1)]
    assert orders[0] != orders[1]


def test_cached_pictures_take_no_more_memory_than_their_short_side_allows(tmp_path):
    folder = write_parquet(tmp_path, [png(10, size=(90, 60)), png(20, size=(20, 200))])
    sizes = {photo.size for _, photo in CachedRows(config(folder, cache_side=30), seed=0).read(START)}
    assert sizes == {(45, 30), (20, 200)}


def test_the_length_of_an_epoch_is_known_once_it_has_been_read(greys):
    stream = PhotoStream(config(greys), seed=0)
    assert len(list(itertools.islice(stream, 20))) == 20
    assert stream.rows_per_epoch == 20
    stream.close()


@pytest.mark.parametrize("family", ["region", "large"])
def test_silhouettes_of_a_dataset_become_holes_of_both_families_that_use_them(tmp_path, family):
    """The same holes with and without the silhouettes would mean that they were not used."""
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
