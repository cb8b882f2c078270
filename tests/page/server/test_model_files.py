"""The downloaded weights of visitors: what stays on the disk, and what leaves."""

import shutil
from types import SimpleNamespace

import pytest

from inpaint import WeightsError
from page.server import model_files
from page.server.model_files import ModelFiles

SIZE = 1_000_000


@pytest.fixture(autouse=True)
def hub(monkeypatch):
    """Stands in for the Hub: weights of SIZE bytes. Lists what is downloaded; the commit "bad" fails at its end."""
    downloaded = []

    def download_public(repo_id, sha, folder, limits):
        (folder / "config.json").write_text("{}")
        limits.check_space(SIZE)
        (folder / "model.safetensors").write_bytes(bytes(SIZE))
        downloaded.append(sha)
        if sha == "bad":
            raise WeightsError("bad weights")

    monkeypatch.setattr(model_files, "download_public", download_public)
    return downloaded


def get(files, sha):
    return files.get("owner/one", sha, 60, lambda: True)


def bytes_in(folder):
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_weights_are_downloaded_once(tmp_path, hub):
    files = ModelFiles(tmp_path / "models", min_free_bytes=0)
    folder = get(files, "a")
    assert get(files, "a") == folder and hub == ["a"]
    assert ("owner/one", "a") in files and ("owner/one", "b") not in files and ("owner/two", "a") not in files
    assert bytes_in(folder) == SIZE + 2


def test_the_least_recently_used_weights_leave_so_that_all_together_stay_within_the_limit(tmp_path, hub):
    files = ModelFiles(tmp_path / "models", max_bytes=int(2.5 * SIZE), min_free_bytes=0)
    for sha in "aba":
        get(files, sha)
    get(files, "c")
    assert bytes_in(tmp_path) <= files.max_bytes
    assert [("owner/one", sha) in files for sha in "abc"] == [True, False, True]
    get(files, "b")
    assert hub == ["a", "b", "c", "b"]
    assert len(list((tmp_path / "models").iterdir())) == 2


def test_downloads_under_way_count(tmp_path, monkeypatch):
    files = ModelFiles(tmp_path / "models", max_bytes=int(1.5 * SIZE), min_free_bytes=0)

    def nested(repo_id, sha, folder, limits):
        limits.check_space(SIZE)
        if sha == "a":
            with pytest.raises(WeightsError, match="no room for owner/one"):
                get(files, "b")

    monkeypatch.setattr(model_files, "download_public", nested)
    get(files, "a")
    assert ("owner/one", "a") in files and len(list((tmp_path / "models").iterdir())) == 1


def test_a_failed_download_leaves_nothing_and_frees_its_room(tmp_path):
    files = ModelFiles(tmp_path / "models", max_bytes=int(1.5 * SIZE), min_free_bytes=0)
    for _ in range(3):
        with pytest.raises(WeightsError, match="bad weights"):
            get(files, "bad")
        assert not list((tmp_path / "models").iterdir())
    assert get(files, "a").is_dir()


def test_discarded_weights_are_removed(tmp_path):
    files = ModelFiles(tmp_path / "models", max_bytes=int(1.5 * SIZE), min_free_bytes=0)
    get(files, "a")
    files.discard("owner/one", "a")
    files.discard("owner/one", "never")
    assert not list((tmp_path / "models").iterdir()) and ("owner/one", "a") not in files
    get(files, "b")


def test_a_disk_that_is_nearly_full_takes_no_weights(tmp_path, monkeypatch):
    files = ModelFiles(tmp_path / "models", min_free_bytes=5 * SIZE)
    for free, fits in ((5 * SIZE, False), (7 * SIZE, True)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        if fits:
            get(files, "a")
        else:
            with pytest.raises(WeightsError, match="no room"):
                get(files, "a")
