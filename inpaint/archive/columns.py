"""Which column of a parquet file holds the pictures."""

import importlib
import json
from typing import Any


def image_column(schema: Any, wanted: str | None, name: str) -> str:
    """Return the column of a parquet file that holds pictures.

    Args:
        schema: a pyarrow.Schema.
        wanted: the column that the user names; None: find it.
        name: the file, for messages.

    Raises:
        ValueError: there is no such column, or several.
    """
    types = importlib.import_module("pyarrow.types")
    columns = {
        field.name
        for field in schema
        if types.is_binary(field.type)
        or types.is_large_binary(field.type)
        or (types.is_struct(field.type) and "bytes" in {inner.name for inner in field.type})
    }
    if wanted is not None:
        if wanted not in columns:
            raise ValueError(f"{name} has no column {wanted!r} of pictures; it has {', '.join(schema.names)}")
        return wanted
    features = hub_features(schema)
    declared = [name for name, feature in features.items() if feature.get("_type") == "Image" and name in columns]
    found = declared or sorted(columns)
    if len(found) != 1:
        listed = ", ".join(found or schema.names)
        problem = f"several columns of pictures ({listed})" if found else f"no column of pictures, only {listed}"
        raise ValueError(f"{name} has {problem}: name one with --column")
    return found[0]


def hub_features(schema: Any) -> dict[str, dict[str, Any]]:
    """Return what the package `datasets` wrote into a schema about its columns; {} if it did not."""
    try:
        features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
        return {name: feature for name, feature in features.items() if isinstance(feature, dict)}
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}
