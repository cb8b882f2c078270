"""The command line `python -m train.jobs`."""

import os
import re
import shlex
import subprocess
import sys

import pytest

from tests.hub.failures import http_error
from train.config_file import parse_config
from train.jobs.__main__ import main
from train.jobs.cost import Hardware
from train.presets import PRESETS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["submit", "tiny", "--data.dataset", "me/photos"], "--push-to-hub"),
        (["submit", "--here", "tiny", "--data.dataset", "me/photos", "--push-to-hub", "w"], "not a repository id"),
        (["submit", "--here", "--config", "{"], "is not JSON"),
        (["submit", "--here", "--config", '{"preset": "tiny", "images": 0}'], "images is 0"),
        (
            ["submit", "damages", "--dataset", "me/photos"],
            "must be one of context-encoder, photos, finetune",
        ),
        (["submit", "damage", "--dataset", "me/photos"], "--push-to-hub"),
        (["cancel", "0123"], "hf auth login"),
    ],
)
def test_problems_of_the_command_line_are_reported_in_a_sentence(arguments, message, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("train.jobs.__main__.get_token", lambda: None)
    assert main(arguments) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["submit", "tiny", "--timeout", "soon"], ["status", "--flush"], [], ["submit"]])
def test_an_invalid_command_line_exits_with_the_usage(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_the_status_without_runs_says_so(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("train.jobs.__main__.get_token", lambda: None)
    assert main(["status"]) == 0
    assert capsys.readouterr().out == "There are no runs.\n"


def test_a_dry_run_prints_a_command_that_can_be_run(capsys):
    flags = ["tiny", "--data.dataset", "me/photos", "--push-to-hub", "me/weights", "--images", "8"]
    assert main(["submit", "--here", "--dry-run", *flags]) == 0
    *command, flag, text = shlex.split(capsys.readouterr().out)
    assert (command, flag) == (["python", "-m", "train"], "--config")
    config = parse_config([flag, text], PRESETS, "train")
    assert (config.data.dataset, config.push_to_hub, config.images) == (("me/photos",), "me/weights", 8)
    assert main(["submit", "--here", "--dry-run", "--config", text]) == 1, "run_dir follows from the rest"


@pytest.mark.parametrize(
    ("options", "limit"),
    [([], "stopped after 60 min, at $0.40;"), (["--timeout", "20m"], "stopped after 20 min, at $0.13;")],
)
def test_the_time_limit_that_is_printed_is_that_of_the_request(options, limit, capsys, monkeypatch):
    machines = [Hardware("t4-small", "T4", "", 0.4, 4, "T4")]
    monkeypatch.setattr("train.jobs.__main__.list_hardware", lambda token: machines)
    flags = ["tiny", "--data.dataset", "me/photos", "--push-to-hub", "me/weights"]
    assert main(["submit", "--dry-run", "--space", "me/inpaint", *options, *flags]) == 0
    shown = capsys.readouterr().out
    seconds = int(re.search(r"timeout_s=(\d+)", shown)[1])
    assert limit in shown and f"stopped after {seconds // 60} min" in shown


def test_the_command_line_runs_as_a_module():
    environment = os.environ | {"COLUMNS": "100"}
    command = [sys.executable, "-m", "train.jobs", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout
    assert all(name in shown for name in ("submit", "status", "logs", "cancel", "hardware"))


def test_the_token_in_a_message_of_the_hub_is_hidden_on_the_command_line(capsys, monkeypatch):
    def refuse(*_, **__):
        raise http_error(403, "hf_machine is not welcome")

    monkeypatch.setattr("train.jobs.__main__.get_token", lambda: "hf_machine")
    monkeypatch.setattr("huggingface_hub.HfApi.list_jobs_hardware", refuse)
    monkeypatch.setattr("huggingface_hub.HfApi.whoami", refuse)
    assert main(["hardware"]) == 1
    shown = capsys.readouterr()
    assert "<token> is not welcome" in shown.err and "hf_machine" not in shown.out + shown.err
