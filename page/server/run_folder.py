"""The folder of this run of the page, which holds all that visitors send and download; those of dead runs go.

Nothing here imports Gradio, which decides while it is imported where some of its files go.
"""

import os
import tempfile
from pathlib import Path

from inpaint.temporary_folder import make_folder, remove_dead_folders

TEMPORARY = "temporary"
"""The part of it that is this process's folder for temporary files: weights and previews of private runs, above all."""


def use_run_folder() -> Path:
    """Make the folder of this run, which only this user can read, and set GRADIO_TEMP_DIR to it.

    Temporary files of this process lie in it too, but not those of processes that it starts, which may last longer. It
    lies below the folder that GRADIO_TEMP_DIR names, which may be missing, or below the system's folder for temporary
    files. What runs that were killed have left there is removed. The folder is locked while this process lives.
    """
    above = Path(os.getenv("GRADIO_TEMP_DIR") or tempfile.gettempdir()).resolve()
    above.mkdir(parents=True, exist_ok=True)
    remove_dead_folders(above)
    folder, _ = make_folder(above)
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    (folder / TEMPORARY).mkdir()
    tempfile.tempdir = str(folder / TEMPORARY)
    return folder
