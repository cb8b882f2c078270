"""Endpoints that make something disappear that a program names in numbers: /find_object and /remove."""

from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image

from inpaint import Inpainter, restore_tone
from inpaint.photos.masks import MAX_SHARE, read_mask
from page.server.api_calls import Notes, call_error, run_call, save_result, with_limits
from page.server.argument_checks import check_flag, check_numbers
from page.server.checks import GROW_PX, check_mask_upload, open_upload
from page.server.errors import PageError
from page.server.named_objects import objects_to_mask
from page.server.regions import RegionError, Unit, regions_to_mask
from page.server.visits import Visits

NOTHING_NAMED = (
    "nothing says what to remove: give boxes, points, a polygon or a mask, such as boxes=[[120, 80, 300, 260]]"
)
NO_OBJECT_NAMED = "nothing says where to look: give boxes or points, such as points=[[200, 150]]"


def add_removing(inpainter: Inpainter, visits: Visits) -> None:
    """Add the endpoints to the page that is being built.

    The docstrings of the inner functions are their documentation for API and MCP clients, which show one line for each
    argument.

    Args:
        inpainter: fills the holes.
        visits: the compute queue, and the folders for results.
    """

    async def find_object(  # noqa: D417 - Gradio fills in `request`; API and MCP clients read this docstring
        photo: gr.FileData,
        boxes: list[list[float]] | list[float] | None = None,
        points: list[list[float]] | list[float] | None = None,
        unit: Unit = "pixels",
        shadow: bool = False,
        request: gr.Request | None = None,
    ) -> gr.FileData:
        """Find the outline of objects in a photo that boxes or points name, and return it as a mask.

        Nothing is filled: it shows what remove would take for the objects. The mask can be looked at, corrected, and
        passed to remove. Objects are told from their surroundings by colour and edges, without knowing what they are.

        Args:
            photo: the picture, a {formats} of at most {megapixels} megapixels
            boxes: rectangles with one object each, [x0, y0, x1, y1] = [left, top, right, bottom]
            points: points [x, y], each in the middle of an object; at most 20 boxes and points together
            unit: of all coordinates: "pixels" of the photo, "fractions" of width and height (0 to 1), or "thousandths"
            shadow: also mark a darker part of the ground that touches an object

        Returns:
            The mask: a PNG of the photo's size, white where there is an object; the whole box where none stands out.
        """
        check_flag("shadow", shadow)
        if not any((boxes, points)):
            raise call_error(NO_OBJECT_NAMED)

        def work(files: list[Path]) -> tuple[gr.FileData, Notes]:
            mask, notes = objects_to_mask(
                open_upload(files[0]), boxes=boxes, points=points, unit=unit, with_shadow=shadow
            )
            file, _ = save_result(
                Image.fromarray(mask.astype(np.uint8) * 255), photo, visits.download_folder(), "object"
            )
            return file, notes

        return await run_call("find_object", work, [photo], visits, request)

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
        fit: bool = True,
        shadow: bool = False,
        request: gr.Request | None = None,
    ) -> gr.FileData:
        """Remove things from a photo: people, objects, wires, text, logos or stains. Say where they are in numbers.

        Give at least one of boxes, points, polygon and mask; several of them are filled together. A box or a point
        means the object in or at it, whose outline is found; see find_object. What is filled continues the
        surroundings; it takes no text prompt. A part of an object that stays outside shows. The photo keeps its size,
        and every pixel outside the regions stays as it is. Coordinates run to the right and down from the upper left
        corner of the photo as it is displayed.

        Args:
            photo: the picture, a {formats} of at most {megapixels} megapixels
            boxes: rectangles around what is removed, each [x0, y0, x1, y1] = [left, top, right, bottom]
            points: points [x, y], each in the middle of an object that is removed
            polygon: the outline of what is removed as corners [x, y] in order, at least 3
            mask: a picture of the photo's width and height, white where to fill
            unit: of all coordinates: "pixels" of the photo, "fractions" of width and height (0 to 1), or "thousandths"
            point_radius: of discs around the points, which are removed as they are, in this unit (of the longer side)
            grow_px: by how many pixels the regions are dilated, from 0 to 100
            seed: another whole number, 0 or more, gives another fill of thick holes
            tone: also restore faded contrast and remove a colour cast, which changes all pixels
            fit: true: the object in each box and at each point, at most 20; false: whole boxes and discs, 100 of each
            shadow: also remove a darker part of the ground that touches such an object

        Returns:
            The filled photo as a lossless file: in its own format if that is lossless, else as PNG.
        """
        check_numbers(grow_px=grow_px, seed=seed)
        for name, value in {"tone": tone, "fit": fit, "shadow": shadow}.items():
            check_flag(name, value)
        if not any((boxes, points, polygon, mask)):
            raise call_error(NOTHING_NAMED)

        def work(files: list[Path]) -> tuple[gr.FileData, Notes]:
            picture, notes = open_upload(files[0]), ()
            hole, found = _hole(picture, boxes, points, polygon, unit, point_radius, fit, shadow)
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
            return file, (*found, *notes, *lost)

        return await run_call("remove", work, [photo, mask] if mask else [photo], visits, request)

    for tool in (find_object, remove):
        gr.api(with_limits(tool), api_name=tool.__name__, concurrency_limit=None)


def _hole(
    picture: Image.Image,
    boxes: object,
    points: object,
    polygon: object,
    unit: Unit,
    point_radius: object,
    fit: bool,
    shadow: bool,
) -> tuple[np.ndarray, Notes]:
    """Return the mask of what a call names in numbers, bool (H, W), and sentences about the objects in it."""
    if not fit:
        regions = {"boxes": boxes, "points": points, "polygon": polygon, "point_radius": point_radius}
        return regions_to_mask(picture.size, unit=unit, **regions), ()
    pointed = points if point_radius is None else None
    objects, notes = objects_to_mask(picture, boxes=boxes, points=pointed, unit=unit, with_shadow=shadow)
    discs = None if point_radius is None else points
    plain = regions_to_mask(picture.size, points=discs, polygon=polygon, unit=unit, point_radius=point_radius)
    return objects | plain, notes


def _check_share(hole: np.ndarray) -> None:
    """Raise RegionError if hardly anything of the photo would be left to continue."""
    share = float(hole.mean())
    if share > MAX_SHARE:
        raise RegionError(
            f"the regions cover {share:.0%} of the photo, and at most {MAX_SHARE:.0%} can be filled: give smaller ones"
        )
