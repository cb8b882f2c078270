"""Retries of a training stream: how long an outage may last, and which errors end the stream without a retry."""

import pytest

from inpaint.hub import errors
from tests.hub.failures import http_error
from train.data.retry import StreamBackoff, StreamError, retry_read


def test_an_outage_is_waited_out_for_the_time_budget_and_progress_renews_it(pauses):
    backoff = StreamBackoff("the dataset me/photos", 100)
    for _ in range(3):
        backoff.wait_or_raise(ConnectionError("gone"))
    assert pauses == [1, 2, 4]
    backoff.reset()
    for _ in range(6):
        backoff.wait_or_raise(ConnectionError("gone"))
    with pytest.raises(StreamError, match=r"^The dataset me/photos cannot be read; .* \(gone\): check the network"):
        backoff.wait_or_raise(ConnectionError("gone"))
    assert pauses[3:] == [1, 2, 4, 8, 16, 32]


@pytest.mark.parametrize(
    ("status", "message"), [(401, "did not accept your token"), (403, "may not read it"), (404, "missing or private")]
)
def test_a_refusal_ends_the_stream_without_a_retry(pauses, monkeypatch, status, message):
    monkeypatch.setattr(errors, "get_token", lambda: "hf_me")
    with pytest.raises(StreamError, match=message):
        StreamBackoff("the dataset me/photos", 1000).wait_or_raise(http_error(status))
    assert pauses == []


def test_a_read_is_retried_after_transient_errors_only(pauses):
    outcomes = iter([ConnectionError("gone"), http_error(503), KeyError("ours")])

    def action():
        raise next(outcomes)

    with pytest.raises(KeyError, match="ours"):
        retry_read(action, "the dataset me/photos", 100)
    assert pauses == [1, 2]


def test_a_read_that_fails_for_too_long_raises_a_stream_error(pauses):
    def action():
        raise http_error(503)

    with pytest.raises(StreamError, match="the Hub answered 503: try again later"):
        retry_read(action, "the dataset me/photos", 10)
    assert pauses == [1, 2, 4]
