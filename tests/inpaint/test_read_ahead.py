"""The next photo of a batch is read while one is filled, and everything else is as without that."""

import threading

import numpy as np
import pytest
from PIL import Image

from inpaint import read_ahead
from inpaint.batch_options import Options
from inpaint.photos.errors import PhotoError
from inpaint.photos.pairing import find_tasks
from inpaint.read_ahead import ReadAhead, open_task
from tests.inpaint.photo_folders import write


@pytest.fixture
def tasks(tmp_path):
    for name in "abc":
        write(tmp_path, f"{name}.png", mask_name=f"{name}.png")
    return find_tasks([str(tmp_path / "photos")], str(tmp_path / "masks"), str(tmp_path / "out"))


@pytest.fixture
def reads(monkeypatch):
    """Which photos were read, and whether in another thread than the test."""
    found, read = [], open_task

    def recording(task, *others):
        found.append((task.photo.stem, threading.current_thread() is not threading.main_thread()))
        return read(task, *others)

    monkeypatch.setattr(read_ahead, "open_task", recording)
    return found


def test_every_photo_is_read_once_and_ahead(tasks, reads):
    ahead = ReadAhead(tasks, Options(grow_px=2))
    ahead.start()
    for task in tasks:
        opened, expected = ahead.open(task), open_task(task, Options(grow_px=2))
        assert opened.photo.tobytes() == expected.photo.tobytes()
        assert np.array_equal(opened.mask, expected.mask)
    assert reads == [("a", True), ("b", True), ("c", True)]


def test_a_task_that_is_left_out_does_no_harm(tasks, reads):
    ahead = ReadAhead(tasks, Options())
    ahead.start()
    opened = ahead.open(tasks[2])
    assert opened.photo.tobytes() == open_task(tasks[2], Options()).photo.tobytes()
    assert reads == [("a", True), ("c", False)]


def test_a_photo_that_is_too_large_beside_another_one_waits_for_its_turn(tasks, reads, monkeypatch):
    Image.new("RGB", (90, 71)).save(tasks[1].photo)
    Image.new("L", (90, 71)).save(tasks[1].mask)
    monkeypatch.setattr(read_ahead, "AHEAD_PIXELS", 2 * 90 * 70)
    ahead = ReadAhead(tasks, Options())
    ahead.start()
    assert [ahead.open(task).photo.height for task in tasks] == [70, 71, 70]
    assert reads == [("a", True), ("b", True), ("b", False), ("c", True), ("c", False)]


def test_nothing_is_read_ahead_where_a_result_may_replace_an_input(tasks, reads):
    ahead = ReadAhead(tasks, Options(overwrite=True))
    ahead.start()
    for task in tasks:
        ahead.open(task)
    assert reads == [("a", False), ("b", False), ("c", False)]


def test_an_error_is_raised_by_its_own_photo_only(tasks):
    tasks[1].photo.write_bytes(b"no photo")
    ahead = ReadAhead(tasks, Options(max_pixels=90 * 70))
    ahead.start()
    assert ahead.open(tasks[0]).photo.size == (90, 70)
    with pytest.raises(PhotoError, match=r"b\.png is not an image"):
        ahead.open(tasks[1])
    assert ahead.open(tasks[2]).photo.size == (90, 70)
