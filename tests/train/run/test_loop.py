"""Runs from beginning to end, on small photos."""

import dataclasses
import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from inpaint.hub.weights import load_generator
from tests.train.runs import (
    RUNS,
    Interrupt,
    checkpoint,
    context_encoder,
    free_form,
    losses_of,
    same,
    sheet,
    train,
    weights,
    write_splits,
)
from train import __main__ as command_line
from train.data.retry import StreamError
from train.data.stream import PhotoStream
from train.data_config import MaskConfig
from train.run import loop
from train.run.checkpoint import CheckpointError
from train.run.optimize import NonFiniteError
from train.run.progress import read_losses


@pytest.fixture
def run_dir(tmp_path):
    return tmp_path / "run"


def command(photos, run_dir, *flags):
    return ["tiny", "--data.dataset", photos, "--run-dir", str(run_dir), "--data.resolution", "32", *flags]


def test_a_run_leaves_weights_sheets_losses_and_curves(photos, run_dir):
    config = free_form(photos, run_dir, sample_every=16, log_every=8)
    train(dataclasses.replace(config, data=dataclasses.replace(config.data, masks=MaskConfig(central=1))))
    assert load_generator(run_dir / "weights").generator.config.channels == (8, 12, 16)
    sheets = sorted(path.name for path in (run_dir / "samples").iterdir())
    assert sheets == [f"images-{images:09d}.png" for images in (0, 16, 32, 48)]
    assert (sheet(run_dir, 0)[2 + 8 : 2 + 24, 2 + 8 : 2 + 24] == 128).all(), "the run's masks: central squares"
    lines = read_losses(run_dir / "losses.jsonl")
    assert lines[-1]["images_seen"] == 48
    for name in ("generator/reconstruction", "generator/adversarial", "generator/feature_matching",
                 "discriminator/adversarial", "discriminator/r1"):  # fmt: skip
        assert any(name in line for line in lines), name
    assert (run_dir / "losses.png").exists()
    assert json.loads((run_dir / "config.json").read_text())["data"]["dataset"] == [photos]


@pytest.mark.usefixtures("no_curves")
@pytest.mark.parametrize("kind", RUNS)
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(kind, photos, tmp_path):
    config = RUNS[kind](photos, tmp_path / "whole", log_every=4)
    whole, parts = train(config), tmp_path / "parts"
    config = dataclasses.replace(config, run_dir=str(parts))
    for images in (8, 32):
        with pytest.raises(KeyboardInterrupt):
            train(config, None, [Interrupt(images)])
        assert images < checkpoint(parts)["images_seen"] <= images + 8
    train(config)
    assert same(weights(whole), weights(parts))
    assert losses_of(whole) == losses_of(parts)
    for images in (0, 48):
        assert np.array_equal(sheet(whole, images), sheet(parts, images))


@pytest.mark.usefixtures("no_curves")
def test_ctrl_c_finishes_the_step_and_the_same_command_resumes(photos, tmp_path, monkeypatch, capsys):
    length = ("--images", "48", "--checkpoint-every", "100000", "--log-every", "4")
    assert command_line.main(command(photos, tmp_path / "whole", *length)) == 0
    monkeypatch.setattr(command_line, "EventLog", lambda: Interrupt(20))
    assert command_line.main(command(photos, tmp_path / "parts", *length, "--event-log")) == 130
    assert "a checkpoint was written: run the same command to resume" in capsys.readouterr().err
    assert checkpoint(tmp_path / "parts")["images_seen"] == 24
    monkeypatch.undo()
    assert command_line.main(command(photos, tmp_path / "parts", *length)) == 0
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def fail_after(monkeypatch, batches, failure):
    """Let the stream deliver some batches; then taking one calls `failure` with its arguments."""
    next_batch, taken = PhotoStream.next_batch, []

    def limited(stream, stop=lambda: False):
        if len(taken) == batches:
            return failure(stop)
        taken.append(next_batch(stream))
        return taken[-1]

    monkeypatch.setattr(PhotoStream, "next_batch", limited)


@pytest.mark.usefixtures("no_curves")
def test_when_the_stream_fails_a_checkpoint_is_written_first(photos, run_dir, monkeypatch):
    def failure(stop):
        raise StreamError("The dataset cannot be read: try again later.")

    fail_after(monkeypatch, 5, failure)
    with pytest.raises(StreamError, match="try again later"):
        train(free_form(photos, run_dir))
    assert checkpoint(run_dir)["images_seen"] == 20


def test_a_stream_that_fails_before_the_first_step_is_reported_without_a_checkpoint(
    photos, run_dir, monkeypatch, capsys
):
    def failure(stop):
        raise StreamError("The dataset cannot be read: try again later.")

    fail_after(monkeypatch, 0, failure)
    assert command_line.main(command(photos, run_dir)) == 1
    error = capsys.readouterr().err
    assert "try again later" in error and "checkpoint was written" not in error
    assert not (run_dir / "checkpoint.pt").exists()


@pytest.mark.usefixtures("no_curves")
def test_ctrl_c_stops_a_run_that_waits_for_photos(photos, run_dir, monkeypatch):
    def failure(stop):
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop()

    fail_after(monkeypatch, 3, failure)
    with pytest.raises(KeyboardInterrupt):
        train(free_form(photos, run_dir))
    assert checkpoint(run_dir)["images_seen"] == 12


@pytest.mark.usefixtures("no_curves")
@pytest.mark.parametrize("kind", RUNS)
def test_values_that_are_not_finite_stop_the_run_before_the_checkpoint_is_overwritten(kind, photos, run_dir):
    state = checkpoint(train(RUNS[kind](photos, run_dir, images=16)))
    network = state["network" if kind == "damage" else "generator"]
    network[next(name for name in network if name.endswith("bias"))].fill_(float("nan"))
    torch.save(state, run_dir / "checkpoint.pt")
    content = (run_dir / "checkpoint.pt").read_bytes()
    with pytest.raises(NonFiniteError, match=r"(discriminator|damage)/\w+ is nan.* after 16 images"):
        train(RUNS[kind](photos, run_dir, images=32, checkpoint_every=1))
    assert (run_dir / "checkpoint.pt").read_bytes() == content


@pytest.mark.usefixtures("no_curves")
def test_a_dataset_smaller_than_a_batch_trains_and_is_reported(photos, tmp_path, capsys):
    few = tmp_path / "few"
    few.mkdir()
    for path in sorted(Path(photos).iterdir())[:3]:
        shutil.copy(path, few)
    assert (
        read_losses(train(free_form(str(few), tmp_path / "run", images=12)) / "losses.jsonl")[-1]["images_seen"] == 12
    )
    assert "The dataset has 3 photos, fewer than the 4 of a step" in "".join(capsys.readouterr())


@pytest.mark.usefixtures("no_curves")
def test_rows_that_were_skipped_are_reported_at_the_end(photos, tmp_path, capsys):
    folder = tmp_path / "photos"
    folder.mkdir()
    for path in sorted(Path(photos).iterdir())[:6]:
        shutil.copy(path, folder)
    (folder / "broken.png").write_bytes(b"nothing")
    Image.new("RGB", (1, 1)).save(folder / "dot.png")
    train(free_form(str(folder), tmp_path / "run", images=20))
    output = "".join(capsys.readouterr())
    assert re.search(r"\d rows could not be used as photos and were skipped: ", output)
    assert "not readable as an image" in output
    assert "smaller than 8 pixels" in output


@pytest.mark.usefixtures("no_curves")
def test_a_finished_run_is_not_trained_further_and_another_run_is_refused(photos, run_dir, capsys):
    train(free_form(photos, run_dir, images=8))
    before, changed = weights(run_dir), (run_dir / "checkpoint.pt").stat().st_mtime_ns
    assert same(before, weights(train(free_form(photos, run_dir, images=8))))
    assert "complete after 8 images" in capsys.readouterr().out
    assert (run_dir / "checkpoint.pt").stat().st_mtime_ns == changed
    with pytest.raises(CheckpointError, match="seed: 0 there, 1 now"):
        train(free_form(photos, run_dir, images=8, seed=1))


def test_problems_end_the_command_with_a_sentence(photos, run_dir, monkeypatch, capsys):
    assert command_line.main(command("/no/such/place", run_dir)) == 1
    assert "cannot be opened" in capsys.readouterr().err

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(command_line, "train_generator", full)
    assert command_line.main(command(photos, run_dir)) == 1
    assert "the disk is full" in capsys.readouterr().err


@pytest.mark.usefixtures("no_curves")
def test_output_that_is_no_longer_read_ends_the_command_without_advice():
    program = [sys.executable, "-m", "train", "photos", "--help"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as shown:
        shown.stdout.close()
        assert shown.stderr.read() == b""
    assert shown.returncode == 1


def test_sample_sheets_of_a_resumed_run_show_the_same_photos(photos, run_dir):
    train(free_form(photos, run_dir, images=16, sample_every=16))
    train(free_form(photos, run_dir, images=32, sample_every=16))
    first, last = sheet(run_dir, 0), sheet(run_dir, 32)
    ground_truth = 3 * 34 + 2
    assert np.array_equal(first[ground_truth:], last[ground_truth:])
    assert not np.array_equal(first, last)


@pytest.mark.usefixtures("no_curves")
def test_a_run_stops_after_its_minutes_and_resumes_later(photos, run_dir):
    config = free_form(photos, run_dir, images=12, pause_minutes=1e-6)
    with pytest.raises(KeyboardInterrupt):
        train(config)
    assert checkpoint(run_dir)["images_seen"] == 4
    train(dataclasses.replace(config, pause_minutes=None))
    assert checkpoint(run_dir)["images_seen"] == 12


@pytest.mark.usefixtures("no_curves")
@pytest.mark.parametrize("kind", RUNS)
def test_a_run_can_be_measured_in_epochs(kind, photos, run_dir):
    config = RUNS[kind](photos, run_dir, images=None, epochs=2, cooldown_images=0)
    assert read_losses(train(config) / "losses.jsonl")[-1]["images_seen"] == 48


@pytest.mark.usefixtures("no_curves")
def test_checkpoints_are_written_at_their_interval_and_at_the_end(photos, run_dir, monkeypatch):
    written = []
    monkeypatch.setattr(loop, "save_checkpoint", lambda run_dir, state: written.append(state["images_seen"]))
    train(free_form(photos, run_dir, images=40, checkpoint_every=16))
    assert written == [16, 32, 40]


@pytest.mark.usefixtures("no_curves")
def test_epoch_sheets_are_named_by_their_epoch_and_show_held_out_photos(photos, tmp_path):
    config = context_encoder(
        write_splits(photos, tmp_path / "splits"), tmp_path / "run", images=None, epochs=3, sample_epochs=(0, 1, 3, 50)
    )
    train(dataclasses.replace(config, epochs=1))
    sheets = train(config) / "samples"
    assert sorted(path.name for path in sheets.glob("epoch-*")) == [f"epoch-{epoch:04d}.png" for epoch in (0, 1, 3)]
    pictures = [np.asarray(Image.open(path)) for path in sorted(sheets.glob("epoch-*"))]
    ground_truth = 3 * 130 + 2
    assert all(np.array_equal(picture[ground_truth:], pictures[0][ground_truth:]) for picture in pictures)
    assert np.array_equal(pictures[0], sheet(sheets.parent, 0)), "of the untrained network"
    assert np.array_equal(pictures[2], sheet(sheets.parent, 72)), "of the last step"
    assert not np.array_equal(pictures[0][:ground_truth], pictures[1][:ground_truth])
    assert (pictures[0][ground_truth : ground_truth + 128, 2:130, 0] > 200).all(), "only held-out photos are red"
    assert pictures[0][132 + 32 : 132 + 96, 34:98].std() > 2, "the untrained network predicts noise and not grey"


@pytest.mark.usefixtures("no_curves")
def test_damage_sheets_show_held_out_crops_their_target_and_the_probabilities(photos, tmp_path):
    run_dir = train(RUNS["damage"](write_splits(photos, tmp_path / "splits"), tmp_path / "run", images=8))
    picture = sheet(run_dir, 8)
    assert picture.shape == (3 * 34 + 2, 8 * 34 + 2, 3)
    crop, target, probability = (picture[2 + 34 * row : 34 + 34 * row] for row in range(3))
    crops = np.stack([crop[:, 2 + 34 * column : 34 + 34 * column] for column in range(8)], axis=1)
    red, _, blue = np.median(crops, axis=(0, 2)).T
    assert (red > 5 * blue).any(), "only held-out photos are red, and some of them stay so"
    assert set(np.unique(target)) <= {0, 102, 255}, "none, ignored, damage"
    assert (probability[..., 0] == probability[..., 1]).all()


@pytest.mark.usefixtures("no_curves")
def test_without_the_held_out_split_the_sheets_show_the_first_batch(photos, run_dir):
    train(context_encoder(photos, run_dir, images=8, sample_split="validation"))
    assert sheet(run_dir, 0).shape[1] == 8 * 130 + 2
