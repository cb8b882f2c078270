"""The code that a job downloads: the files of a commit, or of an installed package."""

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from inpaint import __version__
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


@pytest.fixture
def programs(tmp_path):
    """The folder `programs` of an installed package, within the git checkout of another project."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    package = tmp_path / "site-packages" / "inpaint"
    files = ["__init__.py", "weights/card.md", "__pycache__/a.pyc", "programs/requirements.txt", "programs/app.py"]
    files += ["programs/train/jobs/source.py", "programs/train/jobs/__pycache__/source.pyc", "programs/page/page.py"]
    for name in files:
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(name)
    return package / "programs"


def test_an_installed_package_is_packed_as_in_a_checkout_without_the_page_and_compiled_files(programs):
    with tarfile.open(fileobj=io.BytesIO(pack(programs).data)) as archive:
        names = archive.getnames()
        assert archive.extractfile("train/jobs/source.py").read() == b"programs/train/jobs/source.py"
    assert names == ["inpaint/__init__.py", "inpaint/weights/card.md", "train/jobs/source.py", "requirements.txt"]


def test_the_version_of_an_installed_package_has_a_digest_of_its_files(programs):
    first = pack(programs)
    os.utime(programs / "requirements.txt", (1, 1))
    assert pack(programs) == first and first.version.startswith(f"{__version__}-")
    (programs / "train" / "jobs" / "source.py").write_text("changed")
    assert pack(programs).version != first.version
