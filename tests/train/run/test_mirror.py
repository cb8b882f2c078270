"""The state of a run on the Hub: what is uploaded and when, failures, and how another machine resumes from it."""

import json
import time
from functools import partial

import pytest
from huggingface_hub import HfApi, hf_hub_download

from train.presets import PRESETS
from train.run import mirror as mirror_module
from train.run.mirror import Mirror, MirrorError, fetch_state
from train.run_config import to_dict
from train.settings import with_overrides


@pytest.fixture
def api(hub, monkeypatch, tmp_path):
    """The API of the local Hub with the token of "me", which the module under test uses as well."""
    api = HfApi(endpoint=hub.url, token="hf_me")
    monkeypatch.setattr(mirror_module, "HfApi", lambda: api)
    download = partial(hf_hub_download, endpoint=hub.url, token="hf_me", cache_dir=tmp_path / "cache")
    monkeypatch.setattr(mirror_module, "hf_hub_download", download)
    monkeypatch.setattr("inpaint.hub.errors.get_token", lambda: "hf_me")
    monkeypatch.setattr("inpaint.hub.retry.FIRST_PAUSE_S", 0.01)
    return api


def config(run_dir, **overrides):
    return with_overrides(
        PRESETS["tiny"][1], {"run_dir": str(run_dir), "checkpoint_repo": "me/w-checkpoint"} | overrides
    )


def write_run(run_dir, images_seen, **overrides):
    """Write the folder of a run at some point; return it."""
    (run_dir / "samples").mkdir(parents=True, exist_ok=True)
    (run_dir / "config.json").write_text(json.dumps(to_dict(config(run_dir, **overrides))))
    (run_dir / "checkpoint.pt.new").write_bytes(b"state at %d" % images_seen)
    (run_dir / "checkpoint.pt.new").replace(run_dir / "checkpoint.pt")
    (run_dir / "losses.jsonl").write_text(json.dumps({"images_seen": images_seen}) + "\n")
    (run_dir / "samples" / f"images-{images_seen:09d}.png").write_bytes(b"sheet at %d" % images_seen)
    return run_dir


def read(api, name, tmp_path):
    with open(api.hf_hub_download("me/w-checkpoint", name, cache_dir=tmp_path / "downloads"), "rb") as file:
        return file.read()


def test_another_machine_gets_the_uploaded_state(api, tmp_path):
    mirror = Mirror("me/w-checkpoint", min_interval_s=0)
    mirror.on_checkpoint(write_run(tmp_path / "old", 40))
    mirror.close()
    assert fetch_state("me/w-checkpoint", config(tmp_path / "new", images=999, device="cuda"))
    for name in ("checkpoint.pt", "losses.jsonl"):
        assert (tmp_path / "new" / name).read_bytes() == (tmp_path / "old" / name).read_bytes()


def test_the_weights_are_stored_with_their_comparison_and_not_before(api, tmp_path):
    run_dir = write_run(tmp_path / "run", 40)
    (run_dir / "weights").mkdir()
    for name in ("config.json", "model.safetensors", "discriminator.safetensors"):
        (run_dir / "weights" / name).write_bytes(name.encode())
    mirror = Mirror("me/w-checkpoint", min_interval_s=0)
    mirror.on_checkpoint(run_dir)
    mirror.close()
    assert not any(name.startswith("weights/") for name in api.list_repo_files("me/w-checkpoint"))
    (run_dir / "comparison.json").write_text("{}")
    mirror = Mirror("me/w-checkpoint", min_interval_s=0)
    mirror.on_checkpoint(run_dir)
    mirror.close()
    kept = {name for name in api.list_repo_files("me/w-checkpoint") if name.startswith("weights/")}
    assert kept == {"weights/config.json", "weights/model.safetensors"}
    assert read(api, "weights/model.safetensors", tmp_path) == b"model.safetensors"


def test_the_last_state_replaces_earlier_ones_and_the_history_is_squashed(api, tmp_path):
    mirror = Mirror("me/w-checkpoint", min_interval_s=0)
    for images_seen in (40, 80, 120):
        mirror.on_checkpoint(write_run(tmp_path / "run", images_seen))
    mirror.close()
    assert read(api, "checkpoint.pt", tmp_path) == b"state at 120"
    assert read(api, "sheet.png", tmp_path) == b"sheet at 120"
    assert len(api.list_repo_commits("me/w-checkpoint")) <= 2
    assert not list((tmp_path / "run").glob("outgoing-*"))


def test_an_upload_holds_the_state_of_its_checkpoint_while_training_continues(api, hub, tmp_path):
    hub.fail(method="POST", path="/preupload/", status=None, delay_s=0.5)
    mirror = Mirror("me/w-checkpoint", min_interval_s=0)
    mirror.on_checkpoint(write_run(tmp_path / "run", 40))
    time.sleep(0.2)
    write_run(tmp_path / "run", 80)
    mirror.close()
    assert read(api, "checkpoint.pt", tmp_path) == b"state at 40"
    assert json.loads(read(api, "losses.jsonl", tmp_path)) == {"images_seen": 40}


def test_uploads_are_at_least_an_interval_apart(api, hub, tmp_path):
    mirror = Mirror("me/w-checkpoint", min_interval_s=60)
    for images_seen in range(40, 400, 40):
        mirror.on_checkpoint(write_run(tmp_path / "run", images_seen))
        time.sleep(0.05)
    assert hub.called("POST", "/commit/main") <= 1
    mirror.close()
    assert hub.called("POST", "/commit/main") == 2, "the first, and the last"
    assert read(api, "checkpoint.pt", tmp_path) == b"state at 360"


def test_a_failed_upload_is_reported_once_and_the_next_state_is_uploaded(api, hub, tmp_path, capsys):
    mirror = Mirror("me/w-checkpoint", min_interval_s=0)
    fault = hub.fail(method="POST", path="/commit/", status=500, message="hf_me is unwell", times=3)
    mirror.on_checkpoint(write_run(tmp_path / "run", 40))
    while fault.times:
        time.sleep(0.01)
    mirror.on_checkpoint(write_run(tmp_path / "run", 80))
    mirror.close()
    output = capsys.readouterr().out
    assert output.count("was not copied") == 1
    assert "<token> is unwell" in output and "hf_me" not in output
    assert read(api, "checkpoint.pt", tmp_path) == b"state at 80"


def test_snapshots_of_a_killed_process_are_removed(api, tmp_path):
    left = write_run(tmp_path / "run", 40) / "outgoing-7"
    left.mkdir()
    mirror = Mirror("me/w-checkpoint", min_interval_s=0)
    mirror.on_checkpoint(tmp_path / "run")
    mirror.close()
    assert not left.exists()


def test_the_state_is_never_uploaded_to_a_public_repository(api, tmp_path):
    api.create_repo("me/w-checkpoint", private=False)
    with pytest.raises(MirrorError, match="is public"):
        Mirror("me/w-checkpoint")


def test_a_repository_without_write_access_is_refused_before_training(api):
    with pytest.raises(MirrorError, match="403"):
        Mirror("you/w-checkpoint")


def test_the_state_of_a_run_with_other_settings_is_not_downloaded(api, tmp_path, capsys):
    mirror = Mirror("me/w-checkpoint", min_interval_s=0)
    mirror.on_checkpoint(write_run(tmp_path / "old", 40))
    mirror.close()
    assert not fetch_state("me/w-checkpoint", config(tmp_path / "new", seed=5))
    assert "other settings" in capsys.readouterr().out
    assert not (tmp_path / "new").exists()


def test_nothing_is_downloaded_without_a_state_or_over_a_checkpoint(api, tmp_path):
    assert not fetch_state("me/w-checkpoint", config(tmp_path / "new"))
    api.create_repo("me/w-checkpoint", private=True)
    assert not fetch_state("me/w-checkpoint", config(tmp_path / "new"))
    write_run(tmp_path / "there", 80)
    assert not fetch_state("me/w-checkpoint", config(tmp_path / "there"))
    assert (tmp_path / "there" / "checkpoint.pt").read_bytes() == b"state at 80"


def test_a_state_that_cannot_be_downloaded_now_is_not_replaced_by_a_new_run(api, hub, tmp_path):
    mirror = Mirror("me/w-checkpoint", min_interval_s=0)
    mirror.on_checkpoint(write_run(tmp_path / "old", 40))
    mirror.close()
    hub.fail(method="GET", path="/api/models/me/w-checkpoint", status=503, times=9)
    with pytest.raises(MirrorError, match="try again later"):
        fetch_state("me/w-checkpoint", config(tmp_path / "new"))
