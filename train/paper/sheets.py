"""The picture sheet of the comparison: fills of all methods side by side."""

from collections.abc import Sequence

from PIL import Image

from train.evaluate.sheets import SheetRow, comparison_sheet
from train.sheets import stack_sheets

from .report import HOLE_TITLES, Comparison
from .variants import HOLE_KINDS

SHOWN_BASELINES = ("push-pull pyramid", "OpenCV Telea", "PatchMatch")
CROSS_PICTURES = 2
"""Pictures that are shown with each kind of hole."""


def paper_sheet(rows: Sequence[Sequence[SheetRow]], comparison: Comparison) -> Image.Image:
    """Draw the fills of the central hole and, below, those of models trained on one kind of hole on all kinds.

    Args:
        rows: the rows of some pictures, as `score_pictures` yields them.
        comparison: what was compared.
    """
    titles = comparison.titles
    baselines = [name for name in SHOWN_BASELINES if any(name in kinds[0].fills for kinds in rows)]
    models = [title for name, title in titles.items() if name not in HOLE_KINDS]
    central = [kinds[0]._replace(label=f"picture {number}") for number, kinds in enumerate(rows, 1)]
    columns = [*baselines, *models, *comparison.extra_runs, comparison.bundled]
    sheets = {"The central hole": comparison_sheet(central, columns, cell=None)}
    if trained := [titles[hole] for hole in HOLE_KINDS if hole in titles]:
        crossed = [
            row._replace(label=f"picture {number}\n" + HOLE_TITLES[row.label].replace(" ", "\n"))
            for number, kinds in enumerate(rows[:CROSS_PICTURES], 1)
            for row in kinds
        ]
        title = "Trained on one kind of hole, tested on all three"
        sheets[title] = comparison_sheet(crossed, [*trained, comparison.bundled], cell=None)
    return stack_sheets(list(sheets.values()), list(sheets))
