"""The model card of the default weights as a page."""

import io
import re
from pathlib import Path

import gradio as gr
from PIL import Image

from inpaint import Inpainter
from inpaint.hub.weights import BUNDLED
from page.editor.patches import base64_text
from page.server.models import card_file

MAX_PICTURE_SIDE = 1000


def card(inpainter: Inpainter) -> gr.Markdown:
    """Add the card of the default weights to the page that is being built, and those of the other bundled ones."""
    others = [BUNDLED / name / "README.md" for name in ("thin", "damage", "context-encoder")]
    texts = [rendered(path) for path in dict.fromkeys([card_file(inpainter), *others]) if path and path.is_file()]
    return gr.Markdown("[Inpaint](./)\n\n" + "\n\n---\n\n".join(texts), elem_id="card")


def rendered(path: Path) -> str:
    """Return the Markdown of a card without its front matter, and with its pictures, which lie beside it."""
    text = re.sub(r"\A---\n.*?\n---\n", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"!\[([^\]]*)\]\(([\w.-]+)\)", lambda found: _embedded(found[1], path.parent / found[2]), text)


def _embedded(title: str, path: Path) -> str:
    """Return an image of Markdown with the picture itself, reduced; only its title if there is none."""
    try:
        with Image.open(path) as picture:
            picture.thumbnail((MAX_PICTURE_SIDE, MAX_PICTURE_SIDE))
            picture.convert("RGB").save(file := io.BytesIO(), "JPEG", quality=80)
    except OSError:
        return title
    return f"![{title}](data:image/jpeg;base64,{base64_text(file.getvalue())})"
