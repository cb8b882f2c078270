"""Limits on all requests before they reach our functions, and the answer when one fails outside of them."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from gradio.utils import get_upload_folder
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from page.server.checks import MAX_UPLOAD_MB
from page.server.clients import client_of
from page.server.disk_budget import DiskBudget
from page.server.errors import PageError
from page.server.pace import BYTE_S, DECLINED_S, GET_S, POST_S, Pace
from page.server.presence import PRESENCE, Presence, tab_of
from page.server.texts import language_of, translate

MAX_CALL_MB = 8
"""Largest body of a function call; the longest strokes that are accepted take a tenth of it."""
SMALL_MB = 1
"""Up to this size a request is no upload: a call of an MCP client stays open for as long as its fill takes."""
STALLED_S, MIN_BYTES_PER_S = 30.0, 2_000
"""A body may pause for this long, and is as fast as this on average: half of the slowest phone network."""
MAX_ANSWER_BYTES = 100_000
"""Of the answer to an upload, which lists its files."""
_STATUS = {"too_long": 413, "upload_stalled": 408, "uploads_busy": 429, "disk_full": 507, "unexpected": 404}
_FETCHES_URL = re.compile(r"/(file|proxy)=https?:", re.IGNORECASE)
"""Paths at which Gradio would fetch any address for any visitor; the page has no use for them."""


class RequestLimits:
    """Decline requests with too large or too slow a body, before they fill memory, disk or connections (ASGI).

    Gradio limits the size of each uploaded file, but neither the number of files in a request nor the size of a call,
    nor how many files a visitor uploads, nor how long a request takes.
    All responses get `X-Content-Type-Options: nosniff`, so that an HTML file uploaded as a picture is never run.

    Args:
        app: the wrapped application.
        presence: of tabs and clients, which their requests show.
    """

    def __init__(self, app: ASGIApp, presence: Presence = PRESENCE) -> None:
        self.app, self.presence = app, presence
        self.budget, self.pace = DiskBudget(Path(get_upload_folder())), Pace()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request: pass it on, or answer as soon as its body is too large or too slow."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        client = client_of(request.client.host if request.client else None, request.headers)
        with self.presence.request(client, tab_of(scope["path"])):
            await self._limited(request, client, receive, send)

    async def _limited(self, request: Request, client: str, receive: Receive, send: Send) -> None:
        scope = request.scope
        limit = limit_mb(scope["path"])
        await self.pace.wait(client, POST_S if scope["method"] == "POST" else GET_S)
        try:
            if _FETCHES_URL.search(scope["path"]):
                raise _DeclinedError("unexpected")
            size = request.headers.get("content-length", "")
            if size.isdecimal() and int(size) > limit * 1_000_000:
                raise _DeclinedError("too_long", limit=limit)
            body = _Body(receive, send, limit, partial(self.pace.wait, client))
            room = int(size) if size.isdecimal() else limit * 1_000_000
            if scope["method"] != "POST" or not carries_files(scope["path"]):
                await self.app(scope, body.receive, body.send)
                return
            is_small = room <= SMALL_MB * 1_000_000
            if not is_small:
                await asyncio.to_thread(self.budget.begin, client, room)
            files: list[Path] = []
            try:
                await self.app(scope, body.receive, body.send)
                files = body.files() if scope["path"].endswith("/upload") else []
                self.presence.sent(client, files)
            finally:
                if not is_small:
                    self.budget.end(client, room, files)
        except (_DeclinedError, PageError) as error:
            self.pace.charge(client, DECLINED_S)
            response = error_response(request, error.key, _STATUS[error.key], **error.values)
            response.headers["connection"] = "close"  # the rest of the body is not read
            await response(scope, receive, send)


class _DeclinedError(PageError):
    pass


class _Body:
    """The body of a request while it is received, and the files that the answer to an upload lists."""

    def __init__(self, receive: Receive, send: Send, limit: int, wait: Callable[[float], Awaitable[None]]) -> None:
        self._receive, self._send, self._limit, self._wait = receive, send, limit, wait
        self._start: float | None = None
        self._size, self._complete = 0, False
        self._answer = b""
        self._declined: _DeclinedError | None = None

    async def receive(self) -> Message:
        """Receive the next part; decline one that makes the body too large, or that does not come in time."""
        if self._complete:  # what follows is the end of the connection, whenever that is
            return await self._receive()
        self._start = time.monotonic() if self._start is None else self._start
        left_s = self._start + STALLED_S + self._size / MIN_BYTES_PER_S - time.monotonic()
        try:
            message = await asyncio.wait_for(self._receive(), max(0.01, min(STALLED_S, left_s)))
        except TimeoutError:
            raise self._decline("upload_stalled", seconds=round(STALLED_S)) from None
        self._size += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        await self._wait(len(message.get("body", b"")) * BYTE_S)
        if self._size > self._limit * 1_000_000:
            raise self._decline("too_long", limit=self._limit)
        return message

    def _decline(self, key: str, **values: object) -> "_DeclinedError":
        self._declined = _DeclinedError(key, **values)
        return self._declined

    async def send(self, message: Message) -> None:
        """Send a part of the answer, with `nosniff`."""
        if self._declined is not None:  # FastAPI takes it for an error of parsing, and would answer so
            raise self._declined
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"x-content-type-options", b"nosniff")]
        elif len(self._answer) < MAX_ANSWER_BYTES:
            self._answer += message.get("body", b"")
        await self._send(message)

    def files(self) -> list[Path]:
        """Return the files that the answer to an upload lists."""
        try:
            paths = json.loads(self._answer)
        except ValueError:
            return []
        return [Path(path) for path in paths if isinstance(path, str)] if isinstance(paths, list) else []


def carries_files(path: str) -> bool:
    """Return whether requests to a path may carry files; MCP clients send pictures inside the call."""
    return path.endswith("/upload") or "/gradio_api/mcp" in path


def limit_mb(path: str) -> int:
    """Return the largest body of a request to a path, in MB."""
    return MAX_UPLOAD_MB + MAX_CALL_MB if carries_files(path) else MAX_CALL_MB


async def handle_exception(request: Request, error: Exception) -> JSONResponse:
    """Answer a request that failed outside our functions, such as a call nested too deep to be parsed."""
    return error_response(request, "unexpected", 500)


def error_response(request: Request, key: str, status: int, **values: object) -> JSONResponse:
    """Return an error in the same form as the server functions answer it: {error, code, **values}."""
    language = language_of(request.headers.get("accept-language"))
    return JSONResponse({"error": translate(key, language, **values), "code": key, **values}, status)
