"""Large blocks are reused instead of being mapped again, as the page faults of a separate process show."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource
import numpy as np
from inpaint.runtime.malloc import keep_memory
{call}
for _ in range(3):
    np.ones(64 * 2**20, np.uint8)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    np.ones(64 * 2**20, np.uint8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(call):
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(call=call)], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs glibc")
def test_large_blocks_are_reused_without_page_faults():
    usual = faults("")
    assert faults("assert keep_memory()") < usual / 10


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs glibc")
def test_trimming_returns_memory_between_blocks_in_use_to_the_kernel():
    code = """
from inpaint.runtime.malloc import trim_memory, keep_memory
def used():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS")) / 1024
keep_memory()
photos = [(bytearray(b"x") * 40_000_000, bytearray(b"y") * 1000) for _ in range(10)]
full, kept = used(), [small for _, small in photos]
del photos
before = used()
print(full - before < 100, trim_memory(), before - used() > 300)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["True", "True", "True"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs glibc")
def test_what_many_threads_have_freed_returns_to_the_kernel():
    code = """
import threading
from inpaint.runtime.malloc import trim_memory, keep_memory
def used():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS")) / 1024
keep_memory()
before, together = used(), threading.Barrier(12)
def work():
    held = [bytearray(b"x") * 1_000_000 for _ in range(30)]
    together.wait()
    full.append(used())
    together.wait()
    del held
    together.wait()
full = []
threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
trim_memory()
print(min(full) - before > 300, used() - before < 100, used() - before)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split()[:2] == ["True", "True"], run.stdout
