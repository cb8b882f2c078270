"""Uploads: validation of the card, preupload, LFS, commit."""

import base64
import hashlib
import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml

from tests.hub.access import commit_of, signed_in, writable
from tests.hub.messages import HubError, Request, Response, reply
from tests.hub.store import Store, StoredFile

if TYPE_CHECKING:
    from tests.hub.server import Hub

LFS_ENDINGS = (".safetensors", ".parquet", ".arrow", ".bin", ".pt", ".ckpt", ".zip", ".tar")


def validate_yaml(hub: "Hub", request: Request) -> Response:
    """Validate the front matter of a README: 400 with a list of errors, else warnings."""
    match = re.match(r"---\s*\n(.*?)\n---", request.json()["content"], re.DOTALL)
    errors, warnings = [], []
    try:
        metadata = yaml.safe_load(match.group(1)) if match else None
    except yaml.YAMLError as error:
        metadata, errors = {}, [f"YAML: {error}"]
    if metadata is None:
        metadata, warnings = {}, ["empty or missing yaml metadata in repo card"]
    for key in ("license", "pipeline_tag", "library_name"):
        if not isinstance(metadata.get(key, ""), str):
            errors.append(f'"{key}" must be a string')
    for model in metadata.get("model-index") or []:
        errors += _model_index_errors(model)
    if len(str(metadata.get("short_description", ""))) > 60:
        errors.append('"short_description" length must be less than or equal to 60 characters long')
    answer = {"errors": [{"message": text} for text in errors], "warnings": [{"message": text} for text in warnings]}
    return reply(answer, 400 if errors else 200)


def _model_index_errors(model: dict[str, Any]) -> list[str]:
    errors = [] if "name" in model else ['"model-index[0].name" is required']
    for result in model.get("results") or []:
        if not {"task", "dataset", "metrics"} <= set(result):
            errors.append('"model-index[0].results[0]" needs task, dataset and metrics')
        elif not all({"type", "value"} <= set(metric) for metric in result["metrics"]):
            errors.append('"model-index[0].results[0].metrics[0]" needs type and value')
    return errors


def preupload(hub: "Hub", request: Request) -> Response:
    repo = writable(hub, request)
    here = commit_of(repo, request.params["revision"]).files
    answers = []
    for file in request.json()["files"]:
        lfs = file["path"].endswith(LFS_ENDINGS) or file["size"] > hub.lfs_bytes
        answer = {"path": file["path"], "uploadMode": "lfs" if lfs else "regular", "shouldIgnore": False}
        if file["path"] in here:
            known = here[file["path"]]
            answer["oid"] = known.sha256 if known.lfs else known.oid
        answers.append(answer)
    return reply({"files": answers})


def lfs_batch(hub: "Hub", request: Request) -> Response:
    writable(hub, request)
    answers = []
    for wanted in request.json()["objects"]:
        oid, size = wanted["oid"], wanted["size"]
        answer: dict[str, Any] = {"oid": oid, "size": size}
        if not hub.store.has(oid):
            href = f"{request.base_url}/lfs/{oid}"
            upload: dict[str, Any] = {"href": href}
            if size > hub.multipart_bytes:
                parts = range(1, -(-size // hub.multipart_bytes) + 1)
                header = {f"{part:05d}": f"{href}/{part}" for part in parts}
                upload["header"] = {"chunk_size": str(hub.multipart_bytes), **header}
            verify = request.base_url + request.path.replace("/objects/batch", "/verify")
            answer["actions"] = {"upload": upload, "verify": {"href": verify}}
        answers.append(answer)
    return reply({"objects": answers, "transfer": "basic"})


def lfs_put(hub: "Hub", request: Request) -> Response:
    """A whole object, or one part of it."""
    oid, part = request.params["oid"], request.params.get("part")
    if part is not None:
        hub.parts[oid, int(part)] = request.body
        return Response(headers={"ETag": f'"{hashlib.md5(request.body).hexdigest()}"'})
    return _keep(hub.store, oid, request.body)


def lfs_complete(hub: "Hub", request: Request) -> Response:
    oid, wanted = request.params["oid"], sorted(request.json()["parts"], key=lambda part: part["partNumber"])
    return _keep(hub.store, oid, b"".join(hub.parts.pop((oid, part["partNumber"])) for part in wanted))


def lfs_verify(hub: "Hub", request: Request) -> Response:
    wanted = request.json()
    if not hub.store.has(wanted["oid"]) or len(hub.store.read(wanted["oid"])) != wanted["size"]:
        raise HubError(404, "the object is missing or of another size")
    return reply({})


def _keep(store: Store, oid: str, data: bytes) -> Response:
    if hashlib.sha256(data).hexdigest() != oid:
        raise HubError(400, "the content does not have the promised sha256")
    store.put(data, lfs=True)
    return Response()


def commit(hub: "Hub", request: Request) -> Response:
    """Apply all lines of the NDJSON body as one commit, or none of them."""
    repo, user = writable(hub, request), signed_in(request)
    branch = request.params["revision"]
    lines = [json.loads(line) for line in request.body.splitlines() if line.strip()]
    header = next(line["value"] for line in lines if line["key"] == "header")
    with hub.store.lock:
        base = commit_of(repo, branch)
        if header.get("parentCommit") not in (None, base.sha):
            raise HubError(412, "A commit has happened since. Please refresh and try again.")
        if request.flag("create_pr"):
            branch = f"refs/pr/{1 + sum(name.startswith('refs/pr/') for name in repo.branches)}"
        elif branch not in repo.branches:
            raise HubError(400, f"{branch} is not a branch")
        files = dict(base.files)
        for line in lines:
            _apply(hub.store, files, line["key"], line["value"])
        made = repo.add_commit(branch, files, header["summary"], header.get("description", ""), user.name)
        hub.store.save(repo)
    answer = {"success": True, "commitOid": made.sha, "commitUrl": f"{request.base_url}/{repo.id}/commit/{made.sha}"}
    if request.flag("create_pr"):
        answer["pullRequestUrl"] = f"{request.base_url}/{repo.id}/discussions/{branch.rpartition('/')[2]}"
    return reply(answer)


def _apply(store: Store, files: dict[str, StoredFile], key: str, value: dict[str, Any]) -> None:
    if key == "header":
        return
    path = value["path"].strip("/")
    if ".." in PurePosixPath(path).parts or not path:
        raise HubError(400, f"{path} is not a path inside the repository")
    if key == "file":
        files[path] = store.put(base64.b64decode(value["content"]))
    elif key == "lfsFile":
        if not store.has(value["oid"]):
            raise HubError(400, f"the LFS object of {path} was never uploaded")
        files[path] = store.described(value["oid"], lfs=True)
    elif key in ("deletedFile", "deletedFolder"):
        gone = [name for name in files if name == path or (key == "deletedFolder" and name.startswith(f"{path}/"))]
        if not gone:
            raise HubError(404, f"A file with this name doesn't exist: {path}", "EntryNotFound")
        for name in gone:
            del files[name]
    else:
        raise HubError(400, f"unknown operation {key}")
