"""Uploads: which files are removed, when, and what is never removed."""

import os
import time

import pytest

from page.server.uploads import PARTIAL_UPLOAD_KEEP_S, UNUSED_UPLOAD_KEEP_S, UPLOAD_KEEP_S, Uploads

HASH = "0123456789abcdef" * 4


@pytest.fixture
def uploads(tmp_path):
    """Uploads in a folder that lies in a project with files of its own."""
    (tmp_path / "project" / "source").mkdir(parents=True)
    (tmp_path / "project" / "source" / "main.py").write_text("print()")
    (tmp_path / "project" / "run").mkdir()
    return Uploads(tmp_path / "project" / "run")


def upload(uploads, name="photo.png", folder=HASH, age_s=0.0):
    """A file that was uploaded some time ago."""
    file = uploads.folder / folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"x")
    for path in (file, file.parent):
        os.utime(path, (time.time() - age_s,) * 2)
    return file


def test_a_discarded_upload_is_removed_with_its_empty_folder_once_it_is_old(uploads):
    file = upload(uploads, age_s=UPLOAD_KEEP_S - 5)
    uploads.discard(file)
    uploads.purge_discarded()
    assert file.is_file()
    os.utime(file, (0, 0))
    uploads.purge_discarded()
    assert not file.parent.exists() and uploads.folder.is_dir()


def test_two_names_of_one_content_do_not_take_each_others_photo_away(uploads):
    mine, yours = upload(uploads, "mine.png", age_s=99), upload(uploads, "yours.png", age_s=99)
    uploads.discard(mine)
    uploads.purge_discarded()
    assert not mine.exists() and yours.is_file()


def test_what_is_no_upload_is_never_removed(uploads, tmp_path):
    project = uploads.folder.parent
    (project / HASH).mkdir()
    (project / HASH / "photo.png").write_bytes(b"x")
    (uploads.folder / ("b" * 64)).symlink_to(project / "source")
    (uploads.folder / "token").mkdir()
    (uploads.folder / "token" / "download.png").write_bytes(b"x")
    nested = upload(uploads).parent / "deeper"
    nested.mkdir()
    (nested / "photo.png").write_bytes(b"x")
    before = sorted(tmp_path.rglob("*"))
    for file in (
        project / "source" / "main.py",
        project / HASH / "photo.png",
        uploads.folder / ("b" * 64) / "main.py",
        uploads.folder / HASH / ".." / ".." / "source" / "main.py",
        uploads.folder / "token" / "download.png",
        nested / "photo.png",
        uploads.folder / HASH,
        uploads.folder,
        project,
    ):
        uploads.discard(file)
        uploads.remove(file)
    uploads.purge_discarded(max_age_s=0)
    uploads.purge_unused()
    assert sorted(tmp_path.rglob("*")) == before


def test_an_upload_stays_while_a_request_uses_it_and_for_a_while_after(uploads):
    file = upload(uploads, age_s=UNUSED_UPLOAD_KEEP_S + 1)
    uploads.discard(file)
    with uploads.kept([str(file), None, 3, "\0", "x" * 10_000, str(uploads.folder)]):
        uploads.purge_discarded()
        uploads.purge_unused()
        assert file.is_file()
    uploads.purge_discarded()
    assert file.is_file()
    uploads.purge_discarded(max_age_s=0)
    assert not file.exists()


def test_unused_and_partial_uploads_are_removed_late_and_no_other_folders(uploads):
    old, new = upload(uploads, folder="a" * 64, age_s=UNUSED_UPLOAD_KEEP_S + 1), upload(uploads, folder="b" * 64)
    foreign = upload(uploads, folder="notes", age_s=UNUSED_UPLOAD_KEEP_S + 1)
    beside = upload(uploads, "new.png", folder="a" * 64)
    partial, sent, lock = (uploads.folder / name for name in ("tmpabc", "tmpdef", ".lock"))
    for file in (partial, sent, lock):
        file.write_bytes(b"x")
    for file in (partial, lock):
        os.utime(file, (time.time() - PARTIAL_UPLOAD_KEEP_S - 1,) * 2)
    uploads.purge_unused()
    assert not old.exists() and not partial.exists()
    assert all(file.is_file() for file in (new, beside, foreign, sent, lock))


def test_a_folder_that_is_missing_has_nothing_to_purge(tmp_path):
    uploads = Uploads(tmp_path / "missing")
    uploads.purge_unused()
    uploads.purge_discarded()
    assert not (tmp_path / "missing").exists()
