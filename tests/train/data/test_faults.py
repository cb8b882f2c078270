"""Streams from a Hub that stumbles or refuses, and a few lines of the table of `python -m tests.train.data.faults`."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.datasets import png, write_parquet
from tests.hub import Hub, User
from tests.hub.client import Client
from tests.hub.store import Repo
from tests.train.data.faults import CASES, Bench, Row, line, write_page


def put(hub, repo_id, files, **settings):
    """A dataset on the Hub, without a client."""
    repo = hub.store.create(Repo("dataset", repo_id, **settings), repo_id.partition("/")[0])
    stored = {name: hub.store.put(data, lfs=name.endswith(".parquet")) for name, data in files.items()}
    repo.add_commit("main", stored, "pictures", "", repo.namespace)
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
import dataclasses
from train.run import loop
from train.presets import PRESETS
class Built(Exception):
    pass
def build(*_):
    raise Built
loop.Trainer = build
def said(name, **data):
    base = PRESETS["tiny"][1]
    data = dataclasses.replace(base.data, dataset=(name,), resolution=32, patience_s=0, **data)
    try:
        loop.train(dataclasses.replace(base, data=data, run_dir={folder!r}))
    except Exception as error:
        return f"{{type(error).__name__}}: {{error}}"
answer = {{name: said(name) for name in {names!r}}}
answer["nosplit"] = said("me/three", split="nosplit")
answer["column"] = said("me/three", column="photo")
"""


def test_what_is_wrong_with_a_dataset_is_said_before_a_network_is_built(tmp_path):
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
        said = Client(hub.url, tmp_path / "home").evaluate(code)
        expired = Client(hub.url, tmp_path / "other", "hf_expired").evaluate(
            TRAIN.format(folder=str(tmp_path / "run"), names=["me/three"])
        )
    assert said["me/three"] == "Built: ", "three pictures will do"
    for name, words in {
        "you/gated": ("gated", "hf auth login"),
        "you/private": ("you/private", "token (`hf auth login`)"),
        "you/missing": ("you/missing", "Give a Hub dataset id"),
        "me/captions": ("no column with images; its columns: caption, url", "data.column"),
        "me/damaged": ("cannot be opened", "corrupted"),
        "me/broken": ("None of the 5 rows", "not readable as an image", "data.column"),
        "me/empty": ("cannot be opened",),
        "nosplit": ("nosplit", "cannot be opened"),
        "column": ("no column 'photo'; it has caption, image",),
    }.items():
        assert said[name].startswith(("ValueError: ", "StreamError: ")), said[name]
        assert all(word in said[name] for word in words), said[name]
    assert "did not accept your token" in expired["me/three"]


READ = """
import time
from train.config import DataConfig
from train.data.order import START, StreamedImages
started = time.monotonic()
rows = StreamedImages(DataConfig(dataset=("me/folder",), shuffle_buffer=4), 0)
answer = {"opened": time.monotonic() - started}
answer["shades"] = sorted(rows.decode(cell).getpixel((0, 0))[0] for _, cell in rows.read(START))
"""


def test_loose_pictures_on_a_stumbling_hub_are_read_again_and_not_taken_for_broken_ones(tmp_path):
    with Hub() as hub:
        put(hub, "me/folder", {f"{value}.png": png(value) for value in (10, 20, 30, 40, 50)})
        hub.fail(path="/revision/", status=429, headers={"Retry-After": "3"})
        hub.fail(path=".png", drop=True, share=0.5, every=2, times=2)
        read = Client(hub.url, tmp_path / "home").evaluate(READ)
        assert not any(fault.times for fault in hub.faults)
    assert read["shades"] == [10, 20, 30, 40, 50]
    assert read["opened"] >= 3, "as long as Retry-After asks for"


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with Bench(tmp_path_factory.mktemp("bench")) as running:
        yield running


@pytest.mark.slow
@pytest.mark.parametrize("name", ["drop", "expired"])
def test_a_disturbed_run_ends_with_the_bits_of_an_undisturbed_one(bench, name):
    (case,) = (case for case in CASES if case.name == name)
    row = bench.try_case(case)
    assert row.same
    assert ("did not accept your token" in row.ended) == (name == "expired")


def test_the_page_keeps_the_lines_of_faults_that_were_not_tried_again(tmp_path):
    page = tmp_path / "faults.md"
    write_page(page, [Row("500", "went through", True, 3), Row("429", "went through", False, 3)])
    again = Row("429", "stopped", True, 3)
    write_page(page, [again])
    assert [text for text in page.read_text().splitlines() if text.startswith("| ")][2:] == [
        "| 500 | went through | the same bits |",
        line(again),
    ]


@pytest.mark.slow
def test_a_killed_run_ends_with_the_bits_of_an_undisturbed_one(bench):
    assert bench.try_kills(1, images=96).same
