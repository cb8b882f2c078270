"""Entry point of the page: load the weights, build the page and launch it.

Environment variables: MODEL_ID and MODEL_REVISION name weights on the Hugging Face Hub; without them the bundled
weights are used. GRADIO_SERVER_NAME, GRADIO_SERVER_PORT and GRADIO_TEMP_DIR are Gradio's.
"""
# ruff: noqa: E402

from page.server.gradio_start import import_gradio, one_application
from page.server.run_folder import use_run_folder

RUN_FOLDER = use_run_folder() if __name__ == "__main__" else None  # before Gradio is imported, which remembers it
import_gradio()  # before any other module imports it

import atexit
import logging
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from PIL import Image
from starlette.middleware import Middleware

from inpaint import Inpainter, WeightsError
from inpaint.runtime.malloc import keep_memory
from inpaint.warm_up import start_warm_up
from page.editor.card import card
from page.editor.component import editor
from page.editor.examples import Examples
from page.retrain.component import PATH as RETRAIN_PATH
from page.retrain.component import retrain
from page.retrain.signin import on_space
from page.server.agents import agents_route
from page.server.api import Blocks, add_api
from page.server.call_errors import HANDLERS
from page.server.checks import MAX_MEGAPIXELS, MAX_UPLOAD_MB
from page.server.comparison import comparison_routes
from page.server.connections import limit_connections
from page.server.launching import launch
from page.server.leaving import leave_on_signals
from page.server.limits import RequestLimits, handle_exception
from page.server.models import CARD_PATH, Models, source_name
from page.server.owner import OwnerKey
from page.server.partial_uploads import PartialUploads
from page.server.scripts import script_route
from page.server.visits import Visits
from page.server.zero_gpu import with_zero_gpu, zero_gpu

ROOT = Path(__file__).parent
CACHE_CHECK_S, CACHE_AGE_S = 600, 3600
"""How often Gradio removes files from its cache, and from which age."""
GRADIO_PARTS_HIDDEN = ".nav-holder, footer[aria-label='Gradio footer navigation'] { display: none !important; }"
"""The two pages have their own links to each other, and to the API."""
STICKY_PARTS_POSSIBLE = ".gradio-container { overflow: clip !important; }"
"""With Gradio's `hidden` the photo could not stay in view while the page scrolls."""


def load_inpainter(model_id: str | None, revision: str | None) -> tuple[Inpainter, str]:
    """Load the requested weights, or the bundled ones if that fails.

    Args:
        model_id: Hub repository or folder; None: the bundled weights.
        revision: branch, tag or commit; None: the main branch.

    Returns:
        The Inpainter, and why it does not have the requested weights ("" if it does).
    """
    if not model_id:
        return Inpainter.from_pretrained(), ""
    try:
        return Inpainter.from_pretrained(model_id, revision), ""
    except WeightsError as error:
        logging.warning("MODEL_ID %s: %s Using the bundled weights.", model_id, error)
        name = source_name(model_id)
        reason = str(error).replace(str(Path(model_id).resolve()), name).replace(model_id, name)
        return Inpainter.from_pretrained(), f"{name}: {reason}"


def build_page(
    inpainter: Inpainter,
    notice: str = "",
    visits: Visits | None = None,
    examples: Examples | None = None,
    owner_key: OwnerKey | None = None,
) -> gr.Blocks:
    """Build the page and its endpoints.

    Args:
        inpainter: the default model.
        notice: why it does not have the requested weights, for a banner; "" if it does.
        visits: keeps the open photos; None: with the default limits.
        examples: of the default model; None: each is filled when it is first shown.
        owner_key: what makes a local visitor the owner of this machine; None: a new key, which nobody knows.
    """
    visits = Visits(Path(get_upload_folder())) if visits is None else visits
    examples = Examples(inpainter) if examples is None else examples
    models = Models(inpainter)
    visits.unused_memory.release.append(models.release_memory)
    delete_cache = (CACHE_CHECK_S, CACHE_AGE_S)
    with one_application():
        with Blocks(title="Inpaint", analytics_enabled=False, delete_cache=delete_cache, fill_width=True) as page:
            editor(models, visits, examples, notice)
            add_api(inpainter, visits)
        with page.route("Model card", CARD_PATH, show_in_navbar=False):
            card(inpainter)
        with page.route("Retrain", RETRAIN_PATH, show_in_navbar=False):
            retrain(models, OwnerKey() if owner_key is None else owner_key, visits.uploads)
    return page


def launch_options() -> dict[str, Any]:
    """Return the arguments that the page needs for `launch`."""
    fonts = ["system-ui", "-apple-system", "Segoe UI", "Noto Sans", "PingFang SC", "Microsoft YaHei", "sans-serif"]
    theme = gr.themes.Base(font=fonts, font_mono=["ui-monospace", "monospace"]).set(
        body_background_fill="#f6f5f1", body_background_fill_dark="#171816"
    )
    return {
        "theme": theme,
        "favicon_path": ROOT / "page" / "static" / "icon.svg",
        "footer_links": ["api"],  # else Gradio shows nothing at ?view=api, where the page's own footer leads to
        "css": GRADIO_PARTS_HIDDEN + STICKY_PARTS_POSSIBLE,
        "max_file_size": f"{MAX_UPLOAD_MB}mb",
        "ssr_mode": False,
        "mcp_server": True,
        "show_error": True,
        "app_kwargs": {
            "middleware": [Middleware(RequestLimits), Middleware(PartialUploads)],
            "exception_handlers": {Exception: handle_exception, **HANDLERS},
            "routes": [script_route(), agents_route(), *comparison_routes()],
        },
    }


def fill_examples(examples: Examples, warm_up: threading.Thread, visits: Visits) -> None:
    """Fill the examples once the patch synthesis is compiled and while no visitor waits for something else."""
    warm_up.join()
    examples.fill_all(visits.queue.wait_until_idle)


if RUN_FOLDER is not None:
    atexit.register(shutil.rmtree, RUN_FOLDER, ignore_errors=True)  # if the page cannot start
    leave_on_signals(RUN_FOLDER)
    keep_memory()
    Image.MAX_IMAGE_PIXELS = MAX_MEGAPIXELS * 1_000_000  # Pillow's default takes crops of such photos for bombs
    gpu = zero_gpu()
    if gpu is not None:
        start_warm_up().join()  # an allocation is too short to compile in; its process is a fork of this one
    inpainter, notice = load_inpainter(os.getenv("MODEL_ID"), os.getenv("MODEL_REVISION"))
    inpainter = with_zero_gpu(inpainter, gpu)
    examples, visits = Examples(inpainter), Visits(RUN_FOLDER)
    leave_on_signals(RUN_FOLDER, visits)
    owner_key = OwnerKey()
    page = build_page(inpainter, notice, visits, examples, owner_key)
    url = launch(page, **launch_options())
    limit_connections(page.server)
    if gpu is None:  # where a GPU is allocated for each fill, one takes a visitor's request
        arguments = examples, start_warm_up(), visits
        threading.Thread(target=fill_examples, args=arguments, name="examples", daemon=True).start()
    print(f"The page is at {url}; Ctrl-C stops it.", flush=True)
    if not on_space():
        print(f"To train on this machine or account, open {owner_key.link(url, RETRAIN_PATH)}", flush=True)
    page.block_thread()
