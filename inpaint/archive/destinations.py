"""Where the results of an archive go: a folder, or a dataset repository of the Hugging Face Hub."""

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from huggingface_hub import CommitOperationAdd, HfApi, HfFileSystem
from huggingface_hub.errors import RepositoryNotFoundError

from inpaint.atomic_write import atomic_write

from .hub_access import read_hub, write_hub
from .hub_paths import HubPath

MANIFEST = "archive.json"
"""Says of what the results are made, so that a run that is resumed goes on with the same."""


class Destination(Protocol):
    """Files that appear complete or not at all."""

    def names(self) -> set[str]:
        """Return the names of the files that are there."""

    def read(self, name: str) -> bytes:
        """Return the bytes of a file that is there."""

    def manifest(self) -> dict[str, Any] | None:
        """Return what `put` wrote under MANIFEST; None if there is none."""

    def put(self, files: Mapping[str, Path | bytes], message: str) -> None:
        """Write files; the last one of them is the sign that all are there."""


class FolderDestination:
    """A folder of this machine.

    Args:
        folder: created if missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> set[str]:
        """Return the names of the files that are there."""
        return {path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*") if path.is_file()}

    def read(self, name: str) -> bytes:
        """Return the bytes of a file that is there."""
        return (self._folder / name).read_bytes()

    def manifest(self) -> dict[str, Any] | None:
        """Return the content of the manifest; None if there is none."""
        try:
            return _parsed(self.read(MANIFEST))
        except FileNotFoundError:
            return None

    def put(self, files: Mapping[str, Path | bytes], message: str) -> None:
        """Write files, one after the other."""
        for name, content in files.items():
            with atomic_write(self._folder / name) as file:
                if isinstance(content, bytes):
                    file.write(content)
                else:
                    with content.open("rb") as source:
                        shutil.copyfileobj(source, file)


class HubDestination:
    """A dataset repository, created when something is first written if it is missing.

    Args:
        place: in the repository; its path is a folder.
        public: a new repository can be seen by everyone.
    """

    def __init__(self, place: HubPath, public: bool = False) -> None:
        if place.revision is not None:
            raise ValueError(f"results are written to the main branch: leave out @{place.revision}")
        self._repo, self._prefix = place.repo_id, f"{place.path}/" if place.path else ""
        self._place, self._public, self._exists = place, public, False

    def names(self) -> set[str]:
        """Return the names of the files that are there; none if the repository is missing."""

        def attempt() -> list[str]:
            with suppress(RepositoryNotFoundError):
                return HfApi().list_repo_files(self._repo, repo_type="dataset")
            return []

        names = read_hub(self._place, attempt)
        return {name.removeprefix(self._prefix) for name in names if name.startswith(self._prefix)}

    def read(self, name: str) -> bytes:
        """Return the bytes of a file that is there."""
        path = f"datasets/{self._repo}/{self._prefix}{name}"
        return bytes(read_hub(self._place, lambda: HfFileSystem(skip_instance_cache=True).read_bytes(path)))

    def manifest(self) -> dict[str, Any] | None:
        """Return the content of the manifest; None if there is none."""
        return _parsed(self.read(MANIFEST)) if MANIFEST in self.names() else None

    def put(self, files: Mapping[str, Path | bytes], message: str) -> None:
        """Write files in one commit."""
        if not self._exists:
            private = not self._public
            write_hub(
                self._place,
                lambda: HfApi().create_repo(self._repo, repo_type="dataset", private=private, exist_ok=True),
            )
            self._exists = True

        def attempt() -> None:
            operations = [CommitOperationAdd(f"{self._prefix}{name}", content) for name, content in files.items()]
            HfApi().create_commit(self._repo, operations, commit_message=message, repo_type="dataset")

        write_hub(self._place, attempt, is_under_way=True)


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        content = json.loads(data)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ValueError(f"{MANIFEST} in the output is damaged: remove it, or choose another OUT")
    return content
