"""The disk budget: of all files together, and of one client's uploads."""

import os
import urllib.parse
from types import SimpleNamespace

import httpx
import pytest

from page.server import disk_budget
from page.server.disk_budget import MAX_CLIENT_UPLOADS, DiskBudget, room_bytes, used_bytes
from page.server.errors import PageError
from page.server.texts import translate
from tests.page.serving import GRADIO_WARNINGS

pytestmark = GRADIO_WARNINGS


def file_of(folder, size, name="photo.png"):
    path = folder / str(size) / name
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(size))
    return path


def test_a_file_with_two_names_counts_once_and_a_missing_folder_is_empty(tmp_path):
    file = file_of(tmp_path, 1000)
    os.link(file, tmp_path / "original.png")
    assert used_bytes(tmp_path) == 1000 and used_bytes(tmp_path / "absent") == 0


def test_the_budget_is_less_on_a_small_disk(tmp_path, monkeypatch):
    file_of(tmp_path, 1000)
    monkeypatch.setattr(disk_budget.shutil, "disk_usage", lambda _: SimpleNamespace(free=9000))
    assert room_bytes(tmp_path) == 4000
    monkeypatch.setattr(disk_budget, "MAX_DISK_BYTES", 3000)
    assert room_bytes(tmp_path) == 2000


def test_uploads_are_declined_once_the_files_of_all_take_the_budget(tmp_path, monkeypatch):
    monkeypatch.setattr(disk_budget, "MAX_DISK_BYTES", 3000)
    file_of(tmp_path, 1000)
    budget = DiskBudget(tmp_path)
    budget.begin("one", 1500)
    with pytest.raises(PageError, match="disk_full"):
        budget.begin("other", 501)  # room is reserved for what is under way
    budget.end("one", 1500)
    budget.begin("other", 2000)


def test_a_client_has_a_budget_of_its_own_until_its_uploads_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(disk_budget, "MAX_CLIENT_BYTES", 3000)
    budget, file = DiskBudget(tmp_path), file_of(tmp_path, 2000)
    budget.begin("one", 2500)
    budget.end("one", 2500, [file])
    with pytest.raises(PageError, match="disk_full"):
        budget.begin("one", 1001)
    budget.begin("other", 2500)
    file.unlink()
    budget.begin("one", 3000)


def test_uploads_that_are_under_way_count_for_their_client(tmp_path, monkeypatch):
    monkeypatch.setattr(disk_budget, "MAX_CLIENT_BYTES", 3000)
    budget = DiskBudget(tmp_path)
    budget.begin("one", 1500)
    budget.begin("one", 1400)
    with pytest.raises(PageError, match="disk_full"):
        budget.begin("one", 101)
    budget.begin("other", 101)


def test_a_client_has_a_few_uploads_under_way(tmp_path):
    budget = DiskBudget(tmp_path)
    for _ in range(MAX_CLIENT_UPLOADS):
        budget.begin("one", 10)
    with pytest.raises(PageError, match="uploads_busy"):
        budget.begin("one", 10)
    budget.begin("other", 10)
    budget.end("one", 10)
    budget.begin("one", 10)


def upload(served, network, size=1_200_000):
    """Upload random bytes through a proxy on this machine as a visitor from a network."""
    files = {"files": ("photo.png", os.urandom(size))}
    return httpx.post(served.url + "gradio_api/upload", files=files, headers={"X-Forwarded-For": network})


def test_a_client_that_uploads_without_end_is_declined_and_others_are_not(served, monkeypatch):
    monkeypatch.setattr(disk_budget, "MAX_CLIENT_BYTES", 3_000_000)
    answers = [upload(served, "8.8.4.4") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 507, 507]
    assert answers[-1].json() == {"error": translate("disk_full", "en"), "code": "disk_full"}
    assert upload(served, "1.0.0.1").status_code == 200


@pytest.mark.parametrize(
    "path", ["file=https://example.org/x.png", "file=http://127.0.0.1/", "proxy=https://a.hf.space/"]
)
def test_the_page_is_no_proxy_for_other_addresses(served, path):
    for sent in (path, urllib.parse.quote(path), path.replace("http", "HTTP")):
        assert httpx.get(f"{served.url}gradio_api/{sent}").json()["code"] == "unexpected"
