"""The console command's own answers: help texts, and arguments of commands that take none."""

import pytest

from inpaint import console


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
