"""The state of a run in another folder, such as a bucket of the Hub that a job has mounted."""

import shutil
from pathlib import Path

from inpaint.os_errors import reason_in, words_of
from train.run_config import RunConfig

from .checkpoint import FILE as CHECKPOINT_FILE
from .mirror import MIN_INTERVAL_S, Mirror, MirrorError, copy_state

MARKER = "complete"
"""File that is written last into the folder of a state."""


class FolderMirror(Mirror):
    """Copies what a `Mirror` uploads to a folder, in a background thread.

    Each state has a folder of its own, and the one before is removed afterwards: files are written once from their
    beginning to their end, and neither changed nor renamed, as storage of objects allows no more everywhere.

    Args:
        folder: that holds the states; created if needed.
        min_interval_s: seconds between the first two copies.

    Raises:
        MirrorError: the folder cannot be written.
    """

    def __init__(self, folder: Path, min_interval_s: float = MIN_INTERVAL_S) -> None:
        self.name, self._folder = str(folder), folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MirrorError(
                f"The state of the run cannot be stored in {folder} ({words_of(error)}): mount a bucket there that can"
                " be written, or give another checkpoint_folder."
            ) from None
        self._start(min_interval_s)

    def _write(self, snapshot: Path) -> None:
        """Copy the files of a snapshot, and remove earlier states."""
        numbers = [int(state.name.rpartition("-")[2]) for state in self._folder.glob("state-[0-9]*")]
        target = self._folder / f"state-{max(numbers, default=0) + 1:06d}"
        for path in sorted(snapshot.rglob("*")):
            if path.is_file():
                copy = target / path.relative_to(snapshot)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)  # without times and permissions, which a bucket may refuse to set
        (target / MARKER).write_text("The files of this state are complete.\n")
        for state in self._folder.glob("state-*"):
            if state.name < target.name:
                shutil.rmtree(state, ignore_errors=True)

    def _squash(self) -> None:
        """Do nothing: there is no history."""


def fetch_folder_state(folder: Path, config: RunConfig) -> bool:
    """Copy the newest complete state of a run into the run's folder, unless that holds a checkpoint.

    Args:
        folder: that a `FolderMirror` has written.
        config: the run that is about to start. The state of a run with conflicting settings is left alone.

    Returns:
        Whether a state was copied.

    Raises:
        MirrorError: there is a state, but it cannot be read.
    """
    if (Path(config.folder) / CHECKPOINT_FILE).exists():
        return False
    states = sorted(state for state in folder.glob("state-*") if (state / MARKER).exists())
    try:
        return bool(states) and copy_state(str(folder), config, lambda name: states[-1] / name)
    except (OSError, ValueError) as error:
        raise MirrorError(
            f"The state of the run in {states[-1]} cannot be read ({reason_in(error)}): remove it to start a new run."
        ) from None
