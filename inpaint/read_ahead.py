"""Read the photos and masks of a batch, each while the one before is filled."""

import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image

from inpaint.engine.regions import dilate
from inpaint.engine.rim import dilate_tight
from inpaint.photos.masks import read_mask
from inpaint.photos.opening import open_photo
from inpaint.photos.pairing import PIPE, Task, no_mask_sentence

from .batch_options import Options

AHEAD_PIXELS = 30_000_000
"""A photo is read while another one is filled only if they have together at most this number of pixels."""


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


def _source(path: Path | str) -> Path | BinaryIO:
    return path if isinstance(path, Path) else sys.stdin.buffer
