"""The cache of compiled code: where it lies, that nothing about it makes a call fail, and several processes at once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from inpaint.compiled import jit

PACKAGE = Path(jit.__file__).parents[1]
KERNEL = """
import numpy as np
from inpaint.synthesis import source_kernels
from inpaint.compiled.jit import numba

def call():
    usable = np.ones((8, 20), bool)
    usable[:, 12] = False
    out = np.zeros_like(usable)
    source_kernels.source_rows(0, 8, usable, 3, out)
    assert (np.flatnonzero(out[0]) == [3, 4, 5, 6, 7, 8, 16]).all(), out[0]
"""
COUNTS = """
print(stats.cache_path, sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""
RUN = KERNEL + "call()\nstats = source_kernels.source_rows.stats" + COUNTS


class Computer:
    """A place for the package, the user's files and temporary files, and processes that call a kernel there.

    Attributes:
        package: a copy of the modules.
        environment: of the processes.
    """

    def __init__(self, folder):
        self.package, self.home, self.temporary = folder / "inpaint", folder / "home", folder / "tmp"
        sources = (source for folder in ("synthesis", "compiled") for source in (PACKAGE / folder).glob("*.py"))
        for source in (PACKAGE / "__init__.py", PACKAGE / "program.py", *sources):
            target = self.package / source.relative_to(PACKAGE)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
        self.home.mkdir()
        self.temporary.mkdir()
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("NUMBA_", "XDG_"))}
        variables = {"HOME": self.home, "LOCALAPPDATA": self.home, "TMPDIR": self.temporary, "TEMP": self.temporary}
        self.environment = kept | {key: str(value) for key, value in variables.items()}

    def start(self, code=RUN):
        command = [sys.executable, "-c", code]
        return subprocess.Popen(
            command, cwd=self.package.parent, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    def run(self, code=RUN):
        """Call a kernel: the folder of its cache, how often code was loaded and compiled, and what was logged."""
        return result_of(self.start(code))

    def make_package_read_only(self):
        """No `__pycache__` can be made: that works for the superuser too, whom no permissions stop."""
        (self.package / "synthesis" / "__pycache__").write_text("")

    def make_home_read_only(self):
        self.home.rmdir()
        self.home.write_text("")


def result_of(process):
    output, log = process.communicate(timeout=200)
    assert process.returncode == 0, log
    *path, hits, misses = output.split()
    return " ".join(path), int(hits), int(misses), log


@pytest.fixture
def computer(tmp_path):
    return Computer(tmp_path.resolve())


def test_compiled_code_is_kept_beside_the_package_and_loaded_by_the_next_process(computer):
    folder = str(computer.package / "synthesis" / "__pycache__")
    assert computer.run() == (folder, 0, 1, "")
    assert computer.run() == (folder, 1, 0, "")


def test_code_is_loaded_where_only_times_of_change_are_others_as_in_the_layer_of_an_image(computer):
    assert computer.run()[1:3] == (0, 1)
    for file in computer.package.rglob("*.py"):
        os.utime(file, (0, int(file.stat().st_mtime)))
    assert computer.run()[1:3] == (1, 0)


def test_code_is_compiled_again_when_a_function_of_another_file_that_is_part_of_it_changes(computer):
    kernels = computer.package / "synthesis"
    for name, lines in (
        ("a_kernels", ["def least():", "    return 3"]),
        ("b_kernels", ["from .a_kernels import least", "def least_of_both():", "    return min(least(), 7)"]),
    ):
        at = next(number for number, line in enumerate(lines) if line.startswith("def"))
        text = ["from inpaint.compiled.jit import njit", *lines[:at], "@njit()", *lines[at:], ""]
        (kernels / f"{name}.py").write_text("\n".join(text))
    code = (
        "from inpaint.synthesis.b_kernels import least_of_both; print(least_of_both())\nstats = least_of_both.stats"
        + COUNTS
    )
    assert [computer.run(code)[1:3] for _ in range(2)] == [(0, 1), (1, 0)]
    changed = kernels / "a_kernels.py"
    changed.write_text(changed.read_text().replace("3", "5"))
    path, *counts, _ = computer.run(code)
    assert path.startswith("5") and counts == [0, 1]


def test_a_program_that_shows_the_note_says_once_that_it_compiles_and_nothing_when_kernels_are_loaded(computer):
    showing = "from inpaint.compiled.compiling import show_note\nshow_note(), show_note()\n" + RUN
    *_, log = computer.run(showing)
    assert log.startswith("note: compiling the kernels that this needs") and log.count("\n") == 1
    assert ": python -m inpaint.warm_up compiles all" in log
    *_, log = computer.run(showing)
    assert log == ""


def test_the_note_of_the_console_command_names_its_subcommand_that_compiles_everything(computer):
    start = "from inpaint.program import start_as\nfrom inpaint.compiled.compiling import show_note\n"
    *_, log = computer.run(f"{start}start_as('fill'), show_note()\n{RUN}")
    assert ": inpaint-photos warm-up compiles all" in log


def test_beside_a_read_only_package_the_cache_of_the_user_is_used(computer):
    computer.make_package_read_only()
    folder, *counts, log = computer.run()
    assert folder.startswith(str(computer.home)) and (counts, log) == ([0, 1], "")


def test_where_neither_can_be_written_a_private_temporary_folder_is_used(computer):
    computer.make_package_read_only()
    computer.make_home_read_only()
    folder, *counts, log = computer.run()
    (private,) = computer.temporary.iterdir()
    assert folder.startswith(str(private)) and (counts, log) == ([0, 1], "")
    assert computer.run() == (folder, 1, 0, "")
    if hasattr(os, "getuid"):
        assert private.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="each user of Windows has a folder for temporary files")
def test_a_temporary_folder_that_others_can_write_is_not_trusted(computer):
    computer.make_package_read_only()
    computer.make_home_read_only()
    (computer.temporary / f"inpaint-numba-{os.getuid()}").mkdir()
    (computer.temporary / f"inpaint-numba-{os.getuid()}").chmod(0o777)
    folder, *counts, log = computer.run()
    assert folder == "None" and counts == [0, 1] and log.count("\n") == 1 and "NUMBA_CACHE_DIR" in log


def test_the_cache_of_other_functions_of_the_process_stays_where_it_was(computer):
    computer.make_package_read_only()
    computer.make_home_read_only()
    computer.run(RUN + "assert numba.config.CACHE_DIR == ''")


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_truncated_files_are_compiled_again_and_replaced(computer, suffix):
    computer.run()
    for file in (computer.package / "synthesis" / "__pycache__").glob(f"*source_rows*.{suffix}"):
        file.write_bytes(file.read_bytes()[:10])
    *_, hits, misses, log = computer.run()
    assert (hits, misses) == (0, 1) and log.count("\n") == 1 and "compiled again" in log
    assert computer.run()[1:] == (1, 0, "")


def test_a_full_disk_makes_no_call_fail(computer):
    code = """
import errno, os
from numba.core.caching import IndexDataCacheFile

def full(self, name, data):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

IndexDataCacheFile._save_data = full
"""
    *_, log = computer.run(code + RUN)
    assert log.count("\n") == 1 and "cannot be kept" in log


def test_entries_that_two_processes_have_exchanged_are_compiled_again(computer):
    (computer.package.parent / "exchanged.py").write_text(
        "from inpaint.compiled.jit import njit\n@njit()\ndef first(values):\n    return values[0]\n"
    )
    code = """
import exchanged, numpy as np
assert exchanged.first(np.array([1], np.int32)) == exchanged.first(np.array([1], np.float32)) == 1
stats = exchanged.first.stats
"""
    code += COUNTS
    folder, *counts, _ = computer.run(code)
    assert counts == [0, 2]
    one, other = Path(folder).glob("exchanged.first*.nbc")
    one.rename(f"{one}.moved"), other.rename(one), Path(f"{one}.moved").rename(other)
    assert computer.run(code)[1:3] == (0, 2)
    assert computer.run(code)[1:3] == (2, 0)


def test_processes_that_compile_at_the_same_time_all_succeed_and_leave_a_usable_cache(computer):
    together = [computer.start() for _ in range(4)]
    for process in together:
        result_of(process)
    assert computer.run()[1:] == (1, 0, "")


def test_threads_that_need_a_kernel_at_the_same_time_compile_it_once(computer):
    code = """
import concurrent.futures, threading
together = threading.Barrier(4)

def call_together(_):
    together.wait()
    call()

with concurrent.futures.ThreadPoolExecutor(4) as threads:
    list(threads.map(call_together, range(4)))
"""
    assert computer.run(KERNEL + code + RUN)[1:] == (0, 1, "")
