"""`python -m inpaint PHOTO MASK -o OUT`: fill the holes of one photo, or of a folder of photos."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

from .image import SUFFIXES, open_photo
from .inpainter import Inpainter
from .saving import save_photo

Task = tuple[Path, Path | None, Path]
"""A photo, its mask (None: there is none) and where the result goes."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the return value is the exit code: 0 only if every photo was filled."""
    options = build_parser().parse_args(arguments)
    try:
        tasks = find_tasks(options.photo, options.mask, options.output)
        inpainter = Inpainter.from_pretrained(options.model, device=options.device)
    except (ValueError, OSError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    failures = 0
    for photo, mask, output in tqdm(tasks, unit="photo", disable=not options.photo.is_dir()):
        try:
            fill_file(inpainter, photo, mask, output, overwrite=options.overwrite)
        except (ValueError, OSError, RuntimeError, MemoryError) as error:
            failures += 1
            tqdm.write(f"error: {photo}: {error or type(error).__name__}", file=sys.stderr)
    done = len(tasks) - failures
    if options.photo.is_dir() or not failures:
        what = "1 photo" if done == 1 else f"{done} photos"
        print(f"{what} filled, {failures} failed; written to {options.output}")
    return 1 if failures else 0


def build_parser() -> argparse.ArgumentParser:
    """The command line's options."""
    parser = argparse.ArgumentParser(
        prog="python -m inpaint",
        description="Fill the holes of a photo. Pixels outside the mask stay as they are, and so do the photo's "
        "size, mode, EXIF and colour profile.",
    )
    parser.add_argument("photo", type=Path, metavar="PHOTO", help="a photo, or a folder of photos")
    parser.add_argument(
        "mask",
        type=Path,
        metavar="MASK",
        help="a picture of the photo's size, white where it is to be filled; for a folder of photos a folder with a "
        "mask of the same name for each, with any picture suffix",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="a file, or a folder (made if missing)"
    )
    parser.add_argument(
        "--model", metavar="REPO[@REVISION]", help="Hub repository or folder with weights (default: the bundled ones)"
    )
    parser.add_argument("--device", metavar="NAME", help="cuda, mps or cpu (default: the first of these that is there)")
    parser.add_argument("--overwrite", action="store_true", help="allow OUT to be the photo itself")
    return parser


def find_tasks(photo: Path, mask: Path, output: Path) -> list[Task]:
    """What there is to do, sorted by name.

    Raises:
        ValueError: photo and mask are not two files or two folders that exist, or there is no photo in the folder.
    """
    for path, name in ((photo, "photo"), (mask, "mask")):
        if not path.exists():
            raise ValueError(f"{path}: there is no such {name}; check the path")
    if not photo.is_dir():
        if mask.is_dir():
            raise ValueError(f"{mask} is a folder and {photo} a file; give two files or two folders")
        is_folder = output.is_dir() or not output.suffix
        return [(photo, mask, output / photo.name if is_folder else output)]
    if not mask.is_dir():
        raise ValueError(f"{photo} is a folder and {mask} a file; give two files or two folders")
    if output.exists() and not output.is_dir():
        raise ValueError(f"{output} is a file; for a folder of photos, OUT must be a folder")
    masks = {path.stem: path for path in reversed(pictures_in(mask))}
    photos = pictures_in(photo)
    if not photos:
        raise ValueError(f"{photo} holds no photo; names must end in one of {', '.join(SUFFIXES)}")
    return [(path, masks.get(path.stem), output / path.name) for path in photos]


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of a folder, not of its subfolders, sorted; hidden files are left out."""
    names = (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith("."))
    return sorted(path for path in names if path.is_file())


def fill_file(inpainter: Inpainter, photo: Path, mask: Path | None, output: Path, *, overwrite: bool) -> None:
    """Fill one photo and write it in one step: `output` is never left half-written.

    Raises:
        ValueError: no mask, unreadable pictures, or the output is the photo and `overwrite` is off.
        OSError: it cannot be written.
    """
    if mask is None:
        raise ValueError(f"it has no mask; the folder of masks needs a picture named {photo.stem}.png (or .jpg ...)")
    if output.exists() and output.samefile(photo) and not overwrite:
        raise ValueError("the result would replace the photo; choose another OUT, or add --overwrite")
    picture = open_photo(photo)
    result = inpainter(picture, mask)
    output.parent.mkdir(parents=True, exist_ok=True)
    same_kind = output.suffix.lower() == photo.suffix.lower()
    descriptor, temporary = tempfile.mkstemp(prefix=f".{output.stem}-", suffix=output.suffix, dir=output.parent)
    os.close(descriptor)
    try:
        save_photo(result, temporary, picture.format if same_kind else None)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, output)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


if __name__ == "__main__":
    sys.exit(main())
