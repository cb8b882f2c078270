"""The model card of a run: what the weights are, how to use them, training data, recipe, results and limits."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from inpaint.atomic_write import atomic_write

from . import card_text, run_info
from .card_merge import generated_part, join_card, merge, split_card
from .card_results import change_since_start, eval_results, results_tables
from .lineage import OTHER_TERMS, Parent, with_parent

SAMPLES_FILE, RESULTS_FILE, COMPARISON_FILE, CARD_FILE = "samples.png", "results.json", "held-out.json", "README.md"
START_FILE = "comparison.json"
"""The weights beside those at the start, see `train.evaluate.finetune`."""
GENERATOR_TAGS = ["inpainting", "image-inpainting", "photo-restoration"]
DAMAGE_TAGS = ["photo-restoration", "scratch-detection"]


def write_card(
    run_dir: Path,
    folder: Path,
    repo_id: str | None = None,
    licences: Mapping[str, str] | None = None,
    existing: str | None = None,
    parent: Parent | None = None,
) -> tuple[str, ...]:
    """Write `README.md` beside the weights, and `samples.png` if the run has a sample sheet.

    Args:
        run_dir: the run. Its config.json, losses.jsonl, samples/, and results.json or else held-out.json are read
            where they exist.
        folder: has the weights and receives the card.
        repo_id: the repository of the weights; None for the bundled ones.
        licences: dataset id -> licence, where it is known.
        existing: the card to update; None: the one in the folder, if there is one.
        parent: the weights that the run started from; its terms and datasets are carried on.

    Returns:
        Names of the generated parts that were edited and therefore kept, see `card_merge.merge`.

    Raises:
        ValueError: the metadata of the existing card is not valid YAML.
    """
    sheets = sorted((run_dir / "samples").glob("images-*.png"))
    if sheets:
        shutil.copyfile(sheets[-1], folder / SAMPLES_FILE)
    path = folder / CARD_FILE
    if existing is None:
        existing = path.read_text(encoding="utf-8") if path.exists() else ""
    text, kept = merge(existing, build_card(run_dir, folder, repo_id, licences, parent))
    if parent is not None:  # the terms that a person has set may be milder than those that are inherited
        metadata, body = split_card(text)
        text = join_card(with_parent(metadata, parent), body)
    with atomic_write(path) as file:
        file.write(text.encode())
    return kept


def build_card(
    run_dir: Path,
    folder: Path,
    repo_id: str | None,
    licences: Mapping[str, str] | None = None,
    parent: Parent | None = None,
) -> str:
    """Return the text of a new card; the arguments are those of `write_card`."""
    config, network = run_info.run_config(run_dir), run_info.run_config(folder)
    architecture = str(network.get("architecture"))
    is_damage = architecture == card_text.DAMAGE
    scores = run_info.read_json(run_dir / RESULTS_FILE) or run_info.read_json(run_dir / COMPARISON_FILE)
    scores = scores if isinstance(scores, list) and not is_damage else []
    comparison = run_info.read_json(run_dir / START_FILE)
    picture = SAMPLES_FILE if (folder / SAMPLES_FILE).exists() else None
    sections = {
        "use": ("Use", card_text.use(architecture, repo_id)),
        "training-data": ("Training data and licences", card_text.training_data(config, licences or {}, parent)),
        "recipe": ("Recipe", card_text.recipe(config, run_info.images_seen(run_dir))),
        "results": (
            "Results",
            "\n\n".join(filter(None, [change_since_start(comparison), results_tables(scores)])),
        ),
        "limits": ("Limits", card_text.limits(architecture, network.get("region"))),
    }
    if is_damage:
        del sections["results"]
    purpose = "weights that find damage in photos" if is_damage else "weights for image inpainting"
    parts = [
        f"# {repo_id or 'Bundled weights'}: {purpose}",
        generated_part("about", card_text.about(architecture, run_info.parameter_count(folder), picture)),
        *(f"## {heading}\n\n{generated_part(name, text)}" for name, (heading, text) in sections.items()),
    ]
    return join_card(_metadata(config, repo_id, architecture, eval_results(scores)), "\n\n".join(parts))


def _metadata(
    config: Mapping[str, Any], repo_id: str | None, architecture: str, results: list[EvalResult]
) -> dict[str, Any]:
    """Return the card's metadata, see https://huggingface.co/docs/hub/model-cards."""
    licence = config.get("license") or "other"
    is_damage = architecture == card_text.DAMAGE
    data = ModelCardData(
        license=licence,
        license_name=OTHER_TERMS if licence == "other" else None,
        library_name="pytorch",
        pipeline_tag="image-segmentation" if is_damage else "image-to-image",
        tags=[*(DAMAGE_TAGS if is_damage else GENERATOR_TAGS), architecture],
        datasets=run_info.hub_datasets(config) or None,
        model_name=(repo_id or "bundled").rpartition("/")[2] if results else None,
        eval_results=results or None,
    )
    return data.to_dict()
