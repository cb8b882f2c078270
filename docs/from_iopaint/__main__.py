"""python -m docs.from_iopaint IOPAINT: what IOPaint and `python -m inpaint` keep of the same files.

IOPAINT is the command `iopaint` of an environment with IOPaint 1.6; `--model=cv2` needs no download. The files, see
`files.FILES`, are made here. IOPaint gets them one by one: one that it cannot fill ends its run over a folder.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from inpaint.markdown import markdown_table

from .files import write_files
from .kept import PROPERTIES, kept

PROGRAMS = ("iopaint run --model=cv2", "inpaint-photos fill")


def result_of(folder: Path, photo: Path) -> Path | None:
    """Return the result of a photo, whatever its suffix; None if there is none."""
    if (folder / photo.name).exists():
        return folder / photo.name
    return next(iter(sorted(folder.glob(f"{photo.stem}.*"))), None)


def run_iopaint(command: str, image: Path, mask: Path, output: Path) -> None:
    """Fill a photo, or a folder of photos; if that fails, print the last line of what IOPaint reports."""
    places = ["--image", image, "--mask", mask, "--output", output]
    done = subprocess.run(
        [command, "run", "--model=cv2", "--device=cpu", *places], check=False, capture_output=True, text=True
    )
    if done.returncode:
        reported = done.stderr.strip().splitlines() or ["no message"]
        print(f"IOPaint ends with an error at {image.name}: {reported[-1]}", flush=True)


def table(photos: Sequence[Path], folders: Sequence[Path]) -> str:
    """Return a Markdown table: how many of the files that have a property keep it, with each of the PROGRAMS."""
    answers = [[kept(photo, result_of(folder, photo)) for photo in photos] for folder in folders]
    rows = []
    for name in PROPERTIES:
        given = [[answer[name] for answer in of_program] for of_program in answers]
        rows.append([name, *(f"{values.count(True)} of {len(values) - values.count(None)}" for values in given)])
    return markdown_table(["kept", *(f"`{name}`" for name in PROGRAMS)], rows)


def losses(photos: Sequence[Path], folder: Path) -> str:
    """Return a line for each photo that lost something: its name, and the properties that are not kept."""
    lines = []
    for photo in photos:
        answers = kept(photo, result_of(folder, photo))
        if lost := [name for name in PROPERTIES if answers[name] is False]:
            lines.append(f"{photo.name}: {', '.join(lost)}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, and what each program has lost."""
    parser = argparse.ArgumentParser(prog="python -m docs.from_iopaint", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("iopaint", help="the command iopaint, with its path")
    parser.add_argument("--folder", type=Path, help="a new folder, in which photos and results stay")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        root = options.folder or Path(temporary)
        photos, masks, whole, theirs, ours = (root / name for name in ("photos", "masks", "whole", "theirs", "ours"))
        for folder in (photos, masks, whole, theirs, ours):
            folder.mkdir(parents=True)
        files = write_files(photos, masks)
        run_iopaint(options.iopaint, photos, masks, whole)
        print(f"IOPaint, given the folder, writes {sum(1 for _ in whole.iterdir())} of {len(files)} results.")
        for photo in files:
            run_iopaint(options.iopaint, photo, masks / f"{photo.stem}.png", theirs)
        subprocess.run([sys.executable, "-m", "inpaint", photos, masks, "-o", ours], check=False)
        print(table(files, (theirs, ours)))
        for program, folder in zip(PROGRAMS, (theirs, ours), strict=True):
            print(f"\nLost by {program}:\n{losses(files, folder)}")


if __name__ == "__main__":
    main()
