"""The model card of a run: what the weights are, how to use them, what they were trained on, how good they are."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open

from inpaint.markdown import markdown_table
from train.evaluate.results import COVERAGE_TITLES, METRICS, OURS, mean_scores

from .card_merge import assemble, merge, part

SAMPLES_FILE, RESULTS_FILE, COMPARISON_FILE = "samples.png", "results.json", "held-out.json"
WHAT = {
    "free-form": "It fills holes of any shape in photos of any size.",
    "context-encoder": "It fills holes in pictures of 128x128, after Context Encoders (Pathak et al. 2016,"
    " [arXiv:1604.07379](https://arxiv.org/abs/1604.07379)). It is there to follow the paper and to compare with.",
}
USE = """\
```python
from PIL import Image
from inpaint import Inpainter

inpainter = Inpainter.from_pretrained({name})
filled = inpainter(Image.open("photo.jpg"), Image.open("mask.png"))  # in the mask, white is the hole
filled.save("filled.png")
```"""

NOT_MEASURED = (
    f"Not measured yet: `python -m train.evaluate WEIGHTS --data PHOTOS --json RUN_DIR/{RESULTS_FILE}` does it."
)

LIMITS = """\
- What stands in the hole is invented. It can look right and be wrong: do not use it as evidence of anything.
- Large holes come out smoother than the photo around them; text, faces and hands are not restored.
- Pictures unlike the training data (drawings, scans, medical or satellite images) may be filled worse.
- Pixels outside the mask are kept exactly; a mask that is too tight leaves a halo of what it should cover."""

OWN_LIMITS = {
    "center": "- It knows one kind of hole, a square of 64x64 in the middle of 128x128. The engine cuts photos of any"
    " size into such pieces, each with its hole in the middle; compact holes of up to 64 pixels come out best.\n",
    "full": "- It sees 128x128 pixels at once. The engine cuts photos of any size into such pieces; holes of up to 64"
    " pixels come out best.\n",
}
"""By the `region` of a Context Encoder."""


def write_card(
    run_dir: Path,
    folder: Path,
    repo_id: str | None = None,
    licences: Mapping[str, str] | None = None,
    existing: str | None = None,
) -> tuple[str, ...]:
    """Writes `README.md`, and `samples.png` if the run drew a sheet, beside the weights.

    Args:
        run_dir: the run; its config.json, losses.jsonl, samples/, and results.json or else held-out.json are used where
            they exist.
        folder: holds the weights and receives the card.
        repo_id: the repository that the weights go to; None for the bundled ones.
        licences: what is known of the datasets' licences, by dataset id.
        existing: the card that is to be updated; None: the one in the folder, if there is one.

    Returns:
        Names of the generated parts that a person has changed and that were kept, see `card_merge.merge`.

    Raises:
        ValueError: the existing card's metadata is no YAML.
    """
    sheets = sorted((run_dir / "samples").glob("images-*.png"))
    if sheets:
        shutil.copyfile(sheets[-1], folder / SAMPLES_FILE)
    readme = folder / "README.md"
    if existing is None:
        existing = readme.read_text(encoding="utf-8") if readme.exists() else ""
    text, kept = merge(existing, build_card(run_dir, folder, repo_id, licences))
    readme.write_text(text, encoding="utf-8")
    return kept


def build_card(run_dir: Path, folder: Path, repo_id: str | None, licences: Mapping[str, str] | None = None) -> str:
    """The text of the card; the arguments are those of `write_card`."""
    config = run_config(run_dir)
    scores = _read_json(run_dir / RESULTS_FILE) or _read_json(run_dir / COMPARISON_FILE)
    scores = scores if isinstance(scores, list) else []
    results = mean_scores(scores)
    generator = _read_json(folder / "config.json") or {}
    architecture, own_limit = str(generator.get("architecture")), OWN_LIMITS.get(str(generator.get("region")), "")
    picture = (
        f"\n\n![Sample sheet]({SAMPLES_FILE})\n\nThe last sample sheet of the training: the masked photo, the network's"
        " picture, the filled photo and the truth."
        if (folder / SAMPLES_FILE).exists()
        else ""
    )
    about = (
        f"A generator for image inpainting ({architecture}, {_parameters(folder) / 1e6:.1f} million parameters)."
        f" {WHAT.get(architecture, '')} Give it a photo and a mask; it returns the photo with the hole filled."
    )
    parts = {
        "Use": USE.format(name=json.dumps(repo_id) if repo_id else ""),
        "Training data and licences": _training_data(config, licences or {}),
        "Recipe": _recipe(config, run_dir),
        "Results": results_tables(scores) or NOT_MEASURED,
        "Limits": own_limit + LIMITS,
    }
    names = ("use", "training-data", "recipe", "results", "limits")
    sections = [f"## {head}\n\n{part(name, text)}" for name, (head, text) in zip(names, parts.items(), strict=True)]
    heading = f"# {repo_id or 'Bundled weights'}: weights that fill holes in photographs"
    body = "\n\n".join([heading, part("about", about + picture), *sections])
    return assemble(_metadata(config, repo_id, architecture, results), body)


def run_config(run_dir: Path) -> dict[str, Any]:
    """The run's config; empty if it is not recorded."""
    config = _read_json(run_dir / "config.json")
    return config if isinstance(config, dict) else {}


def training_datasets(run_dir: Path) -> list[str]:
    """The Hub datasets that the run was trained on; folders and files are left out."""
    return hub_datasets(run_config(run_dir))


def hub_datasets(config: Mapping[str, Any]) -> list[str]:
    """The Hub datasets of a run's config as plain values."""
    return [name for name in _datasets(config) if _is_hub_id(name)]


def _metadata(
    config: Mapping[str, Any], repo_id: str | None, architecture: str, results: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    licence = config.get("license") or "other"
    metadata: dict[str, Any] = {"license": licence}
    if licence == "other":
        metadata["license_name"] = "terms-of-the-training-data"
    metadata |= {
        "library_name": "pytorch",
        "pipeline_tag": "image-to-image",
        "tags": ["inpainting", "image-inpainting", "photo-restoration", architecture],
    }
    if named := hub_datasets(config):
        metadata["datasets"] = named
    entries = [result_entry(coverage, methods[OURS]) for coverage, methods in results.items() if OURS in methods]
    if entries:
        metadata["model-index"] = [{"name": (repo_id or "bundled").rpartition("/")[2], "results": entries}]
    return metadata


def _training_data(config: Mapping[str, Any], licences: Mapping[str, str]) -> str:
    lines = []
    for name in _datasets(config):
        if _is_hub_id(name):
            terms = licences.get(name, "see its page for the licence")
            lines.append(f"- [{name}](https://huggingface.co/datasets/{name}): {terms}")
        else:
            lines.append(f"- pictures of the folder or file `{Path(name).name}`: their licences hold")
    terms = (
        "The weights are derived from these pictures: check that their terms allow what you plan, commercial use above"
        " all. The code that trained them is under Apache-2.0."
    )
    return "\n".join(lines or ["- not recorded"]) + f"\n\n{terms}"


def _recipe(config: Mapping[str, Any], run_dir: Path) -> str:
    """The run's settings as a table; terms and masks of weight 0 are left out."""
    data, loss = _part(config, "data"), _part(config, "loss")
    seen = _images_seen(run_dir)
    rows = {
        "Preset": config.get("preset"),
        "Started from": _named_weights(config.get("init_from")),
        "Pictures seen": f"{seen:,}" if seen else config.get("images") or f"{config.get('epochs')} epochs",
        "Crops": f"{data.get('resolution')}x{data.get('resolution')}, {data.get('batch_size')} at a time",
        "Masks": ", ".join(f"{k} {v:g}" for k, v in _part(data, "masks").items() if isinstance(v, float) and v),
        "Losses": ", ".join(
            f"{key.removesuffix('_weight').replace('_', ' ')} {loss.get(key.removesuffix('_weight'), '')}".strip()
            + f" x {value:g}"
            for key, value in loss.items()
            if key.endswith("_weight") and value and key not in ("known_weight", "border_weight")
        ),
        "R1 gamma": loss.get("r1_gamma"),
        "Learning rate": f"{config.get('learning_rate')} (Adam, betas {config.get('betas')})",
        "Discriminator's learning rate": config.get("discriminator_learning_rate"),
        "Weight average": (halflife := config.get("ema_halflife_images")) and f"half-life of {halflife} pictures",
        "Seed": config.get("seed"),
    }
    shown = [row for row in rows.items() if row[1] not in (None, "", 0) or row[0] == "Seed"]
    return markdown_table(["Setting", "Value"], shown) if config else "Not recorded."


def _part(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = config.get(name)
    return value if isinstance(value, dict) else {}


def _datasets(config: Mapping[str, Any]) -> list[str]:
    """The datasets without their subset: "owner/name:subset" is part of "owner/name"."""
    named = _part(config, "data").get("dataset") or []
    names = [named] if isinstance(named, str) else [str(name) for name in named]
    return [name if Path(name).exists() else name.partition(":")[0] for name in names]


def _is_hub_id(name: str) -> bool:
    return re.fullmatch(r"[\w][\w.-]*(/[\w][\w.-]*)?", name) is not None and not Path(name).exists()


def _named_weights(init_from: Any) -> str | None:
    """The weights that a run started from, as they may be told to others: a folder by its name only."""
    if not isinstance(init_from, str):
        return None
    if init_from == "bundled":
        return "the weights bundled with the program"
    if _is_hub_id(init_from.partition("@")[0]):
        return init_from
    folder = Path(init_from)
    return f"the weights of {folder.parent.name if folder.name == 'weights' else folder.name}"


def _images_seen(run_dir: Path) -> int:
    try:
        return int(json.loads((run_dir / "losses.jsonl").read_text().splitlines()[-1])["images_seen"])
    except (OSError, ValueError, LookupError):
        return 0


def _parameters(folder: Path) -> int:
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        return sum(file.get_tensor(name).numel() for name in file.keys() if "running_" not in name)  # noqa: SIM118


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def result_entry(coverage: str, means: Mapping[str, float]) -> dict[str, Any]:
    """What the metadata's `model-index` says of one kind of hole."""
    dataset = f"{means['photos']} held-out photos, {COVERAGE_TITLES.get(coverage, coverage)}"
    return {
        "task": {"type": "image-to-image", "name": "Image inpainting"},
        "dataset": {"type": f"held-out-{coverage}", "name": dataset},
        "metrics": [
            {
                "type": metric.field,
                "name": f"{metric.explained_heading.partition(' (')[0]}, over the hole",
                "value": round(means[metric.field], metric.digits),
            }
            for metric in METRICS
            if metric.field in means
        ],
    }


def results_tables(scores: list[Mapping[str, Any]]) -> str:
    """A table for each kind of hole; slow methods in one of their own, beside the others on the same few photos."""
    tables = []
    for coverage, methods in mean_scores(scores).items():
        photos = max(int(means["photos"]) for means in methods.values())
        everywhere = {method: means for method, means in methods.items() if means["photos"] == photos}
        tables.append(f"Held-out photos ({photos}), {COVERAGE_TITLES.get(coverage, coverage)}:\n\n{_table(everywhere)}")
        if len(everywhere) < len(methods):
            rows = [row for row in scores if row["coverage"] == coverage]
            seen = [{row["photo"] for row in rows if row["method"] == method} for method in methods]
            common = set.intersection(*seen)
            few = mean_scores(row for row in rows if row["photo"] in common)[coverage]
            tables.append(f"The same with the slow methods, on {len(common)} of these photos:\n\n{_table(few)}")
    return "\n\n".join(tables)


def _table(methods: Mapping[str, Mapping[str, float]]) -> str:
    rows = []
    for method, means in sorted(methods.items(), key=lambda pair: pair[0] != OURS):
        name = "**these weights**" if method == OURS else method
        rows.append([name, *(f"{means[m.field]:.{m.digits}f}" if m.field in means else "" for m in METRICS)])
    return markdown_table(["Method", *(metric.explained_heading for metric in METRICS)], rows)
