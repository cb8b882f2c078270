"""The full state of a run in files of a limited size, for machines that only small files come back from."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import torch

from inpaint.atomic_write import atomic_write
from inpaint.os_errors import reason_in
from train.run.checkpoint import CheckpointError

INDEX = "state.json"
MAX_BYTES = 15_000_000
"""Largest size of a file."""


def write_state(folder: Path, state: dict[str, Any], max_bytes: int = MAX_BYTES) -> None:
    """Write a state in parts. The index is replaced last: it always names complete parts.

    Args:
        folder: is created.
        state: as for `train.run.checkpoint.save_checkpoint`.
        max_bytes: largest size of a part.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    data = buffer.getvalue()
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for number, start in enumerate(range(0, len(data), max_bytes)):
        names.append(f"state-{state['images_seen']:09d}-{number}.part")
        with atomic_write(folder / names[-1], single_writer=True) as file:
            file.write(data[start : start + max_bytes])
    index = {"parts": names, "sha256": hashlib.sha256(data).hexdigest(), "images_seen": state["images_seen"]}
    with atomic_write(folder / INDEX, single_writer=True) as file:
        file.write((json.dumps(index, indent=2) + "\n").encode())
    for path in folder.glob("state-*.part"):
        if path.name not in names:
            path.unlink()


def read_state(folder: Path) -> dict[str, Any]:
    """Return the state that `write_state` wrote, on the CPU.

    Raises:
        CheckpointError: there is none, or a part is missing or damaged.
    """
    try:
        index = json.loads((folder / INDEX).read_text())
        data = b"".join((folder / Path(name).name).read_bytes() for name in index["parts"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{folder} holds no complete state of a sprint ({reason_in(error)}): give the output folder of an earlier"
            " sprint, with all of its files, or leave out --resume."
        ) from error
    if hashlib.sha256(data).hexdigest() != index.get("sha256"):
        raise CheckpointError(f"The parts of the state in {folder} do not fit together: copy the folder again.")
    state: dict[str, Any] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    return state
