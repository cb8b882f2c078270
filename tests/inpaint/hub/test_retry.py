"""Retries: which errors are transient, the pauses between attempts, and a client that retries reads."""

import httpx2
import pytest
from huggingface_hub.errors import HfHubHTTPError

from inpaint.hub.errors import is_interrupted, is_transient, retry_after_s
from inpaint.hub.retry import Backoff, RetryingClient, retry
from tests.hub.failures import http_error


def raised_from(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "transient", "interrupted"),
    [
        (http_error(503), True, True),
        (http_error(429), True, True),
        (http_error(403), False, False),
        (http_error(404), False, False),
        (httpx2.ReadError("broken"), True, True),
        (httpx2.ConnectError("refused"), True, False),
        (httpx2.ReadTimeout("silent"), True, False),
        (TimeoutError(), True, False),
        (ConnectionError("gone"), True, False),
        (ValueError("ours"), False, False),
        (raised_from(FileNotFoundError("lost"), http_error(503)), True, False),
        (raised_from(ConnectionError("lost"), http_error(403)), False, False),
        (raised_from(http_error(403), httpx2.ReadError("broken")), False, False),
    ],
)
def test_the_http_status_decides_whether_an_error_is_transient_and_else_the_connection_does(
    error, transient, interrupted
):
    assert is_transient(error) == transient
    assert is_interrupted(error) == interrupted


def test_pauses_double_until_the_retries_are_used_up_and_start_over_after_a_success(pauses):
    backoff = Backoff(first_pause_s=1, max_retries=3)
    assert [backoff.wait(ConnectionError()) for _ in range(4)] == [True, True, True, False]
    assert pauses == [1, 2, 4]
    backoff.reset()
    assert backoff.wait(ConnectionError())
    assert pauses == [1, 2, 4, 1]


def test_pauses_are_at_most_a_minute_and_end_with_the_time_budget(pauses):
    backoff = Backoff(first_pause_s=1, max_retries=None, timeout_s=200)
    while backoff.wait(ConnectionError()):
        pass
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_pause_is_at_least_as_long_as_retry_after(pauses):
    backoff = Backoff(first_pause_s=1, max_retries=None, timeout_s=1000)
    assert backoff.wait(http_error(429, **{"Retry-After": "37"}))
    assert backoff.wait(raised_from(ConnectionError("Server Disconnected"), http_error(429, **{"Retry-After": "380"})))
    assert pauses == [37, 380]


def test_a_retry_after_beyond_the_longest_pause_ends_a_short_backoff(pauses):
    assert not Backoff().wait(http_error(429, **{"Retry-After": "300"}))
    assert pauses == []


@pytest.mark.parametrize(("value", "seconds"), [("12", 12), ("", 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("-1", 0)])
def test_retry_after_is_read_in_seconds(value, seconds):
    assert retry_after_s(http_error(429, **{"Retry-After": value})) == seconds


def test_a_warning_before_each_pause_names_the_attempt_and_hides_the_token(pauses, caplog, monkeypatch):
    monkeypatch.setattr("inpaint.hub.errors.get_token", lambda: "hf_me")
    backoff = Backoff(first_pause_s=1, max_retries=1, name="Reading the dataset me/photos")
    assert backoff.wait(ConnectionError("hf_me was cut off"))
    assert caplog.messages == ["Reading the dataset me/photos failed (<token> was cut off): trying again in 1 s."]


def test_an_action_is_called_again_only_after_errors_that_are_retryable(pauses):
    errors = iter([http_error(503), httpx2.ReadError("broken"), KeyError("ours")])

    def action():
        raise next(errors)

    with pytest.raises(KeyError, match="ours"):
        retry(action, Backoff(first_pause_s=1, max_retries=9))
    assert pauses == [1, 2]


def test_the_last_error_is_raised_when_the_retries_are_used_up(pauses):
    attempts = []

    def action():
        attempts.append(len(attempts))
        raise http_error(503)

    with pytest.raises(HfHubHTTPError, match="answered 503"):
        retry(action)
    assert attempts == [0, 1, 2]
    assert sum(pauses) < 3


def client(*outcomes):
    """A client whose requests have these outcomes, one after the other; the methods that were sent."""
    sent, remaining = [], iter(outcomes)

    def handle(request):
        sent.append(request.method)
        outcome = next(remaining)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return RetryingClient(transport=httpx2.MockTransport(handle)), sent


def test_the_client_sends_requests_that_only_read_again(pauses):
    later = httpx2.Response(429, headers={"Retry-After": "7"})
    session, sent = client(httpx2.ReadError("broken"), later, httpx2.Response(200))
    with session:
        assert session.get("https://example.org/x").status_code == 200
    assert sent == ["GET"] * 3
    assert pauses == [0.7, 7]


@pytest.mark.parametrize("outcome", [httpx2.ReadError("broken"), httpx2.Response(503)])
def test_the_client_sends_requests_that_write_once(pauses, outcome):
    session, sent = client(outcome)
    with session:
        if isinstance(outcome, Exception):
            with pytest.raises(httpx2.ReadError):
                session.post("https://example.org/x")
        else:
            assert session.post("https://example.org/x").status_code == 503
    assert (sent, pauses) == (["POST"], [])


def test_the_client_returns_the_last_response_when_the_retries_are_used_up(pauses):
    session, sent = client(*(httpx2.Response(status) for status in (503, 502, 500)))
    with session:
        assert session.get("https://example.org/x").status_code == 500
    assert len(sent) == 3


def test_the_token_in_the_message_of_a_failure_is_hidden_in_the_log(monkeypatch, caplog):
    monkeypatch.setattr("inpaint.hub.errors.get_token", lambda: "hf_machine")
    monkeypatch.setattr("time.sleep", lambda _: None)
    with caplog.at_level("WARNING"):
        assert Backoff(name="The download").wait(ValueError("hf_machine is not welcome"))
    assert "<token> is not welcome" in caplog.text and "hf_machine" not in caplog.text
