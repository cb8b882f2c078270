"""Opacity maps of damage: which are held out, how they are placed, and what they become in training."""

import datasets
import numpy as np
import pytest
from PIL import Image

from tests.train.damage.opacity_maps import map_of_line
from train.damage.config import DamageTrainConfig
from train.damage.degradation.degrade import IGNORE_INDEX, degrade
from train.damage.degradation.overlays import MOST, Maps, overlays, placed_at_random
from train.damage.stream import DegradedStream
from train.data.overlays import HELD_OUT, by_kind, is_held_out, load_overlays

SIDE = 96


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """A dataset of 60 opacity maps of two kinds, whose file names are numbered."""
    folder = tmp_path_factory.mktemp("overlays")
    rows: dict[str, list] = {"image": [], "source": []}
    for number in range(60):
        opacity = map_of_line()
        opacity[0, 0] = number + 1
        path = folder / f"scratch-{number:03}.png"
        Image.fromarray(opacity).save(path)
        rows["image"].append(str(path))
        rows["source"].append(("scratches", "dust")[number % 2])
    (folder / "data").mkdir()
    whole = datasets.Dataset.from_dict(rows).cast_column("image", datasets.Image())
    whole.to_parquet(folder / "data/train-00000-of-00001.parquet")
    return str(folder / "data/train-00000-of-00001.parquet")


def test_each_map_is_either_for_training_or_held_out(dataset):
    parts = [load_overlays(dataset, held_out=held_out) for held_out in (False, True)]
    names = [{overlay.name for overlay in part} for part in parts]
    assert not names[0] & names[1] and len(names[0] | names[1]) == 60
    marks = [{int(overlay.opacity[0, 0]) for overlay in part} for part in parts]
    assert not marks[0] & marks[1]
    assert {kind for part in parts for kind in by_kind(part)} == {"scratches", "dust"}


def test_neighbours_in_a_series_are_kept_together():
    assert all(len({is_held_out(f"hair-{tens}{ones}") for ones in range(10)}) == 1 for tens in range(10, 60))


def test_about_one_series_of_four_is_held_out():
    share = np.mean([is_held_out(f"dirt-{tens}0") for tens in range(400)])
    assert abs(share - 1 / HELD_OUT) < 0.07


def test_a_dataset_without_maps_of_a_part_is_refused(dataset, monkeypatch):
    monkeypatch.setattr("train.data.overlays.is_held_out", lambda name: True)
    with pytest.raises(ValueError, match="holds no opacity maps"):
        load_overlays(dataset, held_out=False)


def test_a_placed_map_shows_a_part_of_its_damage_and_keeps_its_opacity():
    shown = []
    for seed in range(40):
        alpha = placed_at_random(map_of_line(), SIDE, np.random.default_rng(seed))
        assert (alpha.shape, alpha.dtype) == ((SIDE, SIDE), np.float32)
        assert alpha.min() >= 0 and alpha.max() <= 1
        shown.append(alpha.max())
    assert min(shown) > 0.2 and np.median(shown) > 0.6


def test_lines_are_placed_at_all_angles():
    angles = []
    for seed in range(30):
        rows, columns = np.nonzero(placed_at_random(map_of_line(), SIDE, np.random.default_rng(seed)) > 0.2)
        if len(rows) > 20:
            angles.append(np.linalg.eigh(np.cov(rows, columns))[1][:, -1])
    directions = np.abs(np.array(angles) @ np.array([1, 0]))
    assert directions.min() < 0.3 and directions.max() > 0.95


def test_overlays_are_bright_and_dark_and_at_most_a_few():
    brightness = []
    for seed in range(60):
        layers = overlays(SIDE, np.random.default_rng(seed), Maps({"line": [map_of_line()]}))
        assert 1 <= len(layers) <= MOST
        brightness += [float(np.mean(layer.color)) for layer in layers]
    assert np.mean(np.array(brightness) > 0.6) > 0.3 and np.mean(np.array(brightness) < 0.3) > 0.25


def test_kinds_that_cover_little_are_drawn_more_often_but_no_kind_is_left_out():
    speck = np.zeros((120, 150), np.uint8)
    speck[60, 70:73] = 255
    maps = Maps({"line": [map_of_line()], "speck": [speck], "sheet": [np.full((120, 150), 255, np.uint8)]})
    rng = np.random.default_rng(0)
    drawn = [int((maps.draw(rng)[0] > 0).sum()) for _ in range(2000)]
    shares = [np.mean([count == pixels for count in drawn]) for pixels in (260, 3, 120 * 150)]
    assert shares[1] > 1.5 * shares[0] > 2 * shares[2] > 0.1
    assert np.allclose(shares, maps.shares, atol=0.05)


def test_opacity_maps_become_targets_and_change_the_photo():
    grey = np.full((SIDE, SIDE, 3), 128, np.uint8)
    maps = Maps({"line": [map_of_line()]})
    labelled = changed = 0
    for seed in range(12):
        with_maps, without = (degrade(grey, np.random.default_rng(seed), clean_share=0, maps=m) for m in (maps, None))
        changed += not np.array_equal(with_maps.image, without.image)
        labelled += (with_maps.target == 1).any()
        assert set(np.unique(with_maps.target)) <= {0, 1, IGNORE_INDEX}
    assert changed >= 6 and labelled >= 9
    clean = degrade(grey, np.random.default_rng(0), clean_share=1, maps=maps)
    assert not clean.target.any()


def test_a_run_reads_the_maps_that_are_not_held_out(dataset, photos):
    config = DamageTrainConfig(dataset=(str(photos),), overlays=dataset, resolution=64, batch_size=2, workers=1)
    stream = DegradedStream(config)
    try:
        batch = stream.next_batch()
        marks = {int(opacity[0, 0]) for maps in stream._maps.by_kind.values() for opacity in maps}
    finally:
        stream.close()
    assert batch.image.shape == (2, 3, 64, 64)
    assert marks == {int(overlay.opacity[0, 0]) for overlay in load_overlays(dataset, held_out=False)}
