"""Datasets on a Hub that fails or refuses, and some rows of the table of `python -m tests.train.data.faults`."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.datasets import png, write_parquet
from tests.hub import Hub, User
from tests.hub.client import Client
from tests.hub.store import Repo

from .faults import FAULTS, table_row, write_page
from .testbed import Result, Testbed


def put(hub, repo_id, files, **settings):
    """A dataset on the Hub, without a client."""
    repo = hub.store.create(Repo("dataset", repo_id, **settings), repo_id.partition("/")[0])
    stored = {name: hub.store.put(data, lfs=name.endswith(".parquet")) for name, data in files.items()}
    repo.add_commit("main", stored, "images", "", repo.namespace)
    hub.store.save(repo)


def parquet(tmp_path, cells, name="x"):
    folder = tmp_path / name
    write_parquet(folder, cells)
    return {"data/train-00000.parquet": (folder / "data" / "train-00000.parquet").read_bytes()}


def captions():
    buffer = io.BytesIO()
    pq.write_table(pa.table({"caption": ["a", "b"], "url": ["x", "y"]}), buffer)
    return {"data/train-00000.parquet": buffer.getvalue()}


TRAIN = """
import dataclasses, os
from train.generator import run
from train.presets import PRESETS

class NetworkBuilt(Exception):
    pass

def build(*_, **__):
    raise NetworkBuilt

run.GeneratorTrainer = build

def error(name, **data):
    base = PRESETS["tiny"][1]
    data = dataclasses.replace(base.data, dataset=(name,), resolution=32, patience_s=0, **data)
    try:
        run.train_generator(dataclasses.replace(base, data=data, run_dir={folder!r}))
    except Exception as error:
        return f"{{type(error).__name__}}: {{error}}"

answer = {{name: error(name) for name in {names!r}}}
answer["nosplit"] = error("me/three", split="nosplit")
answer["column"] = error("me/three", column="photo")
os.environ["HF_TOKEN"] = "hf_expired"
answer["expired"] = error("me/three", revision="main")
"""


def test_problems_of_a_dataset_are_reported_before_a_network_is_built(tmp_path):
    users = [User("me", "hf_me"), User("you", "hf_you")]
    good = parquet(tmp_path, [png(value) for value in (10, 20, 30)])
    with Hub(users=users) as hub:
        put(hub, "me/three", good)
        put(hub, "you/gated", good, gated="auto")
        put(hub, "you/private", good, private=True)
        put(hub, "me/captions", captions())
        put(hub, "me/damaged", {name: data[: len(data) // 2] for name, data in good.items()})
        put(hub, "me/broken", parquet(tmp_path, [b"nothing"] * 5, "broken"))
        put(hub, "me/empty", {"README.md": b"# Nothing here\n"})
        names = ["me/three", "you/gated", "you/private", "you/missing", "me/captions", "me/damaged", "me/broken",
                 "me/empty"]  # fmt: skip
        code = TRAIN.format(folder=str(tmp_path / "run"), names=names)
        errors = Client(hub.url, tmp_path / "home").evaluate(code)
    assert errors["me/three"] == "NetworkBuilt: ", "three images suffice"
    for name, words in {
        "you/gated": ("gated", "hf auth login"),
        "you/private": ("you/private", "token (`hf auth login`)"),
        "you/missing": ("you/missing", "Give a Hub dataset id"),
        "me/captions": ("no column with images; its columns: caption, url", "data.column"),
        "me/damaged": ("cannot be opened", "corrupted"),
        "me/broken": ("None of the 5 rows", "not readable as an image", "data.column"),
        "me/empty": ("cannot be opened",),
        "nosplit": ("nosplit", "has no split"),
        "column": ("no column 'photo'; it has caption, image",),
        "expired": ("did not accept your token",),
    }.items():
        assert errors[name].startswith(("ValueError: ", "NoSuchSplitError: ", "StreamError: ")), errors[name]
        assert all(word in errors[name] for word in words), errors[name]


READ = """
import time
from train.data_config import DataConfig
from train.data.order import START, StreamedImages
started = time.monotonic()
images = StreamedImages(DataConfig(dataset=("me/folder",), shuffle_buffer=4), 0)
answer = {"seconds": time.monotonic() - started}
answer["shades"] = sorted(images.decode(cell).getpixel((0, 0))[0] for _, cell in images.read(START))
"""


def test_image_files_are_read_again_after_errors_and_retry_after_is_respected(tmp_path):
    with Hub() as hub:
        put(hub, "me/folder", {f"{value}.png": png(value) for value in (10, 20, 30, 40, 50)})
        hub.fail(path="/revision/", status=429, headers={"Retry-After": "3"})
        hub.fail(path=".png", drop=True, share=0.5, every=2, times=2)
        read = Client(hub.url, tmp_path / "home").evaluate(READ)
        assert not any(fault.times for fault in hub.faults)
    assert read["shades"] == [10, 20, 30, 40, 50]
    assert read["seconds"] >= 3


@pytest.fixture(scope="module")
def testbed(tmp_path_factory):
    with Testbed(tmp_path_factory.mktemp("testbed"), images=48) as running:
        yield running


@pytest.mark.slow
@pytest.mark.parametrize("name", ["drop", "expired"])
def test_a_run_with_faults_ends_with_exactly_the_weights_of_an_undisturbed_one(testbed, name):
    (fault,) = (fault for fault in FAULTS if fault.name == name)
    result = testbed.run_with_fault(fault)
    assert result.identical
    assert ("did not accept your token" in result.outcome) == (name == "expired")


@pytest.mark.slow
def test_a_killed_run_ends_with_exactly_the_weights_of_an_undisturbed_one(testbed):
    assert testbed.run_with_kills(1).identical


def test_the_page_keeps_the_rows_of_faults_that_were_not_tried_again(tmp_path):
    page = tmp_path / "faults.md"
    write_page(page, [Result("500", "completed", True, 3), Result("429", "completed", False, 3)])
    again = Result("429", "stopped", True, 3)
    write_page(page, [again])
    assert [text for text in page.read_text().splitlines() if text.startswith("| ")][2:] == [
        "| 500 | completed | identical |",
        table_row(again),
    ]
