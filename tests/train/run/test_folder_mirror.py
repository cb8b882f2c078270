"""The state of a run in a folder, such as a mounted bucket: another machine resumes from the newest complete one."""

import pytest

from tests.train.runs import free_form
from train.__main__ import _start_callbacks
from train.run.checkpoint import claim_run_dir
from train.run.folder_mirror import MARKER, FolderMirror, fetch_folder_state
from train.run.mirror import MirrorError
from train.run.progress import read_losses


def states(folder):
    return sorted(path.name for path in folder.glob("state-*"))


@pytest.fixture
def stored(photos, tmp_path):
    """A folder with the state of a run after 16 images, and the run's folder."""
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    for name, text in (("checkpoint.pt", "16"), ("losses.jsonl", '{"images_seen": 16}\n')):
        (run_dir / name).write_text(text)
    config = free_form(photos, run_dir)
    claim_run_dir(run_dir, config)
    mirror = FolderMirror(tmp_path / "bucket", min_interval_s=0)
    mirror.on_checkpoint(run_dir)
    mirror.close()
    return tmp_path / "bucket", run_dir


def test_another_machine_resumes_from_the_newest_state_and_earlier_ones_are_removed(stored, photos, tmp_path, capsys):
    bucket, run_dir = stored
    for machine, text in (("second", "16"), ("third", "32")):
        callbacks = []
        _start_callbacks(free_form(photos, tmp_path / machine, checkpoint_folder=str(bucket)), callbacks)
        assert (tmp_path / machine / "checkpoint.pt").read_text() == text
        (run_dir / "checkpoint.pt").write_text("32")
        for callback in callbacks:
            callback.on_checkpoint(run_dir)
            callback.close()
    assert f"Resuming from the state in {bucket}." in capsys.readouterr().out
    assert states(bucket) == ["state-000003"]


def test_a_copy_that_was_cut_off_is_not_resumed_from(stored, photos, tmp_path):
    bucket, _ = stored
    unfinished = bucket / "state-000002"
    unfinished.mkdir()
    (unfinished / "checkpoint.pt").write_text("cut off")
    assert fetch_folder_state(bucket, free_form(photos, tmp_path / "new"))
    assert (tmp_path / "new" / "checkpoint.pt").read_text() == "16"
    assert read_losses(tmp_path / "new" / "losses.jsonl") == [{"images_seen": 16}]


def test_the_state_before_stays_until_the_new_one_is_complete(stored, monkeypatch, capsys):
    bucket, run_dir = stored
    before = states(bucket)
    mirror = FolderMirror(bucket, min_interval_s=0)
    monkeypatch.setattr("shutil.copyfile", lambda source, target: (_ for _ in ()).throw(OSError("no space left")))
    snapshot = run_dir / "outgoing-1"
    snapshot.mkdir()
    (snapshot / "checkpoint.pt").write_text("32")
    mirror._upload(snapshot)
    mirror._upload(snapshot)
    mirror.close()
    assert (bucket / before[0] / MARKER).exists()
    assert capsys.readouterr().out.count("no space left") == 1


def test_compared_weights_are_stored_where_times_and_permissions_cannot_be_set(stored, monkeypatch):
    bucket, run_dir = stored
    (run_dir / "weights").mkdir()
    for name in ("comparison.json", "weights/config.json", "weights/model.safetensors"):
        (run_dir / name).write_text(name)
    for name in ("os.utime", "os.chmod"):
        monkeypatch.setattr(name, lambda *arguments, **options: (_ for _ in ()).throw(PermissionError("refused")))
    mirror = FolderMirror(bucket, min_interval_s=0)
    mirror.on_checkpoint(run_dir)
    mirror.close()
    assert states(bucket) == ["state-000002"] and (bucket / "state-000002" / MARKER).exists()
    for name in ("comparison.json", "weights/config.json", "weights/model.safetensors"):
        assert (bucket / "state-000002" / name).read_text() == name


def test_nothing_is_fetched_without_a_state_over_a_checkpoint_or_for_other_settings(stored, photos, tmp_path, capsys):
    bucket, run_dir = stored
    assert not fetch_folder_state(tmp_path / "none", free_form(photos, tmp_path / "new"))
    assert not fetch_folder_state(bucket, free_form(photos, run_dir))
    assert not fetch_folder_state(bucket, free_form(photos, tmp_path / "new", seed=5))
    assert "other settings" in capsys.readouterr().out


def test_a_state_that_cannot_be_read_and_a_folder_that_cannot_be_written_stop_the_run(stored, photos, tmp_path):
    bucket, run_dir = stored
    (bucket / states(bucket)[0] / "losses.jsonl").unlink()
    with pytest.raises(MirrorError, match=r"000001 cannot be read \(there is no such file or folder\): remove it"):
        fetch_folder_state(bucket, free_form(photos, tmp_path / "new"))
    with pytest.raises(MirrorError, match=r"inside \(a part of its path is a file, not a folder\): mount a bucket"):
        FolderMirror(run_dir / "checkpoint.pt" / "inside")
