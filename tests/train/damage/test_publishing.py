"""Training and publishing of a damage network, with the real client and the local Hub."""

import json

import numpy as np
import pytest
from huggingface_hub import HfApi

from inpaint.hub.weights import save_generator
from inpaint.networks.config import DamageConfig, damage_config_from_dict
from inpaint.networks.damage import DamageNetwork
from tests.train.runs import write_splits
from train.damage.measure import degraded_crops
from train.publish.damage_improvement import compare_damage_networks
from train.publish.improvement import HeldOut
from train.run.events import read_events


@pytest.fixture
def api(hub):
    return HfApi(endpoint=hub.url, token="hf_me")


def test_one_command_trains_publishes_and_resumes_on_another_machine(photos, hub, client, api, tmp_path):
    data = ["--dataset", write_splits(photos, tmp_path / "splits"), "--resolution", 32, "--batch-size", 4]
    network = ["--network.channels", 4, 4, 4, 4, "--network.lite0-blocks", 0, "--device", "cpu"]
    target = ["--push-to-hub", "me/damage", "--checkpoint-repo", "me/damage-checkpoint", "--if-better", "--event-log"]
    command = ["-m", "train", "damage", *data, *network, *target, "--log-every", 4, "--sample-every", 4]
    first = client.run(*command, "--run-dir", tmp_path / "first", "--images", 8)
    status = read_events(first.stdout.splitlines())
    assert (status.images_seen, status.total, status.finished) == (8, 8, True)
    assert status.published["url"] == f"{hub.url}/me/damage"
    files = {"README.md", "config.json", "model.safetensors", "samples.png"}
    assert files <= set(api.list_repo_files("me/damage"))
    assert {"checkpoint.pt", "losses.jsonl", "sheet.png"} <= set(api.list_repo_files("me/damage-checkpoint"))
    assert "F1" in api.list_repo_commits("me/damage")[0].title

    second = client.run(*command, "--run-dir", tmp_path / "second", "--images", 16)
    lines = [json.loads(line) for line in (tmp_path / "second" / "losses.jsonl").read_text().splitlines()]
    assert [line["images_seen"] for line in lines if "step_ms" in line] == [4, 8, 12, 16], (
        "it has the first machine's losses"
    )
    assert "Not published: the weights at" in second.stdout, "untrained networks mark nothing: none is better"
    assert len(api.list_repo_commits("me/damage")) == 2


class Constant(DamageNetwork):
    """Gives every pixel the same logit."""

    def __init__(self, logit):
        super().__init__(DamageConfig(channels=(4, 4, 4, 4), blocks=0, lite0_blocks=0))
        self.logits.weight.data.zero_()
        self.logits.bias.data.fill_(logit)


def test_networks_are_compared_by_the_f1_of_their_masks(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    held_out = HeldOut("two photos", [rng.integers(0, 256, (40, 40, 3), dtype=np.uint8) for _ in range(2)])
    for name, logit in (("nothing", -8.0), ("everything", 8.0)):
        save_generator(Constant(logit), tmp_path / name)

    def download(repo_id, revision, *, parse):
        assert parse is damage_config_from_dict
        return tmp_path / repo_id

    monkeypatch.setattr("train.publish.damage_improvement.download", download)
    better = compare_damage_networks(tmp_path, tmp_path / "everything", "nothing@main", held_out)
    targets = np.stack([crop.target for crop in degraded_crops(held_out.photos)])
    share = 100 * (targets == 1).sum() / (targets != 255).sum()
    assert better.new["recall"] == 100 and share <= better.new["precision"] < 100
    assert better.old == {"f1": 0, "precision": 100, "recall": 0}, "marking nothing is never wrong"
    assert better.better
    assert better.headline() == f"F1 {better.new['f1']:.1f}, was 0.0"
    assert "| F1, % (higher is better) |" in better.table()
    worse = compare_damage_networks(tmp_path, tmp_path / "nothing", "everything@main", held_out)
    assert not worse.better
    assert compare_damage_networks(tmp_path, tmp_path / "nothing", None, held_out).better
