"""Merging of a new model card into an existing one: generated parts are replaced, other text and metadata are kept.

A generated part is enclosed in two comments. The first has a checksum of the part, which shows whether it was edited.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from huggingface_hub import CardData, RepoCard

from .card_results import LOCAL, RECIPE
from .gallery import is_example

FACTS = ("recipe", "results")
"""Parts that must describe the new weights even if the previous part was edited."""
_BEGIN = "<!-- generated: {} {}. Publishing replaces this part: add your own text above or below it. -->"
_END = "<!-- end of {} -->"
_PART = re.compile(
    r"<!-- generated: (?P<name>[a-z-]+) (?P<sum>[0-9a-f]{8})\.[^\n]*-->\n(?P<text>.*?)\n?<!-- end of (?P=name) -->",
    re.DOTALL,
)
_FENCE = re.compile(r"^---[ \t]+$", re.MULTILINE)
"""A line around the metadata with trailing spaces, which RepoCard does not accept."""
_EMPTY_METADATA = re.compile(r"\A\s*---\n---(\n|\Z)")
_LICENCE = ("license", "license_name", "license_link")


class Merged(NamedTuple):
    """A merged card.

    Attributes:
        text: the card.
        kept: names of the generated parts that were edited, and therefore kept.
    """

    text: str
    kept: tuple[str, ...]


def generated_part(name: str, text: str) -> str:
    """Return a generated part between its comments."""
    text = text.strip("\n")
    return f"{_BEGIN.format(name, _checksum(text))}\n{text}\n{_END.format(name)}"


def join_card(metadata: Mapping[str, Any], body: str) -> str:
    """Return a card of metadata and Markdown."""
    return f"---\n{CardData(**metadata).to_yaml()}\n---\n\n{body.strip()}\n"


def split_card(text: str) -> tuple[dict[str, Any], str]:
    """Return the metadata of a card, empty without any, and its Markdown.

    Raises:
        ValueError: the metadata is not a valid YAML mapping.
    """
    if not text.lstrip().startswith("---"):
        return {}, text
    text = _FENCE.sub("---", text, count=2)
    text = _EMPTY_METADATA.sub("", text)
    try:
        # RepoCard and not ModelCard: the latter drops results that EvalResult cannot express.
        card = RepoCard(text)
    except Exception as error:  # errors of PyYAML, of its values, and of keys that are not text
        reason = " ".join(str(error).split())
        raise ValueError(f"the metadata of the existing README.md is not valid YAML ({reason}): correct it") from error
    return card.data.to_dict(), card.text


def merge(existing: str, new: str) -> Merged:
    """Return the card for new weights.

    Args:
        existing: the existing card; empty without one. If it has no generated parts, they are added below its text.
            Parts that were deleted from it are not added again.
        new: a card as `card.build_card` returns it.

    Raises:
        ValueError: the metadata of the existing card is not a valid YAML mapping.
    """
    existing = existing.replace("\r\n", "\n")
    (metadata, body), (new_metadata, new_body) = split_card(existing), split_card(new)
    if not body.strip():
        return Merged(join_card(merge_metadata(metadata, new_metadata, ""), new_body), ())
    parts = {found["name"]: found["text"] for found in _PART.finditer(new_body)}
    old_data = next((found["text"] for found in _PART.finditer(body) if found["name"] == "training-data"), "")
    merged = merge_metadata(metadata, new_metadata, old_data)
    if not _PART.search(body):
        without_title = re.sub(r"^# [^\n]*\n+", "", new_body.lstrip(), count=1)
        return Merged(join_card(merged, f"{body.strip()}\n\n{without_title}"), ())
    kept: list[str] = []
    return Merged(join_card(merged, _PART.sub(_replacer(parts, kept), body)), tuple(kept))


def _replacer(parts: Mapping[str, str], kept: list[str]) -> Callable[[re.Match[str]], str]:
    """Return a function that replaces a generated part; names of edited parts are appended to `kept`."""

    def replace(found: re.Match[str]) -> str:
        name, text = found["name"], found["text"]
        if name not in parts:
            return ""
        if _checksum(text) == found["sum"]:
            return generated_part(name, parts[name])
        kept.append(name)
        return f"{text}\n\n{generated_part(name, parts[name])}" if name in FACTS else found[0]

    return replace


def merge_metadata(old: Mapping[str, Any], new: Mapping[str, Any], old_training_data: str) -> dict[str, Any]:
    """Return the metadata for new weights: values that a person has set are kept, facts about the weights replaced.

    Args:
        old: of the existing card.
        new: of the new card.
        old_training_data: the generated part that lists the datasets of the previous weights; these are removed.
    """
    merged = dict(old)
    for key, value in new.items():
        if key in _LICENCE and "license" in old:
            continue
        if key == "datasets":
            previous = set(re.findall(r"huggingface\.co/datasets/([\w./-]+?)\)", old_training_data))
            merged[key] = _union((name for name in _as_list(old.get(key)) if name not in previous), value)
        elif key in ("tags", "metrics"):
            merged[key] = _union(_as_list(old.get(key)), value)
        elif key == "model-index":
            merged[key] = _merge_results(_as_list(old.get(key)), value)
        elif key != "widget":
            merged.setdefault(key, value)
    widget = [*_as_list(new.get("widget")), *(entry for entry in _as_list(old.get("widget")) if not is_example(entry))]
    merged |= {"widget": widget} if widget else {}
    if "widget" in old and not widget:
        del merged["widget"]
    if "model-index" in old and "model-index" not in new:
        del merged["model-index"]  # measured on the previous weights
    return merged


def _merge_results(old: list[Any], new: list[dict[str, Any]]) -> list[Any]:
    """Replace our previous results; keep those of other tasks or datasets, and other models with theirs."""
    first, *rest = new
    measured = {_key(result) for model in new for result in model["results"]}
    same_model, others = [], []
    for model in old:
        stated = model if isinstance(model, dict) else {}
        is_first = stated.get("name") in (None, first.get("name"))
        kept = [result for result in _as_list(stated.get("results")) if not _is_ours(result)]
        if is_first:
            same_model += [result for result in kept if _key(result) not in measured]
        elif kept:
            others.append({**stated, "results": kept})
    return [{**first, "results": [*first["results"], *same_model]}, *rest, *others]


def _is_ours(result: Any) -> bool:
    """Return whether a result was measured by this project, on the previous weights."""
    dataset = result.get("dataset") if isinstance(result, dict) else None
    dataset = dataset if isinstance(dataset, dict) else {}
    arguments = dataset.get("args")
    return str(dataset.get("type")).startswith(LOCAL) or (isinstance(arguments, dict) and RECIPE in arguments)


def _key(result: Any) -> tuple[Any, Any]:
    """Return the types of task and dataset of a result; None where the result does not have one."""

    def kind(name: str) -> Any:
        value = result.get(name) if isinstance(result, dict) else None
        return value.get("type") if isinstance(value, dict) else None

    return kind("task"), kind("dataset")


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _union(first: Iterable[Any], second: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys([*first, *second]))


def _checksum(text: str) -> str:
    return hashlib.sha256(text.strip().encode()).hexdigest()[:8]
