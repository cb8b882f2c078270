"""Where the photos of an archive are read from: a folder, or a dataset repository of the Hugging Face Hub."""

import fnmatch
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Protocol

from huggingface_hub import HfApi, HfFileSystem, RepoFile

from inpaint.hub.retry import retry

from .hub_paths import HUB, HubPath


class Source(Protocol):
    """Files that can be listed and read."""

    @property
    def identity(self) -> str:
        """What the files are, which changes with them: a repository and its commit, or a folder."""

    def names(self) -> list[str]:
        """Return the names of all files below the place, sorted."""

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading; it can be sought in, without reading all of it."""

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""


class FolderSource:
    """A folder of this machine, or a single file.

    Args:
        path: the folder or the file.

    Raises:
        ValueError: there is no such path.
    """

    def __init__(self, path: str) -> None:
        place = Path(path)
        if not place.exists():
            raise ValueError(f"{path}: there is no such file or folder; check the path")
        self._folder = place if place.is_dir() else place.parent
        self._names = None if place.is_dir() else [place.name]

    @property
    def identity(self) -> str:
        """The folder's absolute path."""
        return str(self._folder.resolve())

    def names(self) -> list[str]:
        """Return the names of all files below the folder, sorted; hidden ones are left out."""
        if self._names is not None:
            return self._names
        found = (path.relative_to(self._folder) for path in self._folder.rglob("*") if path.is_file())
        return _visible(path.as_posix() for path in found)

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
        info = retry(lambda: HfApi().dataset_info(self._place.repo_id, revision=self._place.revision))
        return str(info.sha)

    @property
    def identity(self) -> str:
        """The repository, the commit and the place in it."""
        return f"{HUB}datasets/{self._place.repo_id}@{self.commit}/{self._place.path}".rstrip("/")

    def names(self) -> list[str]:
        """Return the paths of all files of the place, sorted; hidden ones are left out."""
        tree = retry(
            lambda: list(
                HfApi().list_repo_tree(self._place.repo_id, recursive=True, revision=self.commit, repo_type="dataset")
            )
        )
        paths = _visible(entry.path for entry in tree if isinstance(entry, RepoFile))
        wanted = self._place.path
        return [path for path in paths if not wanted or path == wanted or path.startswith(f"{wanted}/")] or [
            path for path in paths if fnmatch.fnmatch(path, wanted)
        ]

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading; what is read of it is requested in blocks."""
        file: BinaryIO = retry(lambda: self._files.open(self._path(name), "rb"))
        return file

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""

        def attempt() -> bytes:
            with self._files.open(self._path(name), "rb") as file:
                return bytes(file.read())

        return retry(attempt)

    def _path(self, name: str) -> str:
        return f"datasets/{self._place.repo_id}@{self.commit}/{name}"


def _visible(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if not any(part.startswith(".") for part in name.split("/")))
