"""python -m train.sprint.evaluate PACK OUTPUT: the table and the sheet of a sprint's weights so far.

Runs in a process of its own on the CPU, beside the training, which neither waits for it nor shares Python with it.
"""

import sys
from pathlib import Path

from inpaint.atomic_write import atomic_write
from inpaint.inpainter import Inpainter
from train.evaluate.methods import Method, inpainter_method
from train.evaluate.report import report
from train.evaluate.scores import COVERAGES, available_distances, evaluate
from train.evaluate.sheets import comparison_sheet
from train.metrics.efficientnet import use_packed

from .pack import read_pack

TABLE, SHEET = "table.md", "sheet.png"
PHOTOS, SHEET_PHOTOS = 12, 4
START, NOW = "at the start", "now"


def evaluate_weights(pack: Path, output: Path, photos: int = PHOTOS) -> None:
    """Compare the weights of a sprint's output folder with those at its start, and write the table and the sheet.

    Args:
        pack: has the held-out photos, and the networks of the perceptual distances where they are not installed.
        output: with `start/` and `weights/`.
        photos: number of photos, the first ones.
    """
    use_packed(pack)
    methods = [_network_alone(name, output / folder) for name, folder in ((START, "start"), (NOW, "weights"))]
    held_out = read_pack(pack).held_out[:photos]
    scores, rows = [], []
    distances = available_distances()
    for photo_scores, photo_rows in evaluate(held_out, methods, sheet_images=SHEET_PHOTOS, distances=distances):
        scores += photo_scores
        rows += photo_rows
    names = {method.name: "" for method in methods}
    with atomic_write(output / TABLE, single_writer=True) as file:
        file.write(report(scores, names, [], list(COVERAGES)).encode())
    with atomic_write(output / SHEET, single_writer=True) as file:
        comparison_sheet(rows, list(names)).save(file, "PNG")


def _network_alone(name: str, folder: Path) -> Method:
    inpainter = Inpainter.from_pretrained(folder)
    return inpainter_method(name, inpainter.with_fills(inpainter.filler.without_synthesis().fills))


if __name__ == "__main__":
    evaluate_weights(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:4]))
