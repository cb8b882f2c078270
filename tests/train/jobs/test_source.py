"""The code that a job downloads: the files of a commit."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from train.jobs.source import PACKED_PATHS, pack
from train.jobs.spec import JobError


def test_the_code_of_a_commit_is_packed_and_uncommitted_changes_are_refused(tmp_path):
    git = ["git", "-C", str(tmp_path), "-c", "user.name=me", "-c", "user.email=me@example.org"]
    for part in PACKED_PATHS:
        path = tmp_path / part / "file.py" if "." not in part and part != "LICENSE" else tmp_path / part
        path.parent.mkdir(exist_ok=True)
        path.write_text(part)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for command in (["add", "-A"], ["commit", "-q", "-m", "All"]):
        subprocess.run([*git, *command], check=True)
    code = pack(tmp_path)
    with tarfile.open(fileobj=io.BytesIO(code.data)) as archive:
        assert {"inpaint/file.py", "train/file.py", "requirements.txt"} <= set(archive.getnames())
    (tmp_path / "train" / "file.py").write_text("changed")
    with pytest.raises(JobError, match="train/file.py' is not committed"):
        pack(tmp_path)
    with pytest.raises(JobError, match="not a git checkout"):
        pack(Path("/"))
