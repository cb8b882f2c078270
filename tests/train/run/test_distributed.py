"""Two processes on this machine against one, at the same number of photos per step."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.train.run.two_processes import STEPS, training_step
from tests.train.runs import RUNS, checkpoint, losses_of, same, sheet, train, weights
from train.run.checkpoint import CheckpointError, own_position
from train.run.distributed import ProcessGroup

ROOT = Path(__file__).parents[3]

UNIT_ROUNDOFF = 2**-24  # of float32
LAYERS = 30  # of the deepest forward pass: generator, discriminator and loss
LONGEST_SUM = 8 * 3 * 128 * 128  # values of a batch
FORWARD_ERROR = LAYERS * LONGEST_SUM**0.5 * UNIT_ROUNDOFF
"""Two processes add the same numbers as one, in another order. A sum of n rounded numbers has a relative error of about
the root of n times the unit roundoff (Higham and Mary 2019, doi:10.1137/18M1226312), and the errors of the layers add
up: 1e-3 for losses and statistics. On one CPU they were 1e-6; means over one process's photos only are 1e-1 off."""
GRADIENT_ERROR = FORWARD_ERROR**0.5
"""At the kink of a (leaky) ReLU the gradient is discontinuous: a unit that lies within the rounding error of zero may
be on in one run and off in the other. That happens to a share FORWARD_ERROR of the units, whose contributions add as
squares: 3e-2 of the gradient's norm. On one CPU it was 7e-5; gradients of one process's photos only are 5e-1 off."""


@pytest.fixture(scope="module")
def pair(photos, tmp_path_factory):
    """The folder with everything that two processes did."""
    folder = tmp_path_factory.mktemp("pair")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*command, "-m", "tests.train.run.two_processes", photos, str(folder)], cwd=ROOT, capture_output=True,
        text=True, timeout=280, env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    (folder / "stdout").write_text(done.stdout)
    (folder / "stderr").write_text(done.stderr)
    return folder


@pytest.mark.parametrize("name", STEPS)
def test_a_step_of_two_processes_is_that_of_one_with_all_photos(name, pair):
    """Losses, gradients and batch norm's statistics; R1 and a guided step are among the cases."""
    alone = training_step(name, ProcessGroup())
    for rank in (0, 1):
        shared = torch.load(pair / f"step-{name}-{rank}.pt", weights_only=True)
        assert shared["losses"] == pytest.approx(alone["losses"], rel=FORWARD_ERROR)
        for ours, expected in zip(shared["gradients"], alone["gradients"], strict=True):
            assert (ours - expected).norm() <= GRADIENT_ERROR * expected.norm()
        for ours, expected in zip(shared["statistics"], alone["statistics"], strict=True):
            assert (ours - expected).norm() <= FORWARD_ERROR * expected.norm()


@pytest.mark.usefixtures("no_curves")
@pytest.mark.parametrize("kind", RUNS)
def test_two_processes_start_with_the_photos_of_one(kind, photos, pair, tmp_path):
    """Only the first step is compared: Adam turns a gradient of 1e-9 into a step as large as one of 1 does."""
    config = RUNS[kind](photos, tmp_path / "alone", images=24, log_every=4)
    alone, shared = losses_of(train(config)), losses_of(pair / kind / "whole")
    assert shared[0] == pytest.approx(alone[0], rel=FORWARD_ERROR)
    for name in ("images_seen", "epoch"):
        assert [line[name] for line in shared] == [line[name] for line in alone]


@pytest.mark.parametrize("kind", RUNS)
def test_a_resumed_run_of_two_processes_equals_an_uninterrupted_one_bit_for_bit(kind, pair):
    whole, parts = pair / kind / "whole", pair / kind / "parts"
    assert same(weights(whole), weights(parts))
    assert losses_of(whole) == losses_of(parts)
    assert np.array_equal(sheet(whole, 24), sheet(parts, 24))


@pytest.mark.parametrize("kind", RUNS)
def test_only_the_main_process_writes(kind, pair):
    seen = [line["images_seen"] for line in losses_of(pair / kind / "whole")]
    assert len(seen) == len(set(seen))
    assert len(checkpoint(pair / kind / "whole")["positions"]) == 2
    assert not list(pair.rglob("*.new"))


@pytest.mark.usefixtures("no_curves")
def test_a_run_of_two_processes_resumes_with_one(photos, pair, tmp_path):
    shutil.copytree(pair / "free-form" / "parts", tmp_path / "parts")
    train(RUNS["free-form"](photos, tmp_path / "parts", images=32, log_every=4))
    assert losses_of(tmp_path / "parts")[-1]["images_seen"] == 32


def test_an_error_in_one_process_stops_all(pair):
    errors = {path.name.removeprefix("error-"): path.read_text() for path in pair.glob("error-*")}
    assert errors == {
        "missing-0-0": "ValueError", "missing-0-1": "OtherProcessError",
        "missing-1-0": "OtherProcessError", "missing-1-1": "ValueError",
        "nan-0": "NonFiniteError", "nan-1": "OtherProcessError",
    }  # fmt: skip


def test_the_command_runs_under_torchrun_and_reports_once(pair):
    assert (pair / "stdout").read_text().count("The weights are in") == 1
    assert (pair / "command" / "weights" / "model.safetensors").exists()
    message = "data.batch_size is 5; it must be a multiple of the 2 processes: try 4."
    assert (pair / "stderr").read_text().count(message) == 1
    assert not (pair / "refused" / "weights").exists()


def test_positions_in_the_stream_are_reused_where_that_is_exact():
    same_place = {"positions": [[0, 8, 0, 0, 8], [0, 8, 0, 0, 8]]}
    assert own_position(same_place, 2, 4) == [0, 8, 0, 0, 8]
    assert own_position({"position": [1, 4]}, 0, 1) == [1, 4]
    apart = {"positions": [[0, 8, 0, 0, 8], [0, 10, 0, 0, 10]]}
    assert own_position(apart, 1, 2) == [0, 10, 0, 0, 10]
    with pytest.raises(CheckpointError, match="resume with 2"):
        own_position(apart, 0, 1)
