"""The training curve of the bundled weights shows what their card says."""

import json
import re

import pytest

from docs.training_curve.__main__ import HERE, draw
from inpaint.hub.weights import bundled_folder

MEASURED = json.loads((HERE / "measured.json").read_text(encoding="utf-8"))
CARD = (bundled_folder("bundled") / "README.md").read_text(encoding="utf-8")
SECTIONS = {"strokes": "strokes, 10 to 25 %", "large": "large holes, 30 to 45 %"}


def test_the_images_seen_are_those_of_the_runs():
    runs = [
        int(images.replace(",", "")) for images in re.findall(r"^\| \d \| [^|]+ \| ([\d,]+) \|", CARD, re.MULTILINE)
    ]
    seen = {f"run {number}": sum(runs[:number]) for number in range(len(runs) + 1)} | {"initial fill": 0}
    assert [step["images_seen"] for step in MEASURED] == [seen[step["what"]] for step in MEASURED]


@pytest.mark.parametrize(
    ("step", "method"), [(MEASURED[0], "initial fill (ours)"), (MEASURED[-1], "network only (ours)")]
)
@pytest.mark.parametrize("holes", SECTIONS)
def test_its_ends_are_rows_of_the_card(step, method, holes):
    section = CARD.partition(f"Held-out photos (40), {SECTIONS[holes]}:")[2]
    row = next(line for line in section.splitlines() if line.startswith(f"| {method} |")).split("|")
    assert [step[holes]["psnr"], step[holes]["elp"]] == [float(row[2]), float(row[5])]


def test_it_is_drawn(tmp_path):
    draw(MEASURED, target := tmp_path / "curve.png")
    assert target.stat().st_size > 10_000
