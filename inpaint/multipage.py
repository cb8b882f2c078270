"""Fill all pages of a TIFF file."""

import importlib
import io
import sys
from dataclasses import replace
from pathlib import Path

from PIL import Image

from inpaint.photos.opening import open_photo
from inpaint.photos.pairing import Task
from inpaint.photos.saving import save_photo

from .batch import Outcome, check_output, fill_file, fill_opened, opened_output, result_format
from .batch_options import Options
from .inpainter import Inpainter
from .read_ahead import open_task


def fill_pages(inpainter: Inpainter, task: Task, options: Options, inputs: set[tuple[int, int]]) -> Outcome:
    """Fill all pages of a photo's file and write the result atomically. Of other formats than TIFF, fill the photo.

    A mask file of as many pages has a mask for each. Otherwise the mask is for all pages of the first one's size, and
    the others stay as they are.

    Args:
        inpainter: fills the holes.
        task: the photo, its mask and the output.
        options: how to fill and write; their page is ignored.
        inputs: `batch.input_ids` of all tasks; results replace these files only if the options allow it.

    Raises:
        ValueError: there is no mask, a picture cannot be read, the output is an input, or it is no TIFF.
        OSError: the result cannot be written.
    """
    check_output(task.output, options, inputs)
    if options.mask_only:
        raise ValueError("masks of all pages cannot be written into one PNG: leave out --mask-only, or name one --page")
    data = _bytes(task.photo)
    sizes = _page_sizes(data)
    if len(sizes) < 2 and isinstance(task.photo, Path):
        return fill_file(inpainter, task, options, inputs)
    if not sizes:
        raise ValueError("standard input is no TIFF and has no pages: leave out --page")
    mask = None if task.mask is None else _bytes(task.mask)
    masks = 1 if mask is None else len(_page_sizes(mask))
    is_filled, notes = False, []
    for number, size in enumerate(sizes, start=1):
        if mask is not None and masks != len(sizes) and size != sizes[0]:
            notes.append(
                f"page {number} stays as it is: it is {size[0]}x{size[1]} and page 1, which the mask is for, is "
                f"{sizes[0][0]}x{sizes[0][1]}"
            )
            continue
        own = _mask_of_page(mask, number if masks == len(sizes) else None)
        opened = open_task(task, replace(options, page=number), photo_file=data, mask_source=own)
        if (format := options.format or result_format(opened.photo, task)) != "TIFF":
            raise ValueError(f"all {len(sizes)} pages cannot be written as {format}: write a TIFF, or name one --page")
        photo, page_is_filled, mask_notes = fill_opened(inpainter, opened, options)
        save_notes: tuple[str, ...] = ()
        if page_is_filled or options.restore_tone:
            save_notes = save_photo(photo, file := io.BytesIO(), "TIFF")
            data = file.getvalue()
        is_filled |= page_is_filled
        notes += [f"page {number}: {note}" for note in (*mask_notes, *save_notes)]
    with opened_output(task.output) as output:
        output.write(data)
    return Outcome(is_filled, tuple(notes))


def _page_sizes(data: bytes) -> list[tuple[int, int]]:
    sizes: list[tuple[int, int]] = importlib.import_module("inpaint.photos.tiff.pages").page_sizes(data)
    return sizes


def _mask_of_page(mask: bytes | None, page: int | None) -> bytes | Image.Image | None:
    return mask if mask is None or page is None else open_photo(mask, what="mask", page=page)


def _bytes(path: Path | str) -> bytes:
    return path.read_bytes() if isinstance(path, Path) else sys.stdin.buffer.read()
