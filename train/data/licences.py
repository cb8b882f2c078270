"""Which licences of pictures allow everybody to use what was trained on them, also commercially."""

import re
from typing import Any

LICENCE_COLUMNS = ("license", "licence")
_FREE = re.compile(
    r"cc ?0|cc zero|public domain|pdm|no known (copyright )?restrictions|cc by( sa)?|unsplash( licen[cs]e)?"
    r"|mit|apache( 2\.0)?"
)
_VERSION = re.compile(r"( \d\.\d)?( (international|universal|generic|unported|deed))?$")


def is_free(licence: object) -> bool:
    """Return whether a licence is free: public domain, CC0, CC BY, CC BY-SA, Unsplash, MIT or Apache.

    Args:
        licence: its name, such as "CC BY-SA 4.0" or "cc0-1.0". Anything else, such as None, is not free, and neither
            is a licence for non-commercial use or without derivatives.
    """
    if not isinstance(licence, str):
        return False
    name = re.sub(r"[\s_-]+", " ", licence.strip().lower()).removeprefix("creative commons ")
    name = re.sub(r"^by\b", "cc by", name)
    return _FREE.fullmatch(_VERSION.sub("", name)) is not None


def free_rows(rows: Any, features: Any, dataset: str) -> Any:
    """Return the rows of an `IterableDataset` whose column of licences says that they are free.

    Raises:
        ValueError: the dataset does not say under which licences its pictures are.
    """
    column = next((name for name in LICENCE_COLUMNS if name in (features or ())), None)
    if column is None:
        raise ValueError(
            f"The dataset {dataset!r} has no column {LICENCE_COLUMNS[0]!r}, which data.free_only needs to tell which"
            " pictures are free: add one, or leave out --data.free-only."
        )
    return rows.filter(is_free, input_columns=[column])
