"""Datasets that several modules use."""

import pytest

from tests.datasets import png, write_parquet


@pytest.fixture
def greys(tmp_path):
    """A dataset of 20 uniform images in four files, with the grey values 0, 10, ... 190."""
    return write_parquet(tmp_path / "greys", [png(value) for value in range(0, 200, 10)], rows_per_file=6)
