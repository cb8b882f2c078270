"""Ports for servers that tests start."""

import socket


def free_port() -> int:
    """Return a port that the system had free just now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
