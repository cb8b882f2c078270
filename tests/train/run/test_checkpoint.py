import errno
import json

import pytest
import torch

from train.run import checkpoint
from train.run.checkpoint import CheckpointError, claim_run_dir, load_checkpoint, save_checkpoint

CPU = torch.device("cpu")


def test_a_checkpoint_comes_back_as_it_was_saved(tmp_path):
    state = {"weights": {"a": torch.arange(4.0)}, "images_seen": 12, "position": [1, 2], "samples": None}
    save_checkpoint(tmp_path, state)
    loaded = load_checkpoint(tmp_path, CPU)
    assert torch.equal(loaded["weights"]["a"], state["weights"]["a"])
    assert loaded["images_seen"] == 12
    assert loaded["position"] == [1, 2]


def test_without_a_checkpoint_there_is_none(tmp_path):
    assert load_checkpoint(tmp_path, CPU) is None


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("write failed")])
def test_a_full_disk_leaves_the_last_checkpoint_and_says_what_to_do(tmp_path, monkeypatch, error):
    save_checkpoint(tmp_path, {"images_seen": 1})

    def fail(state, file):
        file.write(b"half")
        raise error

    monkeypatch.setattr(checkpoint.torch, "save", fail)
    with pytest.raises(CheckpointError, match=r"intact.*same command"):
        save_checkpoint(tmp_path, {"images_seen": 2})
    monkeypatch.undo()
    assert load_checkpoint(tmp_path, CPU)["images_seen"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_a_damaged_checkpoint_is_named(tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(CheckpointError, match="delete it"):
        load_checkpoint(tmp_path, CPU)


def test_a_checkpoint_cannot_run_code(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    torch.save({"x": Evil()}, tmp_path / "checkpoint.pt")
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path, CPU)
    assert not (tmp_path / "ran").exists()


def test_a_run_goes_on_with_the_same_settings_only(tmp_path):
    config = {"seed": 0, "images": 100, "data": {"resolution": 64, "dataset": ("a",)}}
    claim_run_dir(tmp_path, config, free=("images",))
    save_checkpoint(tmp_path, {})
    claim_run_dir(tmp_path, {**config, "images": 200}, free=("images",))
    assert json.loads((tmp_path / "config.json").read_text())["images"] == 200
    changed = {**config, "data": {"resolution": 128, "dataset": ("a",)}}
    with pytest.raises(CheckpointError, match=r"data.resolution: 64 there, 128 now"):
        claim_run_dir(tmp_path, changed, free=("images",))


def test_a_folder_without_a_checkpoint_may_be_used_anew(tmp_path):
    claim_run_dir(tmp_path, {"seed": 0}, free=())
    claim_run_dir(tmp_path, {"seed": 1}, free=())
    assert json.loads((tmp_path / "config.json").read_text()) == {"seed": 1}
