"""Descriptions of runs, the requests that follow from them, prices and guesses, and runs on this machine."""

import dataclasses
import io
import itertools
import json
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import JobHardwareInfo

from tests.datasets import png, write_parquet
from tests.hub.jobs import HARDWARE
from train.config import TrainConfig
from train.jobs import hub as jobs_hub
from train.jobs import source as jobs_code
from train.jobs.__main__ import main
from train.jobs.cost import Hardware, estimate, hardware_of, images_per_s, max_minutes
from train.jobs.hub import image_request, job_name, space_request
from train.jobs.local import cancel_here, follow_here, job_here, jobs_here, log_here, start_here
from train.jobs.spec import JobError, Run, is_hub_dataset, run_of
from train.presets import PRESETS, with_overrides

T4 = Hardware("t4-small", "T4", "", 0.4, 4, "T4")


def run(**changes) -> Run:
    return Run(**{"preset": "photos", "dataset": "me/photos", "repo_id": "me/weights"} | changes)


def test_a_run_says_in_its_arguments_all_that_the_machine_needs():
    arguments = run(overrides={"images": 5000}, private=True).arguments(max_minutes=50)
    said = dict(itertools.pairwise(arguments))
    assert arguments[0] == "photos"
    wanted = {"--data.dataset": "me/photos", "--push-to-hub": "me/weights", "--images": "5000", "--private": "True",
              "--checkpoint-repo": "me/weights-checkpoint", "--max-minutes": "50"}  # fmt: skip
    assert wanted.items() <= said.items()
    assert "--event-log" in arguments


def test_a_short_run_is_watched_more_closely_and_cools_down_in_time():
    short, whole = run(overrides={"images": 4000}).config, run().config
    assert (short.log_every, short.checkpoint_every, short.cooldown_images) == (20, 200, 800)
    assert whole.log_every == PRESETS["photos"][1].log_every
    chosen = run(overrides={"images": 4000, "log_every": 400}).config
    assert chosen.log_every == 400


def test_other_settings_are_another_run_and_another_place_is_not():
    first, again = run(overrides={"images": 4000}), run(overrides={"images": 4000, "device": "cpu"})
    other = run(overrides={"images": 4000, "seed": 1})
    assert first.run_dir == again.run_dir != other.run_dir
    assert first.run_dir.startswith("runs/me--weights-")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"preset": "phtos"}, "no preset 'phtos'"),
        ({"repo_id": "weights"}, "not a repository id"),
        ({"repo_id": "me/weights; rm -rf"}, "not a repository id"),
        ({"repo_id": "me/a--b"}, "not a repository id"),
        ({"repo_id": "../weights"}, "not a repository id"),
        ({"repo_id": "me/" + "w" * 90}, "not a repository id"),
        ({"dataset": ""}, "give OWNER/NAME"),
        ({"dataset": "--push-to-hub"}, "give OWNER/NAME"),
        ({"overrides": {"images": 0}}, "images is 0"),
        ({"overrides": {"images": "many"}}, "of the wrong kind"),
        ({"overrides": {"no_such": 1}}, "no setting"),
        ({"overrides": {"push_to_hub": "you/weights"}}, "push_to_hub follows"),
    ],
)
def test_a_run_that_cannot_be_meant_is_answered_with_a_sentence(changes, message):
    with pytest.raises(JobError, match=message):
        run(**changes)


@pytest.mark.parametrize("name", ["me/photos", "me/photos:large", "a.b-c/d_e.f:g-h"])
def test_names_of_datasets_on_the_hub_are_known(name):
    assert is_hub_dataset(name)


@pytest.mark.parametrize(
    "name", ["photos", "/etc/passwd", "../x/y", "a/b/c", "me/photos;ls", "$(x)/y", "me/x y", "-a/b"]
)
def test_other_names_are_no_datasets_on_the_hub(name):
    assert not is_hub_dataset(name)


def test_a_config_is_described_by_what_sets_it_apart():
    given = {"data.dataset": ("me/photos",), "push_to_hub": "me/weights", "images": 400, "seed": 3}
    described = run_of(with_overrides(PRESETS["tiny"][1], given))
    assert described == Run("tiny", "me/photos", "me/weights", {"images": 400, "seed": 3})
    with pytest.raises(JobError, match="--push-to-hub"):
        run_of(with_overrides(PRESETS["tiny"][1], {"data.dataset": ("me/photos",)}))
    with pytest.raises(JobError, match="one dataset and not 2"):
        run_of(with_overrides(PRESETS["tiny"][1], given | {"data.dataset": ("a/b", "c/d")}))
    with pytest.raises(JobError, match="run_dir follows"):
        run_of(with_overrides(PRESETS["tiny"][1], given | {"run_dir": "elsewhere"}))
    with pytest.raises(JobError, match="no preset"):
        run_of(dataclasses.replace(TrainConfig(images=1), data=described.config.data, push_to_hub="me/w"))


def test_a_request_for_a_space_names_its_image_and_always_has_a_timeout():
    request = space_request(run(), "me/inpaint", "t4-small", 7200)
    assert request.image == "hf.co/spaces/me/inpaint"
    assert request.command[:3] == ["python", "-m", "train"]
    assert request.timeout_s == 7200
    minutes = float(request.command[request.command.index("--max-minutes") + 1])
    assert minutes == max_minutes(7200) == 110, "it stops by itself, and its last state reaches the Hub"
    assert request.labels == {"inpaint": "retrain"}


def test_a_request_for_an_image_starts_with_what_brings_the_code():
    request = image_request(run(), "pytorch/pytorch:x", ["python", "-c", "program", "url"], "t4-small", 7200)
    assert request.command[:5] == ["python", "-c", "program", "url", "photos"]


def test_what_people_type_stays_one_argument_and_meets_no_shell():
    """The names that could be more than a word are refused, and what is left is an element of a list."""
    request = space_request(run(dataset="me/photos:a"), "me/inpaint", "t4-small", 3600)
    assert request.command.count("me/photos:a") == 1
    assert not {"sh", "bash", "-lc"} & set(request.command)
    assert set(job_name(run(repo_id="me/my.weights_2"))) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
    )


def test_pictures_of_this_machine_are_not_sent_away_silently(tmp_path):
    with pytest.raises(JobError, match="upload them"):
        space_request(run(dataset=str(tmp_path)), "me/inpaint", "t4-small", 3600)


def test_a_request_never_holds_the_token(monkeypatch):
    sent = {}
    answer = {"id": "1", "owner": {"id": "i", "name": "me", "type": "user"}, "status": {"stage": "RUNNING"}}

    def run_job(api, **arguments):
        sent.update(arguments)
        return jobs_hub.JobInfo(**answer)

    monkeypatch.setattr(jobs_hub.HfApi, "run_job", run_job)
    jobs_hub.submit(space_request(run(), "me/inpaint", "t4-small", 3600), "hf_secret", "me")
    assert sent.pop("secrets") == {"HF_TOKEN": "hf_secret"}
    assert sent.pop("token") == "hf_secret"
    assert "hf_secret" not in json.dumps(sent)
    assert sent["timeout"] == 3600


def test_prices_are_by_the_hour_and_machines_with_several_gpus_are_left_out():
    machines = hardware_of(JobHardwareInfo(**machine) for machine in HARDWARE)
    assert [(machine.flavor, machine.usd_per_hour) for machine in machines] == [("cpu-basic", 0.01), ("t4-small", 0.4)]
    assert machines[1].details == "4 vCPU, 15 GB, T4 16 GB"
    assert (machines[1].cores, machines[1].gpu) == (4, "T4")


def test_a_longer_run_takes_longer_and_faster_hardware_less_time():
    short, long = (estimate(run(overrides={"images": images}), T4) for images in (10_000, 100_000))
    assert short.seconds < long.seconds
    assert long.usd == pytest.approx(long.seconds / 3600 * 0.4)
    fast = Hardware("h200", "H200", "", 5.0, 23, "Nvidia H200")
    assert estimate(run(overrides={"images": 100_000}), fast).seconds < long.seconds
    assert short.timeout_s >= 3600 and 2 * long.seconds < long.timeout_s


def test_the_guess_of_a_gpu_is_not_that_of_another_with_a_similar_name():
    config = PRESETS["photos"][1]
    speeds = [images_per_s(config, Hardware("", "", "", 1, 64, gpu)) for gpu in ("Nvidia L4", "Nvidia L40S")]
    assert speeds[0] < speeds[1]


def test_a_gpu_is_no_faster_than_its_cpu_can_read_pictures():
    assert images_per_s(PRESETS["photos"][1], Hardware("", "", "", 1, 2, "H200")) == 80


def test_no_run_is_cut_off_at_half_an_hour():
    guess = estimate(run(preset="tiny", overrides={"images": 4}), T4)
    assert guess.timeout_s >= 3600


@pytest.mark.parametrize("timeout_s", [60, 600, 3600, 86_400])
def test_a_run_stops_before_it_is_cut_off(timeout_s):
    assert 0 < max_minutes(timeout_s) * 60 < timeout_s


def test_the_code_of_a_commit_is_packed_and_unsaved_work_is_not(tmp_path):
    git = ["git", "-C", str(tmp_path), "-c", "user.name=me", "-c", "user.email=me@example.org"]
    for part in jobs_code.PARTS:
        path = tmp_path / part / "file.py" if "." not in part and part != "LICENSE" else tmp_path / part
        path.parent.mkdir(exist_ok=True)
        path.write_text(part)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for command in (["add", "-A"], ["commit", "-q", "-m", "All"]):
        subprocess.run([*git, *command], check=True)
    code = jobs_code.pack(tmp_path)
    with tarfile.open(fileobj=io.BytesIO(code.data)) as archive:
        assert {"inpaint/file.py", "train/file.py", "requirements.txt"} <= set(archive.getnames())
    (tmp_path / "train" / "file.py").write_text("changed")
    with pytest.raises(JobError, match="train/file.py' is not committed"):
        jobs_code.pack(tmp_path)
    with pytest.raises(JobError, match="no git checkout"):
        jobs_code.pack(Path("/"))


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A run that was started here, killed, started again, and has ended."""
    root = tmp_path_factory.mktemp("here")
    photos = write_parquet(root / "photos", [png(value * 7) for value in range(30)])
    overrides = {"images": 48, "data.resolution": 32, "data.shuffle_buffer": 4, "checkpoint_every": 8, "log_every": 4}
    described = Run("tiny", photos, "me/weights", overrides)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
        patch.setenv("HF_TOKEN", "hf_of_this_machine")
        yield SimpleNamespace(root=root, run=described, job=lambda: job_here(root / described.run_dir))


def wait_until(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def test_a_run_here_is_watched_stopped_and_goes_on_where_it_was(here, capsys):
    started = start_here(here.run, here.root)
    assert (started.stage, started.ended) == ("RUNNING", False)
    with pytest.raises(JobError, match="being trained here already"):
        start_here(here.run, here.root)
    wait_until(lambda: (started.folder / "checkpoint.pt").exists() or here.job().ended)
    assert not here.job().ended, log_here(started.folder)
    assert main(["status", str(started.folder)]) == 0
    assert "running" in capsys.readouterr().out
    assert main(["cancel", str(started.folder)]) == 0
    wait_until(lambda: here.job().ended)
    assert here.job().stage == "CANCELED"
    assert any("Interrupted" in line for line in log_here(started.folder))
    start_here(here.run, here.root)
    lines = list(follow_here(started.folder))
    progress = [json.loads(line) for line in lines if line.startswith('{"event": "progress"')]
    assert progress[0]["images_seen"] > 4, "it went on"
    assert progress[-1]["images_seen"] == 48
    # the Hub of this test does not answer, so that publishing fails: said, kept, and finished by the same command
    assert here.job().stage == "ERROR"
    assert "cannot be reached" in "\n".join(log_here(started.folder))
    assert [job.folder for job in jobs_here(here.root)] == [started.folder]


def test_the_token_of_this_machine_is_in_no_file_of_the_run(here):
    for path in here.root.rglob("*"):
        assert path.is_dir() or b"hf_of_this_machine" not in path.read_bytes(), path


def test_a_folder_without_a_run_is_told(tmp_path, capsys):
    assert main(["status", str(tmp_path)]) == 1
    assert "holds no run" in capsys.readouterr().err
    with pytest.raises(JobError, match="holds no run"):
        cancel_here(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["submit", "tiny", "--data.dataset", "me/photos"], "--push-to-hub"),
        (["submit", "--here", "tiny", "--data.dataset", "me/photos", "--push-to-hub", "w"], "not a repository id"),
        (["cancel", "0123"], "hf auth login"),
    ],
)
def test_problems_of_the_command_line_are_sentences(arguments, message, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("train.jobs.__main__.get_token", lambda: None)
    assert main(arguments) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["submit", "tiny", "--timeout", "soon"], ["status", "--flush"], [], ["submit", "x"]]
)
def test_a_wrong_command_is_answered_with_the_usage(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_the_command_shows_what_it_would_do(capsys):
    flags = ["tiny", "--data.dataset", "me/photos", "--push-to-hub", "me/weights", "--images", "8"]
    assert main(["submit", "--here", "--dry-run", *flags]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("python -m train tiny --images 8") and "--data.dataset me/photos" in shown


def test_the_command_runs_as_a_module():
    environment = os.environ | {"COLUMNS": "100"}
    command = [sys.executable, "-m", "train.jobs", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout
    assert all(name in shown for name in ("submit", "status", "logs", "cancel", "hardware"))
