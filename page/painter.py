"""The painter: our own canvas in a gr.HTML component, wired to its desk."""

import io
import re
from pathlib import Path

import gradio as gr
from gradio.context import Context
from PIL import Image

from page.answers import answering
from page.checks import MAX_MEGAPIXELS, MAX_UPLOAD_MB
from page.desk import Desk
from page.drawing import base64_of
from page.models import Models, described
from page.showcase import EXAMPLES, FOLDER
from page.texts import table
from page.visits import Visits

HERE = Path(__file__).parent
SCRIPTS = ("geometry", "canvas", "strokes", "pointer", "keys", "transport", "opening", "versions", "retrain_kept",
           "painter")  # fmt: skip
ICON = (HERE / "icon.svg").read_text(encoding="utf-8")


def painter(models: Models, visits: Visits, notice: str = "") -> gr.HTML:
    """Put the painter on the page that is being built.

    Args:
        models: fill the holes.
        visits: keeps the open photos.
        notice: why another model is in use than was asked for; shown in a banner.
    """
    template = (HERE / "painter.html").read_text(encoding="utf-8").replace("<!-- icon -->", ICON)
    component = gr.HTML(
        html_template=template.replace("<!-- examples -->", "".join(_card(name) for name in EXAMPLES)),
        css_template=(HERE / "painter.css").read_text(encoding="utf-8"),
        js_on_load=script(SCRIPTS),
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


def script(names: tuple[str, ...]) -> str:
    """The browser's modules as one script: each is a function that returns what it exports."""
    return "\n".join(_module((HERE / f"{name}.js").read_text(encoding="utf-8")) for name in names)


def _module(source: str) -> str:
    exported = ", ".join(re.findall(r"^export (?:function|const) (\w+)", source, re.MULTILINE))
    body = re.sub(r"^(export |import .*\n)", "", source, flags=re.MULTILINE)
    return f"const {{ {exported} }} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"


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
