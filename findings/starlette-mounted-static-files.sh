#!/usr/bin/env bash
# starlette 1.10.0: mounted StaticFiles answer 404 where root_path is set and the proxy strips that prefix; routes do not.
#
# Expected: with root_path "/prefix" the request path may come with the prefix or without it, for a mounted StaticFiles
# as for a Route. Behind a proxy that strips the prefix, paths come without it, and root_path tells what was stripped.
# Seen: the Route answers 200 for both paths, and the Mount finds its StaticFiles for both. But StaticFiles takes the
# file's path from the request path minus "/prefix/files", which is only a prefix of the unstripped path: for the
# stripped one it looks for the file "files/a.txt" and answers 404.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet starlette==1.10.0 httpx==0.28.1
echo text > "$folder/a.txt"
"$folder/venv/bin/python" -W ignore - "$folder" <<'PYTHON'
import sys

from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

folder = sys.argv[1]


async def file(request):
    return FileResponse(f"{folder}/{request.path_params['name']}")


routes = [Mount("/files", StaticFiles(directory=folder)), Route("/route/{name}", file)]
client = TestClient(Starlette(routes=routes), root_path="/prefix")
paths = ("/prefix/files/a.txt", "/files/a.txt", "/prefix/route/a.txt", "/route/a.txt")
seen = {path: client.get(path).status_code for path in paths}
for path, status in seen.items():
    print(path, status)
assert list(seen.values()) == [200, 404, 200, 200], "the behaviour has changed"
PYTHON
