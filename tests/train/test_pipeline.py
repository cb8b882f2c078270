"""The whole circle over HTTP, with the real clients: a dataset on a Hub, training, publishing, pulling, filling."""

import json
import re
import socket
import subprocess
import time
import urllib.request
from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi

from tests.hub import Hub
from tests.hub.client import Client

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
inpainter = Inpainter.from_pretrained({name!r})
filled = np.asarray(inpainter(PIL.Image.fromarray(photo), PIL.Image.fromarray(mask)))
answer = {{
    "source": inpainter.source,
    "outside": bool((filled == photo)[mask == 0].all()),
    "changed": float((filled != photo).any(-1)[mask > 0].mean()),
    "filled": hashlib.sha256(filled.tobytes()).hexdigest(),
}}
"""


def train_command(run_dir, *more):
    length = ["--images", IMAGES, "--checkpoint-every", 16, "--log-every", 4, "--sample-every", 48]
    small = ["--data.resolution", 32]
    return ["-m", "train", "tiny", "--data.dataset", "me/photos", "--run-dir", run_dir, *small, *length, *more]


@pytest.fixture(scope="module")
def circle(tmp_path_factory):
    """A Hub on which a dataset was pushed and a model was trained from it, each on a machine of its own."""
    home = tmp_path_factory.mktemp("circle")
    with Hub() as hub:
        Client(hub.url, home / "owner").evaluate(PUSH_PHOTOS)
        run_dir = home / "run"
        trainer = Client(hub.url, home / "trainer")
        output = trainer.run(*train_command(run_dir, "--push-to-hub", "me/weights"), timeout_s=300).stdout
        api = HfApi(endpoint=hub.url, token="hf_me")
        yield SimpleNamespace(hub=hub, home=home, api=api, run_dir=run_dir, output=output)


def test_training_streams_the_dataset_and_publishes_the_weights(circle):
    assert f"{circle.hub.url}/me/weights" in circle.output
    assert circle.hub.called("GET", "/datasets/me/photos/resolve/") >= 2
    published = {"README.md", "config.json", "model.safetensors", "samples.png"}
    assert published <= set(circle.api.list_repo_files("me/weights"))
    path = circle.api.hf_hub_download("me/weights", "model.safetensors", cache_dir=circle.home / "judge")
    with open(path, "rb") as file:
        assert file.read() == (circle.run_dir / "weights" / "model.safetensors").read_bytes()
    assert circle.api.model_info("me/weights").card_data["datasets"] == ["me/photos"]


def test_the_run_leaves_losses_sheets_and_curves(circle):
    lines = [json.loads(line) for line in (circle.run_dir / "losses.jsonl").read_text().splitlines()]
    assert lines[-1]["images_seen"] == IMAGES
    sheets = sorted(path.name for path in (circle.run_dir / "samples").iterdir())
    assert sheets == [f"images-{images:09d}.png" for images in (0, 48, 96)]
    assert (circle.run_dir / "losses.png").stat().st_size > 1000


def test_a_fresh_machine_pulls_the_weights_and_fills_a_hole(circle):
    machine = Client(circle.hub.url, circle.home / "stranger", token=None)
    pulled = machine.evaluate(FILL.format(name="me/weights"))
    assert pulled["source"] == f"me/weights@{circle.api.model_info('me/weights').sha}"
    assert pulled["outside"]
    assert pulled["changed"] > 0.9
    local = machine.evaluate(FILL.format(name=str(circle.run_dir / "weights")))
    assert local["filled"] == pulled["filled"]


def test_a_training_that_is_killed_and_started_again_ends_with_the_same_bytes(circle):
    run_dir = circle.home / "killed"
    trainer = Client(circle.hub.url, circle.home / "trainer")
    with trainer.start(*train_command(run_dir), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        losses = run_dir / "losses.jsonl"
        while process.poll() is None and not (losses.exists() and losses.read_text().count("\n") >= 10):
            time.sleep(0.005)
        process.kill()
    assert process.returncode == -9, "the training was over before it could be killed"
    assert json.loads(losses.read_text().splitlines()[-1])["images_seen"] < IMAGES
    trainer.run(*train_command(run_dir), timeout_s=300)
    for name in ("model.safetensors", "config.json"):
        assert (run_dir / "weights" / name).read_bytes() == (circle.run_dir / "weights" / name).read_bytes()


def test_the_page_started_with_the_model_says_so_and_fills_with_it(circle):
    sha = circle.api.model_info("me/weights").sha
    html, status = visit(circle, "me/weights", sha)
    assert "me/weights" in html
    assert re.search(r'"about":\s*""', html), "these weights are for any photo"
    assert (status["weights"], status["revision"]) == ("me/weights", sha)


def test_a_context_encoder_is_trained_published_and_served_like_any_other_weights(circle):
    trainer = Client(circle.hub.url, circle.home / "trainer")
    run_dir, small = circle.home / "paper", ["--generator.channels", 4, "--generator.bottleneck-channels", 8]
    length = ["--epochs", 1, "--data.batch-size", 8, "--device", "cpu", "--run-dir", run_dir]
    command = ["-m", "train", "context-encoder", "--data.dataset", "me/photos", *small, *length]
    trainer.run(*command, "--push-to-hub", "me/paper", timeout_s=300)
    sheets = {path.name for path in (run_dir / "samples").glob("epoch-*")}
    assert sheets == {"epoch-0000.png", "epoch-0001.png"}
    card = circle.api.hf_hub_download("me/paper", "README.md", cache_dir=circle.home / "judge")
    with open(card, encoding="utf-8") as file:
        assert "It was trained on one kind of hole" in file.read()
    pulled = Client(circle.hub.url, circle.home / "stranger", token=None).evaluate(FILL.format(name="me/paper"))
    assert pulled["outside"] and pulled["changed"] > 0.9
    html, status = visit(circle, "me/paper", circle.api.model_info("me/paper").sha)
    assert re.search(r'"about":\s*"about_center"', html)
    assert status["weights"] == "me/paper"


def visit(circle, model_id: str, revision: str) -> tuple[str, dict]:
    """Start the page with a model on a machine of its own: its HTML, and its answer to /status."""
    machine = Client(circle.hub.url, circle.home / "page", token=None)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
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
    """The page's HTML, once the server answers."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address) as answer:
                return answer.read().decode()
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"no page at {address}")


def test_published_weights_are_measured_on_photos_of_the_hub(circle):
    pytest.importorskip("cv2")
    arguments = ["--data", "me/photos", "--split", "train", "--images", 2, "--slow-images", 0]
    judge = Client(circle.hub.url, circle.home / "evaluator")
    commit = circle.api.model_info("me/weights").sha
    table = judge.run("-m", "train.evaluate", f"me/weights@{commit}", *arguments, timeout_s=200).stdout
    assert table.count("| ours |") == 3
    assert table.count("| OpenCV Telea |") == 3
    wrong = judge.run("-m", "train.evaluate", "me/weights@nowhere", *arguments, check=False)
    assert wrong.returncode != 0
    assert "nowhere" in wrong.stderr


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
    count = "from train.data.datasets import iter_photos; answer = len(list(iter_photos({!r})))"
    assert client.evaluate(count.format("me/subsets:small")) == 2
    assert client.evaluate(count.format("me/subsets:large")) == 5
