"""The page for retraining: our own form and its live view in a gr.HTML component, wired to its desk."""

from pathlib import Path

import gradio as gr

from page.retrain.actions import RetrainDesk
from page.retrain.signin import answering, has_sign_in
from page.server.models import Models
from page.server.scripts import ICON, load_script
from page.server.texts import table

STATIC = Path(__file__).parents[1] / "static" / "retrain"
PATH = "retrain"
USUAL_IMAGES = {"photos": 100_000, "context-encoder": 400_000, "tiny": 2_000}
"""The presets in the order of the page, and how long each is trained where nobody says otherwise."""
SUGGESTED = ("frgfm/imagenette:320px", "timm/oxford-iiit-pet", "huggan/smithsonian_butterflies_subset")


def retrain(models: Models) -> gr.HTML:
    """Put the form on the page that is being built.

    Args:
        models: gets the weights that somebody wants to paint with.
    """
    if has_sign_in():
        gr.LoginButton(visible=False)  # sets up /login/huggingface and the session; the link to it is our own
    return gr.HTML(
        html_template=(STATIC / "retrain.html").read_text(encoding="utf-8").replace("<!-- icon -->", ICON),
        css_template=(STATIC / "retrain.css").read_text(encoding="utf-8"),
        js_on_load=load_script("retrain/retrain.js"),
        apply_default_css=False,
        server_functions=[answering(action) for action in RetrainDesk(models).actions],
        elem_id="retrain",
        texts=table(),
        presets=[{"name": name, "images": images} for name, images in USUAL_IMAGES.items()],
        suggested=list(SUGGESTED),
    )
