"""The painter: our own canvas in a gr.HTML component, wired to its desk."""

import io
from pathlib import Path

import gradio as gr
from gradio.context import Context
from PIL import Image

from page.editor.actions import Desk
from page.editor.examples import EXAMPLES, FOLDER
from page.editor.patches import base64_of
from page.server.answers import answering
from page.server.checks import MAX_MEGAPIXELS, MAX_UPLOAD_MB
from page.server.models import Models, described
from page.server.scripts import ICON, load_script
from page.server.texts import table
from page.server.visits import Visits

STATIC = Path(__file__).parents[1] / "static" / "editor"


def painter(models: Models, visits: Visits, notice: str = "") -> gr.HTML:
    """Put the painter on the page that is being built.

    Args:
        models: fill the holes.
        visits: keeps the open photos.
        notice: why another model is in use than was asked for; shown in a banner.
    """
    template = (STATIC / "editor.html").read_text(encoding="utf-8").replace("<!-- icon -->", ICON)
    component = gr.HTML(
        html_template=template.replace("<!-- examples -->", "".join(_card(name) for name in EXAMPLES)),
        css_template=(STATIC / "editor.css").read_text(encoding="utf-8"),
        js_on_load=load_script("editor/editor.js"),
        apply_default_css=False,
        server_functions=[answering(action, visits) for action in Desk(models, visits).actions],
        elem_id="painter",
        texts=table(),
        example=EXAMPLES[0],
        limits={"megapixels": MAX_MEGAPIXELS, "megabytes": MAX_UPLOAD_MB},
        model=described(models.own) | {"notice": notice},
    )

    def remember_tab(visit_id: str, request: gr.Request) -> None:
        if request.session_hash and isinstance(visit_id, str):
            visits.belongs_to(request.session_hash, visit_id)

    def forget_tab(request: gr.Request) -> None:
        if request.session_hash:
            visits.tab_closed(request.session_hash)

    component.input(remember_tab, component, None, queue=False, show_progress="hidden", api_visibility="private")
    assert Context.root_block is not None, "build the painter inside a gr.Blocks"
    Context.root_block.unload(forget_tab)
    return component


def _card(name: str) -> str:
    """A button with an example's picture."""
    with Image.open(FOLDER / f"{name}.jpg") as image:
        image.thumbnail((360, 360))
        file = io.BytesIO()
        image.save(file, "JPEG", quality=80)
    picture = f'<img src="data:image/jpeg;base64,{base64_of(file.getvalue())}" alt="">'
    return (
        f'<button type="button" data-example="{name}" data-testid="{name}">{picture}'
        f'<span data-text="{name}"></span></button>'
    )
