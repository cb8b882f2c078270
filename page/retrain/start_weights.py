"""What a run starts from: the weights that the visitor's editor uses, or nothing."""

from pathlib import Path

from inpaint import Inpainter
from inpaint.hub.weights import bundled_folder
from page.server.errors import PageError
from page.server.models import Models
from train.jobs.spec import CHECKPOINT_SUFFIX, PRESETS

NEVER = ("tiny",)
"""Presets for a trial, whose small network is their point."""


def fits(preset: str, inpainter: Inpainter) -> bool:
    """Return whether a run of a preset can start from the weights of an Inpainter, of the same kind of network."""
    architecture = PRESETS[preset][1].generator.architecture
    return preset not in NEVER and getattr(inpainter.config, "architecture", None) == architecture


def start_weights(call: dict, preset: str, models: Models, run_folder: Path | None, is_local: bool) -> str | None:
    """Return the `init_from` of a run: {start: "in_use" or "nothing", model} -> it; None: random weights.

    Args:
        call: `model` is what the editor in this browser uses, as for `Models.get`; "" for the page's default.
        preset: of the run.
        models: by name.
        run_folder: of the run on this machine that these weights come from; None: they come from elsewhere.
        is_local: whether the run is one of this machine, so that it can read its files.

    Raises:
        PageError: the weights are no longer loaded, only on this machine and the run is elsewhere, or not published.
    """
    if call.get("start", "in_use") not in ("in_use", "nothing"):
        raise PageError("bad_request")
    inpainter = models.get(call.get("model"))
    if call.get("start") == "nothing" or not fits(preset, inpainter):
        return None
    if bundled_folder(inpainter.source) is not None:
        return inpainter.source
    source = inpainter.source if run_folder is None else str(run_folder / "weights")
    if Path(source).exists():
        if not is_local:
            raise PageError("retrain_start_is_here")
    elif source.endswith(CHECKPOINT_SUFFIX):  # without a revision: kept beside the state of their run
        raise PageError("retrain_start_unpublished")
    return source
