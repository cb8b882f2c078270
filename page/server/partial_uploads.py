"""Uploads that fail: Gradio writes them to files that it leaves behind, which are removed at once."""

import contextlib
import os
import tempfile
from contextvars import ContextVar
from typing import Any

from gradio import route_utils
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from page.server.disk import is_disk_full
from page.server.limits import error_response

FULL_STATUS = 507
_written: ContextVar[list[Any] | None] = ContextVar("written", default=None)


class PartialUploads:
    """Remove what a failed upload has written, and say so if the disk is full (ASGI middleware).

    An upload fails when the disk is full, the connection breaks or the request is declined.

    Args:
        app: the wrapped application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        route_utils.NamedTemporaryFile = _recorded_file  # type: ignore[assignment]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        files: list[Any] = []
        token = _written.set(files)
        has_started = False

        async def send_and_note(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except ClientDisconnect:
            pass  # nobody is there to be answered, and a log of each would be long
        except OSError as error:
            if has_started or not is_disk_full(error):
                raise
            _remove(files)
            while (await receive()).get("more_body"):  # a browser reads no answer before it has sent everything
                pass
            await error_response(Request(scope), "disk_full", FULL_STATUS)(scope, receive, send)
        finally:
            _remove(files)
            _written.reset(token)


def _recorded_file(*arguments: Any, **options: Any) -> Any:
    """Return a NamedTemporaryFile, and record it for the request that creates it."""
    file = tempfile.NamedTemporaryFile(*arguments, **options)  # noqa: SIM115 Gradio closes it
    files = _written.get()
    if files is not None:
        files.append(file)
    return file


def _remove(files: list[Any]) -> None:
    """Close and remove files. A complete upload has been renamed by then."""
    for file in files:
        with contextlib.suppress(OSError):  # what it has not written yet may not fit on the disk
            file.close()
        with contextlib.suppress(OSError):
            os.unlink(file.name)
    files.clear()
