"""Saving and restoring the full state of a run, so that nothing but the work since the last checkpoint can be lost."""

import json
from pathlib import Path
from typing import Any

import torch

from inpaint.atomic_write import atomic_write
from train.config import flatten

FILE = "checkpoint.pt"


class CheckpointError(RuntimeError):
    """A checkpoint could not be written, or does not belong to this run. The message says what to do."""


def save_checkpoint(run_dir: Path, state: dict[str, Any]) -> None:
    """Replaces the run's checkpoint in one step: it is written beside the old one first, which stays until then.

    Args:
        run_dir: the run's folder.
        state: named tensors, numbers, strings, lists and dicts; nothing that needs a pickled class.

    Raises:
        CheckpointError: the disk is full or may not be written; the previous checkpoint is intact.
    """
    target = run_dir / FILE
    try:
        with atomic_write(target, single_writer=True) as file:
            torch.save(state, file)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError
        raise CheckpointError(
            f"The checkpoint could not be written to {target} ({error}). The one before it is intact:"
            " make room on the disk and run the same command again."
        ) from error


def load_checkpoint(run_dir: Path, device: torch.device) -> dict[str, Any] | None:
    """The state that was saved last, or None if there is none.

    Raises:
        CheckpointError: the file cannot be read as a checkpoint.
    """
    path = run_dir / FILE
    if not path.exists():
        return None
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        raise CheckpointError(f"{path} cannot be read as a checkpoint ({error}): delete it to start again.") from error


def own_position(state: dict[str, Any], rank: int, count: int) -> list[int]:
    """Where process `rank` of `count` goes on in the stream.

    Args:
        state: a checkpoint, whose "positions" holds one place for each process that wrote it.
        rank: of this process.
        count: of the processes now.

    Raises:
        CheckpointError: as many processes as now cannot share what is left without a picture lost or seen twice.
    """
    positions = state["positions"] if "positions" in state else [state["position"]]
    if len(positions) == count:
        return positions[rank]
    if any(position != positions[0] for position in positions):
        raise CheckpointError(
            f"The run was trained by {len(positions)} processes, which met unreadable pictures and are in different"
            f" places of the dataset; now there are {count}: go on with {len(positions)}."
        )
    return positions[0]


def claim_run_dir(run_dir: Path, config: dict[str, Any], free: tuple[str, ...]) -> None:
    """Makes the run's folder and writes its config, or checks that a config found there is of the same run.

    Args:
        run_dir: the run's folder.
        config: the run's config as plain JSON values.
        free: keys that may differ when a run goes on, such as intervals.

    Raises:
        CheckpointError: the folder holds a run with other settings.
    """
    path = run_dir / "config.json"
    if path.exists() and (run_dir / FILE).exists():
        old, new = flatten(json.loads(path.read_text())), flatten(json.loads(json.dumps(config)))
        changed = [name for name in sorted(old | new) if name not in free and old.get(name) != new.get(name)]
        if changed:
            lines = "\n".join(f"  {name}: {old.get(name)} there, {new.get(name)} now" for name in changed)
            raise CheckpointError(
                f"{run_dir} holds a run with other settings:\n{lines}\n"
                "Give the same settings to go on with it, or another --run-dir to start a new run."
            )
    with atomic_write(path, single_writer=True) as file:
        file.write((json.dumps(config, indent=2) + "\n").encode())
