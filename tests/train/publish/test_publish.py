"""Publishing of a run with the real client of the Hub."""

import hashlib
import json
import re
import shlex
import shutil

import pytest
import torch
from huggingface_hub import HfApi
from PIL import Image

from inpaint.hub.weights import save_generator
from inpaint.networks.config import DamageConfig
from inpaint.networks.damage import DamageNetwork
from inpaint.networks.generators import build_generator
from tests.hub.client import Client
from tests.train.publish.conftest import SMALL
from tests.train.runs import free_form
from train.damage.config import DamageTrainConfig
from train.generator.discriminator_files import save_discriminator
from train.generator.discriminators import PatchDiscriminator
from train.publish.publish import PublishError, publish
from train.publish.repository import check_exists
from train.run.progress import save_sheet
from train.run_config import to_dict


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
    api.create_repo("me/old")
    old = b"---\nlicense: mit\ntags:\n- mine\n---\n\n# Old\n\nStill here.\n"
    api.upload_file(repo_id="me/old", path_in_repo="README.md", path_or_fileobj=old)
    save_discriminator(PatchDiscriminator(), free_form("photos", "run"), run_dir / "weights")
    said = run_publish(client, run_dir, "me/weights", "--tag", "v1", "--supersedes", "me/old")
    data = api.model_info("me/old").card_data
    assert (data["new_version"], data["license"], data["tags"]) == ("me/weights", "mit", ["mine"])
    assert f"Published: {hub.url}/me/weights at " in said
    commits = api.list_repo_commits("me/weights")
    assert [commit.title for commit in commits] == ["Weights and model card", "initial commit"]
    files = {".gitattributes", "README.md", "config.json", "model.safetensors", "samples.png"}
    files |= {"discriminator.json", "discriminator.safetensors"}
    assert set(api.list_repo_files("me/weights", revision="v1")) == files
    with open(api.hf_hub_download("me/weights", "model.safetensors", cache_dir=tmp_path), "rb") as file:
        assert file.read() == (run_dir / "weights" / "model.safetensors").read_bytes()
    card = (run_dir / "weights" / "README.md").read_text()
    assert "datasets/me/photos): cc0-1.0" in card
    assert "| Discriminator | in discriminator.safetensors" in card
    assert api.model_info("me/weights").card_data["pipeline_tag"] == "image-to-image"

    run_publish(client, run_dir / "weights", "me/weights", "--tag", "v1", "--supersedes", "me/old")
    assert len(api.list_repo_commits("me/weights")) == 2
    assert len(api.list_repo_commits("me/old")) == 3, "its card says so already"


def test_the_pictures_of_the_gallery_come_and_go_with_the_sample_sheet(hub, client, api, run_dir):
    image = torch.zeros(3, 3, 16, 16)
    save_sheet(sheet := run_dir / "samples" / "images-000012345.png", image, torch.ones(3, 1, 16, 16), image)
    run_publish(client, run_dir, "me/weights")
    files = api.list_repo_files("me/weights")
    assert [name for name in files if name.startswith("example-")] == [
        "example-1.png",
        "example-2.png",
        "example-3.png",
    ]
    assert "<Gallery />" in (run_dir / "weights" / "README.md").read_text()
    sheet.unlink()
    run_publish(client, run_dir, "me/weights")
    assert not any(name.startswith("example-") for name in api.list_repo_files("me/weights"))


FIND = """
from tests.train.runs import free_form
from train.generator.discriminator_files import find_discriminator
from train.settings import with_overrides
answer = []
for name, weight in (("me/same", 0.01), ("me/other", 0.01), ("me/same", 0.0), ("me/huge", 0.01), ("me/without", 0.01)):
    config = with_overrides(free_form("photos", "run", init_from=name), {"loss.adversarial_weight": weight})
    found = find_discriminator(config)
    answer.append([found.note, found.tensors and float(found.tensors["head.bias"])])
"""


def test_only_a_run_of_its_kind_downloads_the_discriminator_of_a_repository(hub, client, api, run_dir):
    weights, discriminator = run_dir / "weights", PatchDiscriminator()
    for name in ("without", "same", "huge", "other"):
        if name == "huge":
            (weights / "discriminator.safetensors").write_bytes(bytes(10_000_000))
        elif name == "other":
            (weights / "discriminator.json").write_text('{"architecture": "picture", "size": 64}')
        elif name == "same":
            save_discriminator(discriminator, free_form("photos", "run"), weights)
        api.create_repo(f"me/{name}")
        api.upload_folder(repo_id=f"me/{name}", folder_path=weights)
    same, other, none, huge, without = client.evaluate(FIND)
    assert same == ["that of me/same, without a warm-up", discriminator.head.bias.item()]
    assert "me/other is not used: it is {'architecture': 'picture', 'size': 64}" in other[0]
    assert none == ["", None]
    assert "10,000,000 bytes" in huge[0]
    assert without == ["a new one", None]
    asked = {path.split("/")[2] for _, path in hub.calls if path.endswith("/discriminator.safetensors")}
    assert asked == {"same", "huge"} and not hub.called("GET", hashlib.sha256(bytes(10_000_000)).hexdigest())


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


def test_a_card_edited_on_the_hub_is_updated_and_the_previous_weights_keep_a_tag(client, api, run_dir, tmp_path):
    save_discriminator(PatchDiscriminator(), free_form("photos", "run"), run_dir / "weights")
    run_publish(client, run_dir, "me/weights")
    before = (run_dir / "weights" / "model.safetensors").read_bytes()
    card = (run_dir / "weights" / "README.md").read_bytes().replace(b"## Limits\n", b"## Limits\n\nNot for cats.\n")
    card = card.replace(b"license: other", b"license: mit").replace(b"as evidence", b"as proof")
    edit = api.upload_file(repo_id="me/weights", path_in_repo="README.md", path_or_fileobj=card).oid
    other_weights(run_dir, 1)
    for name in ("discriminator.json", "discriminator.safetensors"):
        (run_dir / "weights" / name).unlink()
    (run_dir / "losses.jsonl").write_text('{"images_seen": 777}\n')
    said = run_publish(client, run_dir, "me/weights")
    assert not any("discriminator" in name for name in api.list_repo_files("me/weights")), "that of other weights"
    assert "Edited parts of its README.md were kept: limits" in said
    text = download(api, tmp_path, "README.md").decode()
    for words in ("Not for cats.", "license: mit", "as proof", "| Images seen | 777 |"):
        assert words in text
    assert download(api, tmp_path, "model.safetensors") == (run_dir / "weights" / "model.safetensors").read_bytes()
    assert f"The previous weights are at tag weights-{edit[:8]}" in said
    assert download(api, tmp_path, "model.safetensors", f"weights-{edit[:8]}") == before
    commit = api.list_repo_commits("me/weights")[0]
    assert f"The previous weights are at tag weights-{edit[:8]}." in commit.message
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


def test_the_commit_has_old_and_new_metrics_and_if_better_publishes_only_better_weights(
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
    assert first[0] == 0 and "there are no previous weights" in first[1]
    assert second[0] == 0 and "| PSNR, dB (higher is better) |" in second[1]
    assert third[0] == 0 and "Not published" in third[1]
    assert fourth[0] == 1 and "nosplit" in fourth[1]
    assert shlex.split(fourth[1].strip().splitlines()[-1])[-3:] == [*nowhere[-2:], "--if-better"]
    assert fifth[0] == 1 and "there are no held-out photos to compare on" in fifth[1]

    commit, before, _ = api.list_repo_commits("me/weights")
    assert re.fullmatch(r"Weights: ELP \d\.\d{3}", before.title)
    new, old = map(float, re.fullmatch(r"Weights: ELP (.*), was (.*)", commit.title).groups())
    assert new < old
    assert "1 held-out photos of pictures (validation); the same photos and holes for both weights" in commit.message
    psnr = re.search(r"\| PSNR, dB \(higher is better\) \| ([\d.]+) \| ([\d.]+) \|", commit.message)
    assert float(psnr[1]) > float(psnr[2])
    assert f"at tag weights-{before.commit_id[:8]}" in commit.message
    with open(versions["good"], "rb") as good:
        assert download(api, tmp_path, "model.safetensors") == good.read()
    assert "| **these weights** |" in download(api, tmp_path, "README.md").decode()


def test_weights_of_private_datasets_are_private(client, api, run_dir):
    api.create_repo("me/photos", repo_type="dataset", private=True)
    run_publish(client, run_dir, "me/weights")
    assert api.model_info("me/weights").private
    api.create_repo("me/public")
    said = run_publish(client, run_dir, "me/public", code=1)
    assert "me/photos, which the weights were trained on, is private" in said
    assert "model.safetensors" not in api.list_repo_files("me/public")
    run_publish(client, run_dir, "me/public", "--public")
    assert "model.safetensors" in api.list_repo_files("me/public")


def test_a_card_edited_during_publishing_is_not_overwritten(hub, client, api, run_dir, tmp_path):
    run_publish(client, run_dir, "me/weights")
    card = (run_dir / "weights" / "README.md").read_bytes().replace(b"## Limits\n", b"## Limits\n\nNot for cats.\n")
    other_weights(run_dir, 1)

    def edit():
        api.upload_file(repo_id="me/weights", path_in_repo="README.md", path_or_fileobj=card)

    hub.fail(method="POST", path="/api/models/me/weights/commit/", status=None, before=edit)
    run_publish(client, run_dir, "me/weights")
    assert "Not for cats." in download(api, tmp_path, "README.md").decode()
    assert download(api, tmp_path, "model.safetensors") == (run_dir / "weights" / "model.safetensors").read_bytes()


def test_transient_errors_are_retried_and_a_failure_prints_the_command_that_finishes(hub, client, api, run_dir):
    transient = [
        hub.fail(path="/api/repos/create"),
        hub.fail(path="/commit/", times=2),
    ]
    run_publish(client, run_dir, "me/weights")
    assert [fault.times for fault in transient] == [0, 0]

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
def test_a_lost_response_makes_no_second_commit(hub, client, api, run_dir, fault):
    """The commit happens, but its answer is lost: the next try finds everything in place."""
    api.create_repo("me/weights")

    def commit_first():
        files = [p for p in (run_dir / "weights").iterdir() if not p.name.startswith(".")]
        for path in files:
            api.upload_file(repo_id="me/weights", path_in_repo=path.name, path_or_fileobj=path)

    hub.fail(method="POST", path="/commit/", before=commit_first, **fault)
    run_publish(client, run_dir, "me/weights")
    assert "Weights and model card" not in [commit.title for commit in api.list_repo_commits("me/weights")]


def test_errors_of_the_hub_name_the_next_step_and_hide_the_token(hub, api, run_dir, tmp_path):
    api.create_repo("me/public")
    hub.fail(path="/api/models/me/echo", status=403, message="hf_me is not enough")
    code = f"""
import os
from train.publish.publish import PublishError, publish
from train.publish.repository import check_exists
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


def test_a_repository_that_cannot_be_published_to_is_refused_before_training(hub, client, api, tmp_path):
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


def test_metadata_that_the_hub_refuses_is_quoted(hub, client, run_dir):
    config = json.loads((run_dir / "config.json").read_text())
    (run_dir / "config.json").write_text(json.dumps({**config, "license": ["mit"]}))
    said = run_publish(client, run_dir, "me/weights", code=1)
    assert "Invalid metadata in README.md" in said
    assert '"license" must be a string' in said


def test_missing_weights_and_an_unreachable_hub_are_reported(run_dir, tmp_path):
    client = Client("http://127.0.0.1:9", tmp_path / "home")
    assert "there are no weights to publish" in run_publish(client, tmp_path, "me/weights", code=1)
    assert "cannot be reached" in run_publish(client, run_dir, "me/weights", code=1)


def test_a_published_damage_network_finds_damage(client, api, run_dir):
    """The code of the card, with the real client and the local Hub."""
    network = DamageConfig(channels=(4, 4, 4, 4), blocks=1)
    save_generator(DamageNetwork(network), run_dir / "weights")
    config = DamageTrainConfig(dataset=("me/photos",), network=network)
    (run_dir / "config.json").write_text(json.dumps(to_dict(config)))
    done = client.run("-m", "train.publish", run_dir, "me/damage", "--if-better")
    assert "Published: " in done.stdout
    Image.linear_gradient("L").convert("RGB").save(run_dir / "scan.jpg")
    card = (run_dir / "weights" / "README.md").read_text()
    code = re.search(r"```python\n(.*?)```", card, re.DOTALL).group(1)
    code = code.replace('"scan.jpg"', repr(str(run_dir / "scan.jpg")))
    assert client.evaluate(f"{code}\nanswer = mask.size") == [256, 256]


def test_an_older_repository_that_does_not_exist_is_named(api):
    with pytest.raises(ValueError, match="there is no repository me/old"):
        check_exists(api, "me/old")


def test_weights_cannot_supersede_themselves_and_a_power_is_above_zero(run_dir):
    with pytest.raises(PublishError, match="cannot supersede itself"):
        publish(run_dir, "me/weights", supersedes="me/weights")
    with pytest.raises(PublishError, match="watts is 0; it must be above 0"):
        publish(run_dir, "me/weights", watts=0)
