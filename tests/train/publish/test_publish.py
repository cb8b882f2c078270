"""The model card, and a run's way to the Hub with the real client."""

import dataclasses
import json
import re
import shlex
import shutil

import pytest
import torch
import yaml
from huggingface_hub import HfApi
from PIL import Image

from inpaint.hub.weights import save_generator
from inpaint.networks.config import ContextEncoderConfig, FreeFormConfig
from inpaint.networks.generators import build_generator
from tests.hub.client import Client
from train.config import DataConfig, TrainConfig, to_dict
from train.evaluate.results import mean_scores
from train.presets import PRESETS
from train.publish.card import build_card, write_card
from train.publish.card_merge import merge

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


@pytest.mark.parametrize(
    ("init_from", "told"),
    [
        ("bundled", "the weights bundled with the program"),
        ("me/weights@v1", "me/weights@v1"),
        ("/home/someone/runs/first/weights", "the weights of first"),
    ],
)
def test_the_card_tells_what_a_run_went_on_from(run_dir, init_from, told):
    values = json.loads((run_dir / "config.json").read_text())
    values |= {"init_from": init_from, "discriminator_learning_rate": 2e-5}
    assert "Started from" not in build_card(run_dir, run_dir / "weights", None)
    (run_dir / "config.json").write_text(json.dumps(values))
    card = build_card(run_dir, run_dir / "weights", None)
    assert f"| Started from | {told} |" in card and "someone" not in card
    assert "| Discriminator's learning rate | 2e-05 |" in card


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
    write_card(run_dir, run_dir / "weights", "me/weights")
    assert "![Sample sheet](samples.png)" in (run_dir / "weights" / "README.md").read_text()
    with Image.open(run_dir / "weights" / "samples.png") as picture:
        assert picture.getpixel((0, 0)) == (255, 255, 255)


def test_a_card_that_nobody_touched_is_written_anew(run_dir):
    assert write_card(run_dir, run_dir / "weights") == ()
    assert write_card(run_dir, run_dir / "weights", "me/weights", existing="") == ()
    fresh = (run_dir / "weights" / "README.md").read_text()
    assert 'from_pretrained("me/weights")' in fresh
    assert merge(fresh, fresh).text == fresh
    assert merge(fresh.replace("\n", "\r\n"), fresh).text == fresh


def later_card(run_dir):
    """The card of the run after it went on and was measured again, on another dataset."""
    (run_dir / "losses.jsonl").write_text('{"images_seen": 99999}\n')
    (run_dir / "results.json").write_text(json.dumps([score | {"psnr": 30.0} for score in SCORES]))
    config = json.loads((run_dir / "config.json").read_text())
    config["data"]["dataset"] = ["you/holidays"]
    (run_dir / "config.json").write_text(json.dumps(config))
    return build_card(run_dir, run_dir / "weights", "me/weights")


def test_a_persons_words_stay_where_they_are_and_the_rest_is_renewed(run_dir):
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    edited = card.replace("# me/weights: weights that fill holes in photographs", "# Grandma's album, restored")
    edited = (
        edited.replace("## Limits\n\n", "## What it cannot do\n\nNot for cats.\n\n").rstrip() + "\n\nWrite to me.\n"
    )
    fresh = later_card(run_dir)
    text, kept = merge(edited, fresh)
    assert kept == ()
    for words in ("# Grandma's album, restored", "## What it cannot do\n\nNot for cats.\n\n<!-- generated: limits"):
        assert words in text
    assert text.endswith("\n\nWrite to me.\n")
    assert "| Pictures seen | 99,999 |" in text
    assert "12,345" not in text
    assert "| **these weights** | 30.00 |" in text
    assert "21.50" not in text
    assert merge(text, fresh).text == text, "a second time changes nothing"


def test_changes_inside_a_generated_part_are_kept_and_told_but_figures_are_brought_up_to_date(run_dir):
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    edited = card.replace("do not use it as evidence", "never use it as evidence")
    edited = edited.replace("| Seed | 7 |", "| Seed | 7, my lucky number |")
    text, kept = merge(edited, later_card(run_dir))
    assert kept == ("recipe", "limits")
    assert "never use it as evidence" in text
    assert "do not use it as evidence" not in text
    assert text.index("my lucky number") < text.index("| Pictures seen | 99,999 |")


def test_parts_that_a_person_has_deleted_stay_away(run_dir):
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    start, end = card.index("## Limits"), card.index("<!-- end of limits -->") + len("<!-- end of limits -->")
    text, _ = merge(card[:start] + card[end:], later_card(run_dir))
    assert "evidence" not in text
    assert "99,999" in text


def test_a_card_of_a_persons_own_gets_the_generated_parts_below_it(run_dir):
    own = "---\nlicense: mit\n---\n# My model\n\nMy own words.\n"
    fresh = later_card(run_dir)
    text, _ = merge(own, fresh)
    assert text.index("# My model\n\nMy own words.\n\n") < text.index("<!-- generated: about")
    assert "weights that fill holes in photographs\n" not in text.replace("## ", "")
    assert merge(text, fresh).text == text
    assert "# me/weights" in merge("---\nlicense: mit\n---\n", fresh).text


def test_metadata_is_merged(run_dir):
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    found = metadata(card)
    found |= {"license": "mit", "language": "en", "pipeline_tag": "image-feature-extraction"}
    del found["license_name"]
    found["tags"].insert(0, "cats")
    found["datasets"].append("someone/else")
    results = found["model-index"][0]["results"]
    results.append({"task": {"type": "other"}, "dataset": {"type": "mine"}, "metrics": [{"type": "fid", "value": 1}]})
    edited = f"---\n{yaml.safe_dump(found)}---\n{card.split('---', 2)[2]}"
    merged = metadata(merge(edited, later_card(run_dir)).text)
    assert (merged["license"], merged["language"]) == ("mit", "en")
    assert "license_name" not in merged
    assert merged["pipeline_tag"] == "image-feature-extraction"
    assert merged["tags"][0] == "cats"
    assert "inpainting" in merged["tags"]
    assert merged["datasets"] == ["someone/else", "you/holidays"]
    ours, theirs = merged["model-index"][0]["results"]
    assert ours["metrics"][0] == {"type": "psnr", "name": "PSNR, dB, over the hole", "value": 30.0}
    assert theirs["dataset"]["type"] == "mine"
    (run_dir / "results.json").unlink()
    unmeasured = metadata(merge(card, build_card(run_dir, run_dir / "weights", "me/weights")).text)
    assert "model-index" not in unmeasured, "the figures were those of other weights"


def test_metadata_that_is_no_yaml_is_left_to_a_person(run_dir):
    with pytest.raises(ValueError, match="mend it first"):
        merge("---\nlicense: [mit\n---\nWords\n", build_card(run_dir, run_dir / "weights", "me/weights"))


def test_the_summary_takes_means_and_leaves_unmeasured_values_out():
    assert mean_scores(SCORES)["strokes"]["ours"] == {"psnr": 21.5, "ssim": 0.625, "l1": 2.5, "photos": 2}


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


def other_weights(run_dir, seed, grey=0.0):
    """New weights in the run's folder; with `grey` all their fills are too bright."""
    torch.manual_seed(seed)
    generator = build_generator(SMALL)
    with torch.no_grad():
        generator.to_rgb.bias.add_(grey)
    save_generator(generator, run_dir / "weights")


def download(api, tmp_path, name, revision=None):
    with open(api.hf_hub_download("me/weights", name, revision=revision, cache_dir=tmp_path), "rb") as file:
        return file.read()


def test_a_card_edited_on_the_hub_is_updated_and_the_weights_before_stay_under_a_tag(client, api, run_dir, tmp_path):
    run_publish(client, run_dir, "me/weights")
    before = (run_dir / "weights" / "model.safetensors").read_bytes()
    card = (run_dir / "weights" / "README.md").read_bytes().replace(b"## Limits\n", b"## Limits\n\nNot for cats.\n")
    card = card.replace(b"license: other", b"license: mit").replace(b"as evidence", b"as proof")
    edit = api.upload_file(repo_id="me/weights", path_in_repo="README.md", path_or_fileobj=card).oid
    other_weights(run_dir, 1)
    (run_dir / "losses.jsonl").write_text('{"images_seen": 777}\n')
    said = run_publish(client, run_dir, "me/weights")
    assert "changed by hand and kept: limits" in said
    text = download(api, tmp_path, "README.md").decode()
    for words in ("Not for cats.", "license: mit", "as proof", "| Pictures seen | 777 |"):
        assert words in text
    assert download(api, tmp_path, "model.safetensors") == (run_dir / "weights" / "model.safetensors").read_bytes()
    assert f"kept at tag weights-{edit[:8]}" in said
    assert download(api, tmp_path, "model.safetensors", f"weights-{edit[:8]}") == before
    commit = api.list_repo_commits("me/weights")[0]
    assert f"The weights before are at tag weights-{edit[:8]}." in commit.message
    run_publish(client, run_dir, "me/weights")
    assert len(api.list_repo_refs("me/weights").tags) == 1, "nothing was replaced"


@pytest.fixture
def held_out(tmp_path, run_dir):
    """A dataset with a validation split, which the run is said to have been trained on."""
    folder = tmp_path / "pictures"
    for split in ("train", "validation"):
        (folder / split).mkdir(parents=True)
        ramp = Image.linear_gradient("L").resize((64, 64))
        Image.merge("RGB", (ramp, ramp.rotate(90), ramp)).save(folder / split / "a.png")
    config = json.loads((run_dir / "config.json").read_text())
    config["data"]["dataset"] = [str(folder)]
    (run_dir / "config.json").write_text(json.dumps(config))
    (run_dir / "results.json").unlink()
    return folder


PUBLISH_EACH = """
import contextlib, io, shutil
from train.publish.__main__ import main
answer = []
for weights, arguments in {steps!r}:
    shutil.copyfile(weights, {target!r})
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main(arguments)
    answer.append([code, said.getvalue()])
"""


def test_old_and_new_metrics_stand_in_the_commit_and_only_better_weights_are_published_if_so_wanted(
    client, api, run_dir, held_out, tmp_path
):
    target, versions = run_dir / "weights" / "model.safetensors", {}
    for name, grey in (("bad", 0.5), ("good", 0.0), ("worse", 0.3)):
        other_weights(run_dir, 0, grey)
        versions[name] = str(target.rename(tmp_path / name))
    shutil.copyfile(versions["bad"], target)
    command = [str(run_dir), "me/weights", "--if-better"]
    nowhere = [*command, "--held-out", f"{held_out}@nosplit"]
    alone = tmp_path / "alone"  # a run whose dataset has no held-out split
    shutil.copytree(run_dir, alone)
    config = json.loads((run_dir / "config.json").read_text())
    config["data"]["dataset"] = [str(held_out / "train")]
    (alone / "config.json").write_text(json.dumps(config))
    steps = [(versions["bad"], command), (versions["good"], command), (versions["worse"], command),
             (versions["worse"], nowhere), (versions["worse"], [str(alone), *command[1:]])]  # fmt: skip
    first, second, third, fourth, fifth = client.evaluate(PUBLISH_EACH.format(steps=steps, target=str(target)))
    assert first[0] == 0 and "there were none before" in first[1]
    assert second[0] == 0 and "| PSNR, dB (higher is better) |" in second[1]
    assert third[0] == 0 and "Not published" in third[1]
    assert fourth[0] == 1 and "nosplit" in fourth[1]
    assert shlex.split(fourth[1].strip().splitlines()[-1])[-3:] == [*nowhere[-2:], "--if-better"]
    assert fifth[0] == 1 and "there are no held-out photos to compare on" in fifth[1]

    commit, before, _ = api.list_repo_commits("me/weights")
    assert re.fullmatch(r"Weights: ELP \d\.\d{3}", before.title)
    new, old = map(float, re.fullmatch(r"Weights: ELP (.*), was (.*)", commit.title).groups())
    assert new < old
    assert "1 held-out photos of pictures (validation); the same photos and holes for both" in commit.message
    psnr = re.search(r"\| PSNR, dB \(higher is better\) \| ([\d.]+) \| ([\d.]+) \|", commit.message)
    assert float(psnr[1]) > float(psnr[2])
    assert f"at tag weights-{before.commit_id[:8]}" in commit.message
    with open(versions["good"], "rb") as good:
        assert download(api, tmp_path, "model.safetensors") == good.read()
    assert "| **these weights** |" in download(api, tmp_path, "README.md").decode()


def test_weights_of_private_pictures_are_private(client, api, run_dir):
    api.create_repo("me/photos", repo_type="dataset", private=True)
    run_publish(client, run_dir, "me/weights")
    assert api.model_info("me/weights").private
    api.create_repo("me/public")
    said = run_publish(client, run_dir, "me/public", code=1)
    assert "me/photos, which the weights were trained on, is private" in said
    assert "model.safetensors" not in api.list_repo_files("me/public")
    run_publish(client, run_dir, "me/public", "--public")
    assert "model.safetensors" in api.list_repo_files("me/public")


def test_a_card_edited_while_we_publish_is_not_overwritten(hub, client, api, run_dir, tmp_path):
    run_publish(client, run_dir, "me/weights")
    card = (run_dir / "weights" / "README.md").read_bytes().replace(b"## Limits\n", b"## Limits\n\nNot for cats.\n")
    other_weights(run_dir, 1)

    def edit():
        api.upload_file(repo_id="me/weights", path_in_repo="README.md", path_or_fileobj=card)

    hub.fail(method="POST", path="/api/models/me/weights/commit/", status=None, before=edit)
    run_publish(client, run_dir, "me/weights")
    assert "Not for cats." in download(api, tmp_path, "README.md").decode()
    assert download(api, tmp_path, "model.safetensors") == (run_dir / "weights" / "model.safetensors").read_bytes()


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
    assert "the Hub answered 503 (a deliberate fault): try again later" in said
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
from train.publish.publish import PublishError, publish
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
    assert "the Hub did not accept your token: sign in with `hf auth login`" in said["expired"]
    assert "you are not signed in to the Hub: sign in with `hf auth login`" in said["nobody"]
    for case in ("foreign", "reader", "namespace"):
        assert "your token may not write to me/" in said[case]
    assert "a character that no token has" in said["odd"]
    assert "<token> is not enough" in said["echo"]
    assert "is public: make it private" in said["public"]
    assert "not a repository id" in said["id"]
    for case in ("expired", "nobody", "foreign", "public", "odd"):
        assert f"python -m train.publish {run_dir} me/" in said[case]
        assert str(run_dir / "weights") in said[case]
    assert not re.search(r"hf_(you|me|reader|expired|.odd)", json.dumps(said))


def test_what_would_keep_weights_from_the_hub_is_said_before_they_are_trained(hub, client, api, tmp_path):
    api.create_repo("me/public")
    api.create_repo("me/hidden", repo_type="dataset", private=True)
    code = """
import os
from train.publish.repository import check_target
def tried(token, repo_id, datasets=(), private=None):
    os.environ["HF_TOKEN"] = token
    try:
        return check_target(repo_id, datasets, private)
    except ValueError as error:
        return str(error)
answer = [
    tried("hf_me", "me/new"), tried("hf_me", "new", ["me/hidden"]), tried("hf_me", "me/public", ["me/hidden"], False),
    tried("", "me/new"), tried("hf_expired", "me/new"), tried("hf_you", "me/new"), tried("hf_reader", "me/new"),
    tried("hf_me", "not an id"), tried("hf_me", "me/public", ["me/hidden"]),
]
"""
    said = client.evaluate(code)
    assert said[:3] == [None] * 3
    expected = ("you are not signed in", "did not accept your token", "publish to you/", "may only read",
                "not a repository id", "me/hidden, which the weights were trained on, is private")  # fmt: skip
    for words, sentence in zip(expected, said[3:], strict=True):
        assert words in sentence
    small = ["--data.resolution", 32, "--images", 4, "--run-dir", tmp_path / "run"]
    done = client.run(
        "-m", "train", "tiny", "--data.dataset", "me/hidden", "--push-to-hub", "you/x", *small, check=False
    )
    assert done.returncode == 1
    assert "publish to me/" in done.stderr
    assert not (tmp_path / "run").exists()
    unreachable = Client("http://127.0.0.1:9", tmp_path / "home")
    assert (
        unreachable.evaluate(
            "from train.publish.repository import check_target; answer = check_target('me/x', [], None)"
        )
        is None
    )


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
