"""Open photos: who may use them, when they are closed, and which files are removed."""

import asyncio
import os
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PIL import Image

from inpaint import Inpainter
from page.server.compute_queue import ComputeQueue
from page.server.errors import PageError
from page.server.presence import Presence
from page.server.visits import Visits
from tests.inpaint.sessions import TIMEOUT_S
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
    visits = Visits(tmp_path, max_bytes=1000)
    visits.add(session(), "1")
    second = visits.add(session(20, 20), "2")
    assert len(visits) == 1 and visits.get(second.id) is second


@pytest.mark.parametrize(
    "metadata", [bytes(9_000), Image.new("RGB", (60, 50)), np.zeros(9_000, np.uint8), {1: ("a" * 9_000,)}]
)
def test_metadata_counts_like_pixels(tmp_path, metadata):
    visits = Visits(tmp_path, max_bytes=10_000)
    plain, heavy = session(), session()
    heavy.photo.info["icc_profile"] = metadata
    first = visits.add(plain, "1")
    second = visits.add(session(), "2")
    assert visits.get(first.id) and visits.get(second.id)
    third = visits.add(heavy, "3")
    assert len(visits) == 1 and visits.get(third.id) is third


def test_photos_are_closed_before_another_one_is_opened_and_room_is_kept_for_it_meanwhile(tmp_path):
    visits = Visits(tmp_path, max_bytes=2_500)
    first, second = visits.add(session(), "1"), visits.add(session(), "2")
    with visits.room_for(1_000, None):
        assert visits.get(second.id)
        with pytest.raises(PageError, match="gone"):
            visits.get(first.id)
        with visits.room_for(2_000, None):
            assert len(visits) == 0
    third, fourth = visits.add(session(), "3"), visits.add(session(), "4")
    assert visits.get(third.id) and visits.get(fourth.id)


def test_a_photo_that_a_request_uses_is_closed_after_those_that_no_request_uses(tmp_path):
    visits = Visits(tmp_path, max_bytes=2_500)
    first, second = visits.add(session(), "1"), visits.add(session(), "2")
    with visits.request(first.id, False):
        with visits.room_for(1_000, None):
            assert visits.get(first.id) is first and len(visits) == 1
        with visits.room_for(3_000, None):
            assert len(visits) == 0
    assert second.requests == 0


def test_what_can_be_undone_and_versions_count_as_memory(tmp_path):
    visits = Visits(tmp_path, max_bytes=1_000_000)
    first, second = visits.add(session(300, 300), "1"), visits.add(session(), "2")
    before = first.size_bytes
    first.session.stroke([[150, 150]], 280)
    assert first.size_bytes >= before + 280 * 280 * 3
    second.kept_bytes["versions"] = 10**6
    visits.get(second.id)
    visits.purge()
    assert len(visits) == 1 and visits.get(second.id) is second


def test_a_visit_lasts_as_long_as_its_tab_is_open_and_ends_soon_after_that(tmp_path):
    presence = Presence()
    visits = Visits(tmp_path, away_s=0.3, presence=presence)
    visit = visits.add(session(), "1")
    visits.assign_to_tab("tab", visit.id)
    visit.folder.mkdir()
    with presence.request("tab"):
        time.sleep(0.5)
        visits.purge()
        assert len(visits) == 1
    closed = time.monotonic()
    until(lambda: not visits.purge() and not len(visits), "the visit has ended")
    assert time.monotonic() - closed > 0.25 and not visit.folder.exists()


def test_a_visit_lasts_while_its_page_says_that_it_is_open_or_another_tab_has_it_but_not_without_use(tmp_path):
    presence = Presence()
    visits = Visits(tmp_path, away_s=0.3, idle_s=1.2, presence=presence)
    visit, unused = visits.add(session(), "1"), visits.add(session(), "2")
    visits.assign_to_tab("before the reload", visit.id)
    visits.assign_to_tab("after it", visit.id)
    start = time.monotonic()
    with presence.request("after it"):
        while time.monotonic() < start + 1:
            with visits.request(unused.id, False):
                visits.purge()
            assert len(visits) == 2
            time.sleep(0.05)
        with visits.request(visit.id):
            pass
        until(lambda: not visits.purge() and len(visits) == 1, "the unused visit has ended")
        assert visits.get(visit.id) is visit


def test_a_visit_of_which_a_request_runs_does_not_end(tmp_path):
    visits = Visits(tmp_path, away_s=0.01, idle_s=0.01)
    visit = visits.add(session(), "1")
    with visits.request(visit.id):
        time.sleep(0.1)
        assert visits.get(visit.id) is visit
    with pytest.raises(PageError, match="gone"), visits.request([visit.id]):
        pass


def test_a_download_folder_is_removed_once_it_has_expired(tmp_path):
    visits = Visits(tmp_path)
    folder = visits.download_folder()
    visits.purge_expired()
    assert folder.is_dir()
    visits.purge_expired(max_age_s=0)
    assert not folder.exists()


def test_a_folder_that_a_request_has_written_after_its_visit_ended_is_removed(tmp_path):
    visits = Visits(tmp_path)
    visit, open_one = visits.add(session(), "a.png"), visits.add(session(), "b.png")
    open_one.folder.mkdir()
    visits.end(visit.id)
    visit.folder.mkdir()
    visits.purge()
    assert not visit.folder.exists() and open_one.folder.exists()


def test_ending_a_visit_removes_nothing_but_a_folder_of_the_run(tmp_path):
    visits, outside = Visits(tmp_path / "run"), tmp_path / "photos"
    outside.mkdir()
    for folder in (outside, tmp_path, tmp_path / "run" / "..", visits.folder):
        visit = visits.add(session(), "a.png")
        visit.folder = folder
        visits.end(visit.id)
    assert outside.is_dir()


def test_a_background_thread_purges_regularly(tmp_path):
    folder = tmp_path / ("a" * 64)
    folder.mkdir()
    os.utime(folder, (0, 0))
    visits = Visits(tmp_path, idle_s=0.05)
    until(lambda: not folder.exists(), "the old upload is removed")
    visits.end_all()


@pytest.fixture
def painting(tmp_path):
    """A visit that another visitor's stroke makes wait, and an event that ends the stroke."""
    visits, ended = Visits(tmp_path, queue=ComputeQueue(timeout_s=TIMEOUT_S)), threading.Event()
    stroke = partial(visits.queue.run, lambda: ended.wait(TIMEOUT_S), stroke_of="another visit")
    thread = threading.Thread(target=lambda: asyncio.run(stroke()))
    thread.start()
    visit = visits.add(session(60, 60), "a.png")
    until(lambda: visits.queue.has_strokes(visit.id), "the stroke runs")
    yield visits, visit, ended
    ended.set()
    thread.join()


def polled(visits, visit):
    """The future of a poll, in a thread."""
    poll = visits.give_way(visit)
    result = Future()
    threading.Thread(target=lambda: result.set_result(poll())).start()
    return result


def test_a_final_fill_waits_for_the_strokes_of_other_visitors(painting):
    visits, visit, ended = painting
    waiting = polled(visits, visit)
    time.sleep(0.1)
    assert not waiting.done()
    ended.set()
    assert waiting.result(TIMEOUT_S) is False


def test_a_final_fill_is_cancelled_once_its_photo_has_changed(painting):
    visits, visit, _ = painting
    waiting = polled(visits, visit)
    visit.session.stroke([[20, 20]], 8)
    assert waiting.result(TIMEOUT_S) is True


def test_a_final_fill_waits_neither_for_ever_nor_for_its_own_visitor(painting, monkeypatch):
    visits, visit, _ = painting
    monkeypatch.setattr("page.server.visits.MAX_GIVE_WAY_S", 0.1)
    assert polled(visits, visit).result(TIMEOUT_S) is False
    monkeypatch.setattr("page.server.visits.MAX_GIVE_WAY_S", 1000)
    theirs = replace(visit, id="another visit")
    assert polled(visits, theirs).result(TIMEOUT_S) is False
