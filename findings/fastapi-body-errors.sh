#!/usr/bin/env bash
# fastapi 0.165.0: what a middleware raises while a body is received is answered as "error parsing the body", status 400.
#
# Expected: a middleware counts the bytes of a body and raises an error of its own once there are too many; the handler
# that the application has registered for this error answers with 413. In Starlette it does.
# Seen: FastAPI reads the body inside its parsing of the request, takes any exception for one of the parser, and answers
# 400 with a sentence of its own. The handler is not called, and the client is told nothing about the limit.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet fastapi==0.165.0 starlette==1.10.0 httpx==0.28.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from fastapi import Body, FastAPI
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

LIMIT = 1000


class TooLong(Exception):
    pass


class Limited:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        size = 0

        async def counted():
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > LIMIT:
                raise TooLong
            return message

        await self.app(scope, counted, send)


async def too_long(request, error):
    return JSONResponse({"error": f"more than {LIMIT} bytes"}, 413)


async def endpoint(request):
    return JSONResponse(len(await request.json()))


def length(text: str = Body()):
    return len(text)


plain = Starlette(routes=[Route("/", endpoint, methods=["POST"])], exception_handlers={TooLong: too_long})
fast = FastAPI(exception_handlers={TooLong: too_long})
fast.post("/")(length)
seen = []
for app in (plain, fast):
    app.add_middleware(Limited)
    client = TestClient(app)
    for text in ("short", "x" * 2000):
        answer = client.post("/", json=text)
        seen.append(answer.status_code)
        print(type(app).__name__, len(text), answer.status_code, answer.text)
assert seen == [200, 413, 200, 400], "the behaviour has changed"
PYTHON
