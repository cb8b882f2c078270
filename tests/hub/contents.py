"""The content of a repository: its metadata, file tree, single paths, history."""

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml

from tests.hub.access import commit_of, visible
from tests.hub.messages import HubError, Request, Response, reply
from tests.hub.store import Commit, Repo, Store, StoredFile, git_oid, pointer

if TYPE_CHECKING:
    from tests.hub.server import Hub


def info(hub: "Hub", request: Request) -> Response:
    repo = visible(hub, request)
    commit = commit_of(repo, request.params.get("revision") or "main")
    metadata = front_matter(hub.store, commit)
    dates = [repo.commits[sha].date for sha in repo.commits]
    answer = {
        "_id": git_oid(repo.id.encode())[:24],
        "id": repo.id,
        "author": repo.namespace,
        "sha": commit.sha,
        "private": repo.private,
        "gated": repo.gated,
        "disabled": False,
        "createdAt": dates[0],
        "lastModified": dates[-1],
        "downloads": 0,
        "likes": 0,
        "tags": metadata.get("tags") or [],
        "cardData": metadata,
        "siblings": [_sibling(path, file, request.flag("blobs")) for path, file in sorted(commit.files.items())],
    }
    if repo.kind == "model":
        answer.update(
            modelId=repo.id, pipeline_tag=metadata.get("pipeline_tag"), library_name=metadata.get("library_name")
        )
    if repo.kind == "space":
        answer.update(sdk=repo.sdk, runtime={"stage": "RUNNING", "hardware": {"current": "cpu-basic"}})
    return reply(answer)


def tree(hub: "Hub", request: Request) -> Response:
    repo = visible(hub, request)
    commit = commit_of(repo, request.params["revision"])
    folder = (request.params.get("path") or "").strip("/")
    entries = _entries(repo, commit, request.flag("expand"))
    inside = {path: entry for path, entry in entries.items() if not folder or path.startswith(f"{folder}/")}
    if folder and not inside:
        raise HubError(404, f"{folder} does not exist on {commit.sha}", "EntryNotFound")
    if not request.flag("recursive"):
        depth = len(PurePosixPath(folder).parts)
        inside = {path: entry for path, entry in inside.items() if len(PurePosixPath(path).parts) == depth + 1}
    return reply([inside[path] for path in sorted(inside)])


def paths_info(hub: "Hub", request: Request) -> Response:
    repo = visible(hub, request)
    form = request.form()
    expand = str(form.get("expand", [""])[0]).lower() in {"1", "true"}
    entries = _entries(repo, commit_of(repo, request.params["revision"]), expand)
    return reply([entries[path.strip("/")] for path in form.get("paths", []) if path.strip("/") in entries])


def commits(hub: "Hub", request: Request) -> Response:
    repo = visible(hub, request)
    commit: Commit | None = commit_of(repo, request.params["revision"])
    history = []
    while commit is not None:
        authors = [{"user": commit.author, "avatar": ""}]
        history.append(
            {
                "id": commit.sha,
                "title": commit.title,
                "message": commit.message,
                "authors": authors,
                "date": commit.date,
            }
        )
        commit = repo.commits.get(commit.parent or "")
    return reply(history, headers={"X-Total-Count": str(len(history))})


def front_matter(store: Store, commit: Commit) -> dict[str, Any]:
    """Return the metadata in the README.md of a commit; empty without any."""
    readme = commit.files.get("README.md")
    match = re.match(r"---\s*\n(.*?)\n---\s*(\n|$)", store.read(readme.sha256).decode() if readme else "", re.DOTALL)
    try:
        metadata = yaml.safe_load(match.group(1)) if match else None
    except yaml.YAMLError:
        return {}
    return metadata if isinstance(metadata, dict) else {}


def _lfs(file: StoredFile, hash_key: str) -> dict[str, Any]:
    return {hash_key: file.sha256, "size": file.size, "pointerSize": len(pointer(file.sha256, file.size))}


def _sibling(path: str, file: StoredFile, blobs: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"rfilename": path}
    if blobs:
        entry.update(size=file.size, blobId=file.oid)
        if file.lfs:
            entry["lfs"] = _lfs(file, "sha256")
    return entry


def _entries(repo: Repo, commit: Commit, expand: bool) -> dict[str, dict[str, Any]]:
    """Return every file and folder of a commit by its path."""
    entries: dict[str, dict[str, Any]] = {}
    for path, file in commit.files.items():
        entries[path] = {"type": "file", "oid": file.oid, "size": file.size, "path": path}
        if file.lfs:
            entries[path]["lfs"] = _lfs(file, "oid")
        for parent in PurePosixPath(path).parents:
            if str(parent) != ".":
                oid = git_oid(f"{commit.sha}/{parent}".encode())
                entries[str(parent)] = {"type": "directory", "oid": oid, "size": 0, "path": str(parent)}
    if expand:
        last = {"id": commit.sha, "title": commit.title, "date": commit.date}
        for entry in entries.values():
            entry["lastCommit"] = last
    return entries
