"""Copy this code, at its commit, into a job that starts from a plain PyTorch image.

The files of the commit are uploaded to the run's private checkpoint repository, so that the commit need not be public,
or pushed anywhere.
"""

import hashlib
import subprocess
from pathlib import Path
from typing import NamedTuple

from huggingface_hub import HfApi

from inpaint.hub.retry import retry

from .errors import explained
from .packages import packages_of
from .spec import JobError, RunSpec

IMAGE = "pytorch/pytorch:2.11.0-cuda12.8-cudnn9-runtime"
PACKED_PATHS = ("inpaint", "train", "requirements.txt", "pyproject.toml", "README.md", "LICENSE")
ROOT = Path(__file__).parents[2]

BOOTSTRAP = """\
import hashlib, io, os, subprocess, sys, tarfile, urllib.request
url, sha256, packages, *arguments = sys.argv[1:]
request = urllib.request.Request(url)
request.add_unredirected_header("Authorization", "Bearer " + os.environ["HF_TOKEN"])
code = urllib.request.urlopen(request, timeout=300).read()
assert hashlib.sha256(code).hexdigest() == sha256, "the downloaded code differs from the uploaded one"
os.makedirs("inpaint-code", exist_ok=True)
tarfile.open(fileobj=io.BytesIO(code)).extractall("inpaint-code", filter="data")
os.chdir("inpaint-code")
plain = {name: value for name, value in os.environ.items() if name != "HF_TOKEN"}
install = [sys.executable, "-m", "pip", "install", "--quiet", "--root-user-action=ignore", "-r", "requirements.txt"]
subprocess.run(install + packages.split(), check=True, env={**plain, "PIP_BREAK_SYSTEM_PACKAGES": "1"})
os.execv(sys.executable, [sys.executable, "-m", "train", *arguments])
"""
"""Program that runs in the job before training. What follows it on the command line is data: URL, hash, packages,
arguments."""


class PackedCode(NamedTuple):
    """The files of a commit in an archive.

    Attributes:
        commit: sha of the commit.
        data: a .tar.gz of `PACKED_PATHS`.
    """

    commit: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Hash of the data."""
        return hashlib.sha256(self.data).hexdigest()


def pack(root: Path = ROOT) -> PackedCode:
    """Return the files that training needs, as they are in the commit that is checked out.

    Args:
        root: the git checkout.

    Raises:
        JobError: `root` is not a git checkout, or a file in it is not committed.
    """
    try:
        commit = _git(root, "rev-parse", "HEAD").decode().strip()
        changed = _git(root, "status", "--porcelain", "--", *PACKED_PATHS).decode().splitlines()
        if changed:
            raise JobError(
                f"{changed[0].strip()!r} is not committed, and a job runs a commit: commit it, or give a Space that"
                " holds this code with --space OWNER/NAME."
            )
        return PackedCode(commit, _git(root, "archive", "--format=tar.gz", commit, *PACKED_PATHS))
    except (OSError, subprocess.CalledProcessError):
        raise JobError(
            f"{root} is not a git checkout, so that its commit is unknown: give a Space that holds this code with"
            " --space OWNER/NAME, or train on this machine with --here."
        ) from None


def _git(root: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=True).stdout


def upload(code: PackedCode, spec: RunSpec, token: str) -> list[str]:
    """Upload the code to the run's checkpoint repository, which is created if needed.

    Args:
        code: from `pack`.
        spec: the run.
        token: may write to the repository.

    Returns:
        The command that downloads the code in a job and starts training; the arguments of `python -m train` follow it.

    Raises:
        JobError: the Hub refuses, cannot be reached, or the repository is public.
    """
    api, path = HfApi(token=token), f"code/{code.commit}.tar.gz"
    repo_id = spec.checkpoint_repo
    with explained(f"The code could not be uploaded to {repo_id}", token):
        retry(lambda: api.create_repo(repo_id, private=True, exist_ok=True))
        info = retry(lambda: api.model_info(repo_id))
        if not info.private:
            raise JobError(f"{repo_id} is public: make it private in its settings, or delete it.")
        commit = retry(lambda: api.upload_file(path_or_fileobj=code.data, path_in_repo=path, repo_id=repo_id))
    url = f"{api.endpoint}/{repo_id}/resolve/{commit.oid}/{path}"
    return ["python", "-c", BOOTSTRAP, url, code.sha256, packages_of(spec)]
