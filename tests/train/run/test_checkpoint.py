import contextlib
import dataclasses
import errno
import io
import json

import pytest
import torch

from tests.train.runs import RUNS, train
from train.presets import PRESETS
from train.run import checkpoint
from train.run.checkpoint import CheckpointError, claim_run_dir, load_checkpoint, read_ran, record_ran, save_checkpoint
from train.run.optimize import NonFiniteError
from train.run_config import to_dict
from train.settings import with_overrides

CPU = torch.device("cpu")


def test_a_checkpoint_is_loaded_as_it_was_saved(tmp_path):
    state = {"weights": {"a": torch.arange(4.0)}, "images_seen": 12, "position": [1, 2], "samples": None}
    save_checkpoint(tmp_path, state)
    loaded = load_checkpoint(tmp_path, CPU)
    assert torch.equal(loaded["weights"]["a"], state["weights"]["a"])
    assert loaded["images_seen"] == 12
    assert loaded["position"] == [1, 2]


def test_what_a_run_has_recorded_stays_when_it_is_resumed_and_goes_with_its_checkpoint(tmp_path):
    config = PRESETS["tiny"][1]
    claim_run_dir(tmp_path, config)
    record_ran(tmp_path, {"images": 12})
    save_checkpoint(tmp_path, {"images_seen": 12})
    claim_run_dir(tmp_path, config)
    assert read_ran(tmp_path) == {"images": 12}
    (tmp_path / checkpoint.FILE).unlink()
    claim_run_dir(tmp_path, config)
    assert read_ran(tmp_path) == {}


def test_without_a_checkpoint_there_is_none(tmp_path):
    assert load_checkpoint(tmp_path, CPU) is None


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("write failed")])
def test_a_full_disk_keeps_the_last_checkpoint(tmp_path, monkeypatch, error):
    save_checkpoint(tmp_path, {"images_seen": 1})

    def fail(state, file):
        file.write(b"half")
        raise error

    monkeypatch.setattr(checkpoint.torch, "save", fail)
    with pytest.raises(CheckpointError, match=r"\((the disk is full|write failed)\).*intact.*same command"):
        save_checkpoint(tmp_path, {"images_seen": 2})
    monkeypatch.undo()
    assert load_checkpoint(tmp_path, CPU)["images_seen"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_a_disk_that_fills_up_while_torch_writes_is_named_as_such(tmp_path, monkeypatch):
    """torch then raises an error of its own, about positions in its archive."""

    class FullDisk(io.BytesIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint, "atomic_write", lambda target, **options: contextlib.nullcontext(FullDisk()))
    with pytest.raises(CheckpointError, match=r"checkpoint\.pt \(the disk is full\)\. The previous one is intact"):
        save_checkpoint(tmp_path, {"images_seen": 2, "weights": torch.zeros(1000)})


@pytest.mark.parametrize("cut", [0, 16, -600])
def test_a_damaged_checkpoint_is_reported_without_the_advice_of_torch(tmp_path, cut):
    save_checkpoint(tmp_path, {"images_seen": 1, "weights": torch.zeros(1000)})
    path = tmp_path / checkpoint.FILE
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(CheckpointError, match="is damaged.*delete it") as caught:
        load_checkpoint(tmp_path, CPU)
    assert "weights_only" not in str(caught.value)


def test_a_checkpoint_that_the_system_does_not_open_is_not_called_damaged(tmp_path):
    (tmp_path / checkpoint.FILE).mkdir()
    with pytest.raises(CheckpointError, match=r"checkpoint\.pt cannot be read \(it is a folder\)"):
        load_checkpoint(tmp_path, CPU)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_a_checkpoint_for_which_memory_is_short_is_not_called_damaged(tmp_path, monkeypatch, error):
    def fail(*given, **options):
        raise error

    save_checkpoint(tmp_path, {"images_seen": 1})
    monkeypatch.setattr(checkpoint.torch, "load", fail)
    with pytest.raises(CheckpointError, match="does not fit into memory"):
        load_checkpoint(tmp_path, CPU)


def test_a_checkpoint_cannot_run_code(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    torch.save({"x": Evil()}, tmp_path / "checkpoint.pt")
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path, CPU)
    assert not (tmp_path / "ran").exists()


def run_config(**overrides):
    return with_overrides(PRESETS["tiny"][1], overrides)


def test_a_run_resumes_with_the_same_settings_only(tmp_path):
    claim_run_dir(tmp_path, run_config())
    save_checkpoint(tmp_path, {"images_seen": 4})
    claim_run_dir(tmp_path, run_config(images=300))
    assert json.loads((tmp_path / "config.json").read_text())["images"] == 300
    with pytest.raises(CheckpointError, match=r"data.resolution: 64 there, 128 now"):
        claim_run_dir(tmp_path, run_config(**{"data.resolution": 128}))


def test_a_run_of_an_older_version_resumes_if_its_new_settings_have_their_defaults(tmp_path):
    older = to_dict(run_config()) | {"removed_setting": 3}
    del older["compile"], older["data"]["flip"]
    (tmp_path / "config.json").write_text(json.dumps(older))
    save_checkpoint(tmp_path, {"images_seen": 4})
    with pytest.raises(CheckpointError, match=r"data.flip: True there, False now"):
        claim_run_dir(tmp_path, run_config(**{"data.flip": False}))
    claim_run_dir(tmp_path, run_config())


@pytest.mark.parametrize("kind", RUNS)
def test_a_run_of_an_earlier_version_resumes_with_the_schedule_that_it_had(kind, photos, tmp_path, no_curves):
    """State and config lack what later versions have added: times, figures, scales, a version, and settings."""
    config = RUNS[kind](photos, tmp_path, images=16, checkpoint_every=16)
    train(config)
    state = load_checkpoint(tmp_path, CPU)
    for added in ("trained_s", "rows", "held_out", "scalers"):
        state.pop(added, None)
    torch.save(state, tmp_path / "checkpoint.pt")
    values = json.loads((tmp_path / "config.json").read_text())
    new = ("version", "checkpoint_minutes", "pause_minutes", "evaluations", "patience", "other_photos", "even_if_worse",
           "interpolate", "accumulate", "clip_norm", "discriminator_warmup_images",
           "measured_fills")  # fmt: skip
    for added in new:
        values.pop(added, None)
    for section in ("loss", "data"):
        for added in ("extra", "perceptual_area", "on_device", "colour_jitter", "jpeg_jitter"):
            values.get(section, {}).pop(added, None)
    (tmp_path / "config.json").write_text(json.dumps(values))
    train(dataclasses.replace(config, images=24))
    assert load_checkpoint(tmp_path, CPU)["images_seen"] == 24


def test_a_folder_without_a_checkpoint_can_be_used_for_a_new_run(tmp_path):
    claim_run_dir(tmp_path, run_config(seed=0))
    claim_run_dir(tmp_path, run_config(seed=1))
    assert json.loads((tmp_path / "config.json").read_text())["seed"] == 1


def test_a_checkpoint_with_values_that_are_not_finite_does_not_replace_the_last_one(tmp_path):
    save_checkpoint(tmp_path, {"images_seen": 4})
    state = {"images_seen": 1024, "optimizer": {"state": [{"exp_avg": torch.tensor([1.0, float("inf")])}]}}
    with pytest.raises(NonFiniteError, match=r"optimizer\.state\.0\.exp_avg .* after 1,024 images"):
        save_checkpoint(tmp_path, state)
    assert load_checkpoint(tmp_path, CPU)["images_seen"] == 4


def test_a_run_of_an_older_version_resumes_although_a_setting_was_renamed(tmp_path):
    older = to_dict(run_config())
    older["generator"]["borrow_channels"] = older["generator"].pop("key_channels")
    (tmp_path / "config.json").write_text(json.dumps(older))
    save_checkpoint(tmp_path, {"images_seen": 4})
    with pytest.raises(CheckpointError, match=r"generator.key_channels: 16 there, 8 now"):
        claim_run_dir(tmp_path, run_config(**{"generator.key_channels": 8}))
    claim_run_dir(tmp_path, run_config())
