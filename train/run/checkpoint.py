"""Saving and resuming the full state of a run, so that only the work since the last checkpoint can be lost."""

import errno
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from inpaint.atomic_write import atomic_write
from inpaint.os_errors import reason_in, words_of
from train.run_config import RunConfig, to_dict
from train.settings import conflicts

from .optimize import check_finite

FILE = "checkpoint.pt"
CONFIG_FILE = "config.json"
RAN = "ran"
"""Key in a run's config.json: what has run so far, beside the settings, which a resumed run is compared with."""


class CheckpointError(RuntimeError):
    """A checkpoint cannot be written, read, or resumed with these settings. The message says what to do."""


def save_checkpoint(run_dir: Path, state: dict[str, Any]) -> None:
    """Replace the run's checkpoint atomically: it is written beside the previous one, which stays until then.

    Args:
        run_dir: the run's folder.
        state: named tensors, numbers, strings, lists and dicts, nothing that needs a pickled class; "images_seen" is
            the clock of the run.

    Raises:
        NonFiniteError: a tensor holds a value that is not finite; the previous checkpoint is intact.
        CheckpointError: the disk is full or cannot be written; the previous checkpoint is intact.
    """
    check_finite(state, state["images_seen"])
    target = run_dir / FILE
    try:
        with atomic_write(target, single_writer=True) as file:
            torch.save(state, file)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError
        raise CheckpointError(
            f"The checkpoint could not be written to {target} ({reason_in(error)}). The previous one is intact:"
            " free space on the disk and run the same command again."
        ) from error


def load_checkpoint(run_dir: Path, device: torch.device) -> dict[str, Any] | None:
    """Return the state of the last checkpoint; None if there is none.

    Raises:
        CheckpointError: the file cannot be read as a checkpoint.
    """
    path = run_dir / FILE
    if not path.exists():
        return None
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # torch raises many types, and advises to load what is not safe to load
        # torch seeks to a place before the file's beginning if its end is missing
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise CheckpointError(f"{path} cannot be read ({words_of(error)}): correct that, or delete it.") from error
        if isinstance(error, MemoryError) or "allocate" in str(error):
            raise CheckpointError(f"{path} does not fit into memory: end other programs, and try again.") from error
        raise CheckpointError(
            f"{path} is damaged, or not a checkpoint of a run: delete it to start again, or restore it from a copy."
        ) from error


def resume(run_dir: Path, config: RunConfig) -> dict[str, Any] | None:
    """Claim the run's folder, and return the state that a run in it resumes from, on the CPU; None for a new run.

    Raises:
        CheckpointError: the folder holds a run with other settings, or its checkpoint cannot be read.
    """
    claim_run_dir(run_dir, config)
    return load_checkpoint(run_dir, torch.device("cpu"))


def own_position(state: dict[str, Any], rank: int, world_size: int) -> list[int]:
    """Return where a process resumes in the stream.

    Args:
        state: a checkpoint, whose "positions" has one entry for each process that wrote it.
        rank: of this process.
        world_size: number of processes now.

    Raises:
        CheckpointError: the number of processes has changed, and no position suits them all: some photos would be
            skipped or repeated.
    """
    positions = state["positions"] if "positions" in state else [state["position"]]
    if len(positions) == world_size:
        return positions[rank]
    if any(position != positions[0] for position in positions):
        raise CheckpointError(
            f"The run was trained by {len(positions)} processes, which skipped unreadable photos and are at different"
            f" positions in the dataset; now there are {world_size}: resume with {len(positions)}."
        )
    return positions[0]


def claim_run_dir(run_dir: Path, config: RunConfig) -> None:
    """Create the run's folder and write its config, or check that the run in it can be resumed with this config.

    Raises:
        CheckpointError: the folder holds a run with other settings, or its config cannot be read.
    """
    path = run_dir / CONFIG_FILE
    saved = saved_config(run_dir)
    if saved is not None and (changed := conflicts(saved, config)):
        lines = "\n".join(f"  {name}: {old} there, {new} now" for name, (old, new) in sorted(changed.items()))
        raise CheckpointError(
            f"{run_dir} holds a run with other settings:\n{lines}\n"
            "Give the same settings to resume it, or another --run-dir to start a new run."
        )
    ran = read_ran(run_dir) if (run_dir / FILE).exists() else {}
    _write_config(path, to_dict(config) | ({RAN: ran} if ran else {}))


def saved_config(run_dir: Path) -> dict[str, Any] | None:
    """Return the content of the config.json of a run that can be resumed; None if there is none.

    Raises:
        CheckpointError: it cannot be read.
    """
    path = run_dir / CONFIG_FILE
    if not path.exists() or not (run_dir / FILE).exists():
        return None
    try:
        return dict(json.loads(path.read_text()))
    except ValueError as error:
        raise CheckpointError(
            f"{path} is damaged: restore it from a copy, or delete the folder to start again."
        ) from error


def record_ran(run_dir: Path, facts: Mapping[str, float | None]) -> None:
    """Add what has run to the run's config.json: its length, and the settings that the schedule has made of the config.

    Args:
        run_dir: the run's folder, which `claim_run_dir` has claimed.
        facts: replace earlier ones of the same names; None removes them.
    """
    path = run_dir / CONFIG_FILE
    known = {name: value for name, value in {**read_ran(run_dir), **facts}.items() if value is not None}
    _write_config(path, json.loads(path.read_text()) | {RAN: known})


def read_ran(run_dir: Path) -> dict[str, float]:
    """Return what `record_ran` has added; empty if nothing is recorded."""
    try:
        return dict(json.loads((run_dir / CONFIG_FILE).read_text()).get(RAN, {}))
    except (OSError, ValueError):
        return {}


def _write_config(path: Path, values: Mapping[str, Any]) -> None:
    with atomic_write(path, single_writer=True) as file:
        file.write((json.dumps(values, indent=2) + "\n").encode())
