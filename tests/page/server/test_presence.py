"""Who is there, and what is removed of those who have left."""

import math
import os
import time
from pathlib import Path

import httpx
import pytest
from PIL import Image

from page.server import presence
from page.server.presence import AWAY_S, Presence, tab_of
from page.server.uploads import UNUSED_UPLOAD_KEEP_S, Uploads
from tests.page.browsing import until
from tests.page.server.test_uploads import upload
from tests.page.serving import GRADIO_WARNINGS, noise, serving

pytestmark = GRADIO_WARNINGS


def test_a_key_is_there_during_its_requests_and_away_from_their_end_on():
    seen = Presence()
    assert seen.away_s("tab") == seen.away_s(None) == math.inf
    with seen.request("tab", None):
        with seen.request("tab"):
            pass
        time.sleep(0.05)
        assert seen.away_s("tab") == 0
    time.sleep(0.05)
    assert 0.05 <= seen.away_s("tab") < 30 and seen.away_s(None) == math.inf


def test_who_has_long_left_is_forgotten_and_so_are_files_that_are_gone(tmp_path, monkeypatch):
    seen, file = Presence(), tmp_path / "photo.png"
    file.write_bytes(b"x")
    seen.sent("client", [file, tmp_path / "missing.png"])
    with seen.request("client"):
        pass
    seen.purge()
    assert seen.sender_away_s(file) < 30 and list(seen._senders) == [file]
    monkeypatch.setattr(presence, "FORGET_S", 0)
    seen.purge()
    assert seen.sender_away_s(file) == math.inf and not seen._seen


@pytest.mark.parametrize(
    ("path", "tab"),
    [("/gradio_api/heartbeat/a1b2", "a1b2"), ("/gradio_api/heartbeat/a/b", None), ("/gradio_api/upload", None)],
)
def test_the_connection_of_a_tab_names_it(path, tab):
    assert tab_of(path) == tab


def test_an_unused_upload_leaves_with_its_sender_and_stays_while_that_one_is_there(tmp_path, monkeypatch):
    seen = Presence()
    uploads = Uploads(tmp_path, seen)
    mine, yours, old = (upload(uploads, folder=each * 64, age_s=AWAY_S + 1) for each in "abc")
    unknown, new = upload(uploads, folder="d" * 64, age_s=AWAY_S + 1), upload(uploads, folder="e" * 64)
    upload(uploads, folder="c" * 64, age_s=UNUSED_UPLOAD_KEEP_S + 1)
    seen.sent("me", [mine, old])
    seen.sent("you", [yours])
    with seen.request("me"):
        uploads.purge_unused()
    assert [file.exists() for file in (mine, yours, old, unknown, new)] == [True, False, False, False, True]


def test_what_a_closed_tab_has_sent_and_opened_is_gone_within_the_time_that_is_promised(tmp_path, monkeypatch):
    for module in ("visits", "uploads"):
        monkeypatch.setattr(f"page.server.{module}.AWAY_S", 1.0)
    monkeypatch.setattr("page.server.visits.PURGE_S", 0.2)
    monkeypatch.setattr("page.server.visits.UPLOAD_KEEP_S", 0.5)
    with serving(tmp_path.resolve(), away_s=1.0) as served, httpx.Client(base_url=served.url) as browser:
        with browser.stream("GET", "gradio_api/heartbeat/tab") as connection:
            beats = connection.iter_raw()  # closes the connection once it is garbage
            next(beats)
            visit = served.open(Image.fromarray(noise(40, 60)))
            served.visits.assign_to_tab("tab", visit)
            served.call("finish", {"visit": visit})
            unused = Path(served.upload(Image.fromarray(noise(30, 30))))
            time.sleep(2)
            assert served.call("keep_visit", {"visit": visit}) == (200, {}) and unused.is_file()
            assert list(tmp_path.rglob("*-filled.png"))
        closed = time.monotonic()
        until(lambda: not any(files for *_, files in os.walk(tmp_path)), "all files are gone")
        assert time.monotonic() - closed < 10 and len(served.visits) == 0
        assert served.call("keep_visit", {"visit": visit})[1]["code"] == "gone"
