"""Run specs, the config that a job gets from them, and the requests for the Hub."""

import dataclasses
import json
import os
import subprocess
import sys

import pytest

from train.config import TrainConfig
from train.config_file import read_config
from train.damage.config import DAMAGE_PRESETS
from train.jobs import hub as jobs_hub
from train.jobs.cost import pause_minutes
from train.jobs.hub import HubJob, image_request, job_name, space_request
from train.jobs.packages import TRACKIO
from train.jobs.spec import ALL_PRESETS, JobError, RunSpec, is_hub_dataset
from train.presets import PRESETS
from train.settings import with_overrides


def spec(**changes) -> RunSpec:
    return RunSpec(**{"preset": "photos", "dataset": "me/photos", "repo_id": "me/weights"} | changes)


def test_a_job_reads_the_config_of_its_run_from_its_arguments():
    run = spec(overrides={"images": 5000}, private=True)
    flag, text = run.job_arguments(pause_minutes=50)
    assert flag == "--config"
    config = read_config(text, PRESETS)
    assert config == with_overrides(run.config, {"pause_minutes": 50})
    assert (config.data.dataset, config.push_to_hub, config.private) == (("me/photos",), "me/weights", True)
    assert (config.images, config.checkpoint_repo, config.event_log) == (5000, "me/weights-checkpoint", True)


def test_a_local_run_reads_the_config_of_its_run_from_its_file(tmp_path):
    run = spec(overrides={"images": 5000})
    config = read_config(run.local_config(tmp_path), PRESETS)
    assert (config.run_dir, config.push_to_hub, config.checkpoint_repo) == (str(tmp_path), "me/weights", None)
    assert read_config(run.local_config(tmp_path, publish=False), PRESETS).push_to_hub is None
    assert dataclasses.replace(config, run_dir=run.run_dir, checkpoint_repo=run.checkpoint_repo) == run.config


def test_the_repositories_of_a_job_are_read_from_its_command():
    def job(*command):
        return HubJob("1", "RUNNING", "", "", "", command, "")

    started = job(*space_request(spec(), "me/inpaint", "t4-small", 3600).command)
    assert (started.repo_id, started.checkpoint_repo) == ("me/weights", "me/weights-checkpoint")
    flags = ("--push-to-hub", "me/weights", "--checkpoint-repo", "me/weights-checkpoint")
    of_earlier_version = job("python", "-m", "train", "photos", *flags)
    assert (of_earlier_version.repo_id, of_earlier_version.checkpoint_repo) == ("me/weights", "me/weights-checkpoint")
    for command in (
        (),
        ("echo", "hi"),
        ("--push-to-hub",),
        ("--config",),
        ("--config", "{"),
        ("--config", "[]"),
        ("--config", "{}"),
    ):
        assert (job(*command).repo_id, job(*command).checkpoint_repo) == ("", "")


def test_the_run_folder_depends_on_the_settings_and_not_on_the_device():
    first, again = spec(overrides={"images": 4000}), spec(overrides={"images": 4000, "device": "cpu"})
    other = spec(overrides={"images": 4000, "seed": 1})
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
        ({"overrides": {"images": "many"}}, "must be of type int"),
        ({"overrides": {"no_such": 1}}, "no setting"),
        ({"overrides": {"push_to_hub": "you/weights"}}, "push_to_hub follows"),
    ],
)
def test_an_invalid_run_raises_an_error_that_names_the_problem(changes, message):
    with pytest.raises(JobError, match=message):
        spec(**changes)


@pytest.mark.parametrize("name", ["me/photos", "me/photos:large", "a.b-c/d_e.f:g-h"])
def test_a_hub_dataset_is_recognised_by_its_name(name):
    assert is_hub_dataset(name)


@pytest.mark.parametrize(
    "name", ["photos", "/etc/passwd", "../x/y", "a/b/c", "me/photos;ls", "$(x)/y", "me/x y", "-a/b"]
)
def test_other_names_are_not_hub_datasets(name):
    assert not is_hub_dataset(name)


def test_the_spec_of_a_config_holds_the_differences_from_its_preset():
    given = {"data.dataset": ("me/photos",), "push_to_hub": "me/weights", "images": 400, "seed": 3}
    described = RunSpec.from_config(with_overrides(PRESETS["tiny"][1], given))
    assert described == RunSpec("tiny", "me/photos", "me/weights", {"images": 400, "seed": 3})
    with pytest.raises(JobError, match="--push-to-hub"):
        RunSpec.from_config(with_overrides(PRESETS["tiny"][1], {"data.dataset": ("me/photos",)}))
    several = RunSpec.from_config(with_overrides(PRESETS["tiny"][1], given | {"data.dataset": ("a/b", "c/d")}))
    assert several.datasets == several.config.data.dataset == ("a/b", "c/d")
    assert several.is_on_hub
    with pytest.raises(JobError, match="dataset is ''"):
        spec(dataset=("a/b", ""))
    with pytest.raises(JobError, match="run_dir follows"):
        RunSpec.from_config(with_overrides(PRESETS["tiny"][1], given | {"run_dir": "elsewhere"}))
    with pytest.raises(JobError, match="no preset"):
        RunSpec.from_config(dataclasses.replace(TrainConfig(images=1), data=described.config.data, push_to_hub="me/w"))


def test_the_damage_network_trains_as_a_job():
    run = spec(preset="damage", dataset=("me/photos", "me/more"), overrides={"images": 4000})
    config = read_config(run.job_arguments(50)[1], ALL_PRESETS)
    assert (config.dataset, config.push_to_hub, config.images) == (("me/photos", "me/more"), "me/weights", 4000)
    assert RunSpec.from_config(with_overrides(DAMAGE_PRESETS["damage"][1], {"push_to_hub": "me/w"})).preset == "damage"


def test_a_space_request_has_the_image_of_the_space_and_a_timeout():
    request = space_request(spec(), "me/inpaint", "t4-small", 7200)
    assert request.image == "hf.co/spaces/me/inpaint"
    assert request.command[:3] == ["python", "-m", "train"]
    assert request.timeout_s == 7200
    minutes = json.loads(request.command[-1])["pause_minutes"]
    assert minutes == pause_minutes(7200) == 110, "it stops by itself, so that its last state reaches the Hub"
    assert request.labels == {"inpaint": "retrain", "preset": "photos"}
    sooner = space_request(spec(overrides={"pause_minutes": 30.0}), "me/inpaint", "t4-small", 7200)
    assert json.loads(sooner.command[-1])["pause_minutes"] == 30


def test_an_image_request_starts_with_the_bootstrap_command():
    request = image_request(spec(), "pytorch/pytorch:x", ["python", "-c", "program", "url"], "t4-small", 7200)
    assert request.command[:5] == ["python", "-c", "program", "url", "--config"]


def test_a_job_that_logs_to_trackio_installs_it_and_trains_with_the_same_arguments(tmp_path):
    request = space_request(spec(overrides={"trackio": "me/board"}), "me/inpaint", "t4-small", 3600)
    python, flag, program, packages, *arguments = request.command
    assert (python, flag, packages) == ("python", "-c", TRACKIO)
    assert json.loads(arguments[1])["trackio"] == jobs_hub.setting_of(request.command, "trackio") == "me/board"
    (tmp_path / "train.py").write_text("import os, sys; print(sys.argv[1:], os.environ['HF_TOKEN'])")
    (tmp_path / "pip.py").write_text("import os, sys; print(sys.argv[1:], 'HF_TOKEN' in os.environ)")
    done = subprocess.run(
        [sys.executable, flag, program, "numpy pillow", *arguments], cwd=tmp_path, check=True, capture_output=True,
        text=True, env=os.environ | {"HF_TOKEN": "hf_secret"},
    )  # fmt: skip
    installed, trained = done.stdout.splitlines()
    assert "'numpy', 'pillow'" in installed and installed.endswith("False"), "packages do not see the token"
    assert trained == f"{arguments} hf_secret"


def test_user_input_stays_data_and_is_parsed_by_no_shell():
    request = space_request(spec(dataset="me/photos:a"), "me/inpaint", "t4-small", 3600)
    assert request.command[:4] == ["python", "-m", "train", "--config"] and len(request.command) == 5
    assert json.loads(request.command[4])["data"] == {"dataset": ["me/photos:a"]}
    assert not {"sh", "bash", "-lc"} & set(request.command)
    assert set(job_name(spec(repo_id="me/my.weights_2"))) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
    )


def test_a_dataset_of_this_machine_is_not_uploaded_silently(tmp_path):
    with pytest.raises(JobError, match="upload it"):
        space_request(spec(dataset=str(tmp_path)), "me/inpaint", "t4-small", 3600)


def test_the_token_is_sent_in_the_secrets_only(monkeypatch):
    sent = {}
    answer = {"id": "1", "owner": {"id": "i", "name": "me", "type": "user"}, "status": {"stage": "RUNNING"}}

    def run_job(api, **arguments):
        sent.update(arguments)
        return jobs_hub.JobInfo(**answer)

    monkeypatch.setattr(jobs_hub.HfApi, "run_job", run_job)
    monkeypatch.setattr(jobs_hub.HfApi, "whoami", lambda api, **arguments: {"name": "me"})
    jobs_hub.submit(space_request(spec(), "me/inpaint", "t4-small", 3600), "hf_secret", "me")
    assert sent.pop("secrets") == {"HF_TOKEN": "hf_secret"}
    assert sent.pop("token") == "hf_secret"
    assert "hf_secret" not in json.dumps(sent)
    assert sent["timeout"] == 3600


def test_a_token_that_may_not_write_the_space_of_trackio_starts_no_job(monkeypatch):
    weights = ("me/weights", "me/weights-checkpoint")
    scopes = [{"entity": {"name": name}, "permissions": ["repo.write"]} for name in weights]
    token = {"role": "fineGrained", "fineGrained": {"scoped": scopes}}
    monkeypatch.setattr(jobs_hub.HfApi, "whoami", lambda api, **arguments: {"auth": {"accessToken": token}})
    monkeypatch.setattr(jobs_hub.HfApi, "run_job", lambda api, **arguments: pytest.fail("it was started"))
    run = spec(overrides={"trackio": "me/board"})
    with pytest.raises(JobError, match="may not write me/board"):
        jobs_hub.submit(space_request(run, "me/inpaint", "t4-small", 3600), "hf_secret", "me")
