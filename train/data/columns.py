"""Where in a dataset's rows the pictures are: in a column, in a field of one, or in lists."""

from collections.abc import Iterator, Sequence
from typing import Any

from datasets import Image, LargeList, List

_RAW = Image(decode=False)
_RAW_TYPES = ("binary", "large_binary")


def find_pictures(features: Any, wanted: str | None = None, prefer: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The path to a dataset's pictures: the name of a column, and those of the fields inside it. Lists are not named.

    Args:
        features: a dataset's features, or None if unknown.
        wanted: a column that must exist, or a field of one ("sample.photo").
        prefer: parts of names that are looked for first.

    Raises:
        ValueError: no such column, or none with pictures; the message lists the columns.
    """
    columns = dict(features or {})
    pictures = [path for name, kind in columns.items() for path in _find(kind, (name,), _is_picture)]
    raw = [path for name, kind in columns.items() for path in _find(kind, (name,), _is_raw)]
    if wanted is not None:
        return _wanted(columns, pictures + raw, wanted)
    candidates = pictures or raw
    for part in prefer:
        candidates = [path for path in candidates if part in ".".join(path).lower()] or candidates
    if not candidates:
        listed = ", ".join(columns) or "none that are known"
        raise ValueError(f"The dataset has no column with pictures; its columns: {listed}. Name one with data.column.")
    return min(candidates, key=len)


def _wanted(columns: dict[str, Any], known: Sequence[tuple[str, ...]], wanted: str) -> tuple[str, ...]:
    if not columns:
        return (wanted,)
    below = [path for path in known if wanted == ".".join(path) or path[0] == wanted or wanted == path[-1]]
    if below:
        return min(below, key=len)
    if getattr(columns.get(wanted), "dtype", None) == "string":  # paths or addresses of pictures
        return (wanted,)
    if wanted in columns:
        raise ValueError(f"The column {wanted!r} holds {columns[wanted]} and no pictures. Name another data.column.")
    raise ValueError(f"The dataset has no column {wanted!r}; it has {', '.join(columns)}.")


def _find(kind: Any, path: tuple[str, ...], fits: Any) -> Iterator[tuple[str, ...]]:
    kind = _without_lists(kind)
    if fits(kind):
        yield path
    elif isinstance(kind, dict):
        for name, inner in kind.items():
            yield from _find(inner, (*path, name), fits)


def _without_lists(kind: Any) -> Any:
    while isinstance(kind, List | LargeList | list):
        kind = kind[0] if isinstance(kind, list) else kind.feature
    return kind


def _is_picture(kind: Any) -> bool:
    return isinstance(kind, Image)


def _is_raw(kind: Any) -> bool:
    """Bytes that may be a picture's file, also as the pair of bytes and path that an Image is stored as."""
    return (isinstance(kind, dict) and "bytes" in kind) or getattr(kind, "dtype", None) in _RAW_TYPES


def with_raw_pictures(kind: Any, path: Sequence[str]) -> Any:
    """A column's feature with the pictures at the path inside it left undecoded."""
    if isinstance(kind, list):
        return [with_raw_pictures(kind[0], path)]
    if isinstance(kind, List | LargeList):
        return type(kind)(with_raw_pictures(kind.feature, path))
    if path:
        return {name: with_raw_pictures(k, path[1:]) if name == path[0] else k for name, k in kind.items()}
    return _RAW


def pick(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """The pictures of one row's column: none, one, or as many as its lists hold."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from pick(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict):
        yield from pick(value.get(path[0]), path[1:])
