"""Copy this code into a job that starts from a plain PyTorch image: a commit, or the files of an installed package.

They are uploaded to the run's private checkpoint repository, so that a commit need not be public, or pushed anywhere.
"""

import gzip
import hashlib
import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from huggingface_hub import HfApi

from inpaint import __version__
from inpaint.hub.retry import retry

from .errors import explained
from .packages import packages_of
from .spec import JobError, RunSpec

IMAGE = "pytorch/pytorch:2.11.0-cuda12.8-cudnn9-runtime"
PACKED_PATHS = ("inpaint", "train", "requirements.txt", "pyproject.toml", "README.md", "LICENSE")
"""What a job gets of a commit."""
INSTALLED_PATHS = ("train", "requirements.txt")
"""What it gets of the folder `programs` of an installed package, beside `inpaint`, in which that folder lies."""
ROOT = Path(__file__).parents[2]
"""The checkout, or the folder `programs`."""

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
    """The code of a job in an archive.

    Attributes:
        version: sha of the commit; of an installed package its version and the first digits of a hash of its files.
        data: a .tar.gz with `inpaint`, `train` and `requirements.txt`.
    """

    version: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Hash of the data."""
        return hashlib.sha256(self.data).hexdigest()


def pack(root: Path = ROOT) -> PackedCode:
    """Return the files that training needs, as they are in the commit that is checked out, or as they are installed.

    Args:
        root: the git checkout, or the folder `programs` of an installed package.

    Raises:
        JobError: `root` is neither, or a file in the checkout is not committed.
    """
    is_installed = (root.parent / "__init__.py").is_file()
    return _pack_installed(root) if is_installed else _pack_commit(root)


def _pack_commit(root: Path) -> PackedCode:
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
            " --space OWNER/NAME, install it with `pip install .[jobs]` and use `inpaint-photos jobs`, or train on"
            " this machine with --here."
        ) from None


def _pack_installed(programs: Path) -> PackedCode:
    """Return the files of an installed package, laid out as in a checkout; equal files give equal archives."""
    package, archive = programs.parent, io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path in _files(package, leave_out=programs):
            _add(tar, path, package.parent)
        for part in INSTALLED_PATHS:
            for path in _files(programs / part):
                _add(tar, path, programs)
    data = archive.getvalue()
    return PackedCode(f"{__version__}-{hashlib.sha256(data).hexdigest()[:12]}", gzip.compress(data, mtime=0))


def _files(path: Path, leave_out: Path | None = None) -> Iterator[Path]:
    """Yield a file, or the files below a folder in a fixed order, without what Python and numba have compiled."""
    for each in [path] if path.is_file() else sorted(path.rglob("*")):
        if each.is_file() and "__pycache__" not in each.parts and (leave_out is None or leave_out not in each.parents):
            yield each


def _add(tar: tarfile.TarFile, path: Path, base: Path) -> None:
    """Add a file under its path below `base`, without its owner and time."""
    info = tarfile.TarInfo(path.relative_to(base).as_posix())
    data = path.read_bytes()
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


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
    api, path = HfApi(token=token), f"code/{code.version}.tar.gz"
    repo_id = spec.checkpoint_repo
    with explained(f"The code could not be uploaded to {repo_id}", token):
        retry(lambda: api.create_repo(repo_id, private=True, exist_ok=True))
        info = retry(lambda: api.model_info(repo_id))
        if not info.private:
            raise JobError(f"{repo_id} is public: make it private in its settings, or delete it.")
        commit = retry(lambda: api.upload_file(path_or_fileobj=code.data, path_in_repo=path, repo_id=repo_id))
    url = f"{api.endpoint}/{repo_id}/resolve/{commit.oid}/{path}"
    return ["python", "-c", BOOTSTRAP, url, code.sha256, packages_of(spec)]
