"""Fixtures of the tests of photos."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A function that creates small files in the current folder, a temporary one."""
    monkeypatch.chdir(tmp_path)

    def make(*names):
        for name in names:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_bytes(b"x")

    return make
