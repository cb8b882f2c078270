"""What all endpoints for programs share: a turn in the compute queue, files that were sent, results, and errors."""

import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from PIL import Image

from inpaint import MaskError, PhotoError, WeightsError, save_photo
from inpaint.networks.errors import PredictionError
from inpaint.photos.formats import readable_formats
from page.server.checks import MAX_MEGAPIXELS, check_upload
from page.server.clients import client_of
from page.server.disk import complete_file, is_disk_full
from page.server.errors import PageError
from page.server.texts import translate
from page.server.visits import Visits

LOSSLESS = {"PNG": ".png", "TIFF": ".tif", "BMP": ".bmp", "PPM": ".ppm"}
MAX_NAME = 60
Notes = tuple[str, ...]
NO_FILE = (
    "a file of the call is not among the uploads, which are removed soon after their use: send it by POST to "
    '/gradio_api/upload and give the path that this answers, {"path": "...", "meta": {"_type": "gradio.FileData"}}, or '
    "give a public URL as the path"
)


class Result(gr.FileData):
    """A file that a call returns.

    Attributes:
        notes: sentences about it. They go with the file, as HTTP and MCP clients see no messages of the job.
    """

    notes: list[str]


log = logging.getLogger(__name__)


def with_limits(endpoint: Callable) -> Callable:
    """Return an endpoint whose docstring, which clients read, names the formats and the size of a photo.

    Args:
        endpoint: has "{formats}" and "{megapixels}" in their places.
    """
    text = endpoint.__doc__ or ""
    endpoint.__doc__ = text.replace("{formats}", readable_formats()).replace("{megapixels}", str(MAX_MEGAPIXELS))
    return endpoint


async def run_call(
    name: str,
    work: Callable[[list[Path]], tuple[gr.FileData, Notes]],
    files: Sequence[Any],
    visits: Visits,
    request: gr.Request | None,
) -> gr.FileData:
    """Run a call of an endpoint when its turn comes; return its result with its notes, which the job sends as well.

    Args:
        name: of the endpoint, for the log.
        work: takes the paths of the files; returns the result, and sentences about it.
        files: that the call refers to. They are removed soon.
        visits: the compute queue, and the uploads.
        request: of the caller; None: nobody in particular.

    Raises:
        gr.Error: a sentence that says what is wrong with the call.
    """

    def run() -> tuple[gr.FileData, Notes]:
        paths = [check_upload(sent_path(file)) for file in files]
        for path in paths:
            visits.uploads.discard(path)
        return work(paths)

    try:
        with visits.uploads.kept([sent_path(file) for file in files]):
            result, notes = await visits.queue.run(run, client=_client_of(request), wait_until_done=True)
        for note in notes:
            gr.Info(note)
        return Result(**result.model_dump(), notes=list(notes))
    except PageError as error:
        message = NO_FILE if error.key == "upload_missing" else translate(error.key, "en", **error.values)
    except (PhotoError, MaskError, PredictionError, WeightsError) as error:
        message = without_folders(str(error))
    except Exception as error:
        if not is_disk_full(error):
            log.exception("%s failed", name)
        message = translate("disk_full" if is_disk_full(error) else "unexpected", "en")
    raise call_error(message)


def without_folders(message: str) -> str:
    """Return a message that names uploads without the folders of the server that they lie in."""
    return re.sub(rf"{re.escape(str(Path(get_upload_folder()).resolve()))}/(\w+/)?", "", message)


def call_error(message: str) -> gr.Error:
    """Return an error whose message the caller gets, without a traceback on this machine's terminal."""
    return gr.Error(message, print_exception=False)


def disk_full() -> gr.Error:
    """Return the error for a call while the disk is full."""
    return call_error(translate("disk_full", "en"))


def sent_path(file: Any) -> object:
    """Return the path that a call names for a file, which has not been checked."""
    return file.get("path") if isinstance(file, dict) else getattr(file, "path", None)


def save_result(result: Image.Image, photo: Any, folder: Path, ending: str = "filled") -> tuple[gr.FileData, Notes]:
    """Save a result losslessly, and return it with notes about what could not be kept.

    Args:
        result: in its own format if that is lossless, else as TIFF for CMYK and PNG for the rest.
        photo: the file that was sent: its name is used, without characters that are unsafe in file names.
        folder: receives the file.
        ending: of the name, behind a dash.
    """
    format = result.format if result.format in LOSSLESS else "TIFF" if result.mode == "CMYK" else "PNG"
    original = photo.get("orig_name") if isinstance(photo, dict) else photo.orig_name
    stem = re.sub(r"[^\w .,()+-]", "_", Path(str(original or "photo")).stem)[:MAX_NAME]
    target = folder / f"{stem}-{ending}{LOSSLESS[str(format)]}"
    with complete_file(target):
        notes = save_photo(result, target, format)
    return gr.FileData(path=str(target), orig_name=target.name), notes


def _client_of(request: gr.Request | None) -> str | None:
    """Return who sent a request; calls of MCP clients come from this machine, with their headers."""
    if request is None or not request.client:
        return None
    return client_of(request.client.host, request.headers)
