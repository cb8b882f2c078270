"""Large blocks are reused instead of being mapped again: seen in the page faults of a process of its own."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource
import numpy as np
from inpaint.allocator import keep_memory
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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it sets glibc's malloc")
def test_memory_that_was_used_once_is_not_asked_for_again():
    usual = faults("")
    assert faults("assert keep_memory()") < usual / 10
