"""Other photos that are mixed in: how many, from where, and that they are named on the card."""

import pytest
from PIL import Image

from train.config import TrainConfig
from train.data.order import START, CachedImages
from train.data_config import DataConfig
from train.publish.run_info import hub_datasets
from train.run_config import to_dict

RED, BLUE = (250, 0, 0), (0, 0, 250)


def folder(path, colour, count):
    path.mkdir()
    for number in range(count):
        Image.new("RGB", (40, 40), colour).save(path / f"{number}.png")
    return str(path)


@pytest.mark.parametrize("others", [2, 4, 30])
def test_other_photos_have_their_share_however_many_there_are(others, tmp_path):
    own, mixed = folder(tmp_path / "own", RED, 12), folder(tmp_path / "other", BLUE, others)
    source = CachedImages(DataConfig(dataset=(own,), mixed=(mixed,), cache=True), seed=0)
    colours = [photo.getpixel((0, 0)) for _, photo in source.read(START)]
    assert (colours.count(RED), colours.count(BLUE)) == (12, 4)
    assert colours[-4:] != [BLUE] * 4, "they are shuffled"


def test_several_datasets_are_mixed_in_together(tmp_path):
    own = folder(tmp_path / "own", RED, 6)
    others = folder(tmp_path / "a", BLUE, 20), folder(tmp_path / "b", (0, 200, 0), 20)
    source = CachedImages(DataConfig(dataset=(own,), mixed=others, mixed_share=0.5, cache=True), seed=0)
    colours = [photo.getpixel((0, 0)) for _, photo in source.read(START)]
    assert colours.count(RED) == 6 and len(colours) == 12
    assert 0 < colours.count(BLUE) < 6


def test_a_mix_needs_a_cache_and_photos(tmp_path):
    with pytest.raises(ValueError, match=r"data.mixed is me/photos; it must be empty without data.cache"):
        DataConfig(mixed=("me/photos",))
    with pytest.raises(ValueError, match=r"data.mixed_share is 1; it must be between 0 and 1"):
        DataConfig(mixed_share=1)


def test_the_card_names_datasets_that_were_mixed_in():
    config = TrainConfig(data=DataConfig(dataset=("me/mine",), mixed=("you/others:small",), cache=True), images=4)
    assert hub_datasets(to_dict(config)) == ["me/mine", "you/others"]
