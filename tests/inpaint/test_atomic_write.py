"""A file is written completely or not at all."""

import os
import stat
import subprocess
import sys

import pytest

from inpaint.atomic_write import atomic_write


@pytest.mark.parametrize("single_writer", [False, True])
def test_a_file_is_replaced_completely_or_not_at_all(tmp_path, single_writer):
    target = tmp_path / "new" / "a.bin"
    with atomic_write(target, single_writer=single_writer) as file:
        file.write(b"first")
        assert not target.exists()
    with pytest.raises(TypeError), atomic_write(target, single_writer=single_writer) as file:
        file.write("not bytes")
    assert target.read_bytes() == b"first"
    with atomic_write(target, single_writer=single_writer) as file:
        file.write(b"second")
        file.flush()
        assert target.read_bytes() == b"first"
    assert target.read_bytes() == b"second"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX")
def test_a_new_file_gets_the_usual_permissions_and_a_replaced_file_keeps_its_own(tmp_path):
    (tmp_path / "plain").touch()
    target = tmp_path / "a.bin"
    with atomic_write(target) as file:
        file.write(b"first")
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)
    target.chmod(0o600)
    with atomic_write(target) as file:
        file.write(b"second")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_two_writers_of_one_file_do_not_mix_their_content(tmp_path):
    target = tmp_path / "a.bin"
    with atomic_write(target) as one, atomic_write(target) as two:
        one.write(b"one" * 1000)
        two.write(b"two")
    assert target.read_bytes() == b"one" * 1000


def test_a_single_writer_replaces_what_a_killed_process_left(tmp_path):
    target = tmp_path / "a.bin"
    program = (
        "import os, sys\nfrom inpaint.atomic_write import atomic_write\n"
        "with atomic_write(sys.argv[1], single_writer=True) as file:\n    file.write(b'x' * 100000)\n    os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(target)], check=False).returncode == 9
    assert not target.exists() and len(list(tmp_path.iterdir())) == 1
    with atomic_write(target, single_writer=True) as file:
        file.write(b"whole")
    assert target.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [target]


def test_the_longest_file_name_can_be_written(tmp_path):
    target = tmp_path / ("é" * 125 + ".jpg")  # 254 bytes
    with atomic_write(target) as file:
        file.write(b"x")
    assert target.read_bytes() == b"x"
