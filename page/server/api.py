"""The page's endpoints for programs, which are the tools for MCP clients too; see also `page.server.tools`."""

import functools
from pathlib import Path
from typing import Any

import gradio as gr
from gradio import processing_utils
from gradio.mcp import GradioMCPServer
from gradio.utils import get_function_params, get_upload_folder
from gradio_client import utils as client_utils
from pydantic import ValidationError

from inpaint import Inpainter
from inpaint.engine.options import FillOptions
from inpaint.photos.masks import read_mask
from page.server.api_calls import (
    LOSSLESS,
    NO_FILE,
    Notes,
    Result,
    call_error,
    disk_full,
    run_call,
    save_result,
    with_limits,
)
from page.server.checks import (
    MAX_JSON_MB,
    MAX_MEGAPIXELS,
    MAX_SIDE,
    MAX_UPLOAD_MB,
    check_mask_upload,
    check_upload,
    open_upload,
)
from page.server.disk import is_disk_full
from page.server.errors import PageError
from page.server.models import source_name
from page.server.removing import add_removing
from page.server.tools import add_tools
from page.server.uploads import Uploads
from page.server.url_download import download_url
from page.server.visits import Visits

WRONG_FILE = (
    "a file of the call has fields that are not of their type: {}. Its path is enough: "
    '{{"path": "...", "meta": {{"_type": "gradio.FileData"}}}}'
)


class Blocks(gr.Blocks):
    """Gradio's Blocks, but a positional call of an endpoint may omit optional parameters, as a call by name may.

    Files that a call names by a URL are read within our limits, before Gradio would read them without, and the notes of
    results are sent.
    """

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *arguments: Any, **options: Any) -> list[Any]:
        """Fill in the defaults that a call has omitted, then do as Gradio does."""
        if len(inputs) < len(block_fn.inputs):
            omitted = get_function_params(block_fn.fn)[len(inputs) : len(block_fn.inputs)]
            if all(has_default for _, has_default, _, _ in omitted):
                inputs = [*inputs, *(default for _, _, default, _ in omitted)]
        inputs = await client_utils.async_traverse(inputs, _download, client_utils.is_file_obj_with_meta)
        try:
            return await super().preprocess_data(block_fn, inputs, *arguments, **options)
        except OSError as error:
            raise (disk_full() if is_disk_full(error) else error) from None

    async def postprocess_data(self, block_fn: Any, predictions: Any, *arguments: Any, **options: Any) -> list[Any]:
        """Do as Gradio does, which drops what it does not know of a file, and add the notes of a `Result` again."""
        outputs = await super().postprocess_data(block_fn, predictions, *arguments, **options)
        if isinstance(predictions, Result) and outputs and isinstance(outputs[0], dict):
            outputs[0]["notes"] = predictions.notes
        return outputs


def add_api(inpainter: Inpainter, visits: Visits) -> None:
    """Add the endpoints to the page that is being built.

    The docstrings of the inner functions are their documentation for API and MCP clients.

    Args:
        inpainter: fills the holes.
        visits: the compute queue, and the folders for results.
    """

    async def inpaint(  # noqa: D417 - Gradio fills in `request`; API and MCP clients read this docstring
        photo: gr.FileData,
        mask: gr.FileData,
        seed: int = 0,
        texture_strength: float = 1.0,
        request: gr.Request | None = None,
    ) -> gr.FileData:
        """Remove things from a photo, or repair it: fill the masked parts to match their surroundings.

        Use it to remove scratches, stains, text, logos, people or objects. It continues what surrounds the hole and
        takes no text prompt. The photo keeps its size, and every pixel outside the mask stays exactly as it is. It
        takes about a second for a stroke, and up to a minute for large holes.

        Args:
            photo: the picture to repair, a {formats} of at most {megapixels} megapixels
            mask: a picture of the photo's width and height, white where to fill, a few pixels wider than the object
            seed: another whole number, 0 or more, gives another fill of thick holes
            texture_strength: from 0 to 1, how much of a thick hole's surface is synthesised from patches of the photo

        Returns:
            The filled photo as a lossless file: in its own format if that is lossless, else as PNG.
        """
        try:
            FillOptions(seed, texture_strength)
        except ValueError as error:
            raise call_error(str(error)) from None

        def fill(files: list[Path]) -> tuple[gr.FileData, Notes]:
            picture = open_upload(files[0])
            hole, notes = read_mask(check_mask_upload(files[1]), picture.size, photo=picture)
            if not hole.any():
                raise PageError("mask_empty")
            result = inpainter(picture, hole, seed=seed, texture_strength=texture_strength)
            file, lost = save_result(result, photo, visits.download_folder())
            return file, (*notes, *lost)

        return await run_call("inpaint", fill, [photo, mask], visits, request)

    def status() -> dict[str, Any]:
        """Return which weights fill the photos, the runtime, how many requests wait, and the limits of a photo.

        Returns:
            A dict of weights (a Hub repository, "bundled", or a folder's name), its revision or null, runtime, device,
            waiting requests and limits.
        """
        source, _, revision = source_name(inpainter.source).partition("@")
        return {
            "weights": source,
            "revision": revision or None,
            "runtime": inpainter.runtime.name,
            "device": str(inpainter.device),
            "waiting": len(visits.queue),
            "max_megapixels": MAX_MEGAPIXELS,
            "max_side": MAX_SIDE,
            "max_megabytes": MAX_UPLOAD_MB,
            "max_json_megabytes": MAX_JSON_MB,
            "formats": list(LOSSLESS),
        }

    discard_pictures_of_mcp(visits.uploads)
    add_notes_to_mcp()
    add_tools(inpainter, visits)
    add_removing(inpainter, visits)
    gr.api(with_limits(inpaint), api_name="inpaint", concurrency_limit=None)
    gr.api(status, api_name="status", queue=False)


async def _download(file: dict[str, Any]) -> dict[str, Any]:
    """Return a file of a call, with the path of a copy on this machine if it names a URL."""
    url = file.get("path")
    if not client_utils.is_http_url_like(url):
        try:
            check_upload(url)
        except PageError:  # Gradio would name the folder of the server that it looks in
            raise call_error(NO_FILE) from None
        try:
            gr.FileData(**file)
        except ValidationError as error:  # Gradio would answer with what its library says, and log it
            names = sorted({str(problem["loc"][0]) for problem in error.errors()})
            raise call_error(WRONG_FILE.format(", ".join(names))) from None
        return file
    copy = await download_url(str(url), Path(get_upload_folder()))
    return file | {"path": str(copy), "url": None, "orig_name": file.get("orig_name") or copy.name}


def discard_pictures_of_mcp(uploads: Uploads) -> None:
    """Let the pictures that MCP clients send as `data:` URIs be removed soon.

    Gradio writes each to a file, and uploads that file to itself; no call ever names it.
    """
    save = processing_utils.save_base64_to_cache
    save = getattr(save, "__wrapped__", save)  # of a page that was built before

    @functools.wraps(save)
    def save_and_discard(data: str, *arguments: Any, **options: Any) -> str:
        try:
            path = save(data, *arguments, **options)
        except OSError as error:
            for file in (uploads.folder / processing_utils.hash_base64(data)).glob("*"):
                uploads.remove(file)
            raise (disk_full() if is_disk_full(error) else error) from None
        uploads.discard(Path(path))
        return path

    processing_utils.save_base64_to_cache = save_and_discard


def add_notes_to_mcp() -> None:
    """Let MCP clients get the notes of a `Result` as text behind the picture; Gradio sends the file alone."""
    encode = GradioMCPServer.postprocess_output_data
    encode = getattr(encode, "__wrapped__", encode)  # of a page that was built before

    @functools.wraps(encode)
    def encode_with_notes(server: GradioMCPServer, data: Any, root_url: str) -> list[Any]:
        content = encode(server, data, root_url)
        notes = [note for output in data if isinstance(output, dict) for note in output.get("notes") or ()]
        return content + [server.types.TextContent(type="text", text=note) for note in notes]

    GradioMCPServer.postprocess_output_data = encode_with_notes  # type: ignore[method-assign]
