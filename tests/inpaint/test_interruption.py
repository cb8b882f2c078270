"""Signals during a batch: no hidden file stays, and the command says what was done and what was not."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from inpaint.interruption import SIGNALS, Interruption
from tests.inpaint.photo_folders import write

ROOT = Path(__file__).parents[2]
COMMAND = """
import hashlib, sys, time
import inpaint.batch, inpaint.interruption, inpaint.__main__ as command_line
save = inpaint.batch.save_photo

def slow(photo, file, *options):
    notes = save(photo, file, *options)
    if "b.png" in file.name:
        file.flush()
        print("saving", flush=True)
        WAIT
    return notes

inpaint.batch.save_photo = slow
inpaint.interruption.GRACE_S = LIMIT
sys.exit(command_line.main(sys.argv[1:]))
"""
WAITS = {
    "in Python": "time.sleep(60)",
    "in native code": "hashlib.pbkdf2_hmac('sha256', b'', b'', 10**9)",
    "in a callback that loses exceptions": "type('Lost', (), {'__del__': lambda _: time.sleep(60)})(); time.sleep(60)",
}


@pytest.fixture
def saving(tmp_path, request):
    """A batch of three photos that is in the save of the second one; the process, and its output folder."""
    for name in ("a.png", "b.png", "c.png"):
        write(tmp_path, name, mask_name=name)
    grace_s = "60" if request.param == "in Python" else "0.5"  # there the command ends by itself
    code, out = COMMAND.replace("WAIT", WAITS[request.param]).replace("LIMIT", grace_s), tmp_path / "out"
    command = [sys.executable, "-c", code, str(tmp_path / "photos"), str(tmp_path / "masks"), "-o", str(out)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "saving\n"
    assert {file.name for file in out.iterdir()} > {"a.png"}
    yield process, out
    process.kill()
    process.communicate()


@pytest.mark.parametrize("saving", WAITS, indirect=True)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_a_save_leaves_no_hidden_file_and_says_what_was_done(saving, number):
    process, out = saving
    process.send_signal(number)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 128 + number and ("Traceback" not in errors or "Exception ignored" in errors)
    assert [file.name for file in out.iterdir()] == ["a.png"]
    assert output == (
        f"interrupted: 1 photo filled, 0 failed; written to {out}; 2 not done; "
        "the same command with --skip-existing continues\n"
    )


@pytest.mark.parametrize("saving", ["in Python"], indirect=True)
def test_more_signals_do_not_disturb_the_end(saving):
    process, out = saving
    for _ in range(20):
        process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 130 and output.startswith("interrupted: ") and "Traceback" not in errors
    assert [file.name for file in out.iterdir()] == ["a.png"]


def test_handlers_and_the_thread_go_with_the_block():
    before = [signal.getsignal(number) for number in SIGNALS]
    with Interruption(lambda: None) as interruption:
        assert interruption.exit_code == 130
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)  # ignored
        assert interruption.exit_code == 143
    assert [signal.getsignal(number) for number in SIGNALS] == before
    assert signal.set_wakeup_fd(-1) == -1
    assert "interruption" not in {thread.name for thread in threading.enumerate()}


def test_a_signal_that_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption(lambda: None):
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def test_outside_of_the_main_thread_nothing_is_installed():
    found = []

    def run():
        with Interruption(lambda: None):
            found.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    (thread := threading.Thread(target=run)).start()
    thread.join()
    assert found == [before]
