"""The page's endpoints for programs, which are the tools for MCP clients too: /inpaint and /status."""

import functools
import logging
import re
from pathlib import Path
from typing import Any

import gradio as gr
from gradio import processing_utils
from gradio.utils import get_upload_folder
from gradio_client import utils as client_utils

from inpaint import Inpainter, MaskError, PhotoError, save_photo
from inpaint.engine.options import FillOptions
from inpaint.networks.errors import PredictionError
from inpaint.photos.masks import read_mask
from page.server.checks import MAX_MEGAPIXELS, MAX_UPLOAD_MB, check_mask_upload, check_upload, open_upload
from page.server.clients import client_of
from page.server.disk import complete_file, is_disk_full
from page.server.errors import PageError
from page.server.texts import translate
from page.server.uploads import Uploads
from page.server.url_download import download_url
from page.server.visits import Visits

LOSSLESS = {"PNG": ".png", "TIFF": ".tif", "BMP": ".bmp", "PPM": ".ppm"}
MAX_NAME = 60

log = logging.getLogger(__name__)


class Blocks(gr.Blocks):
    """Gradio's Blocks, but a positional call of an endpoint may omit optional parameters, as a call by name may.

    Files that a call names by a URL are read within our limits, before Gradio would read them without.
    """

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *arguments: Any, **options: Any) -> list[Any]:
        """Fill in the defaults that a call has omitted, then do as Gradio does."""
        omitted = [getattr(block, "value", None) for block in block_fn.inputs[len(inputs) :]]
        if None not in omitted:  # the value of a required parameter
            inputs = [*inputs, *omitted]
        inputs = await client_utils.async_traverse(inputs, _download, client_utils.is_file_obj_with_meta)
        try:
            return await super().preprocess_data(block_fn, inputs, *arguments, **options)
        except OSError as error:
            raise (_disk_full() if is_disk_full(error) else error) from None


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
            photo: the picture to repair, a JPEG, PNG, WebP, TIFF, BMP, GIF or AVIF of at most 300 megapixels
            mask: a picture of the photo's width and height, white where to fill, a few pixels wider than the object
            seed: another whole number, 0 or more, gives another fill of thick holes
            texture_strength: from 0 to 1, how much of a thick hole's surface is synthesised from patches of the photo

        Returns:
            The filled photo as a lossless file: in its own format if that is lossless, else as PNG.
        """
        try:
            FillOptions(seed, texture_strength)
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from None

        def fill() -> tuple[gr.FileData, tuple[str, ...]]:
            files = [_path_of(photo), _path_of(mask)]
            for file in files:
                visits.uploads.discard(file)
            picture = open_upload(files[0])
            hole, notes = read_mask(check_mask_upload(files[1]), picture.size, photo=picture)
            if not hole.any():
                raise PageError("mask_empty")
            result = inpainter(picture, hole, seed=seed, texture_strength=texture_strength)
            file, lost = _save(result, photo, visits.download_folder())
            return file, (*notes, *lost)

        try:
            with visits.uploads.kept([_sent_path(photo), _sent_path(mask)]):
                file, notes = await visits.queue.run(fill, client=_client_of(request), wait_until_done=True)
            for note in notes:
                gr.Info(note)
            return file
        except PageError as error:
            message = translate(error.key, "en", **error.values)
        except (PhotoError, MaskError, PredictionError) as error:
            message = str(error)
        except Exception as error:
            if not is_disk_full(error):
                log.exception("inpaint failed")
            message = translate("disk_full" if is_disk_full(error) else "unexpected", "en")
        raise gr.Error(message, print_exception=False)

    def status() -> dict[str, Any]:
        """Return which weights fill the photos, the runtime, how many requests wait, and the limits of a photo.

        Returns:
            A dict: weights (Hub repository or "bundled"), revision (null if bundled), runtime, device, waiting, limits.
        """
        source, _, revision = inpainter.source.partition("@")
        return {
            "weights": source,
            "revision": revision or None,
            "runtime": inpainter.runtime.name,
            "device": str(inpainter.device),
            "waiting": len(visits.queue),
            "max_megapixels": MAX_MEGAPIXELS,
            "max_megabytes": MAX_UPLOAD_MB,
            "formats": list(LOSSLESS),
        }

    discard_pictures_of_mcp(visits.uploads)
    gr.api(inpaint, api_name="inpaint", concurrency_limit=None)
    gr.api(status, api_name="status", queue=False)


async def _download(file: dict[str, Any]) -> dict[str, Any]:
    """Return a file of a call, with the path of a copy on this machine if it names a URL."""
    url = file.get("path")
    if not client_utils.is_http_url_like(url):
        return file
    copy = await download_url(str(url), Path(get_upload_folder()))
    return file | {"path": str(copy), "url": None, "orig_name": file.get("orig_name") or copy.name}


def _client_of(request: gr.Request | None) -> str | None:
    """Return who sent a request; calls of MCP clients come from this machine, with their headers."""
    if request is None or not request.client:
        return None
    return client_of(request.client.host, request.headers)


def _disk_full() -> gr.Error:
    return gr.Error(translate("disk_full", "en"), print_exception=False)


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
            raise (_disk_full() if is_disk_full(error) else error) from None
        uploads.discard(Path(path))
        return path

    processing_utils.save_base64_to_cache = save_and_discard


def _path_of(file: Any) -> Path:
    """Return the path of an upload that a call refers to."""
    return check_upload(_sent_path(file))


def _sent_path(file: Any) -> object:
    return file.get("path") if isinstance(file, dict) else getattr(file, "path", None)


def _save(result: Any, photo: Any, folder: Path) -> tuple[gr.FileData, tuple[str, ...]]:
    """Save a result under the photo's name, without characters that are unsafe in file names; notes about it."""
    format = result.format if result.format in LOSSLESS else "TIFF" if result.mode == "CMYK" else "PNG"
    original = photo.get("orig_name") if isinstance(photo, dict) else photo.orig_name
    stem = re.sub(r"[^\w .,()+-]", "_", Path(str(original or "photo")).stem)[:MAX_NAME]
    target = folder / f"{stem}-filled{LOSSLESS[format]}"
    with complete_file(target):
        notes = save_photo(result, target, format)
    return gr.FileData(path=str(target), orig_name=target.name), notes
