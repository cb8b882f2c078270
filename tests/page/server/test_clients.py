"""Which network a request comes from."""

import pytest

from page.server.clients import client_of


@pytest.mark.parametrize(
    ("host", "forwarded", "client"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("8.8.8.8", "1.1.1.1", "8.8.8.8"),  # not a proxy of ours: it may invent what it likes
        ("10.0.0.2", "1.1.1.1", "1.1.1.1"),
        ("10.0.0.2", "9.9.9.9, 1.1.1.1, 10.0.0.9", "1.1.1.1"),  # the first entry is the visitor's own
        ("127.0.0.1", "nonsense, , 192.168.0.4", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("2001:4860:1:2:3:4:5:6", "", "2001:4860:1:2::"),
        ("::ffff:8.8.8.8", "", "8.8.8.8"),
        ("testclient", "", "testclient"),
        (None, "1.1.1.1", "None"),
    ],
)
def test_a_client_is_a_network_and_cannot_choose_which(host, forwarded, client):
    assert client_of(host, {"x-forwarded-for": forwarded} if forwarded else {}) == client
