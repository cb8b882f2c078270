"""Runs as processes of this machine, from the command line."""

import json
import time
from types import SimpleNamespace

import pytest

from tests.datasets import png, write_parquet
from train.config_file import read_config
from train.jobs.__main__ import main
from train.jobs.cancel import cancel_local_job
from train.jobs.local import follow_local_log, list_local_jobs, read_local_job, read_local_log, start_local_job
from train.jobs.spec import JobError, RunSpec
from train.presets import PRESETS


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Where local runs lie, a run that is to be started there, and its state."""
    root = tmp_path_factory.mktemp("here")
    photos = write_parquet(root / "photos", [png(value * 7) for value in range(30)])
    overrides = {"images": 48, "data.resolution": 32, "data.shuffle_buffer": 4, "checkpoint_every": 8, "log_every": 4}
    spec = RunSpec("tiny", photos, "me/weights", overrides)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
        patch.setenv("HF_TOKEN", "hf_of_this_machine")
        yield SimpleNamespace(root=root, spec=spec, job=lambda: read_local_job(root / spec.run_dir))


def wait_until(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "timeout"
        time.sleep(0.02)


def test_a_local_run_is_watched_cancelled_and_resumed(here, capsys):
    started = start_local_job(here.spec, here.root)
    assert (started.stage, started.ended) == ("RUNNING", False)
    with pytest.raises(JobError, match="already being trained"):
        start_local_job(here.spec, here.root)
    wait_until(lambda: (started.folder / "checkpoint.pt").exists() or here.job().ended)
    assert not here.job().ended, read_local_log(started.folder)
    assert main(["status", str(started.folder)]) == 0
    assert "running" in capsys.readouterr().out
    assert main(["cancel", str(started.folder)]) == 0
    wait_until(lambda: here.job().ended)
    assert here.job().stage == "CANCELED"
    assert any("Interrupted" in line for line in read_local_log(started.folder))
    start_local_job(here.spec, here.root)
    submitted = read_config(str(started.folder / "submitted.json"), PRESETS)
    assert (submitted.run_dir, submitted.images) == (str(started.folder), 48)
    lines = list(follow_local_log(started.folder))
    progress = [json.loads(line) for line in lines if line.startswith('{"event": "progress"')]
    assert progress[0]["images_seen"] > 4, "it resumed"
    assert progress[-1]["images_seen"] == 48
    # the Hub cannot be reached, so that publishing fails; the weights are kept
    assert here.job().stage == "ERROR"
    assert "cannot be reached" in "\n".join(read_local_log(started.folder))
    assert [job.folder for job in list_local_jobs(here.root)] == [started.folder]


def test_no_file_of_a_local_run_holds_the_token(here):
    for path in here.root.rglob("*"):
        assert path.is_dir() or b"hf_of_this_machine" not in path.read_bytes(), path


def test_a_folder_without_a_run_is_refused(tmp_path, capsys):
    assert main(["status", str(tmp_path)]) == 1
    assert "holds no run" in capsys.readouterr().err
    with pytest.raises(JobError, match="holds no run"):
        cancel_local_job(tmp_path)
