"""The gallery at the top of a model card: photos with holes beside their fills, cut out of the last sample sheet.

Reference:
    https://huggingface.co/docs/hub/model-cards-components: the Hub shows the pictures of the metadata's `widget` where
    the card has the component.
"""

from pathlib import Path
from typing import Any

from PIL import Image

from inpaint.atomic_write import atomic_write
from train.sheets import picture_sheet

COMPONENT = "<Gallery />"
FILES = tuple(f"example-{number}.png" for number in range(1, 5))
"""Pictures of the gallery, beside the weights."""
CAPTION = "A photo with a hole (grey), and its fill"
DAMAGE_CAPTION = "A photo with synthetic damage, and the mask that the network predicts"
_GAP_PX = 2
"""White between the pictures of a sample sheet, see `train.run.progress.save_rows`."""


def write_examples(sheet: Path, folder: Path, is_damage: bool) -> None:
    """Write the first columns of a sample sheet as FILES: what the network was given, beside what it returned.

    Examples of an earlier sheet are removed. A sheet of another shape gives none.

    Args:
        sheet: the sample sheet.
        folder: receives the pictures.
        is_damage: whether the rows are photo, target mask, prediction, and not masked image, prediction, composite,
            ground truth.
    """
    for name in FILES:
        (folder / name).unlink(missing_ok=True)
    rows, result_row = (3, 2) if is_damage else (4, 2)
    with Image.open(sheet) as file:
        picture = file.convert("RGB")
    step, rest = divmod(picture.height - _GAP_PX, rows)
    if rest or step <= _GAP_PX or (picture.width - _GAP_PX) % step:
        return
    for column, name in zip(range(picture.width // step), FILES, strict=False):
        pair = [_cell(picture, row, column, step) for row in (0, result_row)]
        with atomic_write(folder / name) as target:
            picture_sheet([pair], gap_px=_GAP_PX, frame=False).save(target, "PNG")


def _cell(sheet: Image.Image, row: int, column: int, step: int) -> Image.Image:
    left, top = column * step + _GAP_PX, row * step + _GAP_PX
    return sheet.crop((left, top, left + step - _GAP_PX, top + step - _GAP_PX))


def widget(folder: Path, is_damage: bool) -> list[dict[str, Any]]:
    """Return the metadata `widget` of a card: an entry for each example in a folder."""
    text = DAMAGE_CAPTION if is_damage else CAPTION
    return [{"text": text, "output": {"url": name}} for name in FILES if (folder / name).exists()]


def is_example(entry: Any) -> bool:
    """Return whether an entry of a card's `widget` is one of ours, and not of the person who edits the card."""
    output = entry.get("output") if isinstance(entry, dict) else None
    return isinstance(output, dict) and output.get("url") in FILES
