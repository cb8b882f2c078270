"""The model card of a run: what the weights are, how to use them, training data, recipe, results and limits."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from inpaint.atomic_write import atomic_write
from train.generator.discriminator_files import DISCRIMINATOR_FILES

from . import card_text, gallery, run_info
from .card_merge import generated_part, join_card, merge, split_card
from .card_results import change_since_start, eval_results, results_tables
from .lineage import OTHER_TERMS, Parent, with_parent

SAMPLES_FILE, RESULTS_FILE, COMPARISON_FILE, CARD_FILE = "samples.png", "results.json", "held-out.json", "README.md"
START_FILE, START_SHEET = "comparison.json", "comparison.png"
"""The weights beside those at the start, see `train.evaluate.finetune`."""
LOSSES_PLOT = "losses.png"
PICTURES = {
    SAMPLES_FILE: "The last sample sheet of the training",
    START_SHEET: "Held-out photos, filled by these weights and by those at the start",
    LOSSES_PLOT: "Losses and held-out figures during the training",
}
"""Pictures of a card's gallery, which are copied beside the weights, and what they show."""
HUB = "https://huggingface.co"
PURPOSES = ("weights for image inpainting", "weights that find damage in photos")
"""In the title of a card: of generators, of damage networks."""
GENERATOR_TAGS = ["inpainting", "image-inpainting", "photo-restoration"]
DAMAGE_TAGS = ["photo-restoration", "scratch-detection"]


def write_card(
    run_dir: Path,
    folder: Path,
    repo_id: str | None = None,
    licences: Mapping[str, str] | None = None,
    existing: str | None = None,
    parent: Parent | None = None,
    watts: float | None = None,
) -> tuple[str, ...]:
    """Write `README.md` beside the weights, those of PICTURES that the run has, and the examples of the gallery.

    Args:
        run_dir: the run. Its config.json, losses.jsonl, samples/, and results.json or else held-out.json are read
            where they exist.
        folder: has the weights and receives the card.
        repo_id: the repository of the weights; None for the bundled ones.
        licences: dataset id -> licence, where it is known.
        existing: the card to update; None: the one in the folder, if there is one.
        parent: the weights that the run started from; its terms and datasets are carried on.
        watts: mean power of the machine during the training, for the emissions; None: they are not stated.

    Returns:
        Names of the generated parts that were edited and therefore kept, see `card_merge.merge`.

    Raises:
        ValueError: the metadata of the existing card is not valid YAML.
    """
    _copy_pictures(run_dir, folder)
    if (sheet := folder / SAMPLES_FILE).exists():
        gallery.write_examples(sheet, folder, is_damage_network(folder))
    path = folder / CARD_FILE
    if existing is None:
        existing = path.read_text(encoding="utf-8") if path.exists() else ""
    if repo_id:
        existing = renamed(existing, repo_id)
    text, kept = merge(existing, build_card(run_dir, folder, repo_id, licences, parent, watts))
    if parent is not None:  # the terms that a person has set may be milder than those that are inherited
        metadata, body = split_card(text)
        metadata = with_parent(metadata, parent)
        if repo_id and metadata["license"] == "other":
            metadata.setdefault("license_link", licence_link(repo_id))
        text = join_card(metadata, body)
    with atomic_write(path) as file:
        file.write(text.encode())
    return kept


def build_card(
    run_dir: Path,
    folder: Path,
    repo_id: str | None,
    licences: Mapping[str, str] | None = None,
    parent: Parent | None = None,
    watts: float | None = None,
) -> str:
    """Return the text of a new card; the arguments are those of `write_card`."""
    config, network = run_info.run_config(run_dir), run_info.run_config(folder)
    architecture = str(network.get("architecture"))
    is_damage = is_damage_network(folder)
    scores = run_info.read_json(run_dir / RESULTS_FILE) or run_info.read_json(run_dir / COMPARISON_FILE)
    scores = scores if isinstance(scores, list) and not is_damage else []
    comparison = run_info.read_json(run_dir / START_FILE)
    discriminator = DISCRIMINATOR_FILES[0] if (folder / DISCRIMINATOR_FILES[0]).exists() else None
    picture = SAMPLES_FILE if (folder / SAMPLES_FILE).exists() else None
    widget = gallery.widget(folder, is_damage) if repo_id else []  # only the Hub draws it
    sections = {
        "use": ("Use", card_text.use(architecture, repo_id)),
        "training-data": ("Training data and licences", card_text.training_data(config, licences or {}, parent)),
        "pictures": ("Pictures", card_text.pictures({name: PICTURES[name] for name in _more_pictures(folder)})),
        "recipe": ("Recipe", card_text.recipe(config, run_info.images_seen(run_dir), discriminator)),
        "results": (
            "Results",
            "\n\n".join(filter(None, [change_since_start(comparison), results_tables(scores)])),
        ),
        "limits": ("Limits", card_text.limits(architecture, network.get("region"))),
    }
    if is_damage:
        del sections["results"]
    if not _more_pictures(folder):
        del sections["pictures"]
    parts = [
        f"# {repo_id or 'Bundled weights'}: {PURPOSES[is_damage]}",
        generated_part(
            "about", card_text.about(architecture, run_info.parameter_count(folder), picture, has_gallery=bool(widget))
        ),
        *(f"## {heading}\n\n{generated_part(name, text)}" for name, (heading, text) in sections.items()),
    ]
    metadata = _metadata(config, repo_id, architecture, eval_results(scores))
    if widget:
        metadata["widget"] = widget
    if repo_id and picture:
        metadata["thumbnail"] = thumbnail(repo_id)
    minutes = run_info.section(config, "ran").get("minutes")
    if watts and minutes:
        metadata["co2_eq_emissions"] = card_text.emissions(minutes, watts, str(config.get("init_from") or ""))
    return join_card(metadata, "\n\n".join(parts))


def is_damage_network(folder: Path) -> bool:
    """Return whether the weights in a folder are those of a network that finds damage."""
    return run_info.run_config(folder).get("architecture") == card_text.DAMAGE


def licence_link(repo_id: str) -> str:
    """Return the address of the section that has the terms of weights with the licence "other"."""
    return f"{HUB}/{repo_id}/blob/main/{CARD_FILE}#training-data-and-licences"


def renamed(card: str, repo_id: str) -> str:
    """Return a card in which the generated title and links of another repository are those of this one.

    Weights that are published under a second name bring the card of the first one with them.
    """
    title = re.search(rf"^# ([\w.-]+/[\w.-]+)(?=: (?:{'|'.join(PURPOSES)})$)", card, re.MULTILINE)
    if title is None or title[1] == repo_id:
        return card
    old = title[1]
    for generated in (licence_link, thumbnail):
        card = card.replace(f": {generated(old)}\n", f": {generated(repo_id)}\n")
    return card.replace(title[0], f"# {repo_id}", 1)


def thumbnail(repo_id: str) -> str:
    """Return the address of the picture that links to the weights are shown with."""
    return f"{HUB}/{repo_id}/resolve/main/{SAMPLES_FILE}"


def _copy_pictures(run_dir: Path, folder: Path) -> None:
    sheets = sorted((run_dir / "samples").glob("images-*.png"))
    sources = {name: run_dir / name for name in PICTURES} | {SAMPLES_FILE: sheets[-1] if sheets else None}
    for name, source in sources.items():
        if source is not None and source.exists():
            shutil.copyfile(source, folder / name)


def _more_pictures(folder: Path) -> list[str]:
    """Return the pictures beside the weights, apart from the sample sheet, which is at the top of the card."""
    return [name for name in PICTURES if name != SAMPLES_FILE and (folder / name).exists()]


def _metadata(
    config: Mapping[str, Any], repo_id: str | None, architecture: str, results: list[EvalResult]
) -> dict[str, Any]:
    """Return the card's metadata, see https://huggingface.co/docs/hub/model-cards."""
    licence = config.get("license") or "other"
    is_damage = architecture == card_text.DAMAGE
    data = ModelCardData(
        license=licence,
        license_name=OTHER_TERMS if licence == "other" else None,
        license_link=licence_link(repo_id) if licence == "other" and repo_id else None,
        library_name="pytorch",
        pipeline_tag="image-segmentation" if is_damage else "image-to-image",
        tags=[*(DAMAGE_TAGS if is_damage else GENERATOR_TAGS), architecture],
        datasets=run_info.hub_datasets(config) or None,
        metrics=list(dict.fromkeys(result.metric_type for result in results)) or None,
        model_name=(repo_id or "bundled").rpartition("/")[2] if results else None,
        eval_results=results or None,
    )
    return data.to_dict()
