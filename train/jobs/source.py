"""This repository at its exact commit, brought into a job that starts from a plain PyTorch image.

The commit's files go to the run's private companion repository, so that it need not be public, or pushed, anywhere.
"""

import hashlib
import subprocess
from pathlib import Path
from typing import NamedTuple

import httpx2
from huggingface_hub import HfApi

from inpaint.hub.retry import retry

from .hub import explain
from .spec import JobError, Run

IMAGE = "pytorch/pytorch:2.11.0-cuda12.8-cudnn9-runtime"
PARTS = ("inpaint", "train", "requirements.txt", "pyproject.toml", "README.md", "LICENSE")
ROOT = Path(__file__).parents[2]

BOOTSTRAP = """\
import hashlib, io, os, subprocess, sys, tarfile, urllib.request
url, sha256, *arguments = sys.argv[1:]
request = urllib.request.Request(url)
request.add_unredirected_header("Authorization", "Bearer " + os.environ["HF_TOKEN"])
code = urllib.request.urlopen(request, timeout=300).read()
assert hashlib.sha256(code).hexdigest() == sha256, "the code is not what was sent"
os.makedirs("inpaint-code", exist_ok=True)
tarfile.open(fileobj=io.BytesIO(code)).extractall("inpaint-code", filter="data")
os.chdir("inpaint-code")
plain = {name: value for name, value in os.environ.items() if name != "HF_TOKEN"}
install = [sys.executable, "-m", "pip", "install", "--quiet", "--root-user-action=ignore", "-r", "requirements.txt"]
subprocess.run(install, check=True, env={**plain, "PIP_BREAK_SYSTEM_PACKAGES": "1"})
os.execv(sys.executable, [sys.executable, "-m", "train", *arguments])
"""
"""Runs in the job before training; what follows it on the command line are plain arguments, never code."""


class Code(NamedTuple):
    """A commit's files, packed.

    Attributes:
        commit: its sha.
        data: a .tar.gz of what training needs.
    """

    commit: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Of the data."""
        return hashlib.sha256(self.data).hexdigest()


def pack(root: Path = ROOT) -> Code:
    """This repository at its commit.

    Raises:
        JobError: it is no git checkout, or something in it is not committed.
    """
    try:
        commit = _git(root, "rev-parse", "HEAD").decode().strip()
        changed = _git(root, "status", "--porcelain", "--", *PARTS).decode().splitlines()
        if changed:
            raise JobError(
                f"{changed[0].strip()!r} is not committed, and a job runs a commit: commit it, or name a Space that"
                " holds this code with --space OWNER/NAME."
            )
        return Code(commit, _git(root, "archive", "--format=tar.gz", commit, *PARTS))
    except (OSError, subprocess.CalledProcessError):
        raise JobError(
            f"{root} is no git checkout, so that its commit is unknown: name a Space that holds this code with"
            " --space OWNER/NAME, or train here."
        ) from None


def _git(root: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=True).stdout


def upload(code: Code, run: Run, token: str) -> list[str]:
    """Puts the code into the run's companion repository; the command that fetches and starts it there.

    Raises:
        JobError: the Hub refuses, or cannot be reached.
    """
    api, path = HfApi(token=token), f"code/{code.commit}.tar.gz"
    try:
        retry(lambda: api.create_repo(run.checkpoint_repo, private=True, exist_ok=True))
        info = retry(lambda: api.model_info(run.checkpoint_repo))
        if not info.private:
            raise JobError(f"{run.checkpoint_repo} is public: make it private in its settings, or delete it.")
        made = api.upload_file(path_or_fileobj=code.data, path_in_repo=path, repo_id=run.checkpoint_repo)
    except (httpx2.HTTPError, OSError) as error:
        raise JobError(explain(error, f"The code could not be put into {run.checkpoint_repo}", token)) from None
    url = f"{api.endpoint}/{run.checkpoint_repo}/resolve/{made.oid}/{path}"
    return ["python", "-c", BOOTSTRAP, url, code.sha256]
