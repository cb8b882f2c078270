"""Limits on all requests before they reach our functions, and the answer when one fails outside of them."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from page.server.checks import MAX_UPLOAD_MB
from page.server.texts import language_of, translate

MAX_CALL_MB = 8
"""Largest body of a function call; the longest strokes that are accepted take a tenth of it."""


class RequestLimits:
    """Decline requests with too large a body, before they fill memory or disk (ASGI middleware).

    Gradio limits the size of each uploaded file, but neither the number of files in a request nor the size of a call.
    All responses get `X-Content-Type-Options: nosniff`, so that an HTML file uploaded as a picture is never run.

    Args:
        app: the wrapped application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request: pass it on, or answer 413 as soon as its body is too large."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        limit = limit_mb(scope["path"])
        bytes_left = limit * 1_000_000

        async def receive_limited() -> Message:
            nonlocal bytes_left
            message = await receive()
            bytes_left -= len(message.get("body", b""))
            if bytes_left < 0:
                raise _BodyTooLargeError
            return message

        async def send_nosniff(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"x-content-type-options", b"nosniff")]
            await send(message)

        try:
            length = request.headers.get("content-length", "")
            if length.isdecimal() and int(length) > bytes_left:
                raise _BodyTooLargeError
            await self.app(scope, receive_limited, send_nosniff)
        except _BodyTooLargeError:
            await error_response(request, "too_long", 413, limit=limit)(scope, receive, send)


class _BodyTooLargeError(Exception):
    pass


def limit_mb(path: str) -> int:
    """Return the largest body of a request to a path, in MB; MCP clients send pictures inside the call."""
    carries_files = path.endswith("/upload") or "/gradio_api/mcp" in path
    return MAX_UPLOAD_MB + MAX_CALL_MB if carries_files else MAX_CALL_MB


async def handle_exception(request: Request, error: Exception) -> JSONResponse:
    """Answer a request that failed outside our functions, such as a call nested too deep to be parsed."""
    return error_response(request, "unexpected", 500)


def error_response(request: Request, key: str, status: int, **values: object) -> JSONResponse:
    """Return an error in the same form as the server functions answer it: {error, code, **values}."""
    language = language_of(request.headers.get("accept-language"))
    return JSONResponse({"error": translate(key, language, **values), "code": key, **values}, status)
