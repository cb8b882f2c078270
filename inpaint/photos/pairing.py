"""Which photos a batch fills, which mask belongs to each, and where the results go."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from .formats import SUFFIXES
from .left_out import LeftOut, left_out_of, told
from .mask_names import MASK_SUFFIXES, MaskNames, masks_beside, names_looked_for
from .outputs import PIPE, is_folder, may_be_folder
from .patterns import entries_of, fixed_part, is_pattern
from .saving import format_of

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
    find_masks = _mask_finder(mask)
    found = _found(photos)
    if len(photos) == 1 and list(found) == [Path(photos[0])]:
        photo = Path(photos[0])
        name = Path(photo.name)
        return [Task(photo, _first(find_masks(photo, name)), _single_output(output, _renamed(name, format), format))]
    if mask == PIPE:
        raise ValueError("standard input (-) holds one mask, for one photo; pass a file, a folder or a pattern")
    masks = {photo: find_masks(photo, name) for photo, name in found.items()}
    used = _used_as_mask(masks, masks_beside(found), has_names=mask is not None and not _is_one_file(mask))
    chosen = {photo: name for photo, name in found.items() if photo not in used}
    if len(chosen) == 1 and all(Path(name) in found for name in photos):
        outputs = {photo: _single_output(output, _renamed(name, format), format) for photo, name in chosen.items()}
    else:
        if not may_be_folder(output):
            raise ValueError(f"{output} takes one photo, passed as a file; for many, OUT must be a folder")
        outputs = {photo: Path(output) / _renamed(name, format) for photo, name in chosen.items()}
    tasks = [Task(photo, _first(masks[photo]), outputs[photo]) for photo in chosen]
    if not tasks:
        raise ValueError("every photo is the mask of another one; put photos and masks into two folders")
    _check_collisions(tasks)
    return sorted(tasks, key=lambda task: str(task.photo))


def find_left_out(photos: list[str], mask: str | None, output: str, tasks: list[Task]) -> list[LeftOut]:
    """Return what of the folders and patterns is not filled though it looks like a photo, or holds some.

    Args:
        photos: as for `find_tasks`.
        mask: as for `find_tasks`.
        output: as for `find_tasks`.
        tasks: what `find_tasks` returned.
    """
    known: set[Path] = {path for task in tasks for path in (task.photo, task.mask) if isinstance(path, Path)}
    known |= {path.parent for task in tasks for path in (task.mask, task.output) if isinstance(path, Path)}
    known |= {Path(name) for name in (mask, output) if name is not None and name != PIPE}
    left_out: list[LeftOut] = []
    for pattern in photos:
        if pattern != PIPE and (Path(pattern).is_dir() or not os.path.lexists(pattern)):
            left_out += left_out_of(entries_of(pattern), known)
    further = _further_masks(photos, tasks, mask)
    told_already = {each.path for each in further}
    return left_out + further + [each for each in _named_masks(photos, tasks) if each.path not in told_already]


def no_mask_sentence(photo: Path, mask: str | None) -> str:
    """Return why a photo has no mask: which names were looked for, and which ones nearly fit.

    Args:
        photo: the file.
        mask: the folder or pattern of the masks; None: unknown.
    """
    near = _masks_of(mask).near(photo) if mask is not None and mask != PIPE else []
    nearly = f"; {' and '.join(near)} nearly {'fits' if len(near) == 1 else 'fit'}" if near else ""
    where = f" in {mask}" if mask is not None else ""
    return f"it has no mask{where}: looked for {names_looked_for(photo)}{nearly}. Rename the mask, or use --find-damage"


def _first(masks: list[Path | str]) -> Path | str | None:
    return masks[0] if masks else None


def _used_as_mask(masks: dict[Path, list[Path | str]], beside: dict[Path, Path], has_names: bool) -> set[Path | str]:
    """Return the photos that are masks of others, and are not filled themselves.

    Args:
        masks: of each photo.
        beside: those that are masks of others by their names.
        has_names: masks are looked for by the names of photos. A photo with the name of a mask that has a mask of its
            own elsewhere is then a photo.
    """
    used = {path for paths in masks.values() for path in paths[:1]}
    used |= {path for paths in masks.values() for path in paths if path in beside}
    return used | {photo for photo in beside if not (has_names and masks[photo])}


def _named_masks(photos: list[str], tasks: list[Task]) -> list[LeftOut]:
    """Return photos that are not filled because they are masks of others by their names."""
    if photos == [PIPE]:
        return []
    used = {path for task in tasks for path in (task.photo, task.mask)}
    beside = masks_beside(_found(photos)).items()
    return [LeftOut(path, f"by its name a mask of {photo.name}") for path, photo in beside if path not in used]


def _further_masks(photos: list[str], tasks: list[Task], mask: str | None) -> list[LeftOut]:
    """Return masks of photos that have another one as well, such as NAME_mask002."""
    if mask is None or mask == PIPE or Path(mask).is_file() or photos == [PIPE]:
        return []
    masks, used = _masks_of(mask), {task.mask for task in tasks}
    names = _found(photos)
    return [
        LeftOut(path, f"a further mask of {task.photo.name}")
        for task in tasks
        if isinstance(task.photo, Path) and task.photo in names
        for path in masks.of(task.photo, names[task.photo])
        if path not in used
    ]


def _found(photos: list[str]) -> dict[Path, Path]:
    """Return the photos of files, folders and patterns, each with its path relative to the folder or fixed part."""
    return {photo: name for pattern in photos for photo, name in _expand(pattern, "photo", SUFFIXES)}


def _expand(pattern: str, what: str, suffixes: tuple[str, ...]) -> list[tuple[Path, Path]]:
    """Return the pictures of a file, folder or pattern, each with its path relative to the folder or fixed part."""
    path = Path(pattern)
    if not path.is_dir() and not is_pattern(pattern):
        if not path.exists():
            raise ValueError(f"{pattern}: there is no such {what}; check the path")
        return [(path, Path(path.name))]
    base = path if path.is_dir() else fixed_part(path)
    entries = entries_of(pattern)
    found = [entry for entry in entries if _is_picture(entry, suffixes)]
    if not found:
        left_out = left_out_of(entries, [])
        more = f"; {told(left_out)}" if left_out else ""
        if path.is_dir():
            raise ValueError(f"{pattern} holds no {what}; names must end in one of {', '.join(suffixes)}{more}")
        raise ValueError(f"{pattern} matches no {what}; check the pattern{more}")
    return [(file, file.relative_to(base)) for file in found]


def _is_picture(path: Path, suffixes: tuple[str, ...]) -> bool:
    return path.suffix.lower() in suffixes and not path.name.startswith(".") and path.is_file()


def _mask_finder(mask: str | None) -> Callable[[Path, Path], list[Path | str]]:
    """Return a function (photo, its relative name) -> its masks: none, one for all photos, or those of its name."""
    if mask is None:
        return lambda photo, name: []
    if _is_one_file(mask):
        only = _single_mask(mask)
        return lambda photo, name: [only]
    masks = _masks_of(mask)
    return lambda photo, name: list(masks.of(photo, name))


def _is_one_file(mask: str) -> bool:
    return mask == PIPE or (Path(mask).exists() and not Path(mask).is_dir())


def _masks_of(mask: str) -> MaskNames:
    """Return the masks of a folder and its subfolders, or of a pattern."""
    if Path(mask).is_dir():
        files = sorted(path for path in Path(mask).rglob("*") if _is_picture(path, MASK_SUFFIXES))
        return MaskNames((path, path.relative_to(mask)) for path in files)
    return MaskNames(_expand(mask, "mask", MASK_SUFFIXES))


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
    if path.suffix and not is_folder(output):
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
