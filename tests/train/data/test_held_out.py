"""Which photos are held out, and that they are not trained on."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from train.data.held_out import EXAMPLE_CROPS, find_held_out, other_photos, split_to_measure
from train.data.retry import StreamError
from train.data.shards import digest
from train.data.stream import PhotoStream
from train.data_config import DataConfig, MaskConfig

MASKS = MaskConfig(central=1)


def folder_of(path, count, split="", first=0):
    """Plain pictures, whose grey is their number; the folder as text."""
    (path / split).mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        Image.new("RGB", (16, 16), (number,) * 3).save(path / split / f"{number}.png")
    return str(path)


def test_a_sixth_of_a_small_dataset_is_held_out_and_never_shown(tmp_path):
    data = DataConfig(dataset=(folder_of(tmp_path, 18),), resolution=16, batch_size=4, masks=MASKS, shuffle_buffer=5)
    held_out = find_held_out(data, None)
    greys = {int(photo[0, 0, 0]) for photo in held_out.photos}
    assert len(greys) == len(held_out.digests) == 4
    assert "not trained on" in held_out.name
    for cache in (False, True):
        config = DataConfig(**{**vars(data), "cache": cache})
        stream = PhotoStream(config, 0, held_out=held_out.digests)
        shown = [int(picture[0, 0, 0]) for _ in range(7) for picture in stream.next_batch().image]
        assert stream.skipped == 0, "they are no unusable photos"
        stream.close()
        assert set(shown) == set(range(18)) - greys


def test_the_same_pictures_are_held_out_whatever_their_names_and_copies_with_them(tmp_path):
    first = find_held_out(DataConfig(dataset=(folder_of(tmp_path / "a", 12),)), None)
    copies = tmp_path / "b"
    copies.mkdir()
    for path in Path(tmp_path / "a").iterdir():
        shutil.copyfile(path, copies / f"z{100 - int(path.stem)}.png")
        shutil.copyfile(path, copies / f"copy-{path.stem}.png")
    assert find_held_out(DataConfig(dataset=(str(copies),)), None).digests >= first.digests


def test_a_split_is_preferred_and_few_pictures_are_all_trained_on(tmp_path):
    folder_of(tmp_path / "splits", 3, "validation")
    held_out = find_held_out(DataConfig(dataset=(folder_of(tmp_path / "splits", 9, "train"),)), None)
    assert (len(held_out.photos), held_out.digests) == (3, frozenset())
    assert find_held_out(DataConfig(dataset=(folder_of(tmp_path / "few", 7),)), None) is None
    requested = find_held_out(DataConfig(dataset=(str(tmp_path / "few"),)), f"{tmp_path / 'splits'}@validation")
    assert len(requested.photos) == 3
    with pytest.raises(ValueError, match="no split 'test'"):
        find_held_out(DataConfig(dataset=(str(tmp_path / "few"),)), f"{tmp_path / 'splits'}@test")


def test_the_only_split_is_trained_on_whatever_its_name_and_some_of_its_pictures_are_held_out(tmp_path):
    held_out = find_held_out(DataConfig(dataset=(folder_of(tmp_path, 18, "validation"),)), None)
    assert held_out.split is None and len(held_out.digests) == len(held_out.photos) == 4


def test_a_hub_that_cannot_be_reached_is_not_a_dataset_without_such_a_split(monkeypatch):
    def unreachable(*arguments, **options):
        raise StreamError("the Hub cannot be reached")

    monkeypatch.setattr("train.data.held_out.iter_photos", unreachable)
    with pytest.raises(StreamError):
        find_held_out(DataConfig(dataset=("someone/photos",)), None)


def test_large_photos_are_reduced(tmp_path):
    (tmp_path / "large").mkdir()
    for number in range(8):
        pixels = np.full((20, 1024, 3), number, np.uint8)
        Image.fromarray(pixels).save(tmp_path / "large" / f"{number}.png")
    assert find_held_out(DataConfig(dataset=(str(tmp_path / "large"),)), None).photos[0].shape == (10, 512, 3)
    assert digest(b"a") != digest(b"b")


def test_other_photos_are_those_held_out_of_what_is_mixed_in_or_else_the_examples(tmp_path):
    mixed = folder_of(tmp_path / "mixed", 9, "train")
    assert len(other_photos(None, (mixed,))) == EXAMPLE_CROPS, "it has no such split"
    folder_of(tmp_path / "mixed", 3, "validation", first=50)
    assert [int(photo[0, 0, 0]) for photo in other_photos(None, (mixed,))] == [50, 51, 52]
    only = folder_of(tmp_path / "only", 4, "validation")  # which is trained on, as there is no other split
    assert len(other_photos(None, (only,))) == EXAMPLE_CROPS
    assert len(other_photos(None, (only, mixed))) == 3
    requested = folder_of(tmp_path / "requested", 2, "test")
    assert len(other_photos(f"{requested}@test", (mixed,))) == 2
    assert len(other_photos(None)) == EXAMPLE_CROPS


@pytest.mark.parametrize(
    ("splits", "measured"),
    [(("train", "test"), "test"), (("train", "val", "test"), "validation"), (("train",), "train")],
)
def test_the_first_split_that_is_held_out_is_measured(tmp_path, capsys, splits, measured):
    for split in splits:
        (tmp_path / split).mkdir()
        Image.new("RGB", (32, 32)).save(tmp_path / split / "photo.png")
    assert split_to_measure(str(tmp_path), None) == measured
    assert (measured == "train") == ("tells nothing about weights that were trained on it" in capsys.readouterr().err)
    assert split_to_measure(str(tmp_path), "train") == "train"


def test_a_dataset_that_cannot_be_opened_is_no_dataset_without_the_split(tmp_path):
    with pytest.raises(ValueError, match="there is no such folder or file"):
        split_to_measure(str(tmp_path / "missing"), None)
