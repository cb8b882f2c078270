"""The prose of a model card, section by section."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inpaint.markdown import markdown_table

from . import gallery, run_info
from .lineage import Parent

DAMAGE = "damage"
"""Architecture of the network that finds damage; all others are generators."""
ABOUT = {
    "free-form": "A generator for image inpainting ({size}). It fills holes of any shape in photos of any size. Input:"
    " a photo and a mask. Output: the photo with the hole filled.",
    "context-encoder": "A generator for image inpainting ({size}). It fills holes in images of 128x128, after Context"
    " Encoders (Pathak et al. 2016, [arXiv:1604.07379](https://arxiv.org/abs/1604.07379)), and serves to reproduce the"
    " paper and as a baseline. Input: a photo and a mask. Output: the photo with the hole filled.",
    DAMAGE: "A segmentation network that finds damage in scans of old photos ({size}): scratches, cracks, tears, folds,"
    " dust, blotches and missing corners. Input: a photo. Output: the mask of its damage, which inpainting then fills.",
}
USE_GENERATOR = """\
```python
from PIL import Image
from inpaint import Inpainter

inpainter = Inpainter.from_pretrained({name})
filled = inpainter(Image.open("photo.jpg"), Image.open("mask.png"))  # white pixels of the mask are the hole
filled.save("filled.png")
```"""
USE_DAMAGE = """\
```python
from huggingface_hub import snapshot_download
from inpaint import Inpainter, open_photo
from inpaint.damage import DamageFinder, load_damage_network

finder = DamageFinder(load_damage_network(snapshot_download({name})))
mask = Inpainter.from_pretrained(damage_finder=finder).find_damage(open_photo("scan.jpg"))
```"""
LIMITS_OF_GENERATORS = """\
- Filled content is invented. It can look right and be wrong: do not use it as evidence.
- Large holes are smoother than the photo around them. Text, faces and hands are not restored.
- Images unlike the training data (drawings, scans, medical or satellite images) may be filled worse.
- Pixels outside the mask are kept exactly. If the mask is too tight, the edge of the object stays visible as a halo."""
LIMITS_OF_DAMAGE = """\
- The mask is a suggestion: check it before you fill it, and erase what belongs to the picture.
- Thin structures (masts, cables, branches, stripes) can be taken for damage.
- Faint stains, thin dark lines and uniform fading are often missed."""
LIMITS_OF_REGION = {
    "center": "- It was trained on one kind of hole, a square of 64x64 in the centre of 128x128. The engine cuts photos"
    " of any size into such crops; compact holes of up to 64 pixels are filled best.\n",
    "full": "- Its input is 128x128. The engine cuts photos of any size into such crops; holes of up to 64 pixels are"
    " filled best.\n",
}
"""By the `region` of a Context Encoder."""
CO2_G_PER_KWH = 480
"""Of electricity, the mean of the world."""
LICENCE_TERMS = (
    "The weights are derived from these images: check that their terms allow what you plan, commercial use in"
    " particular. The training code is under Apache-2.0."
)


def about(architecture: str, parameters: int, picture: str | None, *, has_gallery: bool = False) -> str:
    """Return what the weights are, with a gallery and a sample sheet.

    Args:
        architecture: of the network.
        parameters: number of its weights.
        picture: file name of the sample sheet; None without one.
        has_gallery: whether the card's metadata has examples.
    """
    size = f"{architecture}, {parameters / 1e6:.1f} million parameters"
    text = ABOUT.get(architecture, ABOUT["free-form"]).format(size=size)
    if has_gallery:
        text += f"\n\n{gallery.COMPONENT}"
    if picture is None:
        return text
    rows = "photo, target mask, prediction" if architecture == DAMAGE else (
        "masked image, prediction, composite, ground truth"
    )  # fmt: skip
    return f"{text}\n\n![Sample sheet]({picture})\n\nThe last sample sheet of the training, from the top: {rows}."


def pictures(shown: Mapping[str, str]) -> str:
    """Return pictures, each with what it shows; by file name."""
    return "\n\n".join(f"![{text}]({name})\n\n{text}." for name, text in shown.items())


def emissions(minutes: float, watts: float, start: str) -> dict[str, Any]:
    """Return the emissions of a training as the metadata of a card states them, in grams of CO2.

    Args:
        minutes: of the training.
        watts: mean power of the machine meanwhile.
        start: the weights that it started from; empty for random ones.
    """
    return {
        "emissions": float(f"{minutes / 60 * watts / 1000 * CO2_G_PER_KWH:.2g}"),
        "source": f"an estimate, {minutes / 60:.2g} hours at {watts:g} W and {CO2_G_PER_KWH} g per kWh, the mean of the"
        " world",
        "training_type": "fine-tuning" if start else "pre-training",
    }


def use(architecture: str, repo_id: str | None) -> str:
    """Return Python code that loads the weights; of a repository, or the bundled ones for None."""
    name = json.dumps(repo_id) if repo_id else ""
    return (USE_DAMAGE if architecture == DAMAGE else USE_GENERATOR).format(name=name)


def limits(architecture: str, region: str | None) -> str:
    """Return what the weights cannot do.

    Args:
        architecture: of the network.
        region: of a Context Encoder: "center" or "full"; None for other networks.
    """
    if architecture == DAMAGE:
        return LIMITS_OF_DAMAGE
    return LIMITS_OF_REGION.get(region or "", "") + LIMITS_OF_GENERATORS


def training_data(config: Mapping[str, Any], licences: Mapping[str, str], parent: Parent | None = None) -> str:
    """Return the datasets of a run with their licences; of local files and folders only the name.

    Args:
        config: of the run, as plain values.
        licences: dataset id -> licence, where it is known.
        parent: the weights that the run started from.
    """
    lines = []
    for name in run_info.datasets(config):
        if run_info.is_hub_id(name):
            terms = licences.get(name, "see its page for the licence")
            lines.append(f"- [{name}](https://huggingface.co/datasets/{name}): {terms}")
        else:
            lines.append(f"- images of the local folder or file `{Path(name).name}`: their own licences apply")
    text = "\n".join(lines or ["- not recorded"])
    if parent is not None:
        text += f"\n\n{_inherited(parent, licences)}"
    return f"{text}\n\n{LICENCE_TERMS}"


def _inherited(parent: Parent, licences: Mapping[str, str]) -> str:
    """Return what the weights at the start were trained on, and their terms."""
    name = f"[{parent.name}](https://huggingface.co/{parent.base_model})" if parent.base_model else f"`{parent.name}`"
    name = run_info.BUNDLED_NAMES.get(parent.name, name)
    terms = parent.licence_name or parent.licence or "none is stated"
    head = f"They started from {name} (licence: {terms}), whose terms hold for these weights too. That was trained on:"
    lines = []
    for dataset in parent.datasets:
        licence = licences.get(dataset, "see its page for the licence")
        lines.append(f"- [{dataset}](https://huggingface.co/datasets/{dataset}): {licence}")
    return "\n".join([head, "", *(lines or ["- not recorded"])])


def recipe(config: Mapping[str, Any], images_seen: int, discriminator: str | None = None) -> str:
    """Return the settings of a run as a table; loss terms and masks of weight 0 are left out.

    Args:
        config: of the run, as plain values.
        images_seen: length of the run; 0 if unknown.
        discriminator: file name of the one beside the weights; None without one.
    """
    if not config:
        return "Not recorded."
    data, loss = run_info.section(config, "data") or config, run_info.section(config, "loss")
    masks = run_info.section(data, "masks")
    betas = f", betas {config['betas']}" if "betas" in config else ""
    ran = run_info.section(config, "ran")  # the schedule is scaled to the run's length
    halflife = ran.get("ema_halflife_images", config.get("ema_halflife_images"))
    rows = {
        "Preset": config.get("preset"),
        "Initial weights": run_info.initial_weights(config),
        "Images seen": f"{images_seen:,}" if images_seen else config.get("images") or f"{config.get('epochs')} epochs",
        "Weights of": f"the measurement after {ran['best_images']:,} images" if ran.get("best_images") else None,
        "Interpolation": _interpolation(ran.get("best_share", 1.0)),
        "Time": f"{ran['minutes']:g} minutes" if ran.get("minutes") else None,
        "Crops": f"{data.get('resolution')}x{data.get('resolution')}, batches of {data.get('batch_size')}",
        "Masks": ", ".join(_mask_weights(masks)),
        "Losses": ", ".join(_loss_terms(loss)),
        "R1 gamma": loss.get("r1_gamma"),
        "Learning rate": f"{config.get('learning_rate')} ({'Adam' if betas else 'AdamW'}{betas})",
        "Learning rate schedule": _rate_schedule(config, ran),
        "Discriminator": f"in {discriminator}, for runs that start from these weights" if discriminator else None,
        "Discriminator learning rate": config.get("discriminator_learning_rate"),
        "EMA of the weights": f"half-life of {halflife} images" if halflife else None,
        "Seed": config.get("seed"),
    }
    shown = [row for row in rows.items() if row[1] not in (None, "", 0) or row[0] == "Seed"]
    return markdown_table(["Setting", "Value"], shown)


def _interpolation(share: float) -> str | None:
    text = f"{share:.2f} of the trained weights and {1 - share:.2f} of the initial ones (arXiv:2109.01903)"
    return text if share < 1 else None


def _rate_schedule(config: Mapping[str, Any], ran: Mapping[str, Any]) -> str:
    """Return how the learning rate rose and fell; of a run that has not recorded it, what its config says."""
    parts = []
    for name, text in (("warmup_images", "linear warm-up over"), ("cooldown_images", "linear cool-down over")):
        if images := ran.get(name, config.get(name)):
            parts.append(f"{text} {images:,} images")
    return ", ".join(parts)


def _mask_weights(masks: Mapping[str, Any]) -> list[str]:
    """Return each family of masks with its weight, such as "strokes 0.5"; their magnification is no family."""
    weights = {name: value for name, value in masks.items() if isinstance(value, float) and name != "zoom"}
    weights |= dict(masks.get("extra") or [])
    return [f"{name} {value:g}" for name, value in weights.items() if value]


def _loss_terms(loss: Mapping[str, Any]) -> list[str]:
    """Return each term of the loss with its weight, such as "reconstruction l1 x 1"."""
    terms = []
    for key, weight in loss.items():
        name = key.removesuffix("_weight")
        if name != key and weight and key not in ("known_weight", "border_weight"):
            terms.append(f"{name.replace('_', ' ')} {loss.get(name, '')}".strip() + f" x {weight:g}")
    terms += [f"{name} x {weight:g}" for name, weight in loss.get("extra") or []]
    if loss.get("shift_px"):
        terms.append(f"all shifted by less than {loss['shift_px']} px")
    return terms
