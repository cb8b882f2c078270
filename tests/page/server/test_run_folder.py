"""The folder of a run, and how the process leaves: what killed runs left is removed, and nothing else."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inpaint.temporary_folder import LOCK, remove_dead_folders

ROOT = Path(__file__).parents[3]
RUN = """
import sys, threading
from page.server.run_folder import use_run_folder
folder = use_run_folder()
(folder / "photo.png").write_bytes(b"x")
"""
WAIT = """
print(folder, flush=True)
threading.Event().wait()
"""
BUSY = """
import asyncio, time
from page.server.errors import PageError
from page.server.leaving import leave_on_signals
from page.server.visits import Visits
leave_on_signals(folder)
visits = Visits(folder)
leave_on_signals(folder, visits)

def request():
    try:
        asyncio.run(visits.queue.run(lambda: time.sleep(60), wait_until_done=True))
    except PageError as error:
        print(error.key, flush=True)

for _ in range(visits.queue.workers + 1):
    threading.Thread(target=request).start()
while len(visits.queue) != 1 or len(visits.queue._running) < visits.queue.workers:
    time.sleep(0.01)
"""


def start(above, code):
    """A process that runs the code with its folder below another one; the process and its folder."""
    environment = os.environ | {"GRADIO_TEMP_DIR": str(above)}
    process = subprocess.Popen(
        [sys.executable, "-c", RUN + code + WAIT], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    return process, Path(process.stdout.readline().strip())


@pytest.fixture
def killed(tmp_path):
    """The folder of a run that was killed, in a folder that was not there before."""
    process, folder = start(tmp_path / "not" / "yet", "")
    assert (folder / "photo.png").is_file() and folder.parent == (tmp_path / "not" / "yet").resolve()
    assert folder.stat().st_mode & 0o077 == 0
    remove_dead_folders(folder.parent)
    assert (folder / "photo.png").is_file(), "the folder of a living run stays"
    process.kill()
    process.communicate()
    return folder


def test_temporary_files_of_a_run_go_with_its_folder(tmp_path):
    weights = "import tempfile\nplace = tempfile.TemporaryDirectory(prefix='weights-')\nfolder = place.name\n"
    process, place = start(tmp_path, weights)
    assert place.is_dir() and place.name.startswith("weights-") and place.parents[2] == tmp_path.resolve()
    process.kill()
    process.communicate()
    remove_dead_folders(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_next_start_removes_the_folder_of_a_killed_run(killed):
    assert (killed / "photo.png").is_file()
    process, folder = start(killed.parent, "")
    assert list(killed.parent.iterdir()) == [folder]
    process.kill()
    process.communicate()


def test_folders_that_are_no_folders_of_runs_stay(killed, tmp_path):
    above = killed.parent
    for name in ("inpaint-numba-0", "inpaint-photos", "holidays"):
        (above / name).mkdir()
        (above / name / LOCK).touch()
    (above / "inpaint-unlocked").mkdir()
    (above / "inpaint-abcdefgh").mkdir()
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / LOCK).touch()
    (above / "inpaint-abcd1234").symlink_to(photos)
    (above / "inpaint-linklock").mkdir()
    (above / "inpaint-linklock" / LOCK).symlink_to(photos / LOCK)
    before = set(above.iterdir())
    remove_dead_folders(above)
    assert set(above.iterdir()) == before - {killed} and (photos / LOCK).is_file()


def test_a_page_that_nohup_started_stays_when_the_terminal_is_closed(tmp_path):
    process, folder = start(tmp_path, "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)" + BUSY)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    assert process.poll() is None and folder.is_dir()
    process.terminate()
    process.communicate(timeout=30)


NOT_IGNORED = """
import signal
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.default_int_handler)  # the tests may run under nohup
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_process_within_five_seconds_during_a_long_fill_and_removes_its_folder(tmp_path, number):
    process, folder = start(tmp_path, NOT_IGNORED + BUSY)
    begun = time.monotonic()
    process.send_signal(number)
    output, _ = process.communicate(timeout=30)
    assert time.monotonic() - begun < 5 and process.returncode == 0
    assert not any(tmp_path.iterdir()) and folder.parent == tmp_path.resolve()
    assert output.split() == ["full"], "the request that waits is declined"
