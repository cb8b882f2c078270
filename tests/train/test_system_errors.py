"""Errors of the operating system reach the reader in words: which file, and what is the matter with it."""

import errno
import importlib

import pytest

from train.data.opening import open_dataset


@pytest.mark.parametrize(
    ("module", "step", "arguments"),
    [
        ("train.__main__", "run", ["tiny"]),
        ("train.sprint.__main__", "_pack", ["pack"]),
        ("train.paper.__main__", "compare", []),
        ("train.paper.figure", "draw", ["runs/context-encoder"]),
        ("train.evaluate.finetune", "compare_run", ["runs/finetune"]),
        ("train.damage.veils", "load_overlays", ["photos", "--overlays", "maps"]),
        ("train.damage.sheet", "restore_scan", ["scan.jpg", "-o", "sheet.jpg"]),
        ("train.damage.evaluate", "read_pairs", ["--pairs", "scans"]),
        ("train.damage.hard_negatives", "DamageFinder", ["photos", "-o", "hard"]),
    ],
)
def test_a_command_names_the_file_and_the_reason_without_numbers(
    module, step, arguments, monkeypatch, tmp_path, capsys
):
    def fail(*given, **options):
        raise OSError(errno.ENOSPC, "No space left on device", "/disk/of-the-run")

    command = importlib.import_module(module)
    monkeypatch.setattr(command, step, fail)
    monkeypatch.chdir(tmp_path)
    assert command.main(arguments) != 0
    said = capsys.readouterr().err
    assert "/disk/of-the-run: the disk is full" in said and "Errno" not in said


def test_a_dataset_that_the_system_does_not_open_is_reported_in_words(tmp_path, monkeypatch):
    def fail(*given):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path))

    monkeypatch.setattr("train.data.opening._load_folder", fail)
    with pytest.raises(ValueError, match=r"cannot be opened: .*: this user has no permission\nGive a Hub dataset"):
        open_dataset(str(tmp_path), "train", None)
