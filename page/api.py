"""The page's endpoints for programs: the same fill as on the canvas, for a photo and a mask in files."""

from pathlib import Path
from typing import Any

import gradio as gr

from inpaint import Inpainter, MaskError, PhotoError, save_photo
from page.checks import MAX_MEGAPIXELS, refuse_huge, uploaded
from page.texts import sentence
from page.visits import Refusal, Visits

LOSSLESS = {"PNG": ".png", "TIFF": ".tif", "BMP": ".bmp", "PPM": ".ppm"}


def add_api(inpainter: Inpainter, visits: Visits) -> None:
    """Add /inpaint and /status to the page that is being built."""

    def inpaint(photo: gr.FileData, mask: gr.FileData) -> gr.FileData:
        """Fill the masked parts of a photo.

        Args:
            photo: the picture to repair, in any common format.
            mask: a picture of the same size; white = fill here, black = keep.

        Returns:
            The finished photo in a lossless file (the photo's own format if that is lossless, else PNG). Every pixel
            outside the mask is the photo's.
        """
        try:
            files = [_read(photo), _read(mask)]
            with visits.turn():
                return _write(inpainter(*files), photo, visits.shelf())
        except Refusal as refusal:
            raise gr.Error(sentence(refusal.key, "en", **refusal.values), print_exception=False) from None
        except (PhotoError, MaskError) as error:
            raise gr.Error(str(error), print_exception=False) from None

    def status() -> dict[str, Any]:
        """Which weights fill the photos: where they come from, and their revision (null for the bundled ones)."""
        source, _, revision = inpainter.source.partition("@")
        return {"weights": source, "revision": revision or None, "max_megapixels": MAX_MEGAPIXELS}

    gr.api(inpaint, api_name="inpaint", concurrency_limit=2)
    gr.api(status, api_name="status", queue=False)


def _read(file: Any) -> bytes:
    data = uploaded(file.get("path") if isinstance(file, dict) else getattr(file, "path", None)).read_bytes()
    refuse_huge(data)
    return data


def _write(result: Any, photo: Any, folder: Path) -> gr.FileData:
    format = result.format if result.format in LOSSLESS else "TIFF" if result.mode == "CMYK" else "PNG"
    original = (photo.get("orig_name") if isinstance(photo, dict) else photo.orig_name) or "photo"
    target = folder / f"{Path(original).stem}-filled{LOSSLESS[format]}"
    save_photo(result, target, format)
    return gr.FileData(path=str(target), orig_name=target.name)
