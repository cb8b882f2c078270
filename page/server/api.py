"""The page's endpoints for programs: the same fill as on the canvas, for a photo and a mask in files."""

import logging
import re
from pathlib import Path
from typing import Any

import gradio as gr

from inpaint import Inpainter, MaskError, PhotoError, save_photo
from page.server.checks import MAX_MEGAPIXELS, MAX_UPLOAD_MB, opened, uploaded
from page.server.refusal import Refusal
from page.server.texts import sentence
from page.server.visits import Visits

LOSSLESS = {"PNG": ".png", "TIFF": ".tif", "BMP": ".bmp", "PPM": ".ppm"}
MAX_NAME = 60

log = logging.getLogger(__name__)


def add_api(inpainter: Inpainter, visits: Visits) -> None:
    """Add /inpaint and /status to the page that is being built; they are the tools for MCP clients too.

    Their docstrings are what programs and language models read about them.
    """

    async def inpaint(photo: gr.FileData, mask: gr.FileData) -> gr.FileData:
        """Remove things from a photo, or repair it: fills the masked parts with what fits their surroundings.

        Use it to take away scratches, stains, text, logos, people or objects. It continues what is around the hole
        and cannot be told in words what to put there. The photo keeps its size, and every pixel outside the mask stays
        exactly as it is. It takes about a second for a stroke, and up to a minute for large holes.

        Args:
            photo: the picture to repair, a JPEG, PNG, WebP, TIFF, BMP, GIF or AVIF of at most 300 megapixels
            mask: a picture of the photo's width and height, white where to fill, a few pixels wider than the thing

        Returns:
            The finished photo as a lossless file: in its own format if that is lossless, else as PNG.
        """

        def fill() -> gr.FileData:
            return _write(inpainter(_read(photo, "photo"), _read(mask, "mask")), photo, visits.shelf())

        try:
            return await visits.turns.run(fill, patient=True)
        except Refusal as refusal:
            message = sentence(refusal.key, "en", **refusal.values)
        except (PhotoError, MaskError) as error:
            message = str(error)
        except Exception:
            log.exception("inpaint failed")
            message = sentence("unexpected", "en")
        raise gr.Error(message, print_exception=False)

    def status() -> dict[str, Any]:
        """Tell which weights fill the photos, what computes, how many requests wait, and the limits of a photo.

        Returns:
            A dict: weights (Hub repository or "bundled"), revision (null if bundled), runtime, device, waiting, limits.
        """
        source, _, revision = inpainter.source.partition("@")
        return {
            "weights": source,
            "revision": revision or None,
            "runtime": inpainter.runtime.name,
            "device": str(inpainter.device),
            "waiting": len(visits.turns),
            "max_megapixels": MAX_MEGAPIXELS,
            "max_megabytes": MAX_UPLOAD_MB,
            "formats": list(LOSSLESS),
        }

    gr.api(inpaint, api_name="inpaint", concurrency_limit=None)
    gr.api(status, api_name="status", queue=False)


def _read(file: Any, what: str) -> Any:
    return opened(uploaded(file.get("path") if isinstance(file, dict) else getattr(file, "path", None)), what)


def _write(result: Any, photo: Any, folder: Path) -> gr.FileData:
    format = result.format if result.format in LOSSLESS else "TIFF" if result.mode == "CMYK" else "PNG"
    original = photo.get("orig_name") if isinstance(photo, dict) else photo.orig_name
    stem = re.sub(r"[^\w .,()+-]", "_", Path(str(original or "photo")).stem)[:MAX_NAME]
    target = folder / f"{stem}-filled{LOSSLESS[format]}"
    save_photo(result, target, format)
    return gr.FileData(path=str(target), orig_name=target.name)
