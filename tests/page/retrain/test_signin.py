"""Which requests come from a browser on this machine, as far as they show, and on whose behalf those on a Space act."""

import time
from types import SimpleNamespace

import pytest

from page.retrain.signin import is_local, signed_in_account


def request(sender="127.0.0.1", **headers):
    """A request that reached the page from a host."""
    named = {name.replace("_", "-"): value for name, value in {"host": "localhost:7860", **headers}.items()}
    return SimpleNamespace(client=SimpleNamespace(host=sender), headers=named)


@pytest.mark.parametrize("sender", ["127.0.0.1", "::1", "localhost"])
@pytest.mark.parametrize("name", ["localhost:7860", "127.0.0.1:7860", "[::1]:7860", "localhost"])
def test_a_browser_on_this_machine_is_local(sender, name):
    assert is_local(request(sender, host=name)) is True


@pytest.mark.parametrize("name", ["x_forwarded_for", "x_forwarded_host", "forwarded", "x_real_ip", "via"])
def test_a_request_through_a_proxy_that_says_so_in_any_header_is_not_local(name):
    assert is_local(request()) and not is_local(request(**{name: "for=203.0.113.7"}))


@pytest.mark.parametrize(
    "other",
    [
        request("192.168.0.9"),
        request(host="page.example.org"),
        request(host="localhost.example.org"),
        request(host=""),
        request(origin="https://evil.example"),
        request(sec_fetch_site="cross-site"),
        request(sec_fetch_site="same-site"),
        SimpleNamespace(client=None, headers={"host": "localhost"}),
    ],
    ids=lambda each: str(each.headers),
)
def test_other_machines_names_and_sites_are_not_local(other):
    assert not is_local(other)


def test_nobody_is_local_on_a_space(monkeypatch):
    monkeypatch.setenv("SPACE_ID", "me/space")
    assert not is_local(request())


def test_the_page_of_another_site_does_not_act_for_who_is_signed_in_on_a_space(monkeypatch):
    for name, value in {"SPACE_ID": "me/space", "OAUTH_CLIENT_ID": "x", "SYSTEM": "spaces"}.items():
        monkeypatch.setenv(name, value)
    signed_in = SimpleNamespace(username="you"), SimpleNamespace(token="hf_you", expires_at=time.time() + 900)
    assert signed_in_account(request(sec_fetch_site="same-origin"), *signed_in, owner=False).token == "hf_you"
    for site in ("cross-site", "same-site"):
        assert signed_in_account(request(sec_fetch_site=site), *signed_in, owner=False) is None
    assert signed_in_account(request(origin="https://evil.example"), *signed_in, owner=False) is None
