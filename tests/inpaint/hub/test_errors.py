"""Sentences about errors of the Hub: each names the failure and the next move, and none shows a token."""

import errno
import socket
import threading

import httpx2
import pytest
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from inpaint.hub import errors
from inpaint.hub.errors import explain_error, hide_token, is_refusal
from tests.hub.failures import http_error


@pytest.fixture(params=["hf_me", None], ids=["signed in", "signed out"])
def token(request, monkeypatch):
    monkeypatch.setattr(errors, "get_token", lambda: request.param)
    return request.param


@pytest.mark.parametrize(
    ("error", "signed_in", "signed_out"),
    [
        (http_error(401), "did not accept your token: sign in", "you are not signed in to the Hub: sign in"),
        (http_error(404, kind=RepositoryNotFoundError), "use the token of an account that may", "HF_TOKEN"),
        (http_error(401, kind=RepositoryNotFoundError), "is missing or private: check the name, or use", "or sign in"),
        (
            http_error(403, kind=GatedRepoError),
            "accept its terms at https://example.org/w with your account, then sign",
            "it is gated",
        ),
        (http_error(404, kind=RevisionNotFoundError), "it has no revision 'v9'", "use a branch, a tag"),
        (http_error(402), "add credits at", "has no credits left (402)"),
        (http_error(403, "no way"), "your token may not write to it (403, no way): use", "use a token that may write"),
        (http_error(429, **{"Retry-After": "90"}), "try again in 90 s", "too many requests (429)"),
        (http_error(503), "the Hub answered 503: try again later", "try again later"),
        (http_error(400, "bad"), "the Hub answered 400 (bad)", "check what was requested"),
        (httpx2.ConnectError("refused"), "cannot be reached (refused): check the network", "the proxy"),
        (HFValidationError("odd"), "that is not a repository id: use one such as 'name/weights'", "that is not"),
        (OSError(errno.ENOSPC, "No space left"), "the disk is full: check the free space", "permissions"),
        (OSError(errno.EIO, "I/O", "/a"), "It failed: /a: the disk reports an error.", "It failed"),
        (ValueError("two\n\n  lines."), "It failed: two lines.", "It failed: two lines."),
        (ValueError(), "It failed: ValueError.", "It failed: ValueError."),
    ],
)
def test_a_sentence_names_the_failure_and_the_next_move(error, signed_in, signed_out, token):
    words = {"right": "write to it", "page": "https://example.org/w", "revision": "v9"}
    sentence = explain_error(error, "It failed", **words)
    assert (signed_in if token else signed_out) in sentence
    assert sentence.startswith("It failed") and sentence.endswith(".") and "\n" not in sentence


def test_a_response_among_the_causes_is_explained():
    error = FileNotFoundError("not there")
    error.__cause__ = http_error(503)
    assert "the Hub answered 503" in explain_error(error, "It failed")


def read_and_hang_up(server):
    connection, _ = server.accept()
    with connection:
        connection.recv(1 << 16)  # what is left unread would make closing a reset


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://hub.invalid", "no address is known for its name"),
        ("http://127.0.0.1:1", "the connection was refused"),
        ("https://{cut}", "no encrypted connection could be made"),
        ("http://{cut}", "the connection broke off"),
        ("http://{silent}", "no answer came in time"),
    ],
)
def test_a_server_that_cannot_be_reached_is_explained_in_words(url, reason):
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as cut:
        threading.Thread(target=read_and_hang_up, args=(cut,), daemon=True).start()
        servers = {"silent": silent, "cut": cut}
        addresses = {name: f"127.0.0.1:{server.getsockname()[1]}" for name, server in servers.items()}
        with pytest.raises(httpx2.TransportError) as raised:
            httpx2.get(url.format_map(addresses), timeout=0.5)
    assert f"cannot be reached ({reason}): check the network" in explain_error(raised.value, "It failed")


def test_of_an_unknown_failure_the_number_is_left_out():
    assert "cannot be reached (Odd): " in explain_error(httpx2.ConnectError("[Errno 9999] Odd"), "It failed")


def test_a_message_that_huggingface_hub_wrote_for_people_is_quoted():
    error = ValueError("Invalid metadata in README.md.\n- license must be a string")
    error.__cause__ = http_error(400)
    assert explain_error(error, "It failed") == "It failed: Invalid metadata in README.md. - license must be a string."


def test_without_network_the_offline_mode_is_named(monkeypatch):
    monkeypatch.setattr(errors.constants, "is_offline_mode", lambda: True)
    assert "unset HF_HUB_OFFLINE" in explain_error(ConnectionError("off"), "It failed")


def test_tokens_are_hidden_wherever_they_come_from(monkeypatch):
    monkeypatch.setattr(errors, "get_token", lambda: "hf_machine")
    assert hide_token("hf_machine and hf_visitor", "hf_visitor") == "<token> and <token>"
    sentence = explain_error(http_error(503, "hf_visitor is unwell, hf_machine too"), "It failed", token="hf_visitor")
    assert "hf_" not in sentence and "<token> is unwell, <token> too" in sentence


@pytest.mark.parametrize(
    ("error", "refused"),
    [(http_error(403), True), (http_error(503), False), (ConnectionError(), False), (ValueError(), False)],
)
def test_a_refusal_is_an_answer_that_another_attempt_would_get_again(error, refused):
    assert is_refusal(error) == refused
