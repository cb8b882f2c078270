"""Fill a batch of photo files, one at a time."""

import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from PIL import Image

from inpaint.atomic_write import atomic_write
from inpaint.compiled.available import start_importing
from inpaint.engine.veils import lift_veils, veiled_in
from inpaint.infrared.detect import Dust
from inpaint.infrared.divide import divide_out
from inpaint.os_errors import words_of
from inpaint.photos.masks import to_mask
from inpaint.photos.pairing import Task
from inpaint.photos.saving import format_of, save_photo
from inpaint.photos.tone import restore_tone
from inpaint.runtime.malloc import trim_memory
from inpaint.segmentation.kinds import KINDS

from .batch_options import Options
from .inpainter import Inpainter
from .photo_damage import DUST, NOTES
from .read_ahead import Opened, ReadAhead, open_task

TRIM_PIXELS = 20_000_000
"""After the fill of a larger photo the memory that it took is returned, before the result is saved."""
PREPARED_PIXELS = 4_000_000
"""In a larger photo there may be damage that needs both networks, which are prepared before it is known."""


def input_ids(tasks: Iterable[Task]) -> set[tuple[int, int]]:
    """Return device and inode of every file that the tasks read, which are the same under all names of a file."""
    paths = {path for task in tasks for path in (task.photo, task.mask) if isinstance(path, Path)}
    return {(status.st_dev, status.st_ino) for path in paths if path.exists() for status in [path.stat()]}


class Outcome(NamedTuple):
    """What became of a photo.

    Attributes:
        is_filled: whether there was anything to fill. If not, the result has the pixels of the photo.
        notes: sentences for the photo's owner: how the mask was understood, and what could not be kept.
    """

    is_filled: bool
    notes: tuple[str, ...] = ()


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
    is_edited = opened.photo.format == format in ("JPEG", "MPO") and options.quality is None
    if is_edited and opened.mask is not None and opened.mask.any():  # a search for damage imports numba itself
        start_importing()  # the file's blocks are edited by compiled kernels
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

    Half-transparent damage that was found is lifted off the picture where that is still visible below.

    Args:
        inpainter: fills the hole.
        photo: as `open_photo` returned it.
        hole: as `hole_of` returned it.
        dust: as `hole_of` returned it.
        options: how to fill.
    """
    rest = hole if dust is None else divide_out(photo, dust, hole)
    veiled = veiled_in(photo, rest) if options.find_damage else None
    inpainter.fill_in_place(photo, rest, seed=options.seed, texture_strength=options.texture_strength)
    if veiled is not None:
        lift_veils(photo, veiled)
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
    if not options.mask_only and opened.photo.width * opened.photo.height > PREPARED_PIXELS:
        # what follows the search is done on one core
        settings["on_progress"] = lambda share: inpainter.start_preparing() if share >= 1 else None
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
