"""A full disk: visitors are told, and nothing of what failed stays."""

import errno
import json
import os
import socket
import tempfile
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from PIL import Image

from page.server.disk import complete_file
from page.server.errors import PageError
from page.server.texts import translate
from tests.page.browsing import until
from tests.page.serving import GRADIO_WARNINGS, noise

pytestmark = GRADIO_WARNINGS
STROKE = {"points": [[10, 10], [30, 20]], "brush": 8, "erase": False}
FULL = OSError(errno.ENOSPC, "No space left on device", "/somewhere/photo.png")


@pytest.fixture
def full_disk(monkeypatch):
    """Temporary files take 100 kB before the disk is full."""
    named = tempfile.NamedTemporaryFile

    def limited(*arguments, **options):
        file, written = named(*arguments, **options), 0
        write = file.write

        def write_limited(data):
            nonlocal written
            written += len(data)
            if written > 100_000:
                raise FULL
            return write(data)

        file.write = write_limited
        return file

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", limited)


def files_of(served):
    """All files in the page's folder."""
    return {path for path in served.visits.folder.rglob("*") if path.is_file()}


def test_an_upload_that_does_not_fit_is_answered_with_a_sentence_and_removed_at_once(served, full_disk):
    before, photo = files_of(served), np.random.default_rng(0).bytes(3_000_000)
    headers = {"Accept-Language": "zh"}
    answer = httpx.post(served.url + "gradio_api/upload", files={"files": ("a.png", photo)}, headers=headers)
    assert answer.status_code == 507
    assert answer.json() == {"error": translate("disk_full", "zh"), "code": "disk_full"}
    assert files_of(served) == before


def test_an_upload_that_breaks_off_is_removed_at_once(served):
    before, address = files_of(served), urlsplit(served.url)
    head = b'--edge\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(
            b"POST /gradio_api/upload HTTP/1.1\r\nHost: page\r\nContent-Length: 1000000\r\n"
            b"Content-Type: multipart/form-data; boundary=edge\r\n\r\n" + head + bytes(200_000)
        )
        until(lambda: files_of(served) > before, "the upload is being written")
    until(lambda: files_of(served) == before, "the file is removed")


def test_a_complete_upload_stays(served):
    path = served.upload(Image.fromarray(noise(30, 40)))
    assert os.path.isfile(path) and not [file for file in files_of(served) if file.name.startswith("tmp")]


def fail_in_the_middle(photo, target, *_, **__):
    with open(target, "wb") as file:
        file.write(b"half of it")
    raise FULL


def test_a_download_that_does_not_fit_is_answered_with_a_sentence_and_removed_at_once(served, monkeypatch):
    visit = served.open(Image.fromarray(noise(60, 90)))
    served.call("paint", {"visit": visit, "strokes": [STROKE]})
    before = files_of(served)
    monkeypatch.setattr("page.editor.saving.save_photo", fail_in_the_middle)
    monkeypatch.setattr(Image.Image, "save", fail_in_the_middle)
    for action in ("finish", "preview", "save_mask"):
        answer = served.call(action, {"visit": visit})[1]
        assert answer == {"error": translate("disk_full", "en"), "code": "disk_full"}, action
    assert files_of(served) == before


def test_a_result_of_the_api_that_does_not_fit_is_an_error_with_that_sentence(served, monkeypatch):
    mask = Image.new("L", (90, 60))
    mask.paste(255, (10, 10, 20, 20))
    paths = [served.upload(picture) for picture in (Image.fromarray(noise(60, 90)), mask)]
    before = files_of(served)
    monkeypatch.setattr("page.server.api_calls.save_photo", fail_in_the_middle)
    url = served.url + "gradio_api/call/inpaint"
    sent = [{"path": path, "meta": {"_type": "gradio.FileData"}} for path in paths]
    answer = httpx.get(f"{url}/{httpx.post(url, json={'data': sent}).json()['event_id']}", timeout=60).text
    assert "event: error" in answer and translate("disk_full", "en") in json.dumps(answer)
    assert files_of(served) == before


def test_only_a_full_disk_is_called_so(tmp_path):
    with pytest.raises(PageError, match="disk_full"), complete_file(tmp_path / "a"):
        raise ValueError("no picture") from OSError(errno.EDQUOT, "Disk quota exceeded")
    (tmp_path / "b").touch()
    with pytest.raises(PermissionError), complete_file(tmp_path / "b"):
        raise PermissionError(errno.EACCES, "Permission denied")
    assert not any(tmp_path.iterdir())
