"""Two processes on this machine against one, at the same number of pictures per step."""

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.train.run.test_loop import ROOT, losses_of, paper, photos, same, tiny, weights
from train.generator.trainer import train_generator
from train.run.checkpoint import CheckpointError, own_position
from train.run.progress import read_losses

__all__ = ["photos"]

SCRIPT = """
import dataclasses, sys
from pathlib import Path
import torch
from tests.train.run.test_loop import paper, tiny
from tests.train.run.test_distributed import broad_batch
from train.generator.trainer import train_generator
from train.run.distributed import ProcessGroup

torch.set_num_threads(1)
photos, folder, processes = sys.argv[1], Path(sys.argv[2]), ProcessGroup.from_environment()
train_generator(tiny(photos, folder / "whole", log_every=4), processes)
for images in (16, 36, 48):
    train_generator(tiny(photos, folder / "parts", images=images, log_every=4), processes)
train_generator(broad_batch(paper(photos, folder / "paper", images=24, log_every=8)), processes)
for missing in (0, 1):
    try:
        dataset = "/no/such/place" if processes.rank == missing else photos
        train_generator(tiny(dataset, folder / "error"), processes)
        said = "nothing"
    except Exception as error:
        said = type(error).__name__
    (folder / f"said-{missing}-{processes.rank}").write_text(said)
processes.destroy()
"""


def broad_batch(config):
    return dataclasses.replace(config, data=dataclasses.replace(config.data, batch_size=8))


def torchrun(*arguments, processes=2):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return subprocess.run(
        [*command, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=280,
        env=environment(),
    )  # fmt: skip


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def pair(photos, tmp_path_factory):
    """The folder with what two processes have trained."""
    folder = tmp_path_factory.mktemp("pair")
    (folder / "script.py").write_text(SCRIPT)
    done = torchrun(folder / "script.py", photos, folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def assert_losses_agree(run, other, tolerance, later=None, later_from=0):
    """`later` is the tolerance from so many images on, beyond which one rounding may have turned a unit on or off."""
    lines, others = losses_of(run), losses_of(other)
    assert len(lines) == len(others) > 0
    for line, expected in zip(lines, others, strict=True):
        assert line.keys() == expected.keys()
        if later is not None and line["images_seen"] >= later_from:
            tolerance = later
        for name in line:
            assert line[name] == pytest.approx(expected[name], rel=tolerance, abs=2e-6), (line["images_seen"], name)


def test_all_losses_agree_with_those_of_one_process(photos, pair, tmp_path):
    """Every term, R1 and the guided steps among them; floating-point sums in another order are all that differs."""
    alone = train_generator(tiny(photos, tmp_path / "alone", log_every=4))
    assert_losses_agree(pair / "whole", alone, 1e-4, later=2e-2, later_from=32)
    ours, theirs = weights(alone), weights(pair / "whole")
    assert max(float((ours[name].float() - theirs[name].float()).abs().max()) for name in ours) < 5e-3


def test_batch_norm_counts_the_pictures_of_all_processes(photos, pair, tmp_path):
    alone = train_generator(broad_batch(paper(photos, tmp_path / "alone", images=24, log_every=8)))
    assert_losses_agree(pair / "paper", alone, 1e-4)
    ours, theirs = weights(alone), weights(pair / "paper")
    statistics = [name for name in ours if "running_" in name]
    assert statistics
    for name in statistics:
        assert torch.allclose(ours[name].float(), theirs[name].float(), rtol=2e-2, atol=2e-3), name


def test_a_run_that_was_stopped_ends_with_the_same_bits_with_two_processes_too(pair):
    assert same(weights(pair / "whole"), weights(pair / "parts"))
    assert losses_of(pair / "whole")[-1] == losses_of(pair / "parts")[-1]


def test_only_one_process_writes(pair):
    seen = [line["images_seen"] for line in read_losses(pair / "whole" / "losses.jsonl")]
    assert seen == list(range(4, 49, 4))
    positions = torch.load(pair / "whole" / "checkpoint.pt", weights_only=True)["positions"]
    assert len(positions) == 2
    assert not list(pair.glob("*/*.new"))


def test_a_run_of_two_processes_goes_on_with_one(photos, pair, tmp_path):
    shutil.copytree(pair / "parts", tmp_path / "parts")
    train_generator(tiny(photos, tmp_path / "parts", images=60, log_every=4))
    assert losses_of(tmp_path / "parts")[-1]["images_seen"] == 60


def test_an_error_in_one_process_stops_all(pair):
    said = {path.name: path.read_text() for path in pair.glob("said-*")}
    assert said == {
        "said-0-0": "ValueError", "said-0-1": "OtherProcessError",
        "said-1-0": "OtherProcessError", "said-1-1": "ValueError",
    }  # fmt: skip


def test_the_command_runs_under_torchrun_and_speaks_once(photos, tmp_path):
    command = ["-m", "train", "tiny", "--data.dataset", photos, "--data.resolution", "32", "--images", "8"]
    done = torchrun(*command, "--run-dir", tmp_path / "run")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("The weights are in") == 1
    assert (tmp_path / "run" / "weights" / "model.safetensors").exists()
    refused = torchrun(*command, "--run-dir", tmp_path / "other", "--data.batch-size", "5")
    assert refused.returncode != 0
    assert refused.stderr.count("data.batch_size is 5; it must be a multiple of the 2 processes: try 4.") == 1
    assert not Path(tmp_path / "other" / "weights").exists()


def test_places_in_the_stream_are_taken_over_where_that_is_exact():
    same_place = {"positions": [[0, 8, 0, 0, 8], [0, 8, 0, 0, 8]]}
    assert own_position(same_place, 2, 4) == [0, 8, 0, 0, 8]
    assert own_position({"position": [1, 4]}, 0, 1) == [1, 4]
    apart = {"positions": [[0, 8, 0, 0, 8], [0, 10, 0, 0, 10]]}
    assert own_position(apart, 1, 2) == [0, 10, 0, 0, 10]
    with pytest.raises(CheckpointError, match="resume with 2"):
        own_position(apart, 0, 1)
