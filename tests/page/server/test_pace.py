"""The share of the event loop that one client has while others are there."""

import asyncio

import pytest

from page.server import pace
from page.server.fair_share import CROWDED_S
from page.server.limits import RequestLimits
from page.server.pace import BYTE_S, DECLINED_S, GET_S, MAX_WAIT_S, POST_S, Pace
from page.server.presence import Presence


@pytest.fixture
def clock(monkeypatch):
    """The time in seconds, in a list."""
    now = [1000.0]
    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    return now


def test_a_client_alone_never_waits_and_has_no_debts_when_another_one_comes(clock):
    paced = Pace(0.5, 2.0)
    assert [paced.charge("one", 1) for _ in range(100)] == [0] * 100
    assert paced.charge("two", 1) == 0
    assert paced.charge("one", 1) == pytest.approx(2)


def test_beyond_its_burst_a_client_waits_for_its_share_and_others_do_not(clock):
    paced = Pace(0.5, 2.0)
    paced.charge("other", 0.1)
    assert [paced.charge("greedy", 1) for _ in range(4)] == pytest.approx([0, 0, 2, 4])
    assert paced.charge("other", 0.1) == 0
    clock[0] += 4
    assert paced.charge("greedy", 0.5) == pytest.approx(1)


def test_no_request_waits_longer_than_the_limit(clock):
    paced = Pace(0.5, 2.0)
    paced.charge("other", 0.1)
    assert max(paced.charge("greedy", 1) for _ in range(100)) == pytest.approx(MAX_WAIT_S)


def test_who_has_left_is_forgotten(clock):
    paced = Pace(0.5, 2.0)
    paced.charge("other", 0.1)
    assert [paced.charge("greedy", 1) for _ in range(3)][-1] > 0
    clock[0] += CROWDED_S + 1
    assert [paced.charge("greedy", 1) for _ in range(9)] == [0] * 9 and list(paced._used) == ["greedy"]


def test_requests_and_bytes_of_a_client_wait_and_so_do_those_after_a_declined_one(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    waited = []

    async def app(scope, receive, send):
        while (await receive())["more_body"]:
            pass
        await send({"type": "http.response.start", "status": 200})

    limits = RequestLimits(app, Presence())
    monkeypatch.setattr(limits.pace, "charge", lambda client, seconds: waited.append((client, seconds)) or 0)

    async def request(method, headers):
        parts = iter([(b"x" * 1000, True), (b"x", False)])

        async def receive():
            body, more = next(parts)
            return {"type": "http.request", "body": body, "more_body": more}

        async def send(message):
            pass

        scope = {"type": "http", "method": method, "path": "/", "headers": headers, "client": ("8.8.8.8", 1)}
        await limits(scope | {"query_string": b""}, receive, send)

    asyncio.run(request("GET", []))
    assert waited == [("8.8.8.8", GET_S), ("8.8.8.8", 1000 * BYTE_S), ("8.8.8.8", BYTE_S)]
    waited.clear()
    asyncio.run(request("POST", [(b"content-length", b"999999999")]))
    assert waited == [("8.8.8.8", POST_S), ("8.8.8.8", DECLINED_S)]
