"""Names of datasets and weights in reports."""

from pathlib import Path


def display_name(source: str) -> str:
    """Return a dataset or weights id for reports: of a local file or folder, its name without the path."""
    return Path(source).name if Path(source).exists() else source
