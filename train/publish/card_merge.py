"""A new model card meets the one that is there: generated parts are written anew, a person's words and metadata stay.

A generated part lies between two comments. The first bears its checksum, by which a change inside it is noticed.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import yaml  # type: ignore[import-untyped]

FACTS = ("recipe", "results")
"""Parts that must be true of the new weights, also where a person has changed the old ones."""
_BEGIN = "<!-- generated: {} {}. Publishing writes this part anew: add your own words above or below it. -->"
_END = "<!-- end of {} -->"
_PART = re.compile(
    r"<!-- generated: (?P<name>[a-z-]+) (?P<sum>[0-9a-f]{8})\.[^\n]*-->\n(?P<text>.*?)\n?<!-- end of (?P=name) -->",
    re.DOTALL,
)
_LICENCE = ("license", "license_name", "license_link")


class Merged(NamedTuple):
    """A merged card.

    Attributes:
        text: the card.
        kept: names of the generated parts that a person has changed, and that were left as they are.
    """

    text: str
    kept: tuple[str, ...]


def part(name: str, text: str) -> str:
    """A generated part between its comments."""
    text = text.strip("\n")
    return f"{_BEGIN.format(name, _checksum(text))}\n{text}\n{_END.format(name)}"


def assemble(metadata: Mapping[str, Any], body: str) -> str:
    """A card of YAML metadata and Markdown."""
    front = yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True)
    return f"---\n{front}---\n\n{body.strip()}\n"


def merge(old: str, fresh: str) -> Merged:
    """The card for new weights.

    Args:
        old: the card that is there; empty for none. Without generated parts the fresh ones are added below its text.
            Parts that a person has deleted stay away.
        fresh: a card as `train.card.build_card` writes it.
    """
    old = old.replace("\r\n", "\n")
    (metadata, body), (new_metadata, new_body) = split(old), split(fresh)
    if metadata is None:  # metadata that cannot be read cannot be merged: a person has to mend it
        raise ValueError("the README.md there has metadata that is no YAML: mend it first")
    if not body.strip():
        return Merged(assemble(merge_metadata(metadata, new_metadata or {}, ""), new_body), ())
    parts = {found["name"]: found["text"] for found in _PART.finditer(new_body)}
    was = next((found["text"] for found in _PART.finditer(body) if found["name"] == "training-data"), "")
    merged = merge_metadata(metadata, new_metadata or {}, was)
    if not _PART.search(body):
        without_title = re.sub(r"^# [^\n]*\n+", "", new_body.lstrip(), count=1)
        return Merged(assemble(merged, f"{body.strip()}\n\n{without_title}"), ())
    kept: list[str] = []
    return Merged(assemble(merged, _PART.sub(_renewer(parts, kept), body)), tuple(kept))


def _renewer(parts: Mapping[str, str], kept: list[str]) -> Callable[[re.Match[str]], str]:
    """Writes each generated part anew. Names of those that a person has changed are added to `kept`."""

    def renew(found: re.Match[str]) -> str:
        name, text = found["name"], found["text"]
        if name not in parts:
            return ""
        if _checksum(text) == found["sum"]:
            return part(name, parts[name])
        kept.append(name)
        return f"{text}\n\n{part(name, parts[name])}" if name in FACTS else found[0]

    return renew


def merge_metadata(old: Mapping[str, Any], new: Mapping[str, Any], old_training_data: str) -> dict[str, Any]:
    """The metadata for new weights: what a person has set stays, what describes the weights is replaced.

    Args:
        old: of the card that is there.
        new: of the fresh card.
        old_training_data: the generated part that lists the datasets of the weights before; those are taken out.
    """
    merged = dict(old)
    for key, value in new.items():
        if key in _LICENCE and "license" in old:
            continue
        if key == "datasets":
            gone = set(re.findall(r"huggingface\.co/datasets/([\w./-]+?)\)", old_training_data))
            merged[key] = _union((name for name in _listed(old.get(key)) if name not in gone), value)
        elif key == "tags":
            merged[key] = _union(_listed(old.get(key)), value)
        elif key == "model-index":
            merged[key] = _merge_results(_listed(old.get(key)), value)
        else:
            merged.setdefault(key, value)
    if "model-index" in old and "model-index" not in new:
        del merged["model-index"]  # measured on other weights
    return merged


def _merge_results(old: list[Any], new: list[dict[str, Any]]) -> list[Any]:
    """Our results in place of ours before; results of other tasks or datasets stay."""
    measured = {_key(result) for model in new for result in model["results"]}
    others = [
        result
        for model in old
        for result in _listed(model.get("results") if isinstance(model, dict) else None)
        if _key(result) not in measured and not str(_key(result)[1]).startswith("held-out-")
    ]
    first, *rest = new
    return [{**first, "results": [*first["results"], *others]}, *rest]


def _key(result: Any) -> tuple[Any, Any]:
    def kind(name: str) -> Any:
        value = result.get(name) if isinstance(result, dict) else None
        return value.get("type") if isinstance(value, dict) else None

    return kind("task"), kind("dataset")


def split(card: str) -> tuple[dict[str, Any] | None, str]:
    """Metadata and Markdown of a card; None for metadata that is no YAML."""
    match = re.match(r"---[ \t]*\n(.*?)\n?---[ \t]*(?:\n|$)", card, re.DOTALL)
    if match is None:
        return {}, card
    try:
        metadata = yaml.safe_load(match[1])
    except yaml.YAMLError:
        return None, card[match.end() :]
    return (metadata if isinstance(metadata, dict) else {}), card[match.end() :]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _union(first: Iterable[Any], second: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys([*first, *second]))


def _checksum(text: str) -> str:
    return hashlib.sha256(text.strip().encode()).hexdigest()[:8]
