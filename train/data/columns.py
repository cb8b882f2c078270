"""Find the images in a dataset's rows: in a column, in a field of a struct column, or in lists."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .libraries import datasets

_BINARY_TYPES = ("binary", "large_binary")


def find_image_column(features: Any, wanted: str | None = None, prefer: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the path to a dataset's images: the name of a column, then those of the fields inside it.

    Lists do not appear in the path. Of several candidates the one with the shortest path is returned.
    Columns of raw bytes are candidates where there is no column of images.

    Args:
        features: the dataset's features, or None if unknown.
        wanted: a column that must exist, or a field of one ("sample.photo"); None finds it.
        prefer: parts of names; candidates that contain them come first.

    Raises:
        ValueError: there is no such column, or none with images; the message lists the columns.
    """
    columns = dict(features or {})
    images = [path for name, feature in columns.items() for path in _find(feature, (name,), _is_image)]
    binary = [path for name, feature in columns.items() for path in _find(feature, (name,), _is_binary)]
    if wanted is not None:
        return _find_wanted(columns, images + binary, wanted)
    candidates = images or binary
    for part in prefer:
        candidates = [path for path in candidates if part in ".".join(path).lower()] or candidates
    if not candidates:
        listed = ", ".join(columns) or "unknown"
        raise ValueError(f"The dataset has no column with images; its columns: {listed}. Name one with data.column.")
    return min(candidates, key=len)


def undecoded_feature(feature: Any, path: Sequence[str]) -> Any:
    """Return a column's feature with decoding switched off for the images at `path` inside it."""
    if isinstance(feature, list):
        return [undecoded_feature(feature[0], path)]
    if isinstance(feature, datasets.List | datasets.LargeList):
        return type(feature)(undecoded_feature(feature.feature, path))
    if path:
        return {
            name: undecoded_feature(inner, path[1:]) if name == path[0] else inner for name, inner in feature.items()
        }
    return datasets.Image(decode=False)


def iter_images(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """Yield the images at `path` inside one row's value of a column: none, one, or as many as its lists hold."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from iter_images(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict):
        yield from iter_images(value.get(path[0]), path[1:])


def _find_wanted(columns: dict[str, Any], candidates: Sequence[tuple[str, ...]], wanted: str) -> tuple[str, ...]:
    if not columns:
        return (wanted,)
    matches = [path for path in candidates if wanted == ".".join(path) or path[0] == wanted or wanted == path[-1]]
    if matches:
        return min(matches, key=len)
    if getattr(columns.get(wanted), "dtype", None) == "string":  # paths or URLs of images
        return (wanted,)
    if wanted in columns:
        raise ValueError(f"The column {wanted!r} holds {columns[wanted]} and no images. Name another data.column.")
    raise ValueError(f"The dataset has no column {wanted!r}; it has {', '.join(columns)}. Name another data.column.")


def _find(feature: Any, path: tuple[str, ...], matches: Callable[[Any], bool]) -> Iterator[tuple[str, ...]]:
    feature = _list_item(feature)
    if matches(feature):
        yield path
    elif isinstance(feature, dict):
        for name, inner in feature.items():
            yield from _find(inner, (*path, name), matches)


def _list_item(feature: Any) -> Any:
    """Return the feature of the items of a list, also of nested lists; other features unchanged."""
    while isinstance(feature, datasets.List | datasets.LargeList | list):
        feature = feature[0] if isinstance(feature, list) else feature.feature
    return feature


def _is_image(feature: Any) -> bool:
    return isinstance(feature, datasets.Image)


def _is_binary(feature: Any) -> bool:
    """Return whether a feature may hold image files: bytes, or the struct of bytes and path that stores an Image."""
    return (isinstance(feature, dict) and "bytes" in feature) or getattr(feature, "dtype", None) in _BINARY_TYPES
