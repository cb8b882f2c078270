"""Open photos: who may use them, when they are closed, and which files are removed."""

import os
import time

import pytest

from inpaint import Inpainter
from page.server.errors import PageError
from page.server.visits import UNUSED_UPLOAD_KEEP_S, Visits
from tests.page.browsing import until
from tests.page.serving import OneColour, noise


def session(width=10, height=10):
    return Inpainter(OneColour()).open(noise(height, width))


def test_visit_ids_are_long_and_unique(tmp_path):
    visits = Visits(tmp_path)
    ids = {visits.add(session(), "a.png").id for _ in range(20)}
    assert len(ids) == 20 and min(map(len, ids)) >= 32


def test_an_idle_visit_ends(tmp_path):
    visits = Visits(tmp_path, idle_s=0.05)
    visit = visits.add(session(), "a.png")
    until(lambda: not len(visits), "the visit has ended")
    with pytest.raises(PageError, match="gone"):
        visits.get(visit.id)


def test_the_least_recently_used_photo_is_closed_when_there_are_too_many(tmp_path):
    visits = Visits(tmp_path, max_open=2)
    first, second = visits.add(session(), "1"), visits.add(session(), "2")
    visits.get(first.id)
    third = visits.add(session(), "3")
    with pytest.raises(PageError, match="gone"):
        visits.get(second.id)
    assert visits.get(first.id) is first and visits.get(third.id) is third


def test_photos_are_closed_when_they_have_too_many_pixels_together_but_the_newest_stays(tmp_path):
    visits = Visits(tmp_path, max_megapixels=0.0001)
    visits.add(session(), "1")
    second = visits.add(session(20, 20), "2")
    assert len(visits) == 1 and visits.get(second.id) is second


def test_closing_a_tab_ends_its_visit_only(tmp_path):
    visits = Visits(tmp_path)
    mine, other = visits.add(session(), "1"), visits.add(session(), "2")
    visits.assign_to_tab("my tab", mine.id)
    visits.close_tab("my tab")
    assert len(visits) == 1 and visits.get(other.id) is other


def test_a_download_folder_is_removed_once_it_has_expired(tmp_path):
    visits = Visits(tmp_path)
    folder = visits.download_folder()
    visits.purge_expired()
    assert folder.is_dir()
    visits.purge_expired(max_age_s=0)
    assert not folder.exists()


def test_purging_removes_unused_uploads_and_no_other_folders(tmp_path):
    visits = Visits(tmp_path)
    old, new, foreign = tmp_path / ("a" * 64), tmp_path / ("b" * 64), tmp_path / "notes"
    for folder in (old, new, foreign):
        folder.mkdir()
        (folder / "photo.png").write_bytes(b"x")
    long_ago = time.time() - UNUSED_UPLOAD_KEEP_S - 1
    for path in (old / "photo.png", old, foreign / "photo.png", foreign):
        os.utime(path, (long_ago, long_ago))
    visits.purge()
    assert not old.exists() and new.exists() and foreign.exists()


def test_a_background_thread_purges_regularly(tmp_path):
    folder = tmp_path / ("a" * 64)
    folder.mkdir()
    os.utime(folder, (0, 0))
    visits = Visits(tmp_path, idle_s=0.05)
    until(lambda: not folder.exists(), "the old upload is removed")
    visits.end_all()
