"""The state of a run on the Hub: what is copied, when, and what happens when that fails."""

import json
import time
from functools import partial

import pytest
from huggingface_hub import HfApi, hf_hub_download

from train.config import to_dict
from train.presets import PRESETS, with_overrides
from train.run import mirror as remote
from train.run.mirror import Mirror, RemoteError, fetch_state


@pytest.fixture
def api(hub, monkeypatch, tmp_path):
    """The Hub as "me"; what the module does goes there."""
    api = HfApi(endpoint=hub.url, token="hf_me")
    monkeypatch.setattr(remote, "HfApi", lambda: api)
    download = partial(hf_hub_download, endpoint=hub.url, token="hf_me", cache_dir=tmp_path / "cache")
    monkeypatch.setattr(remote, "hf_hub_download", download)
    monkeypatch.setattr("inpaint.hub.errors.get_token", lambda: "hf_me")
    monkeypatch.setattr("inpaint.hub.retry.FIRST_PAUSE_S", 0.01)
    return api


def config(run_dir, **overrides):
    return with_overrides(
        PRESETS["tiny"][1], {"run_dir": str(run_dir), "checkpoint_repo": "me/w-checkpoint"} | overrides
    )


def write_run(run_dir, images_seen, **overrides):
    """A run's folder at some point."""
    (run_dir / "samples").mkdir(parents=True, exist_ok=True)
    (run_dir / "config.json").write_text(json.dumps(to_dict(config(run_dir, **overrides))))
    (run_dir / "checkpoint.pt.new").write_bytes(b"state at %d" % images_seen)
    (run_dir / "checkpoint.pt.new").replace(run_dir / "checkpoint.pt")
    (run_dir / "losses.jsonl").write_text(json.dumps({"images_seen": images_seen}) + "\n")
    (run_dir / "samples" / f"images-{images_seen:09d}.png").write_bytes(b"sheet at %d" % images_seen)
    return run_dir


def read(api, name, tmp_path):
    with open(api.hf_hub_download("me/w-checkpoint", name, cache_dir=tmp_path / "judge"), "rb") as file:
        return file.read()


def test_a_new_machine_goes_on_where_the_last_one_was_cut_off(api, tmp_path):
    mirror = Mirror("me/w-checkpoint", first_pause_s=0)
    mirror.on_checkpoint(write_run(tmp_path / "old", 40))
    mirror.close()
    assert fetch_state("me/w-checkpoint", config(tmp_path / "new", images=999, device="cuda"))
    for name in ("checkpoint.pt", "losses.jsonl"):
        assert (tmp_path / "new" / name).read_bytes() == (tmp_path / "old" / name).read_bytes()


def test_the_last_state_wins_and_old_copies_are_dropped(api, tmp_path):
    mirror = Mirror("me/w-checkpoint", first_pause_s=0)
    for images_seen in (40, 80, 120):
        mirror.on_checkpoint(write_run(tmp_path / "run", images_seen))
    mirror.close()
    assert read(api, "checkpoint.pt", tmp_path) == b"state at 120"
    assert read(api, "sheet.png", tmp_path) == b"sheet at 120"
    assert len(api.list_repo_commits("me/w-checkpoint")) <= 2
    assert not list((tmp_path / "run").glob("outgoing-*"))


def test_what_is_copied_is_what_was_there_although_the_training_has_gone_on(api, hub, tmp_path):
    hub.fail(method="POST", path="/preupload/", status=None, delay_s=0.5)
    mirror = Mirror("me/w-checkpoint", first_pause_s=0)
    mirror.on_checkpoint(write_run(tmp_path / "run", 40))
    time.sleep(0.2)
    write_run(tmp_path / "run", 80)
    mirror.close()
    assert read(api, "checkpoint.pt", tmp_path) == b"state at 40"
    assert json.loads(read(api, "losses.jsonl", tmp_path)) == {"images_seen": 40}


def test_copies_become_rarer_so_that_the_hub_is_not_asked_too_often(api, hub, tmp_path):
    mirror = Mirror("me/w-checkpoint", first_pause_s=60)
    for images_seen in range(40, 400, 40):
        mirror.on_checkpoint(write_run(tmp_path / "run", images_seen))
        time.sleep(0.05)
    assert hub.called("POST", "/commit/main") <= 1
    mirror.close()
    assert hub.called("POST", "/commit/main") == 2, "the first, and the last"
    assert read(api, "checkpoint.pt", tmp_path) == b"state at 360"


def test_a_hub_that_fails_does_not_stop_the_training_and_gets_the_next_state(api, hub, tmp_path, capsys):
    mirror = Mirror("me/w-checkpoint", first_pause_s=0)
    fault = hub.fail(method="POST", path="/commit/", status=500, message="hf_me is unwell", times=3)
    mirror.on_checkpoint(write_run(tmp_path / "run", 40))
    while fault.times:
        time.sleep(0.01)
    mirror.on_checkpoint(write_run(tmp_path / "run", 80))
    mirror.close()
    said = capsys.readouterr().out
    assert said.count("was not copied") == 1
    assert "<token> is unwell" in said and "hf_me" not in said
    assert read(api, "checkpoint.pt", tmp_path) == b"state at 80"


def test_what_a_killed_run_was_about_to_copy_is_removed(api, tmp_path):
    left = write_run(tmp_path / "run", 40) / "outgoing-7"
    left.mkdir()
    mirror = Mirror("me/w-checkpoint", first_pause_s=0)
    mirror.on_checkpoint(tmp_path / "run")
    mirror.close()
    assert not left.exists()


def test_the_state_never_goes_to_a_public_repository(api, tmp_path):
    api.create_repo("me/w-checkpoint", private=False)
    with pytest.raises(RemoteError, match="is public"):
        Mirror("me/w-checkpoint")


def test_a_repository_of_somebody_else_is_refused_before_training(api):
    with pytest.raises(RemoteError, match="403"):
        Mirror("you/w-checkpoint")


def test_the_state_of_another_run_is_not_taken(api, tmp_path, capsys):
    mirror = Mirror("me/w-checkpoint", first_pause_s=0)
    mirror.on_checkpoint(write_run(tmp_path / "old", 40))
    mirror.close()
    assert not fetch_state("me/w-checkpoint", config(tmp_path / "new", seed=5))
    assert "other settings" in capsys.readouterr().out
    assert not (tmp_path / "new").exists()


def test_nothing_is_fetched_where_there_is_nothing_or_the_disk_has_a_state(api, tmp_path):
    assert not fetch_state("me/w-checkpoint", config(tmp_path / "new"))
    api.create_repo("me/w-checkpoint", private=True)
    assert not fetch_state("me/w-checkpoint", config(tmp_path / "new"))
    write_run(tmp_path / "there", 80)
    assert not fetch_state("me/w-checkpoint", config(tmp_path / "there"))
    assert (tmp_path / "there" / "checkpoint.pt").read_bytes() == b"state at 80"


def test_a_state_that_cannot_be_had_now_is_not_overwritten_by_a_new_run(api, hub, tmp_path):
    mirror = Mirror("me/w-checkpoint", first_pause_s=0)
    mirror.on_checkpoint(write_run(tmp_path / "old", 40))
    mirror.close()
    hub.fail(method="GET", path="/api/models/me/w-checkpoint", status=503, times=9)
    with pytest.raises(RemoteError, match="try again later"):
        fetch_state("me/w-checkpoint", config(tmp_path / "new"))
