import httpx2
import pytest
from huggingface_hub.errors import HfHubHTTPError

from train.data import retry as patience
from train.data.retry import AskingAgain, Patience, StreamError, may_pass, patiently


def answer(status, **headers):
    request = httpx2.Request("GET", "https://example.org/x")
    return HfHubHTTPError(f"answered {status}", response=httpx2.Response(status, headers=headers, request=request))


@pytest.fixture
def clock(monkeypatch):
    """Sleeping takes no time, and every pause is noted."""
    pauses = []
    monkeypatch.setattr(patience.time, "sleep", pauses.append)
    monkeypatch.setattr(patience.time, "monotonic", lambda: sum(pauses))
    return pauses


def test_pauses_double_until_the_patience_ends_and_start_anew_after_progress(clock):
    waiting = Patience("the dataset me/photos", 100)
    for _ in range(3):
        waiting.wait(ConnectionError("gone"))
    assert clock == [1, 2, 4]
    waiting.progressed()
    for _ in range(6):
        waiting.wait(ConnectionError("gone"))
    with pytest.raises(StreamError, match=r"^The dataset me/photos cannot be read \(gone\): check the network"):
        waiting.wait(ConnectionError("gone"))
    assert clock[3:] == [1, 2, 4, 8, 16, 32]


def test_what_the_hub_asks_to_wait_is_waited(clock):
    waiting = Patience("it", 1000)
    waiting.wait(answer(429, **{"Retry-After": "37"}))
    hidden = ConnectionError("Server Disconnected")
    hidden.__cause__ = answer(429, **{"Retry-After": "38"})
    waiting.wait(hidden)
    assert clock == [37, 38]


@pytest.mark.parametrize(
    ("status", "words"), [(401, "token"), (403, "may not be read"), (404, "missing on the Hub, or private")]
)
def test_refusals_are_not_tried_again(clock, monkeypatch, status, words):
    monkeypatch.setattr(patience, "get_token", lambda: "hf_me")
    with pytest.raises(StreamError, match=words):
        Patience("it", 1000).wait(answer(status))
    assert clock == []


def test_only_what_may_pass_is_tried_again(clock):
    tried = []

    def action():
        tried.append(1)
        raise [ConnectionError("gone"), answer(503), KeyError("ours")][len(tried) - 1]

    with pytest.raises(KeyError, match="ours"):
        patiently(action, "it", 100)
    assert len(tried) == 3
    assert may_pass(TimeoutError()) and not may_pass(ValueError())


def test_requests_that_only_read_are_sent_again(clock):
    sent = []

    def handle(request):
        sent.append(request.method)
        if len(sent) == 1:
            raise httpx2.ReadError("broken")
        return httpx2.Response(429 if len(sent) == 2 else 200, headers={"Retry-After": "7"})

    with AskingAgain(transport=httpx2.MockTransport(handle)) as session:
        assert session.get("https://example.org/x").status_code == 200
        assert clock == [0.3, 7]
        sent.clear()
        with pytest.raises(httpx2.ReadError):
            session.post("https://example.org/x")
    assert sent == ["POST"]
