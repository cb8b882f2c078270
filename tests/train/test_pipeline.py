"""The whole pipeline over HTTP, with the real clients: a dataset on a Hub, training, publishing, loading, filling."""

import json
import re
import subprocess
import time
import urllib.request
from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi

from tests.hub import Hub
from tests.hub.client import Client
from tests.ports import free_port

PHOTOS, IMAGES = 24, 96

PUSH_PHOTOS = f"""
import numpy as np, PIL.Image
from datasets import Dataset, Image
rng, photos = np.random.default_rng(0), []
for number in range({PHOTOS}):
    coarse = PIL.Image.fromarray(rng.integers(0, 256, (5, 6, 3), dtype=np.uint8))
    photos.append(coarse.resize((96 + number, 80), PIL.Image.Resampling.BICUBIC))
Dataset.from_dict({{"image": photos}}).cast_column("image", Image()).push_to_hub("me/photos", num_shards=2)
answer = None
"""

FILL = """
import hashlib
import numpy as np, PIL.Image
from inpaint import Inpainter
photo = np.random.default_rng(1).integers(0, 256, (90, 130, 3), dtype=np.uint8)
mask = np.zeros((90, 130), np.uint8)
mask[30:60, 40:90] = 255
answer = []
for name in {names!r}:
    inpainter = Inpainter.from_pretrained(name)
    filled = np.asarray(inpainter(PIL.Image.fromarray(photo), PIL.Image.fromarray(mask)))
    answer.append({{
        "source": inpainter.source,
        "known_pixels_kept": bool((filled == photo)[mask == 0].all()),
        "changed_share": float((filled != photo).any(-1)[mask > 0].mean()),
        "sha256": hashlib.sha256(filled.tobytes()).hexdigest(),
    }})
"""


def train_command(run_dir, *more):
    length = ["--images", IMAGES, "--checkpoint-every", 16, "--log-every", 4, "--sample-every", 48]
    small = ["--data.resolution", 32]
    return ["-m", "train", "tiny", "--data.dataset", "me/photos", "--run-dir", run_dir, *small, *length, *more]


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    """A Hub with a dataset and a model that was trained on it, each pushed from another machine."""
    home = tmp_path_factory.mktemp("pipeline")
    with Hub() as hub:
        Client(hub.url, home / "owner").evaluate(PUSH_PHOTOS)
        run_dir = home / "run"
        trainer = Client(hub.url, home / "trainer")
        output = trainer.run(*train_command(run_dir, "--push-to-hub", "me/weights"), timeout_s=300).stdout
        api = HfApi(endpoint=hub.url, token="hf_me")
        yield SimpleNamespace(hub=hub, home=home, api=api, run_dir=run_dir, output=output)


def test_training_streams_the_dataset_and_publishes_the_weights(pipeline):
    assert f"{pipeline.hub.url}/me/weights" in pipeline.output
    assert pipeline.hub.called("GET", "/datasets/me/photos/resolve/") >= 2
    published = {"README.md", "config.json", "model.safetensors", "samples.png"}
    assert published <= set(pipeline.api.list_repo_files("me/weights"))
    path = pipeline.api.hf_hub_download("me/weights", "model.safetensors", cache_dir=pipeline.home / "reader")
    with open(path, "rb") as file:
        assert file.read() == (pipeline.run_dir / "weights" / "model.safetensors").read_bytes()
    assert pipeline.api.model_info("me/weights").card_data["datasets"] == ["me/photos"]


def test_the_run_leaves_losses_sheets_and_curves(pipeline):
    lines = [json.loads(line) for line in (pipeline.run_dir / "losses.jsonl").read_text().splitlines()]
    assert lines[-1]["images_seen"] == IMAGES
    sheets = sorted(path.name for path in (pipeline.run_dir / "samples").iterdir())
    assert sheets == [f"images-{images:09d}.png" for images in (0, 48, 96)]
    assert (pipeline.run_dir / "losses.png").stat().st_size > 1000


def test_another_machine_loads_the_weights_and_fills_a_hole(pipeline):
    machine = Client(pipeline.hub.url, pipeline.home / "reader", token=None)
    published, local = machine.evaluate(FILL.format(names=["me/weights", str(pipeline.run_dir / "weights")]))
    assert published["source"] == f"me/weights@{pipeline.api.model_info('me/weights').sha}"
    assert published["known_pixels_kept"]
    assert published["changed_share"] > 0.9
    assert local["sha256"] == published["sha256"]


def test_a_run_that_is_killed_and_resumed_ends_with_the_same_bytes(pipeline):
    run_dir = pipeline.home / "killed"
    trainer = Client(pipeline.hub.url, pipeline.home / "trainer")
    with trainer.start(*train_command(run_dir), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        losses = run_dir / "losses.jsonl"
        while process.poll() is None and not (losses.exists() and losses.read_text().count("\n") >= 10):
            time.sleep(0.005)
        process.kill()
    assert process.returncode == -9, "the run ended before it could be killed"
    assert json.loads(losses.read_text().splitlines()[-1])["images_seen"] < IMAGES
    trainer.run(*train_command(run_dir), timeout_s=300)
    for name in ("model.safetensors", "config.json"):
        assert (run_dir / "weights" / name).read_bytes() == (pipeline.run_dir / "weights" / name).read_bytes()


def test_the_page_serves_published_weights(pipeline):
    sha = pipeline.api.model_info("me/weights").sha
    html, status = visit(pipeline, "me/weights", sha)
    assert "me/weights" in html
    assert re.search(r'"about":\s*""', html), "these weights have no limitation to state"
    assert (status["weights"], status["revision"]) == ("me/weights", sha)


def test_a_context_encoder_is_trained_published_and_loaded_like_other_weights(pipeline):
    trainer = Client(pipeline.hub.url, pipeline.home / "trainer")
    run_dir, small = pipeline.home / "paper", ["--generator.channels", 4, "--generator.bottleneck-channels", 8]
    length = ["--epochs", 1, "--data.batch-size", 8, "--device", "cpu", "--run-dir", run_dir]
    command = ["-m", "train", "context-encoder", "--data.dataset", "me/photos", *small, *length]
    trainer.run(*command, "--push-to-hub", "me/paper", timeout_s=300)
    sheets = {path.name for path in (run_dir / "samples").glob("epoch-*")}
    assert sheets == {"epoch-0000.png", "epoch-0001.png"}
    machine = Client(pipeline.hub.url, pipeline.home / "reader", token=None)
    (published,) = machine.evaluate(FILL.format(names=["me/paper"]))
    assert published["known_pixels_kept"] and published["changed_share"] > 0.9


def visit(pipeline, model_id: str, revision: str) -> tuple[str, dict]:
    """Start the page with a model on another machine; return its HTML and its response to /status."""
    machine = Client(pipeline.hub.url, pipeline.home / "page", token=None)
    port = free_port()
    machine.env.update(MODEL_ID=model_id, MODEL_REVISION=revision, GRADIO_SERVER_PORT=str(port))
    address = f"http://127.0.0.1:{port}"
    with machine.start("app.py", stdout=subprocess.DEVNULL) as page:
        try:
            html = wait_for(address, page)
            status = machine.evaluate(
                "from gradio_client import Client\n"
                f"answer = Client({address!r}, verbose=False).predict(api_name='/status')"
            )
        finally:
            page.terminate()
    return html, status


def wait_for(address: str, process: subprocess.Popen, seconds: float = 90) -> str:
    """Return the page's HTML as soon as the server responds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address) as answer:
                return answer.read().decode()
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"no page at {address}")


def test_published_weights_are_measured_on_photos_of_the_hub(pipeline):
    pytest.importorskip("cv2")
    arguments = ["--data", "me/photos", "--split", "train", "--images", 2, "--slow-images", 0]
    evaluator = Client(pipeline.hub.url, pipeline.home / "evaluator")
    commit = pipeline.api.model_info("me/weights").sha
    table = evaluator.run("-m", "train.evaluate", f"me/weights@{commit}", *arguments, timeout_s=200).stdout
    assert table.count("| ours |") == 3
    assert table.count("| OpenCV Telea |") == 3


PUSH_SUBSETS = """
import PIL.Image
from datasets import Dataset, Image
for subset, count in (("small", 2), ("large", 5)):
    photos = [PIL.Image.new("RGB", (40, 30)) for _ in range(count)]
    Dataset.from_dict({"image": photos}).cast_column("image", Image()).push_to_hub("me/subsets", subset)
answer = None
"""


def test_a_subset_of_a_dataset_is_named_after_a_colon(hub, client):
    client.evaluate(PUSH_SUBSETS)
    names = ["me/subsets:small", "me/subsets:large"]
    count = f"from train.data.datasets import iter_photos; answer = [len(list(iter_photos(name))) for name in {names}]"
    assert client.evaluate(count) == [2, 5]
