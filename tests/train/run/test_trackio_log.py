"""What a run sends to trackio: to a stand-in with its documented functions, and to trackio itself if installed."""

import importlib.machinery
import json
import math
import os
import subprocess
import sys
import threading
import types
from types import SimpleNamespace

import pytest

from tests.hub.failures import http_error
from tests.train.runs import free_form, train
from train.__main__ import _start_callbacks
from train.run import trackio_log
from train.run.progress import read_losses
from train.run.trackio_log import TrackioLog


class Board(types.ModuleType):
    """A stand-in for the module trackio 0.43: its runs are in `runs`, the keywords of `init` in `started`."""

    def __init__(self):
        super().__init__("trackio")
        self.__spec__ = importlib.machinery.ModuleSpec("trackio", None)
        self.runs, self.started, self.failure, self.hung = {}, [], None, None

    def init(self, project, name, space_id, config, resume, private, embed, auto_log_cpu):
        if self.failure == "init":
            raise http_error(403, "no Space for hf_me")
        self.started.append({"resume": resume, "space_id": space_id, "private": private, "config": config})
        if resume == "never":
            self.runs[project, name] = []
        return SimpleNamespace(log=self.logger(self.runs[project, name]), finish=lambda: None)

    def logger(self, rows):
        def log(metrics, step):
            if self.failure == "log":
                raise RuntimeError("the board is full")
            if self.hung:
                self.hung.wait()
            rows.append({"images_seen": step, **metrics})

        return log

    @staticmethod
    def Image(path):
        assert path.read_bytes().startswith(b"\x89PNG")
        return path.name


@pytest.fixture
def board(monkeypatch, no_curves):
    board = Board()
    monkeypatch.setitem(sys.modules, "trackio", board)
    monkeypatch.setattr("inpaint.hub.errors.get_token", lambda: "hf_me")
    return board


@pytest.fixture
def spaces(monkeypatch):
    """Whether the Hub says that a Space is private, by its id."""
    private = {}
    api = SimpleNamespace(space_info=lambda name: SimpleNamespace(private=private[name]))
    monkeypatch.setattr(trackio_log, "HfApi", lambda: api)
    return private


def run(config):
    """Train as `python -m train` does."""
    callbacks = []
    try:
        _start_callbacks(config, callbacks)
        return train(config, None, callbacks)
    finally:
        for callback in callbacks:
            callback.close()


def test_trackio_gets_the_lines_of_losses_and_the_sheets_and_a_resumed_run_goes_on(board, photos, tmp_path):
    for images in (32, 48):
        run_dir = run(free_form(photos, tmp_path / "mine", images=images, trackio="local", sample_every=16))
    rows = board.runs["inpaint", "mine"]
    sent = [{name: round(value, 6) for name, value in row.items()} for row in rows if "samples" not in row]
    assert sent == read_losses(run_dir / "losses.jsonl")
    sheets = [(row["images_seen"], row["samples"]) for row in rows if "samples" in row]
    assert sheets == [(seen, f"images-{seen:09d}.png") for seen in (0, 16, 32, 48)]
    assert [start["resume"] for start in board.started] == ["never", "allow"]


def test_held_out_figures_are_sent_without_those_that_are_no_numbers(board, photos, tmp_path):
    log = TrackioLog(free_form(photos, tmp_path / "mine", trackio="local"), resumed=False)
    log.on_measured([{"images_seen": 8, "held-out/elp": 0.5, "other/elp": math.nan}], best=True)
    log.close()
    assert board.runs["inpaint", "mine"] == [{"images_seen": 8, "held-out/elp": 0.5}]


def test_names_of_folders_and_datasets_are_not_sent(board, photos, tmp_path):
    TrackioLog(free_form(photos, tmp_path / "mine", trackio="local"), resumed=False).close()
    sent = json.dumps(board.started)
    assert '"data.resolution": 32' in sent and '"preset": "tiny"' in sent
    assert str(tmp_path) not in sent and photos not in sent


@pytest.mark.parametrize("failure", ["init", "log"])
def test_a_failure_of_trackio_is_reported_once_and_the_training_goes_on(failure, board, photos, tmp_path, capsys):
    board.failure = failure
    log = TrackioLog(free_form(photos, tmp_path / "mine", trackio="local"), resumed=False)
    for seen in (8, 16):
        log.on_log({"images_seen": seen}, 48)
    log.close()
    output = capsys.readouterr().out
    assert output.count("The run is not shown in trackio") == 1
    assert "hf_me" not in output


def test_a_trackio_that_hangs_does_not_hold_up_the_end_of_the_run(board, photos, tmp_path, monkeypatch):
    monkeypatch.setattr(trackio_log, "CLOSE_TIMEOUT_S", 0.1)
    board.hung = threading.Event()
    log = TrackioLog(free_form(photos, tmp_path / "mine", trackio="local"), resumed=False)
    for seen in (8, 16):
        log.on_log({"images_seen": seen}, 48)
    log.close()
    assert not board.runs["inpaint", "mine"]
    board.hung.set()


@pytest.mark.parametrize(
    ("is_private", "setting", "shown"), [(True, None, True), (False, None, False), (False, False, True)]
)
def test_photos_go_to_a_public_space_only_on_request(
    is_private, setting, shown, board, spaces, photos, tmp_path, capsys
):
    spaces["me/board"] = is_private
    log = TrackioLog(free_form(photos, tmp_path / "mine", trackio="me/board", private=setting), resumed=False)
    sheet = tmp_path / "sheet.png"
    sheet.write_bytes(b"\x89PNG")
    log.on_sheet(sheet, 8)
    log.close()
    assert ({"images_seen": 8, "samples": "sheet.png"} in board.runs["inpaint", "mine"]) == shown
    assert ("gets no sample sheets" in capsys.readouterr().out) != shown
    assert board.started[0]["private"] == (setting is not False), "a new Space"


def test_a_missing_package_is_told_before_the_training(photos, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install trackio"):
        run(free_form(photos, tmp_path / "mine", trackio="local"))
    assert not (tmp_path / "mine").exists()


def test_a_space_has_an_owner_and_a_name(photos, tmp_path):
    with pytest.raises(ValueError, match="OWNER/NAME of a Space"):
        free_form(photos, tmp_path, trackio="board")


SESSIONS = """
import sys
from pathlib import Path
from train.presets import PRESETS
from train.settings import with_overrides
from train.run.trackio_log import TrackioLog
config = with_overrides(PRESETS["tiny"][1], {"run_dir": "runs/mine", "trackio": "local"})
for resumed, seen in ((False, 8), (True, 16)):
    log = TrackioLog(config, resumed)
    log.on_log({"images_seen": seen, "generator/l1": 0.5}, 48)
    log.on_sheet(Path(sys.argv[1]), seen)
    log.close()
"""


def test_trackio_itself_has_one_run_with_all_steps_and_sheets(tmp_path):
    pytest.importorskip("trackio")
    from PIL import Image

    Image.new("RGB", (8, 8)).save(tmp_path / "sheet.png")
    environment = os.environ | {"TRACKIO_DIR": str(tmp_path / "board"), "HF_HUB_OFFLINE": "1"}
    subprocess.run([sys.executable, "-c", SESSIONS, str(tmp_path / "sheet.png")], env=environment, check=True)
    command = [sys.executable, "-m", "trackio.cli", "get", "run", "--project", "inpaint", "--run", "mine", "--json"]
    shown = json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
    assert (shown["num_logs"], shown["last_step"]) == (4, 16)
    assert {"generator/l1", "samples"} <= set(shown["metrics"])
    assert len(list((tmp_path / "board" / "media").rglob("*.png"))) == 2


REPEATED = """
import contextlib, json, os, sys
from pathlib import Path
from trackio.sqlite_storage import SQLiteStorage
from train.presets import PRESETS
from train.settings import with_overrides
from train.run.progress import Progress, read_losses
from train.run.trackio_log import TrackioLog
folder = Path(sys.argv[1])
config = with_overrides(PRESETS["tiny"][1], {"run_dir": str(folder), "trackio": "local"})
shown = []
for checkpoint, steps in ((None, (8, 16)), (8, (16, 24)), (None, (8,))):
    with contextlib.redirect_stdout(sys.stderr):
        progress, log = Progress(folder, checkpoint or 0, 48), TrackioLog(config, checkpoint is not None)
        for seen in steps:
            log.on_log(progress.write(seen, 0.0), 48)
        log.close(), progress.close()
    rows = SQLiteStorage.get_logs("inpaint", folder.name)
    shown.append([
        [row["step"] for row in rows if "step_ms" in row],
        [line["images_seen"] for line in read_losses(folder / "losses.jsonl")],
    ])
print(json.dumps(shown))
"""
"""A run that ends after its checkpoint at 8 images, its resumption, and a new run in the same folder: the steps that
trackio shows and those of the losses file, after each."""


def test_steps_that_a_resumed_run_repeats_are_twice_in_trackio_and_a_new_run_is_shown_in_place_of_an_old_one(tmp_path):
    """The losses file has each step once, unlike trackio: see findings/trackio-resumed-steps.sh."""
    pytest.importorskip("trackio")
    (tmp_path / "mine").mkdir()
    environment = os.environ | {"TRACKIO_DIR": str(tmp_path / "board"), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", REPEATED, str(tmp_path / "mine")]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    first, resumed, new = json.loads(done.stdout.splitlines()[-1])
    assert first == [[8, 16], [8, 16]]
    assert resumed == [[8, 16, 16, 24], [8, 16, 24]]
    assert new == [[8], [8]]
