"""Launch the page on a free port, also if another program takes the port at the same moment."""

import os
import socket
from typing import Any

from gradio import Blocks
from gradio.http_server import INITIAL_PORT_VALUE as FIRST_PORT
from gradio.http_server import TRY_NUM_PORTS as PORTS

TRIES = 20


def launch(page: Blocks, **options: Any) -> str:
    """Launch a page in the background and return its URL.

    If another program takes the port between Gradio's look at it and the start of the server, Gradio tries each further
    port with the same application. With an MCP server that can start only once, so none of them works, and Gradio gives
    up after 100 times 5 s (6.31). Here each port is tried with a new application.

    Args:
        page: what to launch.
        options: of `gradio.Blocks.launch`.

    Raises:
        OSError: no port is free, or the one that GRADIO_SERVER_PORT or the options name is not.
    """
    options |= {"prevent_thread_lock": True, "quiet": True}
    if os.getenv("GRADIO_SERVER_PORT") or "server_port" in options:
        return str(page.launch(**options)[1])
    first = FIRST_PORT
    for _ in range(TRIES):
        port = first_free_port(first)
        kept = {"app_kwargs": dict(options.get("app_kwargs", {}))}  # Gradio puts the failed application's start into it
        try:
            return str(page.launch(server_port=port, **options | kept)[1])
        except OSError:
            first = port + 1
    raise OSError(f"Ports {FIRST_PORT} to {port} were taken by other programs: set GRADIO_SERVER_PORT to a free one")


def first_free_port(first: int) -> int:
    """Return the first port that nothing listens on.

    Raises:
        OSError: there is none among Gradio's.
    """
    for port in range(first, FIRST_PORT + PORTS):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"No port from {first} to {FIRST_PORT + PORTS - 1} is free: set GRADIO_SERVER_PORT to one that is")
