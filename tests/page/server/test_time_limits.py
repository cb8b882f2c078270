"""Connections that stand still are closed, and requests that begin are answered."""

import asyncio
import contextlib
import socket
import threading
import time

import httpx
import pytest
import uvicorn

from page.server import limits
from page.server.connections import limit_connections
from page.server.texts import translate
from tests.page.serving import GRADIO_WARNINGS

pytestmark = GRADIO_WARNINGS
TIMEOUT_S = 0.4


async def application(scope, receive, send):
    """Answer after twice the time limit of the headers."""
    assert scope["type"] == "http"
    await asyncio.sleep(2 * TIMEOUT_S)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture(scope="module")
def address():
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    limit_connections(server, TIMEOUT_S)
    yield server.servers[0].sockets[0].getsockname()
    server.should_exit = True
    thread.join(10)


def closed_after_s(connection):
    """How long a connection stays open, 10 s at most."""
    start = time.monotonic()
    connection.settimeout(10)
    with contextlib.suppress(ConnectionError):
        while connection.recv(1000):
            pass
    return time.monotonic() - start


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"G"])
def test_a_connection_with_incomplete_headers_is_closed(address, sent):
    with socket.create_connection(address) as connection:
        connection.sendall(sent)
        assert closed_after_s(connection) < 5 * TIMEOUT_S


def test_headers_that_trickle_in_do_not_extend_the_time(address):
    start = time.monotonic()
    with socket.create_connection(address) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(b"GET / HTTP/1.1\r\n")
        while time.monotonic() - start < 5:
            connection.sendall(b"a: b\r\n")
            time.sleep(0.05)
    assert time.monotonic() - start < 5 * TIMEOUT_S + 0.5


def test_the_second_request_of_a_connection_has_the_same_limit(address):
    with socket.create_connection(address) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while not answer.endswith(b"ok"):
            answer += connection.recv(1000)
        connection.sendall(b"GET / HTTP/1.1\r\n")
        assert closed_after_s(connection) < 5 * TIMEOUT_S


def test_a_complete_request_may_take_longer_than_its_headers(address):
    with httpx.Client(base_url=f"http://{address[0]}:{address[1]}") as client:
        assert [client.get("/").text for _ in range(2)] == ["ok", "ok"]


def upload_in_parts(served, parts, pause_s):
    """Upload a file in parts with pauses; the answer."""

    def body():
        yield b'--edge\r\nContent-Disposition: form-data; name="files"; filename="photo.png"\r\n\r\n'
        for _ in range(parts):
            time.sleep(pause_s)
            yield bytes(1000)
        yield b"\r\n--edge--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=edge"}
    with contextlib.suppress(httpx.TransportError):  # the connection is closed while the rest is sent
        return httpx.post(served.url + "gradio_api/upload", content=body(), headers=kind, timeout=30)


def test_an_upload_that_stands_still_is_ended(served, monkeypatch):
    monkeypatch.setattr(limits, "STALLED_S", 0.3)
    start = time.monotonic()
    host, port = httpx.URL(served.url).host, httpx.URL(served.url).port
    with socket.create_connection((host, port)) as connection:
        connection.sendall(
            b"POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n"
            b"Content-Type: multipart/form-data; boundary=edge\r\n\r\n--edge\r\n"
        )
        answer = b""
        while part := connection.recv(10_000):
            answer += part
    assert b" 408 " in answer and translate("upload_stalled", "en", seconds=0).encode() in answer
    assert time.monotonic() - start < 5


def test_an_upload_that_only_trickles_is_ended(served, monkeypatch):
    monkeypatch.setattr(limits, "STALLED_S", 0.5)
    monkeypatch.setattr(limits, "MIN_BYTES_PER_S", 1_000_000)
    answer = upload_in_parts(served, parts=30, pause_s=0.1)
    assert answer is None or answer.status_code == 408


def test_a_slow_upload_that_goes_on_is_received(served, monkeypatch):
    monkeypatch.setattr(limits, "STALLED_S", 0.5)
    monkeypatch.setattr(limits, "MIN_BYTES_PER_S", 2_000)
    assert upload_in_parts(served, parts=8, pause_s=0.1).status_code == 200
