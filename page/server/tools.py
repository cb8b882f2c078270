"""Endpoints for programs that cannot paint a mask, such as language models: /restore, /find_damage and /remove."""

import reprlib
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from inpaint import Inpainter, restore_tone
from inpaint.batch import fill_opened
from inpaint.batch_options import Options
from inpaint.damage import GROW_PX as DAMAGE_GROW_PX
from inpaint.damage import THRESHOLD, check_threshold
from inpaint.engine.options import FillOptions
from inpaint.inpainter import NOTES
from inpaint.photos.masks import MAX_SHARE, read_mask
from inpaint.read_ahead import Opened
from page.server.api_calls import Notes, call_error, run_call, save_result
from page.server.checks import GROW_PX, MAX_GROW_PX, check_mask_upload, open_upload
from page.server.errors import PageError
from page.server.regions import RegionError, Unit, regions_to_mask
from page.server.visits import Visits

NOTHING_FOUND = "No damage was found."
NOTHING_NAMED = (
    "nothing says what to remove: give boxes, points, a polygon or a mask, such as boxes=[[120, 80, 300, 260]]"
)


def add_tools(inpainter: Inpainter, visits: Visits) -> None:
    """Add the endpoints to the page that is being built.

    The docstrings of the inner functions are their documentation for API and MCP clients, which show one line for each
    argument.

    Args:
        inpainter: finds the damage and fills the holes.
        visits: the compute queue, and the folders for results.
    """

    async def restore(  # noqa: D417 - Gradio fills in `request`; API and MCP clients read this docstring
        photo: gr.FileData,
        tone: bool = True,
        threshold: float = THRESHOLD,
        grow_px: float = DAMAGE_GROW_PX,
        seed: int = 0,
        request: gr.Request | None = None,
    ) -> gr.FileData:
        """Restore an old photo: find scratches, cracks, tears, dust and stains, fill them, and even out faded tones.

        It needs no mask. The photo keeps its size; with tone=false, every pixel outside the damage stays as it is. Look
        at the mask of find_damage first where clouds, masts or cables could be taken for damage.

        Args:
            photo: the scan or photo, a JPEG, PNG, WebP, TIFF, BMP, GIF or AVIF of at most 300 megapixels
            tone: also restore faded contrast and remove a colour cast, which changes all pixels
            threshold: how probable damage must be, above 0 and below 1: lower marks more
            grow_px: by how many pixels the damage is dilated before it is filled, from 0 to 100
            seed: another whole number, 0 or more, gives another fill of thick holes

        Returns:
            The restored photo as a lossless file: in its own format if that is lossless, else as PNG.
        """
        _check(threshold=threshold, grow_px=grow_px, seed=seed)
        _check_flag("tone", tone)

        def work(files: list[Path]) -> tuple[gr.FileData, Notes]:
            options = Options(find_damage=True, threshold=threshold, grow_px=grow_px, restore_tone=tone, seed=seed)
            picture, is_filled, notes = fill_opened(inpainter, Opened(open_upload(files[0]), None), options)
            file, lost = save_result(picture, photo, visits.download_folder(), "restored")
            return file, (*notes, *(() if is_filled else (NOTHING_FOUND,)), *lost)

        return await run_call("restore", work, [photo], visits, request)

    async def find_damage(  # noqa: D417
        photo: gr.FileData,
        threshold: float = THRESHOLD,
        grow_px: float = DAMAGE_GROW_PX,
        request: gr.Request | None = None,
    ) -> gr.FileData:
        """Find the scratches, cracks, tears, dust and stains of an old photo, and return them as a mask.

        Nothing is filled. The mask can be looked at, corrected, and passed to remove or inpaint. It is black where
        nothing was found.

        Args:
            photo: the scan or photo, a JPEG, PNG, WebP, TIFF, BMP, GIF or AVIF of at most 300 megapixels
            threshold: how probable damage must be, above 0 and below 1: lower marks more
            grow_px: by how many pixels the damage is dilated, from 0 to 100

        Returns:
            The mask: a PNG of the photo's size, white where there is damage and black elsewhere.
        """
        _check(threshold=threshold, grow_px=grow_px)

        def work(files: list[Path]) -> tuple[gr.FileData, Notes]:
            mask = inpainter.find_damage(open_upload(files[0]), threshold=threshold, grow_px=grow_px)
            share = float((np.asarray(mask) > 0).mean())
            file, _ = save_result(mask, photo, visits.download_folder(), "damage")
            found = f"Damage covers {share:.2%} of the photo." if share else NOTHING_FOUND
            return file, (found, *mask.info.get(NOTES, ()))

        return await run_call("find_damage", work, [photo], visits, request)

    async def remove(  # noqa: D417
        photo: gr.FileData,
        boxes: list[list[float]] | list[float] | None = None,
        points: list[list[float]] | list[float] | None = None,
        polygon: list[list[float]] | None = None,
        mask: gr.FileData = None,  # type: ignore[assignment] # "| None" would hide from MCP that this is a file
        unit: Unit = "pixels",
        point_radius: float | None = None,
        grow_px: float = GROW_PX,
        seed: int = 0,
        tone: bool = False,
        request: gr.Request | None = None,
    ) -> gr.FileData:
        """Remove things from a photo: people, objects, wires, text, logos or stains. Say where they are in numbers.

        Give at least one of boxes, points, polygon and mask; several of them are filled together. What is filled
        continues the surroundings; it takes no text prompt. A region should hold the whole object and its shadow: a
        part that stays outside shows. The photo keeps its size, and every pixel outside the regions stays as it is.
        Coordinates run to the right and down from the upper left corner of the photo as it is displayed.

        Args:
            photo: the picture, a JPEG, PNG, WebP, TIFF, BMP, GIF or AVIF of at most 300 megapixels
            boxes: rectangles around what is removed, each [x0, y0, x1, y1] = [left, top, right, bottom]; at most 100
            points: points [x, y] on what is removed; each removes a disc around it, see point_radius; at most 100
            polygon: the outline of what is removed as corners [x, y] in order, at least 3
            mask: a picture of the photo's width and height, white where to fill
            unit: of all coordinates: "pixels" of the photo, "fractions" of width and height (0 to 1), or "thousandths"
            point_radius: radius of the discs in this unit (fractions of the longer side); default: 3 % of that side
            grow_px: by how many pixels the regions are dilated, from 0 to 100
            seed: another whole number, 0 or more, gives another fill of thick holes
            tone: also restore faded contrast and remove a colour cast, which changes all pixels

        Returns:
            The filled photo as a lossless file: in its own format if that is lossless, else as PNG.
        """
        _check(grow_px=grow_px, seed=seed)
        _check_flag("tone", tone)
        if not any((boxes, points, polygon, mask)):
            raise call_error(NOTHING_NAMED)

        def work(files: list[Path]) -> tuple[gr.FileData, Notes]:
            picture, notes = open_upload(files[0]), ()
            hole = regions_to_mask(
                picture.size, boxes=boxes, points=points, polygon=polygon, unit=unit, point_radius=point_radius
            )
            if len(files) > 1:
                marked, notes = read_mask(check_mask_upload(files[1]), picture.size, photo=picture)
                if not marked.any():
                    raise PageError("mask_empty")
                hole = hole | marked
            _check_share(hole)
            result = inpainter(picture, hole, grow_px=grow_px, seed=seed)
            if tone:
                result, _ = restore_tone(result)
            file, lost = save_result(result, photo, visits.download_folder())
            return file, (*notes, *lost)

        return await run_call("remove", work, [photo, mask] if mask else [photo], visits, request)

    for tool in (restore, find_damage, remove):
        gr.api(tool, api_name=tool.__name__, concurrency_limit=None)


def _check(*, threshold: object = THRESHOLD, grow_px: object = 0, seed: Any = 0) -> None:
    """Check numbers of a call.

    Raises:
        gr.Error: says which number, the rule and the next step.
    """
    level = _number("threshold", threshold)  # not below: its error is a ValueError too
    try:
        check_threshold(level)
        FillOptions(seed)
    except ValueError as error:
        raise call_error(str(error)) from None
    if not 0 <= _number("grow_px", grow_px) <= MAX_GROW_PX:
        raise call_error(f"grow_px is {grow_px}; it must be a number of pixels from 0 to {MAX_GROW_PX}")


def _number(name: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 1e9:
        raise call_error(f"{name} is {reprlib.repr(value)}; it must be a number")
    return float(value)


def _check_share(hole: np.ndarray) -> None:
    """Raise RegionError if hardly anything of the photo would be left to continue."""
    share = float(hole.mean())
    if share > MAX_SHARE:
        raise RegionError(
            f"the regions cover {share:.0%} of the photo, and at most {MAX_SHARE:.0%} can be filled: give smaller ones"
        )


def _check_flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise call_error(f"{name} is {reprlib.repr(value)}; it must be true or false")
