"""The door: opens the weights, builds the page and launches it.

Environment: MODEL_ID and MODEL_REVISION name weights on the Hugging Face Hub (without them: the bundled ones);
GRADIO_SERVER_NAME, GRADIO_SERVER_PORT and GRADIO_TEMP_DIR are Gradio's own.
"""

import atexit
import logging
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from PIL import Image
from starlette.middleware import Middleware

from inpaint import Inpainter, WeightsError
from inpaint.runtime.malloc import keep_memory
from page.editor.component import painter
from page.retrain.component import PATH as RETRAIN_PATH
from page.retrain.component import retrain
from page.server.api import add_api
from page.server.checks import MAX_MEGAPIXELS, MAX_UPLOAD_MB
from page.server.limits import Gate, on_error
from page.server.models import Models
from page.server.scripts import script_route
from page.server.visits import Visits
from page.server.zero_gpu import lend_gpu, zero_gpu

HERE = Path(__file__).parent
CLEAN_EVERY_S, KEEP_FILES_S = 600, 3600


def open_inpainter(model_id: str | None, revision: str | None) -> tuple[Inpainter, str]:
    """The weights that were asked for, or the bundled ones and the reason why it is them."""
    if not model_id:
        return Inpainter.from_pretrained(), ""
    try:
        return Inpainter.from_pretrained(model_id, revision), ""
    except WeightsError as error:
        logging.warning("MODEL_ID %s: %s Using the bundled weights.", model_id, error)
        return Inpainter.from_pretrained(), f"{model_id}: {error}"


def build_page(inpainter: Inpainter, notice: str = "", visits: Visits | None = None) -> gr.Blocks:
    """The page and its endpoints, ready to launch.

    Args:
        inpainter: fills the holes.
        notice: shown in a banner; why these are not the weights that were asked for.
        visits: keeps the open photos; None: with the usual limits.
    """
    visits = Visits(Path(get_upload_folder())) if visits is None else visits
    models = Models(inpainter)
    delete_cache = (CLEAN_EVERY_S, KEEP_FILES_S)
    with gr.Blocks(title="Inpaint", analytics_enabled=False, delete_cache=delete_cache) as page:
        painter(models, visits, notice)
        add_api(inpainter, visits)
    with page.route("Retrain", RETRAIN_PATH, show_in_navbar=False):
        retrain(models)
    return page


def launch_options() -> dict[str, Any]:
    """What `launch` needs for the page to look and behave as it should."""
    fonts = ["system-ui", "-apple-system", "Segoe UI", "Noto Sans", "PingFang SC", "Microsoft YaHei", "sans-serif"]
    theme = gr.themes.Base(font=fonts, font_mono=["ui-monospace", "monospace"]).set(
        body_background_fill="#f6f5f1", body_background_fill_dark="#171816"
    )
    return {
        "theme": theme,
        "favicon_path": HERE / "page" / "static" / "icon.svg",
        "footer_links": [],
        "css": ".nav-holder { display: none !important; }",  # our pages lead to each other themselves
        "max_file_size": f"{MAX_UPLOAD_MB}mb",
        "ssr_mode": False,
        "mcp_server": True,
        "show_error": True,
        "app_kwargs": {
            "middleware": [Middleware(Gate)],
            "exception_handlers": {Exception: on_error},
            "routes": [script_route()],
        },
    }


def own_folder() -> None:
    """Give the pictures of this run a folder of their own, which goes with it; below GRADIO_TEMP_DIR if that is set."""
    folder = os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(prefix="inpaint-", dir=os.getenv("GRADIO_TEMP_DIR"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # by itself it would end the process without a goodbye


if __name__ == "__main__":
    keep_memory()
    own_folder()
    Image.MAX_IMAGE_PIXELS = MAX_MEGAPIXELS * 1_000_000  # or Pillow takes what it cuts from such a photo for a bomb
    gpu = zero_gpu()
    inpainter, notice = open_inpainter(os.getenv("MODEL_ID"), os.getenv("MODEL_REVISION"))
    build_page(lend_gpu(inpainter, gpu), notice).launch(**launch_options())
