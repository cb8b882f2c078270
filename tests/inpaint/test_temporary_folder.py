"""Temporary folders go with their process, and those of killed processes with the next one; a full disk is named."""

import errno
import os
import subprocess
import sys
import tempfile

import pytest

from inpaint.atomic_write import atomic_write
from inpaint.os_errors import sentence_of
from inpaint.temporary_folder import temporary_folder

KEEP = """
import sys
from inpaint.temporary_folder import temporary_folder
with temporary_folder() as folder:
    (folder / "photo.png").write_bytes(b"x")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def above(tmp_path, monkeypatch):
    """The folder of temporary files of this process and of those that it starts."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def start():
    process = subprocess.Popen([sys.executable, "-c", KEEP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def test_what_a_killed_process_left_is_removed_by_the_next_one_and_what_a_living_one_uses_stays(above):
    killed, left = start()
    living, used = start()
    other = above / "inpaint-abcdefgh"
    other.mkdir()
    killed.kill()
    killed.communicate()
    assert os.path.isfile(f"{left}/photo.png")
    with temporary_folder() as folder:
        assert folder.stat().st_mode & 0o077 == 0 and folder.parent == above
        assert not os.path.exists(left) and os.path.isfile(f"{used}/photo.png")
        with temporary_folder() as second:
            assert second != folder and folder.is_dir()
    living.communicate()
    assert [path.name for path in above.iterdir()] == [other.name], "a folder without a lock is another program's"


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="open files are counted there")
def test_a_process_that_makes_many_folders_one_after_the_other_keeps_no_file_open(above):
    before = len(os.listdir("/dev/fd"))
    for _ in range(4):
        with temporary_folder():
            pass
    assert len(os.listdir("/dev/fd")) == before


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_the_message_of_a_full_disk_names_the_file(tmp_path, above, number):
    with pytest.raises(OSError, match="No space|quota") as error, atomic_write(tmp_path / "filled.png"):
        raise OSError(number, os.strerror(number))
    assert str(tmp_path / "filled.png") in sentence_of(error.value)
    with pytest.raises(OSError, match="No space|quota") as error, temporary_folder() as folder:
        raise OSError(number, os.strerror(number))
    assert str(folder) in sentence_of(error.value)


def test_other_errors_inside_of_a_write_keep_what_they_name(tmp_path):
    with pytest.raises(ConnectionResetError) as error, atomic_write(tmp_path / "filled.png"):
        raise ConnectionResetError(errno.ECONNRESET, "reset")
    assert error.value.filename is None
