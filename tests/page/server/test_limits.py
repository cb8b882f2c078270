"""What strangers may not do: too much at once, other people's pictures, scripts on our address, files left behind."""

import hashlib
import io
import os
import struct
import time
import urllib.parse
import zlib
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from page.server.checks import MAX_MEGAPIXELS, MAX_UPLOAD_MB
from page.server.limits import MAX_CALL_MB, limit_mb
from page.server.texts import sentence
from page.server.visits import FORGOTTEN_S, Visits
from tests.page.serving import GRADIO_WARNINGS, noise

pytestmark = GRADIO_WARNINGS
SCRIPT = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
PAGE = b"<!doctype html><script>alert(1)</script>"
STROKE = {"points": [[10, 10], [30, 20]], "brush": 8, "erase": False}


def png(width, height, bits=8, colour=2):
    """A PNG whose header promises so many pixels, and which holds none of them."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">2I5B", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


# --- too much


def test_the_limits_are_those_that_the_page_promises():
    assert (MAX_UPLOAD_MB, MAX_MEGAPIXELS) == (200, 300)


@pytest.mark.parametrize("size", [(17_400, 17_400), (300_000, 30_000), (2**31 - 1, 2**31 - 1), (1, 400_000_000)])
def test_a_picture_that_promises_too_many_pixels_is_refused_at_once(served, size):
    begun = time.monotonic()
    answer = served.call("open_photo", {"path": served.upload(png(*size))})[1]
    assert answer == {
        "error": sentence("too_many_pixels", "en", megapixels=300),
        "code": "too_many_pixels",
        "megapixels": 300,
    }
    assert time.monotonic() - begun < 5


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_pillows_own_limit_of_pixels_does_not_count(served, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3000)  # as if 89 million were so few
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
    begun = time.monotonic()
    answer = served.call("open_photo", {"path": served.upload(bytes(bomb))})[1]
    assert answer.get("code") in (None, "not_a_picture") and time.monotonic() - begun < 10


def test_a_file_beyond_the_limit_is_refused_while_it_comes_in(served):
    def endless():
        edge = b'--edge\r\nContent-Disposition: form-data; name="files"; filename="photo.png"\r\n\r\n'
        yield edge
        for _ in range(MAX_UPLOAD_MB + 20):
            yield bytes(1_000_000)

    kind = {"Content-Type": "multipart/form-data; boundary=edge"}
    try:
        answer = httpx.post(served.url + "gradio_api/upload", content=endless(), headers=kind, timeout=120)
    except httpx.TransportError:  # refused and hung up on, before all of it was sent
        pass
    else:
        assert answer.status_code == 413 and "Traceback" not in answer.text
    (rest,) = [file for file in served.visits.folder.iterdir() if file.is_file() and not file.is_symlink()]
    os.utime(rest, (0, 0))
    served.visits.tidy()
    assert not rest.exists()


@pytest.mark.parametrize(("path", "limit"), [("gradio_api/component_server/", 8), ("gradio_api/queue/join", 8)])
def test_a_call_that_is_too_long_is_refused_before_it_is_read(served, path, limit):
    headers = {"Content-Type": "application/json", "Accept-Language": "zh"}
    answer = httpx.post(served.url + path, content=b" " * (limit * 1_000_000 + 1), headers=headers)
    assert answer.status_code == 413
    assert answer.json() == {"error": sentence("too_long", "zh", limit=limit), "code": "too_long", "limit": limit}


def test_uploads_and_mcp_calls_may_be_as_long_as_a_photo():
    assert limit_mb("/gradio_api/upload") == limit_mb("/gradio_api/mcp/") == MAX_UPLOAD_MB + MAX_CALL_MB
    assert limit_mb("/gradio_api/component_server/") == limit_mb("/upload/x") == MAX_CALL_MB


def test_a_failure_outside_our_functions_is_told_in_a_sentence(served):
    body = {"data": {}, "component_id": 10**6, "session_hash": "x", "fn_name": "paint"}
    answer = httpx.post(served.url + "gradio_api/component_server/", json=body, headers={"Accept-Language": "zh"})
    assert answer.status_code == 500
    assert answer.json() == {"error": sentence("unexpected", "zh"), "code": "unexpected"}


# --- what is no picture, and what is served back


@pytest.mark.parametrize(
    "content", [SCRIPT, PAGE, b"", b"\x89PNG\r\n\x1a\n", b"GIF89a" + PAGE, b"%PDF-1.4", b"\xff\xd8"]
)
@pytest.mark.parametrize("name", ["photo.png", "photo.svg", "photo.jpg"])
def test_what_is_no_picture_is_refused_with_a_sentence_whatever_its_name(served, content, name):
    answer = served.call("open_photo", {"path": served.upload(content, name)})[1]
    assert answer == {"error": sentence("not_a_picture", "en"), "code": "not_a_picture"}


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
def test_an_upload_that_could_run_is_only_ever_served_as_a_download(served, content, name):
    answer = httpx.get(served.url + "gradio_api/file=" + urllib.parse.quote(served.upload(content, name)))
    assert answer.status_code == 200 and answer.content == content
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_page_that_is_named_like_a_picture_is_served_as_a_picture_that_nobody_runs(served):
    answer = httpx.get(served.url + "gradio_api/file=" + served.upload(PAGE, "a.png"))
    assert answer.headers["content-type"] == "image/png" and answer.headers["x-content-type-options"] == "nosniff"


# --- other people's pictures


def test_no_address_shows_a_picture_without_its_secret(served):
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


@pytest.mark.parametrize("way", ["file", "folder", "climbing", "hard to see"])
def test_links_and_detours_lead_nowhere(served, tmp_path, way):
    secret = tmp_path / "secret.png"
    Image.new("RGB", (8, 8)).save(secret)
    folder = served.visits.folder
    for link, target in ((folder / "link.png", secret), (folder / "link", tmp_path)):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    path = {
        "file": folder / "link.png",
        "folder": folder / "link" / "secret.png",
        "climbing": f"{folder}/{'../' * 12}{secret}",
        "hard to see": f"{folder}/./link/../{secret}",
    }[way]
    assert served.call("open_photo", {"path": str(path)})[1]["code"] == "upload_missing"


def test_two_visitors_with_the_same_photo_never_see_each_others_strokes(served):
    content = Image.fromarray(noise(60, 90))
    mine, yours = served.open(content), served.open(content)
    served.call("paint", {"visit": mine, "strokes": [STROKE]})
    assert mine != yours
    assert served.call("undo_stroke", {"visit": yours})[1]["patches"] == []
    file = served.call("finish", {"visit": yours})[1]["file"]
    with Image.open(file["path"]) as untouched:
        assert (np.asarray(untouched) == noise(60, 90)).all()
    assert file["path"] != served.call("finish", {"visit": mine})[1]["file"]["path"]


# --- nothing stays


def test_files_that_nobody_came_for_are_removed_and_others_are_left_alone(tmp_path):
    visits = Visits(tmp_path)
    old, new, foreign = tmp_path / ("a" * 64), tmp_path / ("b" * 64), tmp_path / "notes"
    for folder in (old, new, foreign):
        folder.mkdir()
        (folder / "photo.png").write_bytes(b"x")
    long_ago = time.time() - FORGOTTEN_S - 1
    for path in (old / "photo.png", old, foreign / "photo.png", foreign):
        os.utime(path, (long_ago, long_ago))
    visits.tidy()
    assert not old.exists() and new.exists() and foreign.exists()


def test_the_timer_tidies_by_itself(tmp_path):
    folder = tmp_path / ("a" * 64)
    folder.mkdir()
    os.utime(folder, (0, 0))
    visits = Visits(tmp_path, idle_s=0.05)
    deadline = time.monotonic() + 20
    while folder.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    visits.end_all()
