"""Which photos a batch fills, which mask belongs to each, and where the results go."""

import glob
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from .opening import SUFFIXES
from .saving import format_of

PIPE = "-"
"""Standard input or output, in place of a path."""
_USUAL_SUFFIX = {"JPEG": ".jpg", "TIFF": ".tif", "HEIF": ".heic"}


class Task(NamedTuple):
    """One photo to fill.

    Attributes:
        photo: the file, or PIPE.
        mask: the file, or PIPE; None: there is no mask, or damage is to be found.
        output: where the result goes, a file or PIPE.
    """

    photo: Path | str
    mask: Path | str | None
    output: Path | str


def find_tasks(photos: list[str], mask: str | None, output: str, format: str | None = None) -> list[Task]:
    """Return the photos to fill with their masks and outputs, sorted by name.

    Args:
        photos: files, folders and patterns such as "scans/**/*.tif", or PIPE alone.
        mask: a file (for all photos), a folder or a pattern (masks are named like the photos), or PIPE; None: no task
            has a mask.
        output: a file for one photo, a folder (created if missing) for many, or PIPE.
        format: Pillow's name of the format of all results, which decides their suffix in a folder; None: the photo's.

    Raises:
        ValueError: a path does not exist, or the arguments do not fit together.
    """
    if PIPE in photos and (photos != [PIPE] or mask == PIPE):
        raise ValueError("standard input (-) holds one picture: pass the others as files")
    if photos == [PIPE]:
        only = None if mask is None else _single_mask(mask)
        return [Task(PIPE, only, _single_output(output, None, format))]
    find_mask = _mask_finder(mask)
    found = {photo: name for pattern in photos for photo, name in _expand(pattern, "photo")}
    if len(photos) == 1 and list(found) == [Path(photos[0])]:
        photo = Path(photos[0])
        name = Path(photo.name)
        return [Task(photo, find_mask(photo, name), _single_output(output, _renamed(name, format), format))]
    if output == PIPE or Path(output).is_file():
        raise ValueError(f"{output} takes one photo; for many, OUT must be a folder")
    if mask == PIPE:
        raise ValueError("standard input (-) holds one mask, for one photo; pass a file, a folder or a pattern")
    tasks = [
        Task(photo, find_mask(photo, name), Path(output) / _renamed(name, format)) for photo, name in found.items()
    ]
    used_as_mask = {task.mask for task in tasks if task.mask is not None}
    tasks = [task for task in tasks if task.photo not in used_as_mask]
    if not tasks:
        raise ValueError("every photo is the mask of another one; put photos and masks into two folders")
    _check_collisions(tasks)
    return sorted(tasks, key=lambda task: str(task.photo))


def _expand(pattern: str, what: str) -> list[tuple[Path, Path]]:
    """Return the pictures of a file, folder or pattern, each with its path relative to the folder or fixed part."""
    path = Path(pattern)
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if _is_picture(file))
        if not found:
            raise ValueError(f"{pattern} holds no {what}; names must end in one of {', '.join(SUFFIXES)}")
        return [(file, file.relative_to(path)) for file in found]
    if path.exists() or not glob.has_magic(pattern):
        if not path.exists():
            raise ValueError(f"{pattern}: there is no such {what}; check the path")
        return [(path, Path(path.name))]
    base = Path(*_fixed_parts(path.parts))
    found = [Path(name) for name in sorted(glob.glob(pattern, recursive=True)) if _is_picture(Path(name))]
    if not found:
        raise ValueError(f"{pattern} matches no {what}; check the pattern")
    return [(file, file.relative_to(base)) for file in found]


def _fixed_parts(parts: tuple[str, ...]) -> list[str]:
    """Return the parts of a pattern's path before the first wildcard."""
    fixed = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    return list(parts[:fixed])


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def _mask_finder(mask: str | None) -> Callable[[Path, Path], Path | str | None]:
    """Return a function (photo, its relative name) -> its mask: none, one for all photos, or one by name."""
    if mask is None:
        return lambda photo, name: None
    if mask == PIPE or (Path(mask).exists() and not Path(mask).is_dir()):
        only = _single_mask(mask)
        return lambda photo, name: only
    masks = _masks_by_name(mask)
    return lambda photo, name: _mask_named_like(photo, name, masks)


def _masks_by_name(mask: str) -> dict[str, list[Path]]:
    """Return the masks of a folder and its subfolders, or of a pattern, by relative name without suffix."""
    if Path(mask).is_dir():
        found = [(path, path.relative_to(mask)) for path in sorted(Path(mask).rglob("*")) if _is_picture(path)]
    else:
        found = _expand(mask, "mask")
    masks: dict[str, list[Path]] = {}
    for path, name in found:
        masks.setdefault(str(name.with_suffix("")), []).append(path)
    return masks


def _mask_named_like(photo: Path, name: Path, masks: dict[str, list[Path]]) -> Path | None:
    """Return the mask with the photo's name, with or without "-mask", "_mask" or ".mask"; None if there is none."""
    stem = name.with_suffix("")
    names = [str(stem), f"{stem}-mask", f"{stem}_mask", f"{stem}.mask", str(name)]
    return next((mask for key in names for mask in masks.get(key, []) if mask != photo), None)


def _single_mask(mask: str) -> Path | str:
    if mask == PIPE:
        return PIPE
    if not Path(mask).exists():
        raise ValueError(f"{mask}: there is no such mask; check the path")
    if Path(mask).is_dir():
        raise ValueError(f"{mask} is a folder; the mask of a photo from standard input must be a file")
    return Path(mask)


def _single_output(output: str, name: Path | None, format: str | None) -> Path | str:
    """Return where the only result goes; `name` is its name in a folder, None for a photo from standard input."""
    if output == PIPE:
        return PIPE
    path = Path(output)
    if not path.is_dir() and path.suffix:
        if format is None:
            format_of(path)  # an unknown suffix is refused before the photo is filled
        return path
    if name is None:
        raise ValueError(f"{output} is a folder; a photo from standard input has no name: pass a file name as OUT")
    return path / name


def _renamed(name: Path, format: str | None) -> Path:
    if format is None or format_of(name) == format:
        return name
    return name.with_suffix(_USUAL_SUFFIX.get(format, f".{format.lower()}"))


def _check_collisions(tasks: Iterable[Task]) -> None:
    taken: dict[Path | str, Path | str] = {}
    for task in tasks:
        other = taken.setdefault(task.output, task.photo)
        if other != task.photo:
            raise ValueError(f"{other} and {task.photo} would both be written to {task.output}; fill them one by one")
