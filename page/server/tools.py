"""Endpoints for programs that cannot paint a mask, such as language models: /restore and /find_damage.

See `page.server.removing` for /remove and /find_object.
"""

from pathlib import Path

import gradio as gr
import numpy as np

from inpaint import Inpainter
from inpaint.batch import fill_opened
from inpaint.batch_options import Options
from inpaint.damage import GROW_PX as DAMAGE_GROW_PX
from inpaint.damage import THRESHOLD
from inpaint.photo_damage import NOTES
from inpaint.read_ahead import Opened
from page.server.api_calls import Notes, run_call, save_result, with_limits
from page.server.argument_checks import check_flag, check_numbers
from page.server.checks import open_upload
from page.server.visits import Visits

NOTHING_FOUND = "No damage was found."


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
            photo: the scan or photo, a {formats} of at most {megapixels} megapixels
            tone: also restore faded contrast and remove a colour cast, which changes all pixels
            threshold: how probable damage must be, above 0 and below 1: lower marks more
            grow_px: by how many pixels the damage is dilated before it is filled, from 0 to 100
            seed: another whole number, 0 or more, gives another fill of thick holes

        Returns:
            The restored photo as a lossless file: in its own format if that is lossless, else as PNG.
        """
        check_numbers(threshold=threshold, grow_px=grow_px, seed=seed)
        check_flag("tone", tone)

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
            photo: the scan or photo, a {formats} of at most {megapixels} megapixels
            threshold: how probable damage must be, above 0 and below 1: lower marks more
            grow_px: by how many pixels the damage is dilated, from 0 to 100

        Returns:
            The mask: a PNG of the photo's size, white where there is damage and black elsewhere.
        """
        check_numbers(threshold=threshold, grow_px=grow_px)

        def work(files: list[Path]) -> tuple[gr.FileData, Notes]:
            mask = inpainter.find_damage(open_upload(files[0]), threshold=threshold, grow_px=grow_px)
            share = float((np.asarray(mask) > 0).mean())
            file, _ = save_result(mask, photo, visits.download_folder(), "damage")
            found = f"Damage covers {share:.2%} of the photo." if share else NOTHING_FOUND
            return file, (found, *mask.info.get(NOTES, ()))

        return await run_call("find_damage", work, [photo], visits, request)

    for tool in (restore, find_damage):
        gr.api(with_limits(tool), api_name=tool.__name__, concurrency_limit=None)
