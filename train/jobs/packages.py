"""Packages that a run needs beyond requirements.txt: a job installs them before it trains."""

from .spec import RunSpec

TRACKIO = "trackio>=0.43,<1"
INSTALL = """\
import os, subprocess, sys
packages, *arguments = sys.argv[1:]
plain = {name: value for name, value in os.environ.items() if name != "HF_TOKEN"}
install = [sys.executable, "-m", "pip", "install", "--quiet", "--root-user-action=ignore", *packages.split()]
subprocess.run(install, check=True, env={**plain, "PIP_BREAK_SYSTEM_PACKAGES": "1"})
os.execv(sys.executable, [sys.executable, "-m", "train", *arguments])
"""
"""Program that runs in the image of a Space before training, with the packages as its first argument."""


def packages_of(spec: RunSpec) -> str:
    """Return the packages that a run needs beyond requirements.txt, separated by spaces; "" for none."""
    return TRACKIO if spec.config.trackio else ""


def train_command(spec: RunSpec) -> list[str]:
    """Return the command that trains where requirements.txt is installed; its arguments follow it."""
    packages = packages_of(spec)
    return ["python", "-c", INSTALL, packages] if packages else ["python", "-m", "train"]
