"""The page for retraining: a form and a live view of a run in a gr.HTML component, with the actions that it calls."""

from pathlib import Path

import gradio as gr

from inpaint.photos.formats import SUFFIXES
from page.retrain.actions import RetrainActions
from page.retrain.call_limit import CallLimit
from page.retrain.pictures import MAX_PICTURES
from page.retrain.signin import has_sign_in, server_function
from page.server.checks import MAX_UPLOAD_MB
from page.server.models import Models
from page.server.owner import OwnerKey
from page.server.scripts import ICON, load_script, load_styles
from page.server.texts import TEXTS
from page.server.uploads import Uploads

TEMPLATE = Path(__file__).parents[1] / "static" / "retrain" / "retrain.html"
STYLES = ("theme", "retrain/layout", "retrain/form", "retrain/run", "retrain/narrow")
PATH = "retrain"
DEFAULT_IMAGES = {"finetune": 6_000, "photos": 100_000, "context-encoder": 400_000, "tiny": 2_000}
"""The presets in the order of the page, with the default number of training images."""
SUGGESTED_DATASETS = ("frgfm/imagenette:320px", "timm/oxford-iiit-pet", "huggan/smithsonian_butterflies_subset")


def retrain(models: Models, owner_key: OwnerKey, uploads: Uploads) -> gr.HTML:
    """Add the form to the page that is being built.

    Args:
        models: where weights are registered that a visitor wants to use.
        owner_key: what makes a local visitor the owner of the machine.
        uploads: pictures to train on that visitors have sent.
    """
    if has_sign_in():
        gr.LoginButton(visible=False)  # sets up /login/huggingface and the session; the page has its own link there
    limit = CallLimit()
    return gr.HTML(
        html_template=TEMPLATE.read_text(encoding="utf-8").replace("<!-- icon -->", ICON),
        css_template=load_styles(*STYLES),
        js_on_load=load_script("retrain/retrain.js"),
        apply_default_css=False,
        server_functions=[server_function(each, owner_key, limit) for each in RetrainActions(models, uploads).all],
        elem_id="retrain",
        texts=TEXTS,
        presets=[{"name": name, "images": images} for name, images in DEFAULT_IMAGES.items()],
        suggested=list(SUGGESTED_DATASETS),
        pictures={"batch": MAX_PICTURES, "megabytes": MAX_UPLOAD_MB, "suffixes": list(SUFFIXES)},
    )
