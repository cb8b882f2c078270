"""Files that visitors download: where they are written, their names and URLs."""

from pathlib import Path
from urllib.parse import quote

import gradio as gr
from PIL import Image

from page.server.visit import Visit


def download_path(visit: Visit, name: str) -> Path:
    """Return the path of a new file for a visit; it is removed with the visit."""
    visit.folder.mkdir(parents=True, exist_ok=True)
    return visit.folder / name


def describe_download(target: Path) -> dict:
    """Return the URL and the name of a file for the browser; the URL is relative to the page."""
    url = f"gradio_api/file={quote(str(target))}"
    return {"file": gr.FileData(path=str(target), url=url).model_dump(exclude_none=True), "name": target.name}


def suffix_of(name: Path, format: str | None) -> str:
    """Return the file's own suffix if it fits the format, else the usual one of the format."""
    known = Image.registered_extensions()
    if known.get(name.suffix.lower()) == format or (format == "MPO" and known.get(name.suffix.lower()) == "JPEG"):
        return name.suffix
    return {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif"}.get(format or "", f".{(format or 'png').lower()}")
