"""Patterns such as "scans/**/*.tif": which files they match, and the folder that they start from."""

import glob
import os
from pathlib import Path


def is_pattern(text: str) -> bool:
    """Return whether a text is a pattern; the name of a file or folder that exists is none."""
    return glob.has_magic(text) and not Path(text).exists()


def entries_of(pattern: str) -> list[Path]:
    """Return the entries of a folder, or the matches of a pattern, sorted."""
    path = Path(pattern)
    if path.is_dir():
        return sorted(path.iterdir())
    base = fixed_part(path)
    rest = path.relative_to(base)
    found = [Path(name) for name in glob.glob(str(Path(glob.escape(str(base))) / rest), recursive=True)]
    by_place: dict[str, Path] = {}  # "**" follows a link to a folder above it round and round
    for entry in sorted(found, key=lambda entry: (len(entry.parts), entry)):
        by_place.setdefault(os.path.join(os.path.realpath(entry.parent), entry.name), entry)
    return sorted(by_place.values())


def fixed_part(pattern: Path) -> Path:
    """Return the folder before the first wildcard of a pattern; brackets of a folder that exists are none."""
    base = Path()
    for part in pattern.parts[:-1]:
        if glob.has_magic(part) and not (base / part).is_dir():
            break
        base /= part
    return base
