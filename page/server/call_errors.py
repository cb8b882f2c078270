"""Calls of endpoints that Gradio cannot assign to a function: which argument or endpoint is wrong, as a sentence."""

import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

_CALL = re.compile(r".*/gradio_api/call/(?:v2/)?([^/]{1,60})/?")
_MISSING = re.compile(r"No value provided for required argument: (\w+)")
_UNKNOWN = re.compile(r"Parameter `([^`]*)` is not a valid key-word argument", re.DOTALL)
_MAX_NAME = 60
_LISTED = "GET /gradio_api/info lists the endpoints and their arguments."


async def explain_call(request: Request, error: Exception) -> Response:
    """Answer a call with a missing or an unknown argument, or of no endpoint, with {error, code}.

    Any other error is raised again, as one of the server.

    Args:
        request: of a program.
        error: a TypeError or KeyError, as Gradio raises them for such calls.
    """
    call = _CALL.fullmatch(request.url.path)
    name, message = call[1] if call else "", str(error)
    if call and isinstance(error, KeyError) and error.args == (f"/{name}",):
        return _answer(f"There is no endpoint {name}. {_LISTED}", 404)
    if call and (missing := _MISSING.match(message)):
        return _answer(f"{name} needs the argument {missing[1]}, which is missing. {_LISTED}", 422)
    if call and (unknown := _UNKNOWN.match(message)):
        return _answer(f"{name} has no argument {unknown[1][:_MAX_NAME]!r}: correct its name. {_LISTED}", 422)
    raise error


HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    TypeError: explain_call,
    KeyError: explain_call,
}
"""Exception handlers of the application."""


def _answer(message: str, status: int) -> JSONResponse:
    return JSONResponse({"error": message, "code": "bad_call"}, status)
