"""The memory limit of the process that reads the pictures of a dataset."""

import json
import subprocess
import sys

import pytest

from train.jobs import dataset as jobs_dataset
from train.jobs.spec import JobError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=jobs_dataset.ROOT)


def test_what_exceeds_the_limit_raises_a_memory_error():
    code = "from train.jobs.memory_limit import limit_memory; limit_memory(); {}(5_000_000_000)"
    done = run(code.format("bytearray"))
    assert done.returncode == 1 and "MemoryError" in done.stderr
    assert run(code.format("limit_memory() or int")).returncode == 0


def test_a_preview_that_needs_too_much_memory_is_answered_with_a_sentence():
    code = (
        "import sys; from train.jobs import preview; sys.argv = ['preview', 'tiny', 'me/photos']\n"
        "preview.preview = lambda *_: bytearray(5_000_000_000)\n"
        "sys.exit(preview.main())"
    )
    done = run(code)
    assert done.returncode == 1 and "too large to be shown" in json.loads(done.stdout)["problem"]


def test_a_preview_whose_process_is_ended_by_the_limit_is_answered_with_a_sentence(monkeypatch):
    monkeypatch.setattr(jobs_dataset.sys, "executable", "/bin/false")
    with pytest.raises(JobError, match="could not be read"):
        jobs_dataset.preview("me/photos", "tiny", None)
