"""The dataset card of the results."""

import textwrap
from collections.abc import Mapping
from typing import Any

import inpaint
from inpaint.program import COMMAND

from .manifest import place_name

_CARD = """\
---
tags:
- image-restoration
- inpainting
configs:
- config_name: default
  data_files: data/*.parquet
---

# {title}

{text}

The terms of the source apply to these photos as well.
"""


def card(place: str, options: Mapping[str, Any]) -> str:
    """Return the README.md of the results.

    Args:
        place: of the photos, as the user named it.
        options: those of `Options` that differ from the defaults, as the manifest has them.
    """
    kinds = options.get("kinds")
    damage = f"damage of the kinds {' and '.join(kinds)} was" if kinds else "scratches, tears, dust and stains were"
    bytes_are_kept = not {"format", "quality"} & set(options)
    if options.get("mask_only"):
        done = "found by a network. Nothing was filled: `mask` is white where damage was found"
        kept = f"photos have the {'bytes of their files' if bytes_are_kept else 'pixels that they have'} in the source"
    else:
        done = "found by a network and filled. `mask` is white where a photo was filled"
        kept = "photos without damage have the "
        kept += "bytes of their files in the source" if bytes_are_kept else "pixels that they have in the source"
    if options.get("restore_tone") and not options.get("mask_only"):
        kept = "faded contrast was restored and colour casts were removed, in photos without damage as well"
    text = (
        f"Made by {COMMAND} {inpaint.__version__} from `{place_name(place)}`: {damage} {done}, and `filled_share` "
        f"is how much of it that is; {kept}. Photos that could not be read are listed in `errors/`, with the reason."
    )
    title = "Masks of damaged photos" if options.get("mask_only") else "Restored photos"
    return _CARD.format(title=title, text=textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False))
