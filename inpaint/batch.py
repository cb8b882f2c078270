"""Fill a batch of photo files, one at a time."""

import io
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from PIL import Image

from inpaint.atomic_write import atomic_write
from inpaint.engine.levelling import level_stains, stains_of
from inpaint.engine.options import FillOptions
from inpaint.engine.regions import check_grow_px, dilate
from inpaint.engine.rim import dilate_tight
from inpaint.infrared.detect import Dust
from inpaint.infrared.divide import divide_out
from inpaint.os_errors import words_of
from inpaint.photos.masks import MAX_SHARE, check_max_share, read_mask, to_mask
from inpaint.photos.opening import open_photo
from inpaint.photos.pairing import PIPE, Task, no_mask_sentence
from inpaint.photos.saving import check_quality, format_of, save_photo
from inpaint.photos.tone import restore_tone
from inpaint.runtime.malloc import trim_memory
from inpaint.segmentation.kinds import KINDS, check_kinds

from .damage_masks import THRESHOLD, check_threshold
from .inpainter import DUST, NOTES, Inpainter

TRIM_PIXELS = 20_000_000
"""After the fill of a larger photo the memory that it took is returned, before the result is saved."""
AHEAD_PIXELS = 30_000_000
"""A photo is read while another one is filled only if they have together at most this number of pixels."""


@dataclass(frozen=True)
class Options:
    """How photos are filled and written.

    Attributes:
        grow_px: dilate each mask by this number of pixels; None: masks that are read by what `dilate_tight` finds to be
            missing, and masks that are found by the default of `Inpainter.find_damage`.
        masks: the folder or pattern in which masks are looked for, for messages; None: unknown.
        invert: masks are black where the photo is to be filled.
        max_share: the largest share of a photo that a mask may mark.
        find_damage: find the damage of each photo instead of reading a mask.
        threshold: probability from which pixels count as damage; lower marks more.
        kinds: which kinds of damage are filled, see `Inpainter.find_damage`.
        mask_only: write the masks, as PNG, and fill nothing.
        restore_tone: restore faded contrast and remove colour casts after the fill.
        seed: another number gives another fill of thick holes.
        texture_strength: from 0 to 1, how much of a thick hole is synthesised from patches of the photo.
        max_pixels: refuse larger photos; None: Pillow's limit.
        page: of TIFF files, counted from 1; None: the first of full resolution.
        all_pages: fill all pages of TIFF files, see `multipage.fill_pages`.
        format: Pillow's name of the format of all results; None: that of the result's suffix.
        quality: 1 to 100; None: the photo's.
        overwrite: results may replace photos and masks.

    Raises:
        ValueError: a number is out of range.
    """

    grow_px: float | None = None
    masks: str | None = None
    invert: bool = False
    max_share: float = MAX_SHARE
    find_damage: bool = False
    threshold: float = THRESHOLD
    kinds: Collection[str] = KINDS
    mask_only: bool = False
    restore_tone: bool = False
    seed: int = 0
    texture_strength: float = 1.0
    max_pixels: int | None = None
    page: int | None = None
    all_pages: bool = False
    format: str | None = None
    quality: int | None = None
    overwrite: bool = False

    def __post_init__(self) -> None:
        check_grow_px(self.grow_px or 0)
        check_threshold(self.threshold)
        check_kinds(self.kinds)
        check_max_share(self.max_share)
        check_quality(self.quality)
        FillOptions(self.seed, self.texture_strength)  # checks both


def input_ids(tasks: Iterable[Task]) -> set[tuple[int, int]]:
    """Return device and inode of every file that the tasks read, which are the same under all names of a file."""
    paths = {path for task in tasks for path in (task.photo, task.mask) if isinstance(path, Path)}
    return {(status.st_dev, status.st_ino) for path in paths if path.exists() for status in [path.stat()]}


class Opened(NamedTuple):
    """The pictures of a task.

    Attributes:
        photo: upright, in its own mode.
        mask: bool (H, W), True = hole; None: damage is to be found.
        notes: sentences about how the mask was understood.
    """

    photo: Image.Image
    mask: np.ndarray | None
    notes: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """What became of a photo.

    Attributes:
        is_filled: whether there was anything to fill. If not, the result has the pixels of the photo.
        notes: sentences for the photo's owner: how the mask was understood, and what could not be kept.
    """

    is_filled: bool
    notes: tuple[str, ...] = ()


def open_task(
    task: Task,
    options: Options,
    max_pixels: int | None = None,
    photo_file: bytes | None = None,
    mask_source: bytes | Image.Image | None = None,
) -> Opened:
    """Read the photo and the mask of a task.

    Args:
        task: what to read.
        options: how to read.
        max_pixels: refuse larger photos; None: those that are larger than the options allow.
        photo_file: the bytes to read instead of the photo's file.
        mask_source: what to read instead of the mask's file.

    Raises:
        ValueError: there is no mask, or a picture cannot be read.
    """
    if task.mask is None and not options.find_damage:
        raise ValueError(no_mask_sentence(Path(task.photo), options.masks))
    source = _source(task.photo) if photo_file is None else photo_file
    photo = open_photo(source, max_pixels=max_pixels or options.max_pixels, page=options.page)
    if task.mask is None:
        return Opened(photo, None)
    mask, notes = read_mask(
        _source(task.mask) if mask_source is None else mask_source,
        photo.size,
        invert=options.invert,
        max_share=options.max_share,
        photo=photo,
    )
    if options.grow_px is not None:
        return Opened(photo, dilate(mask, options.grow_px), notes)
    mask, rim_px = dilate_tight(photo, mask)
    if rim_px:
        notes += (
            f"around the holes of its mask there is still the colour of what is removed, so they were dilated by "
            f"{rim_px} px; --grow-px 0 fills exactly the mask",
        )
    return Opened(photo, mask, notes)


class ReadAhead:
    """Opens tasks in their order, each in a thread while the caller fills the one before.

    A task is not read ahead if it is large or reads a pipe, or if results may replace inputs. What cannot be read is
    read once more when its turn comes, and raises its error then.

    Args:
        tasks: in the order in which they are opened. Some may be left out.
        options: how to read.
    """

    def __init__(self, tasks: list[Task], options: Options) -> None:
        self._tasks = tasks
        self._following = dict(pairwise(tasks))
        self._options = options
        self._thread: Thread | None = None
        self._found: tuple[Task, Opened] | None = None

    def start(self) -> None:
        """Begin to read the first task."""
        if self._tasks:
            self._start(self._tasks[0], None)

    def open(self, task: Task) -> Opened:
        """Return the pictures of a task, see `open_task` for errors, and begin to read the one that follows."""
        if self._thread is not None:
            self._thread.join()
        found, self._thread, self._found = self._found, None, None
        opened = found[1] if found is not None and found[0] == task else open_task(task, self._options)
        room = AHEAD_PIXELS - opened.photo.width * opened.photo.height
        if task in self._following and room > 0:
            self._start(self._following[task], min(room, self._options.max_pixels or room))
        return opened

    def _start(self, task: Task, max_pixels: int | None) -> None:
        if not (self._options.overwrite or self._options.all_pages) and PIPE not in task:
            self._thread = Thread(target=self._read, args=(task, max_pixels), daemon=True)
            self._thread.start()

    def _read(self, task: Task, max_pixels: int | None) -> None:
        with suppress(Exception):
            self._found = task, open_task(task, self._options, max_pixels)


def fill_file(
    inpainter: Inpainter, task: Task, options: Options, inputs: set[tuple[int, int]], ahead: ReadAhead | None = None
) -> Outcome:
    """Fill one photo and write the result atomically.

    Args:
        inpainter: fills the holes.
        task: the photo, its mask and the output.
        options: how to fill and write.
        inputs: `input_ids` of all tasks; results replace these files only if the options allow it.
        ahead: opens the task; None: it is opened now.

    Raises:
        ValueError: there is no mask, a picture cannot be read, or the output is an input.
        OSError: the result cannot be written.
    """
    check_output(task.output, options, inputs)
    opened = open_task(task, options) if ahead is None else ahead.open(task)
    if options.mask_only:
        hole, _, notes = hole_of(inpainter, opened, options)
        with opened_output(task.output) as file:
            format = options.format or _mask_format(task.output)
            save_photo(Image.fromarray(hole.astype(np.uint8) * 255), file, format)
        return Outcome(bool(hole.any()), notes)
    format = options.format or result_format(opened.photo, task)
    photo, is_filled, notes = fill_opened(inpainter, opened, options)
    del opened  # its mask; saving a large photo takes as much memory as filling it
    if photo.width * photo.height > TRIM_PIXELS:
        trim_memory()
    unchanged = not is_filled and not options.restore_tone and format == photo.format and options.quality is None
    with opened_output(task.output) as file:
        if unchanged and isinstance(task.photo, Path):  # encoding a JPEG again would change it
            file.write(task.photo.read_bytes())
        else:
            notes += save_photo(photo, file, format, options.quality)
    return Outcome(is_filled, notes)


def check_output(output: Path | str, options: Options, inputs: set[tuple[int, int]]) -> None:
    """Raise ValueError if a result would replace an input and the options do not allow it."""
    if isinstance(output, Path) and output.exists() and not options.overwrite:
        status = output.stat()
        if (status.st_dev, status.st_ino) in inputs:
            raise ValueError("the output would replace an input; choose another OUT, or add --overwrite")


def fill_opened(inpainter: Inpainter, opened: Opened, options: Options) -> tuple[Image.Image, bool, tuple[str, ...]]:
    """Fill a photo, in place unless its tones are restored.

    Half-transparent dust that the infrared channel of a scan shows is divided out instead of filled.

    Returns:
        The photo, whether there was anything to fill, and sentences about its mask.
    """
    hole, dust, notes = hole_of(inpainter, opened, options)
    return fill_found(inpainter, opened.photo, hole, dust, options), bool(hole.any()), notes


def fill_found(
    inpainter: Inpainter, photo: Image.Image, hole: np.ndarray, dust: Dust | None, options: Options
) -> Image.Image:
    """Fill a hole of a photo, in place unless its tones are restored, and return the photo.

    Stains that were found and below which the picture is still visible are levelled.

    Args:
        inpainter: fills the hole.
        photo: as `open_photo` returned it.
        hole: as `hole_of` returned it.
        dust: as `hole_of` returned it.
        options: how to fill.
    """
    rest = hole if dust is None else divide_out(photo, dust, hole)
    stains = stains_of(photo, rest) if options.find_damage else []
    inpainter.fill_in_place(photo, rest, seed=options.seed, texture_strength=options.texture_strength)
    level_stains(photo, stains)
    if options.restore_tone:
        photo, _ = restore_tone(photo)
    return photo


def hole_of(inpainter: Inpainter, opened: Opened, options: Options) -> tuple[np.ndarray, Dust | None, tuple[str, ...]]:
    """Return the mask of a task, or that of the photo's damage.

    Returns:
        bool (H, W), True = hole; the dust in it that an infrared channel shows; and sentences about it.
    """
    if opened.mask is not None:
        return opened.mask, None, opened.notes
    settings: dict[str, Any] = {} if options.grow_px is None else {"grow_px": options.grow_px}
    if set(options.kinds) != set(KINDS):
        settings["kinds"] = options.kinds
    found = inpainter.find_damage(opened.photo, threshold=options.threshold, **settings)
    hole = to_mask(found, opened.photo.size, max_share=options.max_share)
    return hole, found.info.get(DUST), opened.notes + found.info.get(NOTES, ())


def _mask_format(output: Path | str) -> str:
    return format_of(output) if isinstance(output, Path) else "PNG"


def result_format(picture: Image.Image, task: Task) -> str:
    """Return the photo's format, or the format of the output's suffix if that differs from the photo's."""
    photo, output = task.photo, task.output
    if isinstance(output, str) or (isinstance(photo, Path) and photo.suffix.lower() == output.suffix.lower()):
        return picture.format or "PNG"
    return format_of(output)


@contextmanager
def opened_output(output: Path | str) -> Iterator[BinaryIO]:
    """Open the output of a task: a file that appears when it is complete, or standard output."""
    if isinstance(output, Path):
        try:
            with atomic_write(output) as file:
                yield file
        except OSError as error:
            if error.errno is None:
                raise
            raise OSError(f"{output} cannot be written: {words_of(error)}; choose another OUT") from error
        return
    yield (buffer := io.BytesIO())  # TIFF needs a seekable file, which a pipe is not
    sys.stdout.buffer.write(buffer.getbuffer())
    sys.stdout.buffer.flush()


def _source(path: Path | str) -> Path | BinaryIO:
    return path if isinstance(path, Path) else sys.stdin.buffer
