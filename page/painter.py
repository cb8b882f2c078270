"""The painter: our own canvas in a gr.HTML component, wired to its desk."""

import io
from pathlib import Path

import gradio as gr
from gradio.context import Context
from PIL import Image

from inpaint import Inpainter
from page.answers import answering
from page.checks import MAX_MEGAPIXELS, MAX_UPLOAD_MB
from page.desk import EXAMPLES, Desk
from page.drawing import base64_of
from page.texts import table
from page.visits import Visits

HERE = Path(__file__).parent
SCRIPTS = ("canvas.js", "strokes.js", "transport.js", "painter.js")
ICON = (HERE / "icon.svg").read_text(encoding="utf-8")


def painter(inpainter: Inpainter, visits: Visits, notice: str = "") -> gr.HTML:
    """Put the painter on the page that is being built.

    Args:
        inpainter: fills the holes.
        visits: keeps the open photos.
        notice: why another model is in use than was asked for; shown in a banner.
    """
    desk = Desk(inpainter, visits)
    actions = [desk.open_photo, desk.open_example, desk.paint, desk.paint_example, desk.undo_stroke]
    actions += [desk.clear_strokes, desk.finish, desk.leave_visit]
    component = gr.HTML(
        html_template=(HERE / "painter.html").read_text(encoding="utf-8").replace("<!-- icon -->", ICON),
        css_template=(HERE / "painter.css").read_text(encoding="utf-8"),
        js_on_load="\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS),
        apply_default_css=False,
        server_functions=[answering(action, visits) for action in actions],
        elem_id="painter",
        texts=table(),
        examples=[{"name": name, "thumbnail": _thumbnail(name)} for name in EXAMPLES],
        limits={"megapixels": MAX_MEGAPIXELS, "megabytes": MAX_UPLOAD_MB},
        weights=inpainter.source,
        about=about(inpainter),
        notice=notice,
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


def about(inpainter: Inpainter) -> str:
    """The key of the sentence about what the weights are good for; empty where they are good for any photo."""
    if inpainter.config.architecture != "context-encoder":
        return ""
    return "about_center" if getattr(inpainter.config, "region", None) == "center" else "about_full"


def _thumbnail(name: str) -> str:
    with Image.open(HERE / "examples" / f"{name}.jpg") as image:
        image.thumbnail((480, 480))
        file = io.BytesIO()
        image.save(file, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64_of(file.getvalue())
