"""Whether results go to a file or to a folder, by what the user names as OUT."""

import os
from pathlib import Path

from .formats import SUFFIXES, TABLES

PIPE = "-"
"""Standard input or output, in place of a path."""
_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))
"""At the end of OUT they say that it is a folder."""


def is_folder(output: str) -> bool:
    """Return whether a folder of that name exists, or the name ends like that of a folder."""
    return Path(output).is_dir() or output.endswith(_SEPARATORS)


def may_be_folder(output: str) -> bool:
    """Return whether results of several photos can go there: it is no file, and has no name of one."""
    if output == PIPE or Path(output).is_file():
        return False
    return is_folder(output) or not output.lower().endswith((*SUFFIXES, *TABLES))
