"""What weights inherit from those that they started from: the base model, its datasets, and its terms."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError

from inpaint.atomic_write import atomic_write
from inpaint.hub.retry import retry
from inpaint.hub.weights import bundled_folder

from . import run_info
from .card_merge import split_card

FILE = "lineage.json"
OTHER_TERMS = "terms-of-the-training-data"
_PERMISSIVE = ("cc0-1.0", "unlicense", "mit", "bsd-2-clause", "bsd-3-clause", "apache-2.0", "cc-by-4.0", "cc-by-3.0")
_SHARE_ALIKE = ("cc-by-sa-4.0", "cc-by-sa-3.0", "lgpl-3.0", "gpl-3.0", "agpl-3.0", "openrail", "openrail++")


class Parent(NamedTuple):
    """The weights that a run started from.

    Attributes:
        name: repository on the Hub (with @REVISION if one was given), the name of bundled weights, or that of a folder.
        base_model: id of the repository; None if the weights are on no Hub.
        licence: as in the metadata of a card; None if none is stated.
        licence_name: the same, for the licence "other".
        datasets: ids of the datasets that they, and the weights before them, were trained on.
        private: whether the repository is private.
    """

    name: str
    base_model: str | None
    licence: str | None
    licence_name: str | None
    datasets: tuple[str, ...]
    private: bool = False


def strictness(licence: str | None) -> int:
    """Return a number that is higher for stricter terms: permissive, share-alike, no commercial use, others."""
    name = (licence or "other").lower()
    if name in _PERMISSIVE:
        return 0
    if name in _SHARE_ALIKE:
        return 1
    return 2 if name.startswith("cc-by-nc") and "nd" not in name.split("-") else 3


def terms_of(licences: Sequence[tuple[str | None, str | None]]) -> tuple[str, str | None]:
    """Return the strictest of some licences, each with its name in the case of "other"; unknown ones count as "other".

    Of equally strict ones the first is returned.
    """
    licence, name = max(licences, key=lambda terms: strictness(terms[0]), default=(None, None))
    licence = licence or "other"
    return licence, (name or OTHER_TERMS) if licence == "other" else None


def record_parent(run_dir: Path, init_from: str | None) -> None:
    """Write what the run started from to its folder, unless that is known: the parent's card may change later.

    Raises:
        httpx2.HTTPError: the Hub cannot be reached.
        OSError: a file cannot be read or written.
        ValueError: the parent's card is not valid.
    """
    if init_from is None or (run_dir / FILE).exists():
        return
    with atomic_write(run_dir / FILE) as file:
        file.write((json.dumps(find_parent(init_from)._asdict(), indent=2) + "\n").encode())


def parent_of(run_dir: Path) -> Parent | None:
    """Return what a run started from, as it was recorded, or else as it is now; None for random weights.

    Raises:
        httpx2.HTTPError: the Hub cannot be reached.
        OSError: a file cannot be read.
        ValueError: the parent's card is not valid.
    """
    known = run_info.read_json(run_dir / FILE)
    if isinstance(known, dict):
        return Parent(**{**known, "datasets": tuple(known["datasets"])})
    init_from = run_info.run_config(run_dir).get("init_from")
    return find_parent(init_from) if isinstance(init_from, str) else None


def find_parent(init_from: str) -> Parent:
    """Return what is known about weights: from their card, or the config of the run that made them.

    Args:
        init_from: the name of bundled weights, a folder, or REPO_ID[@REVISION].
    """
    bundled = bundled_folder(init_from)
    if bundled is not None:
        return _of_card(init_from, None, (bundled / "README.md").read_text(encoding="utf-8"))
    folder = Path(init_from).expanduser()
    if folder.exists():
        return _of_folder(folder)
    repo_id, _, revision = init_from.partition("@")
    info = retry(lambda: HfApi().model_info(repo_id, revision=revision or None))
    try:
        path = retry(lambda: hf_hub_download(repo_id, "README.md", revision=info.sha))
        card = Path(path).read_text(encoding="utf-8")
    except EntryNotFoundError:
        card = ""
    return _of_card(init_from, repo_id, card, bool(info.private))


def _of_card(name: str, base_model: str | None, card: str, private: bool = False) -> Parent:
    metadata, _ = split_card(card)
    named = _as_list(metadata.get("datasets"))
    licence, licence_name = metadata.get("license"), metadata.get("license_name")
    return Parent(name, base_model, _text(licence), _text(licence_name), tuple(map(str, named)), private)


def _of_folder(folder: Path) -> Parent:
    """Read the card in a folder of weights; in a run without one, what the run itself has recorded."""
    for place in (folder, folder / "weights"):
        if (place / "README.md").exists():
            return _of_card(folder.name, None, (place / "README.md").read_text(encoding="utf-8"))
    run_dir = folder.parent if folder.name == "weights" else folder
    grandparent, config = parent_of(run_dir), run_info.run_config(run_dir)
    datasets = dict.fromkeys([*run_info.hub_datasets(config), *(grandparent.datasets if grandparent else ())])
    licence, name = (grandparent.licence, grandparent.licence_name) if grandparent else (None, None)
    base_model = grandparent.base_model if grandparent else None
    return Parent(run_dir.name, base_model, licence, name, tuple(datasets), bool(grandparent and grandparent.private))


def with_parent(metadata: Mapping[str, Any], parent: Parent | None) -> dict[str, Any]:
    """Return the metadata of a card with base model and datasets of the parent, and no milder terms than its."""
    merged = dict(metadata)
    if parent is None:
        return merged
    if parent.base_model:
        merged["base_model"] = parent.base_model
        merged.setdefault("base_model_relation", "finetune")
    if parent.datasets:
        merged["datasets"] = list(dict.fromkeys([*_as_list(merged.get("datasets")), *parent.datasets]))
    own = (_text(merged.get("license")), _text(merged.get("license_name")))
    inherited = (parent.licence, parent.licence_name)
    # a generated "other" says nothing of its own: the parent's name for its terms is more precise
    first = inherited if own[1] in (None, OTHER_TERMS) and strictness(own[0]) <= strictness(inherited[0]) else own
    licence, name = terms_of([first, own, inherited])
    merged["license"] = licence
    if name is None:
        merged.pop("license_name", None)
        return merged
    if name != own[1]:
        merged.pop("license_link", None)
    return merged | {"license_name": name}


def _text(value: Any) -> str | None:
    return str(value) if value else None


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
