"""Downloads: resolve with the headers that the clients need, ranges, the redirect of an LFS file."""

import re
from typing import TYPE_CHECKING

from tests.hub.access import commit_of, readable
from tests.hub.messages import HubError, Request, Response
from tests.hub.store import StoredFile

if TYPE_CHECKING:
    from tests.hub.server import Hub


def resolve(hub: "Hub", request: Request) -> Response:
    repo = readable(hub, request)
    commit, path = commit_of(repo, request.params["revision"]), request.params["path"]
    known = {"X-Repo-Commit": commit.sha, "Accept-Ranges": "bytes"}
    file = commit.files.get(path)
    if file is None:
        raise HubError(404, f"Entry not found: {path}", "EntryNotFound", known)
    if not file.lfs:
        return _content(hub, request, file, {**known, "ETag": f'"{file.oid}"'})
    linked = {"X-Linked-Etag": f'"{file.sha256}"', "X-Linked-Size": str(file.size), "ETag": f'"{file.oid}"'}
    if hub.names_xet:
        token_path = f"/api/{repo.kind}s/{repo.id}/xet-read-token/{commit.sha}"
        linked |= {"X-Xet-Hash": file.sha256, "X-Xet-Refresh-Route": request.base_url + token_path}
    location = f"{_other_origin(request.base_url)}/cdn/{file.sha256}"
    return Response(302, b"Found. Redirecting", {**known, **linked, "Location": location, "Content-Type": "text/plain"})


def cdn(hub: "Hub", request: Request) -> Response:
    """Serve an LFS object. The client must not send its token to this origin."""
    if request.user is not None:
        raise HubError(400, "the token was sent to the storage host")
    if not hub.store.has(request.params["oid"]):
        raise HubError(404, "no such object")
    file = hub.store.described(request.params["oid"], lfs=True)
    return _content(hub, request, file, {"ETag": f'"{file.sha256}"', "Accept-Ranges": "bytes"})


def _other_origin(base_url: str) -> str:
    """Return the URL of this server under another host name. Clients would follow a redirect on the same origin
    themselves, and then miss the headers of the 302."""
    if "//localhost" in base_url:
        return base_url.replace("//localhost", "//127.0.0.1")
    return re.sub(r"//[^:/]+", "//localhost", base_url)


def _content(hub: "Hub", request: Request, file: StoredFile, headers: dict[str, str]) -> Response:
    data = hub.store.read(file.sha256)
    headers["Content-Type"] = "application/octet-stream"
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("Range", "").strip())
    if wanted is None or not any(wanted.groups()):
        return Response(200, data, headers)
    first, last = wanted.groups()
    start = int(first) if first else max(0, len(data) - int(last))
    stop = min(len(data), int(last) + 1) if first and last else len(data)
    if start >= stop:
        raise HubError(416, "Range Not Satisfiable", None, {"Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
    return Response(206, data[start:stop], headers)
