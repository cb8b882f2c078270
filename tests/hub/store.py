"""Repositories on disk: blobs by sha256, and per repository one JSON file of commits, branches and tags."""

import hashlib
import json
import re
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

GITATTRIBUTES = b"".join(
    f"*.{ending} filter=lfs diff=lfs merge=lfs -text\n".encode()
    for ending in ("safetensors", "parquet", "arrow", "bin", "pt", "ckpt", "zip", "tar")
)


def git_oid(data: bytes) -> str:
    """The sha1 that git gives a blob."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def pointer(sha256: str, size: int) -> bytes:
    """The text that git keeps in place of an LFS file."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


@dataclass
class StoredFile:
    """A file of a commit. `oid` is git's: of the content, or of the pointer for an LFS file."""

    sha256: str
    size: int
    oid: str
    lfs: bool


@dataclass
class Commit:
    sha: str
    title: str
    message: str
    author: str
    date: str
    parent: str | None
    files: dict[str, StoredFile]


@dataclass
class Repo:
    kind: str
    id: str
    private: bool = False
    gated: str | bool = False
    readers: list[str] = field(default_factory=list)
    sdk: str | None = None
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        return self.id.partition("/")[0]

    def commit(self, revision: str) -> Commit | None:
        """The commit of a branch, a tag, a full ref name, or a sha."""
        name = re.sub(r"^refs/(heads|tags)/", "", revision)
        return self.commits.get(self.branches.get(name) or self.tags.get(name) or revision)

    def add_commit(self, branch: str, files: dict[str, StoredFile], title: str, message: str, author: str) -> Commit:
        """A new commit on `branch`, which is made when it does not exist."""
        parent = self.branches.get(branch)
        date = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        content = json.dumps([parent, len(self.commits), title, date, {k: v.oid for k, v in sorted(files.items())}])
        sha = hashlib.sha1(f"{self.kind}/{self.id}{content}".encode()).hexdigest()
        self.commits[sha] = Commit(sha, title, message, author, date, parent, files)
        self.branches[branch] = sha
        return self.commits[sha]


class Store:
    """All repositories under a folder. Take `lock` for anything that changes one."""

    def __init__(self, root: Path):
        self.root = root
        self.lock = threading.RLock()
        self.repos: dict[tuple[str, str], Repo] = {}
        (root / "blobs").mkdir(parents=True, exist_ok=True)
        for path in sorted((root / "repos").glob("*/*.json")):
            repo = _repo_from_json(json.loads(path.read_text()))
            self.repos[repo.kind, repo.id] = repo

    def save(self, repo: Repo) -> None:
        path = self._path(repo)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(repo)))
        draft.replace(path)

    def delete(self, repo: Repo) -> None:
        del self.repos[repo.kind, repo.id]
        self._path(repo).unlink()

    def create(self, repo: Repo, author: str) -> Repo:
        """Add `repo` with the first commit that the Hub makes in every new repository."""
        self.repos[repo.kind, repo.id] = repo
        repo.add_commit("main", {".gitattributes": self.put(GITATTRIBUTES)}, "initial commit", "", author)
        self.save(repo)
        return repo

    def put(self, data: bytes, lfs: bool = False) -> StoredFile:
        """Keep `data` and describe it as a file of a commit."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.has(sha256):
            draft = self.root / "blobs" / f"{sha256}.{threading.get_ident()}"
            draft.write_bytes(data)
            draft.replace(self.root / "blobs" / sha256)
        return self.described(sha256, lfs)

    def described(self, sha256: str, lfs: bool) -> StoredFile:
        data = self.read(sha256)
        oid = git_oid(pointer(sha256, len(data)) if lfs else data)
        return StoredFile(sha256, len(data), oid, lfs)

    def has(self, sha256: str) -> bool:
        return re.fullmatch(r"[0-9a-f]{64}", sha256) is not None and (self.root / "blobs" / sha256).is_file()

    def read(self, sha256: str) -> bytes:
        return (self.root / "blobs" / sha256).read_bytes()

    def _path(self, repo: Repo) -> Path:
        return self.root / "repos" / repo.kind / (repo.id.replace("/", "--") + ".json")


def _repo_from_json(value: dict[str, Any]) -> Repo:
    commits = {
        sha: Commit(**{**commit, "files": {path: StoredFile(**file) for path, file in commit["files"].items()}})
        for sha, commit in value["commits"].items()
    }
    return Repo(**{**value, "commits": commits})
