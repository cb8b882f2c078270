"""The gate that all requests pass: how much they may bring, and what is said when they fail before our functions."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from page.server.checks import MAX_UPLOAD_MB
from page.server.texts import language_of, sentence

MAX_CALL_MB = 8
"""Of a call of a function; the longest strokes that are taken come to a tenth of it."""


class Gate:
    """Refuses requests that are too long, before they fill the memory or the disk (ASGI middleware).

    Gradio limits each uploaded file, but neither how many come in one request nor how long a call is. Answers tell the
    browser to take their type as it is said: a web page that was uploaded as a picture is then a broken picture.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        limit = limit_mb(scope["path"])
        left = limit * 1_000_000

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise _TooLongError
            return message

        async def typed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"x-content-type-options", b"nosniff")]
            await send(message)

        try:
            length = request.headers.get("content-length", "")
            if length.isdecimal() and int(length) > left:
                raise _TooLongError
            await self.app(scope, counted, typed)
        except _TooLongError:
            await failure(request, "too_long", 413, limit=limit)(scope, receive, send)


class _TooLongError(Exception):
    pass


def limit_mb(path: str) -> int:
    """How long a request to this path may be: MCP clients send pictures along with the call."""
    carries_files = path.endswith("/upload") or "/gradio_api/mcp" in path
    return MAX_UPLOAD_MB + MAX_CALL_MB if carries_files else MAX_CALL_MB


async def on_error(request: Request, error: Exception) -> JSONResponse:
    """What is answered when something fails outside our functions, such as a call nested too deep to be read."""
    return failure(request, "unexpected", 500)


def failure(request: Request, key: str, status: int, **values: object) -> JSONResponse:
    """A refusal in the same form as the desk's."""
    language = language_of(request.headers.get("accept-language"))
    return JSONResponse({"error": sentence(key, language, **values), "code": key, **values}, status)
