"""The model card, and a run's way to the Hub with the real client."""

import dataclasses
import json
import re
import shlex

import pytest
import torch
import yaml
from huggingface_hub import HfApi
from PIL import Image

from inpaint.config import ContextEncoderConfig, FreeFormConfig
from inpaint.generators import build_generator
from inpaint.pretrained import save_generator
from tests.hub.client import Client
from train.card import build_card, may_replace, summary, write_card
from train.config import DataConfig, TrainConfig, to_dict
from train.presets import PRESETS

SMALL = FreeFormConfig(channels=(4, 8, 8), blocks=2, attention_every=1, attention_heads=2, expansion=1)
SCORES = [
    {"method": "ours", "coverage": "strokes", "photo": 0, "psnr": 20.0, "ssim": 0.5, "l1": 2.0, "elp": None},
    {"method": "ours", "coverage": "strokes", "photo": 1, "psnr": 23.0, "ssim": 0.75, "l1": 3.0, "elp": None},
    {"method": "mean fill", "coverage": "strokes", "photo": 0, "psnr": 14.0, "ssim": 0.25, "l1": 9.0, "elp": 0.5},
]


@pytest.fixture
def run_dir(tmp_path):
    """A finished run, with a sample sheet and the scores of an evaluation."""
    run = tmp_path / "runs" / "small"
    (run / "samples").mkdir(parents=True)
    data = DataConfig(dataset=("me/photos:small", "/home/someone/holiday pictures"), resolution=64)
    config = TrainConfig(preset="small", data=data, generator=SMALL, images=200, seed=7)
    (run / "config.json").write_text(json.dumps(to_dict(config)))
    (run / "losses.jsonl").write_text('{"images_seen": 100}\n{"images_seen": 12345}\n')
    (run / "results.json").write_text(json.dumps(SCORES))
    for images, colour in ((0, "black"), (200, "white")):
        Image.new("RGB", (8, 8), colour).save(run / "samples" / f"images-{images:09d}.png")
    torch.manual_seed(0)
    save_generator(build_generator(SMALL), run / "weights")
    return run


def metadata(card: str) -> dict:
    return yaml.safe_load(re.match(r"---\n(.*?)\n---\n", card, re.DOTALL).group(1))


# The card


def test_the_card_says_what_how_from_what_how_good_and_how_far(run_dir):
    card = build_card(run_dir, run_dir / "weights", "me/weights", {"me/photos": "cc0-1.0"})
    for heading in ("Use", "Training data and licences", "Recipe", "Results", "Limits"):
        assert f"\n## {heading}\n" in card
    assert 'Inpainter.from_pretrained("me/weights")' in card
    assert "[me/photos](https://huggingface.co/datasets/me/photos): cc0-1.0" in card
    assert "| Pictures seen | 12,345 |" in card
    everywhere, few = card.split("## Results")[1].split("on 1 of these photos")
    assert "| **these weights** | 21.50 | 0.625 | 2.50 |  |" in everywhere
    assert "mean fill" not in everywhere
    # beside a method that ran on one photo only, ours are the figures of that photo too
    assert "| **these weights** | 20.00 | 0.500 | 2.00 |  |" in few
    assert "| mean fill | 14.00 | 0.250 | 9.00 | 0.500 |" in few


def test_the_use_section_is_python_that_compiles_in_five_lines(run_dir):
    code = re.search(r"```python\n(.*?)```", build_card(run_dir, run_dir / "weights", None), re.DOTALL).group(1)
    compile(code, "card", "exec")
    assert len([line for line in code.splitlines() if line]) == 5
    assert "Inpainter.from_pretrained()" in code


def test_the_metadata_names_licence_datasets_and_our_results(run_dir):
    found = metadata(build_card(run_dir, run_dir / "weights", "me/weights"))
    assert (found["license"], found["pipeline_tag"]) == ("other", "image-to-image")
    assert found["datasets"] == ["me/photos"]
    (result,) = found["model-index"][0]["results"]
    values = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert values == {"psnr": 21.5, "ssim": 0.625, "l1": 2.5}


def test_the_card_shows_no_path_of_the_machine_and_takes_no_folder_for_a_dataset(run_dir, monkeypatch):
    (run_dir / "me" / "photos").mkdir(parents=True)
    monkeypatch.chdir(run_dir)
    assert "datasets" not in metadata(build_card(run_dir, run_dir / "weights", "me/weights"))
    monkeypatch.undo()
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    assert "`holiday pictures`" in card
    assert "/home" not in card
    assert str(run_dir) not in card


@pytest.mark.parametrize(
    ("region", "said"), [("center", "It knows one kind of hole"), ("full", "It sees 128x128 pixels")]
)
def test_the_card_of_a_context_encoder_says_what_it_is_good_for_and_has_the_papers_figures(run_dir, region, said):
    generator = ContextEncoderConfig(channels=4, bottleneck_channels=8, region=region)
    save_generator(build_generator(generator), run_dir / "weights")
    paper = dataclasses.replace(PRESETS["context-encoder"][1], generator=generator)
    (run_dir / "config.json").write_text(json.dumps(to_dict(paper)))
    (run_dir / "results.json").write_text(json.dumps([score | {"coverage": "central"} for score in SCORES]))
    card = build_card(run_dir, run_dir / "weights", "me/context-encoder")
    assert "after Context Encoders (Pathak et al. 2016" in card
    assert said in card.split("## Limits")[1]
    assert "128x128, the central square of half the side is the hole" in card
    assert "| Losses | reconstruction l2 x 0.999, adversarial bce x 0.001 |" in card
    assert "Weight average" not in card
    assert metadata(card)["datasets"] == ["frgfm/imagenette"]


def test_a_card_without_results_or_config_says_so(run_dir):
    (run_dir / "results.json").unlink()
    (run_dir / "config.json").unlink()
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    assert "Not measured yet" in card
    assert "Not recorded." in card
    assert "model-index" not in metadata(card)


def test_the_last_sample_sheet_becomes_the_picture_of_the_card(run_dir):
    assert write_card(run_dir, run_dir / "weights", "me/weights")
    assert "![Sample sheet](samples.png)" in (run_dir / "weights" / "README.md").read_text()
    with Image.open(run_dir / "weights" / "samples.png") as picture:
        assert picture.getpixel((0, 0)) == (255, 255, 255)


def test_a_card_is_replaced_unless_a_person_changed_it(run_dir):
    readme = run_dir / "weights" / "README.md"
    write_card(run_dir, run_dir / "weights")
    assert write_card(run_dir, run_dir / "weights", "me/weights")
    assert 'from_pretrained("me/weights")' in readme.read_text()
    edited = readme.read_text().replace("## Limits", "## Limits\n\nNot for cats.")
    readme.write_text(edited)
    assert not write_card(run_dir, run_dir / "weights", "me/weights")
    assert readme.read_text() == edited


def test_only_a_card_of_ours_or_an_empty_one_may_be_replaced(run_dir):
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    assert may_replace(card)
    assert may_replace(card.replace("\n", "\r\n"))
    assert may_replace("---\nlicense: mit\n---\n")
    assert not may_replace("---\nlicense: mit\n---\n# My own words\n")
    assert not may_replace(card.replace("license: other", "license: mit"))
    assert not may_replace(card + "More words.\n")


def test_the_summary_takes_means_and_leaves_unmeasured_values_out():
    assert summary(SCORES)["strokes"]["ours"] == {"psnr": 21.5, "ssim": 0.625, "l1": 2.5, "photos": 2}


# The Hub


@pytest.fixture
def api(hub):
    return HfApi(endpoint=hub.url, token="hf_me")


def run_publish(client, *args, code=0):
    done = client.run("-m", "train.publish", *args, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert not re.search(r"hf_(me|you|reader|expired)", done.stdout + done.stderr)
    return done.stdout + done.stderr


def test_a_run_is_published_as_one_commit_and_loads_with_the_same_weights(hub, client, api, run_dir, tmp_path):
    api.create_repo("me/photos", repo_type="dataset")
    api.upload_file(
        repo_id="me/photos",
        repo_type="dataset",
        path_in_repo="README.md",
        path_or_fileobj=b"---\nlicense: cc0-1.0\n---\n",
    )
    said = run_publish(client, run_dir, "me/weights", "--tag", "v1")
    assert f"Published: {hub.url}/me/weights at " in said
    commits = api.list_repo_commits("me/weights")
    assert [commit.title for commit in commits] == ["Weights and model card", "initial commit"]
    files = {".gitattributes", "README.md", "config.json", "model.safetensors", "samples.png"}
    assert set(api.list_repo_files("me/weights", revision="v1")) == files
    with open(api.hf_hub_download("me/weights", "model.safetensors", cache_dir=tmp_path), "rb") as file:
        assert file.read() == (run_dir / "weights" / "model.safetensors").read_bytes()
    card = (run_dir / "weights" / "README.md").read_text()
    assert "datasets/me/photos): cc0-1.0" in card
    assert api.model_info("me/weights").card_data["pipeline_tag"] == "image-to-image"

    run_publish(client, run_dir / "weights", "me/weights", "--tag", "v1")
    assert len(api.list_repo_commits("me/weights")) == 2


def test_a_card_edited_on_the_hub_survives_the_next_upload(client, api, run_dir, tmp_path):
    run_publish(client, run_dir, "me/weights")
    edited = (run_dir / "weights" / "README.md").read_bytes().replace(b"## Limits", b"## Limits\n\nNot for cats.")
    api.upload_file(repo_id="me/weights", path_in_repo="README.md", path_or_fileobj=edited)
    torch.manual_seed(1)
    save_generator(build_generator(SMALL), run_dir / "weights")
    assert "changed by hand" in run_publish(client, run_dir, "me/weights")
    with open(api.hf_hub_download("me/weights", "README.md", cache_dir=tmp_path), "rb") as file:
        assert file.read() == edited
    with open(api.hf_hub_download("me/weights", "model.safetensors", cache_dir=tmp_path), "rb") as file:
        assert file.read() == (run_dir / "weights" / "model.safetensors").read_bytes()


def test_a_stumbling_hub_is_asked_again_and_a_down_one_leaves_a_command_that_finishes(hub, client, api, run_dir):
    stumble = [
        hub.fail(path="/api/repos/create"),
        hub.fail(path="/commit/", times=2),
    ]
    run_publish(client, run_dir, "me/weights")
    assert [fault.times for fault in stumble] == [0, 0]

    before = {path: path.read_bytes() for path in run_dir.rglob("*") if path.is_file()}
    down = hub.fail(path="/commit/", times=1000)
    said = run_publish(client, run_dir, "me/second", "--private", "--tag", "v1", code=1)
    assert "The Hub answered 503" in said
    assert {path: path.read_bytes() for path in before if path.name != "README.md"}.items() <= before.items()
    down.times = 0
    command = shlex.split(said.strip().splitlines()[-1])
    assert command == ["python", "-m", "train.publish", str(run_dir), "me/second", "--private", "--tag", "v1"]
    run_publish(client, *command[3:])
    assert api.model_info("me/second").private
    assert "model.safetensors" in api.list_repo_files("me/second", revision="v1")


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}])
def test_a_lost_answer_makes_no_second_commit(hub, client, api, run_dir, fault):
    """The commit happens, but its answer is lost: the next try finds everything in place."""
    api.create_repo("me/weights")

    def commit_first():
        files = [p for p in (run_dir / "weights").iterdir() if not p.name.startswith(".")]
        for path in files:
            api.upload_file(repo_id="me/weights", path_in_repo=path.name, path_or_fileobj=path)

    hub.fail(method="POST", path="/commit/", before=commit_first, **fault)
    run_publish(client, run_dir, "me/weights")
    assert "Weights and model card" not in [commit.title for commit in api.list_repo_commits("me/weights")]


def test_refusals_say_what_to_do_and_never_show_the_token(hub, api, run_dir, tmp_path):
    api.create_repo("me/public")
    hub.fail(path="/api/models/me/echo", status=403, message="hf_me is not enough")
    code = f"""
import os
from train.publish import PublishError, publish
def tried(token, repo_id, **options):
    os.environ["HF_TOKEN"] = token
    try:
        return publish({str(run_dir)!r}, repo_id, **options).url
    except PublishError as error:
        return str(error)
answer = {{
    "expired": tried("hf_expired", "me/weights"), "nobody": tried("", "me/weights"),
    "foreign": tried("hf_you", "me/public"), "reader": tried("hf_reader", "me/public"),
    "namespace": tried("hf_you", "me/new"), "public": tried("hf_me", "me/public", private=True),
    "id": tried("hf_me", "not an id"), "odd": tried("hf_\\u00e9odd", "me/weights"),
    "echo": tried("hf_me", "me/echo"),
}}
"""
    said = Client(hub.url, tmp_path / "home").evaluate(code)
    assert "did not accept your token: sign in with `hf auth login`" in said["expired"]
    assert "does not know who you are: sign in with `hf auth login`" in said["nobody"]
    for case in ("foreign", "reader", "namespace"):
        assert "Your token may not write to me/" in said[case]
    assert "a character that no token has" in said["odd"]
    assert "<token> is not enough" in said["echo"]
    assert "is public: make it private" in said["public"]
    assert "not a repository id" in said["id"]
    for case in ("expired", "nobody", "foreign", "public", "odd"):
        assert f"python -m train.publish {run_dir} me/" in said[case]
        assert str(run_dir / "weights") in said[case]
    assert not re.search(r"hf_(you|me|reader|expired|.odd)", json.dumps(said))


def test_metadata_that_the_hub_refuses_is_named(hub, client, run_dir):
    config = json.loads((run_dir / "config.json").read_text())
    (run_dir / "config.json").write_text(json.dumps({**config, "license": ["mit"]}))
    said = run_publish(client, run_dir, "me/weights", code=1)
    assert "Invalid metadata in README.md" in said
    assert '"license" must be a string' in said


def test_without_weights_or_network_it_is_said_at_once(run_dir, tmp_path):
    client = Client("http://127.0.0.1:9", tmp_path / "home")
    assert "There are no weights to publish" in run_publish(client, tmp_path, "me/weights", code=1)
    assert "The Hub cannot be reached" in run_publish(client, run_dir, "me/weights", code=1)
