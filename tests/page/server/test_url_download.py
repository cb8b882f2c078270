"""Files that a call names by a URL: their size and their address are checked."""

import asyncio
import contextlib
import http.server
import ipaddress
import threading

import gradio as gr
import httpx
import pytest

from page.server import url_download
from page.server.url_download import download_url, public_address
from tests.page.serving import GRADIO_WARNINGS

pytestmark = GRADIO_WARNINGS

CONTENT = b"a picture"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path[4:])
            return self.end_headers()
        self.send_response(404 if self.path == "/absent" else 200)
        if self.path == "/large":
            self.send_header("Content-Length", "200000001")
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            if self.path == "/endless":
                while self.wfile.write(bytes(1_000_000)):
                    self.server.sent += 1_000_000
            if self.path != "/large":
                self.wfile.write(CONTENT)

    def log_message(self, *_):
        pass


@pytest.fixture
def site(monkeypatch):
    """A server that passes for a public one."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked, server.sent = [], 0
        threading.Thread(target=server.serve_forever, daemon=True).start()
        is_public = url_download._is_public
        ours = ipaddress.ip_address("127.0.0.1")
        monkeypatch.setattr(url_download, "_is_public", lambda address: address == ours or is_public(address))
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server
        server.shutdown()


def download(url, folder):
    return asyncio.run(download_url(url, folder))


def test_a_file_is_downloaded_under_its_name_in_the_form_of_an_upload(site, tmp_path):
    path = download(f"{site.url}/a/my%20photo.png?x=1", tmp_path)
    assert path.read_bytes() == CONTENT and path.name == "my photo.png"
    assert path.parent.parent == tmp_path and len(path.parent.name) == 64
    assert download(f"{site.url}/..%2f", tmp_path).parent.parent == tmp_path


@pytest.mark.parametrize("path", ["/large", "/endless"])
def test_a_file_that_is_too_large_is_declined_by_its_header_or_while_it_is_read(site, tmp_path, path, monkeypatch):
    monkeypatch.setattr(url_download, "MAX_UPLOAD_MB", 3)
    with pytest.raises(gr.Error, match="3 MB"):
        download(site.url + path, tmp_path)
    assert not list(tmp_path.iterdir()) and site.sent < 50_000_000


@pytest.mark.parametrize("parameter", ["photo", "mask", "seed"])
def test_urls_in_any_parameter_of_a_call_are_read_within_the_limits(site, served, monkeypatch, parameter):
    monkeypatch.setattr(url_download, "MAX_UPLOAD_MB", 3)
    file = {"path": site.url + "/large", "meta": {"_type": "gradio.FileData"}}
    local = {"path": served.upload(b"no picture"), "meta": {"_type": "gradio.FileData"}}
    data = [file if parameter == name else other for name, other in (("photo", local), ("mask", local), ("seed", 0))]
    call = served.url + "gradio_api/call/inpaint"
    event = httpx.post(call, json={"data": [*data, 1.0]}).json()["event_id"]
    assert "3 MB" in httpx.get(f"{call}/{event}", timeout=30).text and site.asked == ["/large"]


def test_each_redirect_is_checked(site, tmp_path):
    assert download(f"{site.url}/to//to//photo.png", tmp_path).read_bytes() == CONTENT
    with pytest.raises(gr.Error, match="failed validation"):
        download(f"{site.url}/to/http://127.0.0.2:{site.server_port}/x", tmp_path)
    with pytest.raises(gr.Error, match="https://"):
        download(f"{site.url}/to/file:///x", tmp_path)
    with pytest.raises(gr.Error, match="redirects"):
        download(site.url + "/to/" * 9, tmp_path)


def test_errors_are_sentences(site, tmp_path):
    with pytest.raises(gr.Error, match="404"):
        download(site.url + "/absent", tmp_path)
    with pytest.raises(gr.Error, match="could not be read"):
        download("http://no.such.host.invalid/x", tmp_path)
    with pytest.raises(gr.Error) as raised:
        download("http://127.0.0.2/x", tmp_path)
    assert raised.value.message.startswith("The address of 127.0.0.2 failed validation")  # and is not put in another
    with pytest.raises(gr.Error) as raised:
        download(site.url + "/" + "x" * 5000, tmp_path)
    assert "4096" in raised.value.message and len(raised.value.message) < 300
    assert not list(tmp_path.iterdir())


def test_a_file_for_which_there_is_no_room_is_declined(site, tmp_path, monkeypatch):
    monkeypatch.setattr(url_download, "room_bytes", lambda _: 0)
    with pytest.raises(gr.Error, match="no room"):
        download(site.url + "/photo.png", tmp_path)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1", "100.127.255.254", "0.0.0.0",
        "224.0.0.1", "::1", "::", "fd00::1", "fe80::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::",
        "localhost",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_declined(host):
    with pytest.raises(gr.Error, match="failed validation"):
        asyncio.run(public_address(host))


@pytest.mark.parametrize("host", ["8.8.8.8", "100.63.255.255", "2001:4860:4860::8888"])
def test_public_addresses_are_accepted(host):
    assert asyncio.run(public_address(host)) == host
