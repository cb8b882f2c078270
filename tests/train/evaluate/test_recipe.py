"""The held-out photos and holes as a dataset: its files, and the same scores from it as from the photos."""

import io
import json

import numpy as np
import pyarrow.parquet as pq
from huggingface_hub import HfApi
from PIL import Image

from tests.datasets import write_parquet
from train.evaluate import recipe
from train.evaluate.scores import COVERAGES, read_photos
from train.evaluate.source import photo_source


def photos(folder):
    """A folder of parquet with three photos of noise, one of which is larger than the limit of the tests."""
    rng = np.random.default_rng(0)
    cells = []
    for size in ((40, 56), (64, 48), (120, 160)):
        buffer = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (*size, 3), dtype=np.uint8)).save(buffer, "PNG")
        cells.append(buffer.getvalue())
    return write_parquet(folder, cells)


def pixels(cell):
    return np.asarray(Image.open(io.BytesIO(cell["bytes"])))


def test_the_parquet_has_the_photos_as_they_are_measured_and_the_masks_of_the_evaluation(tmp_path):
    data, target = photos(tmp_path / "photos"), tmp_path / "recipe.parquet"
    arguments = [str(target), "--data", data, "--split", "train", "--max-side", "80", "--seed", "5"]
    assert recipe.main(arguments) == 0
    rows = pq.read_table(target).to_pylist()
    measured = list(read_photos(data, "train", 24, 80))
    assert len(rows) == 3 and max(measured[2].shape) == 80
    for number, (row, photo) in enumerate(zip(rows, measured, strict=True)):
        assert np.array_equal(pixels(row["image"]), photo)
        for kind, (name, draw) in enumerate(COVERAGES.items()):
            mask = draw(*photo.shape[:2], np.random.default_rng((5, number, kind)))
            assert np.array_equal(pixels(row[f"mask_{name}"]), mask * np.uint8(255))
    again = list(read_photos(str(target), "validation", 24, 80))
    assert all(np.array_equal(*pair) for pair in zip(measured, again, strict=True))


def test_the_published_dataset_has_a_card_and_an_evaluation_of_it_names_its_revision(hub, client, tmp_path):
    data = photos(tmp_path / "photos")
    command = ["-m", "train.evaluate.recipe", "me/held-out", "--data", data, "--max-side", "64"]
    refused = client.run(*command, check=False)
    assert refused.returncode == 2 and "give --license" in refused.stderr
    done = client.run(*command, "--license", "cc0-1.0", check=False)
    assert done.returncode == 0 and "at " in done.stdout, done.stderr
    assert done.stderr.count("has no split validation or test: train is measured") == 1
    assert "--data me/held-out --split validation --images 3 --seed 0 --max-side 64" in done.stdout
    api = HfApi(endpoint=hub.url, token="hf_me")
    info = api.dataset_info("me/held-out")
    assert info.card_data["license"] == "cc0-1.0" and done.stdout.count(info.sha[:8]) == 1
    with open(api.hf_hub_download("me/held-out", "README.md", repo_type="dataset", cache_dir=tmp_path)) as file:
        card = file.read()
    assert str(tmp_path) not in card and "(train)" in card and "--split validation" in card
    code = """
import json, numpy, sys
from train.evaluate.scores import read_photos
from train.data.held_out import split_to_measure
from train.evaluate.source import photo_source
split = split_to_measure("me/held-out", None)
shapes = [photo.shape for photo in read_photos("me/held-out", split, 24, 64)]
print(json.dumps([shapes, photo_source("me/held-out", split)]))
"""
    shapes, source = json.loads(client.run("-c", code).stdout.splitlines()[-1])
    assert shapes == [[40, 56, 3], [64, 48, 3], [48, 64, 3]]
    assert source == {"dataset": "me/held-out", "config": "default", "split": "validation", "revision": info.sha}


def test_a_dataset_without_write_access_or_photos_is_reported(client, tmp_path):
    data = photos(tmp_path / "photos")
    command = ["-m", "train.evaluate.recipe", "you/held-out", "--data", data, "--license", "mit"]
    done = client.run(*command, "--split", "train", check=False)
    assert done.returncode == 1 and "you/held-out" in done.stderr and "hf_" not in done.stderr


def test_local_photos_have_no_source_that_a_card_could_name(tmp_path):
    assert photo_source(str(tmp_path), "validation") == {}
    assert photo_source("/no/such/folder", "validation") == {}
