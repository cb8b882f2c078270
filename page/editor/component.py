"""The editor: our own canvas in a gr.HTML component, with the server functions that it calls."""

import io
from pathlib import Path

import gradio as gr
from gradio.context import Context
from PIL import Image

from page.editor.actions import EditorActions
from page.editor.examples import EXAMPLES, FOLDER, Examples
from page.editor.found import THRESHOLDS, USUAL_LEVEL
from page.editor.patches import base64_text
from page.server.answers import server_function
from page.server.checks import MAX_MEGAPIXELS, MAX_UPLOAD_MB
from page.server.comparison import without_dead_link
from page.server.models import Models, describe
from page.server.scripts import ICON, load_script, load_styles
from page.server.texts import TEXTS
from page.server.visits import Visits

TEMPLATES = Path(__file__).parents[1] / "static" / "editor"
STYLES = (
    "theme",
    "editor/layout",
    "editor/tools",
    "editor/stage",
    "editor/sections",
    "editor/progress",
    "editor/narrow",
    "editor/sizes",
    "editor/restore",
    "editor/touch",
)


def editor(models: Models, visits: Visits, examples: Examples, notice: str = "") -> gr.HTML:
    """Add the editor to the page that is being built.

    Args:
        models: fill the holes.
        visits: keeps the open photos.
        examples: filled by the default model.
        notice: why the requested model is not in use, for a banner; "" if it is.
    """
    template, restoration = ((TEMPLATES / f"{name}.html").read_text(encoding="utf-8") for name in ("editor", "restore"))
    template = without_dead_link(template).replace("<!-- icon -->", ICON).replace("<!-- restore -->", restoration)
    component = gr.HTML(
        html_template=template.replace("<!-- examples -->", "".join(map(_example_button, EXAMPLES))),
        css_template=load_styles(*STYLES),
        js_on_load=load_script("editor/editor.js"),
        apply_default_css=False,
        server_functions=[
            server_function(each, visits, models) for each in EditorActions(models, visits, examples).all
        ],
        elem_id="editor",
        texts=TEXTS,
        example=EXAMPLES[0],
        limits={"megapixels": MAX_MEGAPIXELS, "megabytes": MAX_UPLOAD_MB},
        damage={"levels": len(THRESHOLDS), "level": USUAL_LEVEL},
        model=describe(models.default) | {"notice": notice},
    )

    def remember_tab(visit_id: str, request: gr.Request) -> None:
        if request.session_hash and isinstance(visit_id, str):
            visits.assign_to_tab(request.session_hash, visit_id)

    def close_tab() -> None:
        """Do nothing: for such a function the browser keeps a connection open, see `page.server.presence`."""

    component.input(remember_tab, component, None, queue=False, show_progress="hidden", api_visibility="private")
    assert Context.root_block is not None, "build the editor inside a gr.Blocks"
    Context.root_block.unload(close_tab)
    return component


def _example_button(name: str) -> str:
    """Return the HTML of a button with an example's thumbnail."""
    with Image.open(FOLDER / f"{name}.jpg") as image:
        image.thumbnail((360, 360))
        file = io.BytesIO()
        image.save(file, "JPEG", quality=80)
    picture = f'<img src="data:image/jpeg;base64,{base64_text(file.getvalue())}" alt="">'
    return (
        f'<button type="button" data-example="{name}" data-testid="{name}">{picture}'
        f'<span data-text="{name}"></span></button>'
    )
