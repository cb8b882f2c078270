"""Files in, files out: which photos there are, which mask belongs to which, and where the results go."""

import glob
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image

from inpaint.atomic_write import atomic_write
from inpaint.engine.regions import check_grow_px, dilate
from inpaint.photos.masks import MAX_SHARE, check_max_share, to_mask
from inpaint.photos.opening import SUFFIXES, open_photo
from inpaint.photos.saving import check_quality, format_of, save_photo
from inpaint.photos.tone import restore_tone

from .damage import THRESHOLD, check_threshold
from .inpainter import Inpainter

PIPE = "-"
_USUAL_SUFFIX = {"JPEG": ".jpg", "TIFF": ".tif", "HEIF": ".heic"}


class Task(NamedTuple):
    """One photo, its mask (None: there is none, or it is to be found) and where the result goes.

    PIPE is standard input or output.
    """

    photo: Path | str
    mask: Path | str | None
    output: Path | str


@dataclass(frozen=True)
class Choices:
    """How photos are filled and written.

    Attributes:
        grow_px: fill so many pixels around each mask too; None: as suits the masks.
        invert: masks are black where the photo is to be filled.
        max_share: the largest share of a photo that a mask may mark.
        find_damage: masks are not read but found.
        threshold: how sure to be of damage that is found; lower marks more.
        mask_only: write the masks, as PNG, and fill nothing.
        restore_tone: even out faded tones after the fill.
        max_pixels: larger photos are refused; None: Pillow's own limit.
        format: Pillow's name of the format of all results; None: as the name of the result says.
        quality: 1 to 100; None: as the photo's.
        overwrite: results may take the place of photos and masks.

    Raises:
        ValueError: a number is out of its range.
    """

    grow_px: float | None = None
    invert: bool = False
    max_share: float = MAX_SHARE
    find_damage: bool = False
    threshold: float = THRESHOLD
    mask_only: bool = False
    restore_tone: bool = False
    max_pixels: int | None = None
    format: str | None = None
    quality: int | None = None
    overwrite: bool = False

    def __post_init__(self) -> None:
        check_grow_px(self.grow_px or 0)
        check_threshold(self.threshold)
        check_max_share(self.max_share)
        check_quality(self.quality)


def find_tasks(photos: list[str], mask: str | None, output: str, format: str | None = None) -> list[Task]:
    """What there is to do, sorted by name.

    Args:
        photos: files, folders and patterns such as "scans/**/*.tif", or PIPE alone.
        mask: a file (one for all photos), a folder or a pattern (masks are named like the photos), or PIPE; None: no
            task has a mask.
        output: a file for one photo, a folder (made if missing) for many, or PIPE.
        format: as in `Choices`: it gives results in a folder their suffix.

    Raises:
        ValueError: something is not there, or does not fit together.
    """
    if PIPE in photos and (photos != [PIPE] or mask == PIPE):
        raise ValueError("standard input (-) holds one picture: give the other ones as files")
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
        raise ValueError("standard input (-) holds one mask, for one photo; give a file, a folder or a pattern")
    tasks = [
        Task(photo, find_mask(photo, name), Path(output) / _renamed(name, format)) for photo, name in found.items()
    ]
    used_as_mask = {task.mask for task in tasks if task.mask is not None}
    tasks = [task for task in tasks if task.photo not in used_as_mask]
    if not tasks:
        raise ValueError("every photo is a mask of another one; give photos and masks in two folders")
    _refuse_collisions(tasks)
    return sorted(tasks, key=lambda task: str(task.photo))


def _expand(pattern: str, what: str) -> list[tuple[Path, Path]]:
    """Pictures that a file, folder or pattern names, each with its name below the folder or the fixed part."""
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
    base = Path(*_until_magic(path.parts))
    found = [Path(name) for name in sorted(glob.glob(pattern, recursive=True)) if _is_picture(Path(name))]
    if not found:
        raise ValueError(f"{pattern}: no {what} has such a name; check the pattern")
    return [(file, file.relative_to(base)) for file in found]


def _until_magic(parts: tuple[str, ...]) -> list[str]:
    fixed = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    return list(parts[:fixed])


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def _mask_finder(mask: str | None) -> Callable[[Path, Path], Path | str | None]:
    """Finds the mask of a photo, and its name: none, the same file for all, or from a folder or pattern."""
    if mask is None:
        return lambda photo, name: None
    if mask == PIPE or (Path(mask).exists() and not Path(mask).is_dir()):
        only = _single_mask(mask)
        return lambda photo, name: only
    masks = _masks(mask)
    return lambda photo, name: _own_mask(photo, name, masks)


def _masks(mask: str) -> dict[str, list[Path]]:
    """The masks of a folder and its subfolders, or of a pattern, by name without suffix."""
    if Path(mask).is_dir():
        found = [(path, path.relative_to(mask)) for path in sorted(Path(mask).rglob("*")) if _is_picture(path)]
    else:
        found = _expand(mask, "mask")
    masks: dict[str, list[Path]] = {}
    for path, name in found:
        masks.setdefault(str(name.with_suffix("")), []).append(path)
    return masks


def _own_mask(photo: Path, name: Path, masks: dict[str, list[Path]]) -> Path | None:
    """The mask of the photo's name, perhaps with "-mask" or "_mask" behind it."""
    plain = name.with_suffix("")
    names = [str(plain), f"{plain}-mask", f"{plain}_mask", f"{plain}.mask", str(name)]
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
    if output == PIPE:
        return PIPE
    path = Path(output)
    if not path.is_dir() and path.suffix:
        if format is None:
            format_of(path)  # a name that says no format is refused before the work is done
        return path
    if name is None:
        raise ValueError(f"{output} is a folder; a photo from standard input has no name: give a file's")
    return path / name


def _renamed(name: Path, format: str | None) -> Path:
    if format is None or format_of(name) == format:
        return name
    return name.with_suffix(_USUAL_SUFFIX.get(format, f".{format.lower()}"))


def _refuse_collisions(tasks: Iterable[Task]) -> None:
    taken: dict[Path | str, Path | str] = {}
    for task in tasks:
        other = taken.setdefault(task.output, task.photo)
        if other != task.photo:
            raise ValueError(f"{other} and {task.photo} would both be written to {task.output}; fill them one by one")


def identities(tasks: Iterable[Task]) -> set[tuple[int, int]]:
    """The files that tasks read, as device and number, whatever names they go by."""
    paths = {path for task in tasks for path in (task.photo, task.mask) if isinstance(path, Path)}
    return {(status.st_dev, status.st_ino) for path in paths if path.exists() for status in [path.stat()]}


def fill_file(inpainter: Inpainter, task: Task, choices: Choices, inputs: set[tuple[int, int]]) -> None:
    """Fill one photo and write it in one step: the output is never left half-written.

    Args:
        inpainter: fills the holes.
        task: what to do.
        choices: and how.
        inputs: `identities` of all that is to be read; results only replace them if the choices allow it.

    Raises:
        ValueError: no mask, unreadable pictures, or the output is an input.
        OSError: it cannot be written.
    """
    photo, mask, output = task
    if mask is None and not choices.find_damage:
        raise ValueError(
            f"it has no mask; there must be one named {Path(photo).stem}.png (or .jpg ...), or --find-damage instead"
        )
    if isinstance(output, Path) and output.exists() and not choices.overwrite:
        status = output.stat()
        if (status.st_dev, status.st_ino) in inputs:
            raise ValueError(f"{output} is one of the inputs; choose another OUT, or add --overwrite")
    picture = open_photo(_read(photo), max_pixels=choices.max_pixels)
    hole = _hole(inpainter, picture, mask, choices)
    if choices.mask_only:
        with _writing(output) as file:
            save_photo(Image.fromarray(hole.astype(np.uint8) * 255), file, choices.format or _mask_format(output))
        return
    result = inpainter(picture, hole, max_share=1)
    if choices.restore_tone:
        result, _ = restore_tone(result)
    format = choices.format or _own_format(picture, task)
    kept = not hole.any() and not choices.restore_tone
    untouched = kept and format == picture.format and choices.quality is None
    with _writing(output) as file:
        if untouched and isinstance(photo, Path):  # saving a JPEG again would change it
            file.write(photo.read_bytes())
        else:
            save_photo(result, file, format, choices.quality)


def _hole(inpainter: Inpainter, picture: Image.Image, mask: Path | str | None, choices: Choices) -> np.ndarray:
    """What is to be filled: the mask that was found, or the one that was given, dilated."""
    if mask is None:
        wanted = {} if choices.grow_px is None else {"grow_px": choices.grow_px}
        found = inpainter.find_damage(picture, threshold=choices.threshold, **wanted)
        return to_mask(found, picture.size, max_share=choices.max_share)
    hole = to_mask(_read(mask), picture.size, invert=choices.invert, max_share=choices.max_share)
    return dilate(hole, choices.grow_px or 0)


def _mask_format(output: Path | str) -> str:
    return format_of(output) if isinstance(output, Path) else "PNG"


def _own_format(picture: Image.Image, task: Task) -> str:
    """The photo's own format, unless the output's name asks for another one than the photo's name does."""
    photo, output, own = task.photo, task.output, picture.format or "PNG"
    if isinstance(output, str) or (isinstance(photo, Path) and photo.suffix.lower() == output.suffix.lower()):
        return own
    return format_of(output)


@contextmanager
def _writing(output: Path | str) -> Iterator[BinaryIO]:
    if isinstance(output, Path):
        with atomic_write(output) as file:
            yield file
        return
    yield (packed := io.BytesIO())  # a pipe takes no jumps, as TIFF needs them
    sys.stdout.buffer.write(packed.getbuffer())
    sys.stdout.buffer.flush()


def _read(path: Path | str) -> Path | BinaryIO:
    return path if isinstance(path, Path) else sys.stdin.buffer
