"""Where the photos of an archive are read from: a folder, or a dataset repository of the Hugging Face Hub."""

import fnmatch
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Protocol

from huggingface_hub import HfApi, HfFileSystem, RepoFile

from inpaint.photos.patterns import entries_of, fixed_part, is_pattern

from .hub_access import read_hub
from .hub_paths import HUB, HubPath


class Source(Protocol):
    """Files that can be listed and read."""

    @property
    def identity(self) -> str:
        """What the files are, for messages: a repository and its commit, or what the user named."""

    def names(self) -> list[str]:
        """Return the names of all files below the place, sorted."""

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading; it can be sought in, without reading all of it."""

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""


class FolderSource:
    """A folder of this machine, a single file, or the files that a pattern matches.

    Args:
        path: the folder, the file or the pattern.

    Raises:
        ValueError: there is no such path.
    """

    def __init__(self, path: str) -> None:
        place = Path(path)
        if not (place.exists() or is_pattern(path)):
            raise ValueError(f"{path}: there is no such file or folder; check the path")
        self._path = path
        self._folder = fixed_part(place) if is_pattern(path) else place if place.is_dir() else place.parent

    @property
    def identity(self) -> str:
        """What the user named."""
        return self._path

    @cached_property
    def _names(self) -> list[str]:
        if Path(self._path).is_file():
            return [Path(self._path).name]
        entries = entries_of(self._path) if is_pattern(self._path) else self._folder.rglob("*")
        return _visible(entry.relative_to(self._folder).as_posix() for entry in entries if entry.is_file())

    def names(self) -> list[str]:
        """Return the names of all files below the folder, or of those that match, sorted; hidden ones are left out."""
        return self._names

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading."""
        return (self._folder / name).open("rb")

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""
        return (self._folder / name).read_bytes()


class HubSource:
    """Files of a dataset repository, all of the commit that is the newest at the first look.

    Args:
        place: in the repository.
        commit: read this one instead, as a run does that is resumed.
    """

    def __init__(self, place: HubPath, commit: str | None = None) -> None:
        self._place, self._commit = place, commit
        self._files = HfFileSystem()

    @cached_property
    def commit(self) -> str:
        """The sha of the commit that is read."""
        if self._commit is not None:
            return self._commit
        place = self._place
        return str(read_hub(place, lambda: HfApi().dataset_info(place.repo_id, revision=place.revision)).sha)

    @property
    def identity(self) -> str:
        """The repository, the commit and the place in it."""
        return f"{HUB}datasets/{self._place.repo_id}@{self.commit}/{self._place.path}".rstrip("/")

    def names(self) -> list[str]:
        """Return the paths of all files of the place, sorted; hidden ones are left out."""
        repo_id, commit = self._place.repo_id, self.commit
        tree = read_hub(
            self._place,
            lambda: list(HfApi().list_repo_tree(repo_id, recursive=True, revision=commit, repo_type="dataset")),
        )
        paths = _visible(entry.path for entry in tree if isinstance(entry, RepoFile))
        wanted = self._place.path
        return [path for path in paths if not wanted or path == wanted or path.startswith(f"{wanted}/")] or [
            path for path in paths if fnmatch.fnmatch(path, wanted)
        ]

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading; what is read of it is requested in blocks."""
        file: BinaryIO = read_hub(self._place, lambda: self._files.open(self._path(name), "rb"))
        return file

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""

        def attempt() -> bytes:
            with self._files.open(self._path(name), "rb") as file:
                return bytes(file.read())

        return read_hub(self._place, attempt)

    def _path(self, name: str) -> str:
        return f"datasets/{self._place.repo_id}@{self.commit}/{name}"


def _visible(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if not any(part.startswith(".") for part in name.split("/")))
