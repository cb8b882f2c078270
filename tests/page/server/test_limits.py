"""Limits and security: large requests, files that are not pictures, and photos of other visitors."""

import hashlib
import io
import json
import struct
import time
import urllib.parse
import zlib
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from page.server import limits
from page.server.checks import MAX_MEGAPIXELS, MAX_UPLOAD_MB
from page.server.limits import MAX_CALL_MB, limit_mb
from page.server.texts import translate
from tests.page.serving import GRADIO_WARNINGS, noise

pytestmark = GRADIO_WARNINGS
SCRIPT = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
PAGE = b"<!doctype html><script>alert(1)</script>"
STROKE = {"points": [[10, 10], [30, 20]], "brush": 8, "erase": False}


def png(width, height, bits=8, colour=2):
    """A PNG whose header has this size, without pixels."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">2I5B", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


# --- large requests


def test_the_limits_are_those_of_the_docs():
    assert (MAX_UPLOAD_MB, MAX_MEGAPIXELS) == (200, 300)


@pytest.mark.parametrize("size", [(17_400, 17_400), (300_000, 30_000), (2**31 - 1, 2**31 - 1), (1, 400_000_000)])
def test_a_picture_whose_header_has_too_many_pixels_is_declined_at_once(served, size):
    start = time.monotonic()
    answer = served.call("open_photo", {"path": served.upload(png(*size))})[1]
    assert answer == {
        "error": translate("too_many_pixels", "en", megapixels=300),
        "code": "too_many_pixels",
        "megapixels": 300,
    }
    assert time.monotonic() - start < 5


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_pillows_limit_of_pixels_does_not_apply(served, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3000)  # in place of its 89 million
    visit = served.open(Image.fromarray(noise(60, 90)))
    assert served.call("paint", {"visit": visit, "strokes": [STROKE]})[1]["changed"] == [True]
    mask = Image.new("L", (90, 60))
    mask.paste(255, (10, 10, 20, 20))
    assert served.call("add_mask", {"visit": visit, "path": served.upload(mask)})[1]["changed"] == [True]


def test_a_bomb_that_unpacks_to_more_than_its_header_promises_does_no_harm(served):
    bomb = bytearray(png(100, 100))
    data = zlib.compress(bytes(50_000_000), 9)
    start = bomb.index(b"IDAT") - 4
    end = bomb.index(b"IEND") - 4
    bomb[start:end] = struct.pack(">I", len(data)) + b"IDAT" + data + struct.pack(">I", zlib.crc32(b"IDAT" + data))
    start = time.monotonic()
    answer = served.call("open_photo", {"path": served.upload(bytes(bomb))})[1]
    assert answer.get("code") in (None, "not_a_picture") and time.monotonic() - start < 10


def test_an_upload_over_the_limit_is_declined_while_it_is_received(served):
    def endless():
        edge = b'--edge\r\nContent-Disposition: form-data; name="files"; filename="photo.png"\r\n\r\n'
        yield edge
        for _ in range(MAX_UPLOAD_MB + 20):
            yield bytes(1_000_000)

    kind = {"Content-Type": "multipart/form-data; boundary=edge"}
    try:
        answer = httpx.post(served.url + "gradio_api/upload", content=endless(), headers=kind, timeout=120)
    except httpx.TransportError:  # the connection is closed before everything was sent
        pass
    else:
        assert answer.status_code == 413 and "Traceback" not in answer.text
    assert not [file for file in served.visits.folder.iterdir() if file.is_file() and not file.is_symlink()]


def test_a_call_that_does_not_tell_its_size_is_declined_while_it_is_received(served, monkeypatch):
    monkeypatch.setattr(limits, "MAX_CALL_MB", 0.05)
    call = {"component_id": served.editor["id"], "session_hash": "test", "fn_name": "show_example"}

    def post(data):
        content = json.dumps(call | {"data": data}).encode()
        parts = (content[at : at + 1000] for at in range(0, len(content), 1000))
        headers = {"Content-Type": "application/json"}
        return httpx.post(served.url + "gradio_api/component_server/", content=parts, headers=headers)

    assert post("x" * 10_000).status_code == 200
    answer = post("x" * 100_000)
    assert answer.status_code == 413 and answer.json()["code"] == "too_long"


@pytest.mark.parametrize(("path", "limit"), [("gradio_api/component_server/", 8), ("gradio_api/queue/join", 8)])
def test_a_call_over_the_limit_is_declined_before_it_is_read(served, path, limit):
    headers = {"Content-Type": "application/json", "Accept-Language": "zh"}
    answer = httpx.post(served.url + path, content=b" " * (limit * 1_000_000 + 1), headers=headers)
    assert answer.status_code == 413
    assert answer.json() == {"error": translate("too_long", "zh", limit=limit), "code": "too_long", "limit": limit}


def test_only_uploads_and_mcp_calls_may_be_as_large_as_a_photo():
    assert limit_mb("/gradio_api/upload") == limit_mb("/gradio_api/mcp/") == MAX_UPLOAD_MB + MAX_CALL_MB
    assert limit_mb("/gradio_api/component_server/") == limit_mb("/upload/x") == MAX_CALL_MB


def test_an_exception_outside_our_functions_is_answered_with_a_sentence(served):
    body = {"data": {}, "component_id": 10**6, "session_hash": "x", "fn_name": "paint"}
    answer = httpx.post(served.url + "gradio_api/component_server/", json=body, headers={"Accept-Language": "zh"})
    assert answer.status_code == 500
    assert answer.json() == {"error": translate("unexpected", "zh"), "code": "unexpected"}


# --- files that are not pictures, and how uploads are served


@pytest.mark.parametrize(
    "content", [SCRIPT, PAGE, b"", b"\x89PNG\r\n\x1a\n", b"GIF89a" + PAGE, b"%PDF-1.4", b"\xff\xd8"]
)
@pytest.mark.parametrize("name", ["photo.png", "photo.svg", "photo.jpg"])
def test_a_file_that_is_not_a_picture_is_declined_whatever_its_name(served, content, name):
    answer = served.call("open_photo", {"path": served.upload(content, name)})[1]
    assert answer == {"error": translate("not_a_picture", "en"), "code": "not_a_picture"}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (SCRIPT, "a.svg"),
        (PAGE, "a.html"),
        (PAGE, "a.xhtml"),
        (PAGE, "a.xml"),
        (PAGE, "a.js"),
        (PAGE, "a.pdf"),
        (PAGE, "a"),
    ],
)
def test_an_upload_with_active_content_is_served_as_a_download(served, content, name):
    answer = httpx.get(served.url + "gradio_api/file=" + urllib.parse.quote(served.upload(content, name)))
    assert answer.status_code == 200 and answer.content == content
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_an_html_file_named_like_a_picture_is_served_with_nosniff(served):
    answer = httpx.get(served.url + "gradio_api/file=" + served.upload(PAGE, "a.png"))
    assert answer.headers["content-type"] == "image/png" and answer.headers["x-content-type-options"] == "nosniff"


# --- photos of other visitors


def test_no_guessable_url_returns_a_photo(served):
    content = Image.fromarray(noise(30, 40, seed=9))
    path = Path(served.upload(content))
    visit = served.open(content)
    download = Path(served.call("finish", {"visit": visit})[1]["file"]["path"])
    content.save(file := io.BytesIO(), "PNG")
    digest = hashlib.sha256(file.getvalue()).hexdigest()
    guesses = [path.parent.parent, path.parent, path.parent.parent / digest / path.name, download.parent]
    guesses += [
        served.visits.folder / visit / download.name,
        f"{path}/../../*/{path.name}",
        f"{path.parent.parent}/%2e%2e",
    ]
    for guess in guesses:
        assert httpx.get(served.url + "gradio_api/file=" + urllib.parse.quote(str(guess))).status_code in (403, 404)
        assert served.call("open_photo", {"path": str(guess)})[1]["code"] == "upload_missing"
    assert min(len(path.parent.name), len(download.parent.name), len(visit)) >= 32


@pytest.mark.parametrize("way", ["direct", "link to a file", "link to a folder", "parents", "link and parent"])
def test_paths_that_leave_the_upload_folder_are_declined(served, tmp_path, way):
    secret = tmp_path / "secret.png"
    Image.new("RGB", (8, 8)).save(secret)
    folder = served.visits.folder
    for link, target in ((folder / "link.png", secret), (folder / "link", tmp_path)):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    path = {
        "direct": secret,
        "link to a file": folder / "link.png",
        "link to a folder": folder / "link" / "secret.png",
        "parents": f"{folder}/{'../' * 12}{secret}",
        "link and parent": f"{folder}/./link/../{secret}",
    }[way]
    assert served.call("open_photo", {"path": str(path)})[1]["code"] == "upload_missing"


def test_visitors_with_the_same_photo_do_not_see_each_others_strokes(served):
    content = Image.fromarray(noise(60, 90))
    mine, yours = served.open(content), served.open(content)
    served.call("paint", {"visit": mine, "strokes": [STROKE]})
    assert mine != yours
    assert served.call("undo_stroke", {"visit": yours})[1]["patches"] == []
    file = served.call("finish", {"visit": yours})[1]["file"]
    with Image.open(file["path"]) as untouched:
        assert (np.asarray(untouched) == noise(60, 90)).all()
    assert file["path"] != served.call("finish", {"visit": mine})[1]["file"]["path"]
