"""The console command's own answers: help texts, and arguments of commands that take none."""

import subprocess
import sys

import pytest

from inpaint import console
from tests.hub.client import ROOT


@pytest.fixture
def started(monkeypatch):
    """The names of the commands that were run."""
    names = []
    monkeypatch.setattr(console, "_run", lambda name, command, words: names.append((name, *words)) or 0)
    return names


@pytest.mark.parametrize("name", ["app", "warm-up"])
def test_help_of_a_command_without_arguments_explains_it_and_does_not_start_it(name, started, capsys):
    assert console.main([name, "--help"]) == 0 and not started
    assert f"usage: inpaint-photos {name}" in capsys.readouterr().out


def test_an_argument_of_a_command_that_takes_none_is_refused(started, capsys):
    assert console.main(["app", "--port"]) == 2 and not started
    assert "'--port'" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["app"], ["fill", "--help"], ["warm-up"]])
def test_other_commands_are_started_with_their_arguments(words, started):
    assert console.main(words) == 0 and started == [tuple(words)]


def run(*words):
    command = [sys.executable, "-c", "import sys; from inpaint.console import main; sys.exit(main())", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_restore_has_a_help_text_of_its_own_and_reads_no_masks():
    told = " ".join(run("restore", "--help").stdout.split())
    assert told.startswith("usage: inpaint-photos restore [-h] -o OUT") and "PHOTO [PHOTO ...] Find scratches" in told
    of_masks = ("MASK", "--find-damage", "--invert", "the holes", "with or without")
    assert [word for word in of_masks if word in told] == []
    refused = run("restore", "a.jpg", "--invert", "-o", "b.jpg")
    assert refused.returncode == 2 and "--invert" in refused.stderr


def test_restore_leaves_the_mask_of_a_photo_alone(tmp_path):
    examples = ROOT / "page" / "static" / "examples"
    photo, mask, out = examples / "farmhouse.jpg", examples / "farmhouse-mask.png", tmp_path / "r2.jpg"
    done = run("restore", photo, mask, "-o", out)
    told = f"1 photo filled, 0 failed, 1 left out: {mask.name} (by its name a mask of {photo.name}); written to {out}\n"
    assert done.stdout == told and out.is_file()
    refused = run("restore", photo, examples / "harbour.jpg", "-o", tmp_path / "r3.jpg")
    assert refused.returncode == 1 and "for many, OUT must be a folder" in refused.stderr
    assert not (tmp_path / "r3.jpg").exists()
