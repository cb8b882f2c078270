"""What the comparison shows: its table in Markdown, with what follows from it, and its figure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inpaint.markdown import markdown_table
from train.evaluate.sheets import GAP, INK, SheetRow, comparison_sheet

from .scores import SIDE, PaperScore
from .variants import HOLES

COLUMNS = (  # heading, field of Means, digits, whether high is good (None: neither)
    ("L1 %", "l1", 2, False),
    ("L2 %", "l2", 2, False),
    ("PSNR dB", "psnr", 2, True),
    ("ELP", "elp", 3, False),
    ("detail", "detail", 2, None),
)
QUOTED = {  # Pathak et al. 2016, Table 1
    "nearest neighbour, as the paper quotes it (Paris StreetView)": ("15.10", "4.30", "14.70", "", ""),
    "joint, as the paper quotes it (Paris StreetView)": ("9.37", "1.96", "18.58", "", ""),
}
SHOWN = ("push-pull pyramid", "OpenCV Telea", "PatchMatch")  # of the classical methods, in the figure
TILE = (SIDE, SIDE)  # pixel by pixel
HOLE_TITLES = {"central": "central square", "blocks": "random blocks", "region": "random region"}


class Means(NamedTuple):
    """Means over pictures; `detail` is the ratio of the mean details of fills and truths."""

    l1: float
    l2: float
    psnr: float
    elp: float
    detail: float
    photos: int


def means(scores: Iterable[PaperScore]) -> dict[str, dict[str, Means]]:
    """The means of every method as {kind of hole: {method: means}}."""
    grouped: dict[str, dict[str, list[PaperScore]]] = {hole: {} for hole in HOLES}
    for score in scores:
        grouped[score.coverage].setdefault(score.method, []).append(score)
    return {hole: {name: _mean(rows) for name, rows in methods.items()} for hole, methods in grouped.items()}


def _mean(rows: Sequence[PaperScore]) -> Means:
    l1, l2, psnr, elp = (float(np.mean([getattr(row, field) for row in rows])) for field in ("l1", "l2", "psnr", "elp"))
    truth = sum(row.true_detail for row in rows)
    return Means(l1, l2, psnr, elp, sum(row.detail for row in rows) / truth if truth else math.nan, len(rows))


class Setup(NamedTuple):
    """What was compared.

    Attributes:
        titles: variant -> its name in the scores, in the order of the table.
        longer: names of further runs in the scores.
        flagship: name of the bundled weights in the scores.
        classical: name of a classical method -> why it could not run, or "".
        slow: those that ran on the first pictures only.
        budget: what each variant was trained on, for people to read.
        test: what was tested on, for people to read.
    """

    titles: Mapping[str, str]
    longer: Sequence[str]
    flagship: str
    classical: Mapping[str, str]
    slow: Sequence[str]
    budget: str
    test: str


def report(scores: Sequence[PaperScore], setup: Setup) -> str:
    """The whole comparison as Markdown."""
    by_hole = means(scores)
    centre = by_hole["central"]
    titles, fast = setup.titles, [name for name in setup.classical if name not in setup.slow]
    rows = [*fast, *(titles[name] for name in titles if titles[name] in centre), *setup.longer, setup.flagship]
    tested = f"Tested on {setup.test}."
    if titles:
        tested = f"Every variant of the Context Encoder was trained on {setup.budget}, and tested on {setup.test}."
    parts = [
        "# The ideas of the paper, side by side",
        f"{tested} Percent are of the full range of a pixel; detail is the fill's mean gradient over the truth's (1: as"
        " sharp as the truth, less: blurred, more: noisy).",
        f"## Central hole\n\n{_table(centre, rows, setup.classical)}",
    ]
    if slow := [name for name in setup.slow if name in centre]:
        few = {score.photo for score in scores if score.method in slow}
        subset = means(score for score in scores if score.photo in few)["central"]
        chosen = [*fast, *setup.slow, *(titles[name] for name in ("l2", "joint") if name in titles), *setup.longer]
        parts.append(
            f"With the slow methods, on the first {len(few)} of these pictures:\n\n"
            + _table(subset, chosen, setup.classical, quoted=False)
        )
    elif missing := {name: setup.classical[name] for name in setup.slow if setup.classical[name]}:
        parts.append("\n".join(f"{name} was not run: {reason}." for name, reason in missing.items()))
    if trained := [titles[name] for name in HOLES if name in titles]:
        parts.append(_cross_table(by_hole, [*trained, *_able(setup.longer, by_hole), setup.flagship]))
    parts.append("## What the figures say\n\n" + "\n".join(f"- {line}" for line in findings(scores, setup)))
    return "\n\n".join(parts) + "\n"


def _table(found: Mapping[str, Means], names: Sequence[str], reasons: Mapping[str, str], *, quoted: bool = True) -> str:
    best = {}
    for _, field, digits, high in COLUMNS:
        values = [round(getattr(found[name], field), digits) for name in names if name in found]
        values = [value for value in values if math.isfinite(value)]
        if high is not None and values:
            best[field] = max(values) if high else min(values)
    rows: list[list[str]] = []
    for name in names:
        cells = [f"not run: {reasons.get(name, '')}", *[""] * (len(COLUMNS) - 1)]
        if name in found:
            cells = [_cell(getattr(found[name], field), digits, best.get(field)) for _, field, digits, _ in COLUMNS]
        rows.append([name, *cells])
    rows += [[name, *cells] for name, cells in QUOTED.items() if quoted]
    return markdown_table(["method", *(column[0] for column in COLUMNS)], rows, "l" + "r" * len(COLUMNS))


def _cross_table(by_hole: Mapping[str, Mapping[str, Means]], names: Sequence[str]) -> str:
    """Trained on one kind of hole, tested on all; the best PSNR of a column is bold."""
    best = {
        hole: max((by_hole[hole][name].psnr for name in names if name in by_hole[hole]), default=0) for hole in HOLES
    }
    rows = []
    for name in names:
        cells = []
        for hole in HOLES:
            mean = by_hole[hole].get(name)
            psnr = "" if mean is None else _cell(mean.psnr, 2, round(best[hole], 2))
            cells.append("" if mean is None else f"{psnr} / {mean.l1:.2f} / {_cell(mean.elp, 3, None)}")
        rows.append([name, *cells])
    headings = ["", *(f"tested on: {HOLE_TITLES[hole]}" for hole in HOLES)]
    return (
        "## Trained on one kind of hole, tested on all three\n\n"
        "Joint loss, whole picture predicted. PSNR in dB / L1 in % / ELP.\n\n"
        + markdown_table(headings, rows, "l" + "r" * len(HOLES))
    )


def _able(names: Sequence[str], by_hole: Mapping[str, Mapping[str, Means]]) -> list[str]:
    """Those that were tested on every kind of hole."""
    return [name for name in names if all(name in by_hole[hole] for hole in HOLES)]


def findings(scores: Sequence[PaperScore], setup: Setup) -> list[str]:
    """What follows from the figures, in sentences, whether or not the paper says the same."""
    by_hole, titles = means(scores), setup.titles
    centre, lines = by_hole["central"], []
    for name in [*(titles[key] for key in ("joint",) if key in titles), *setup.longer]:
        lines.append(_against_classical(name, scores, setup))
    if {"l2", "joint"} <= set(titles):
        blurred, joint = centre[titles["l2"]], centre[titles["joint"]]
        lines.append(
            f"Adversarial loss: the joint model's detail is {joint.detail:.2f} against {blurred.detail:.2f} with L2"
            f" only, its ELP {_cell(joint.elp, 3, None)} against {_cell(blurred.elp, 3, None)}, its PSNR"
            f" {joint.psnr - blurred.psnr:+.2f} dB: "
            + ("sharper, as the paper says." if joint.detail > blurred.detail and not joint.elp >= blurred.elp
               else "not sharper at this budget, contrary to the paper.")
        )  # fmt: skip
    if set(HOLES) <= set(titles):
        for hole in HOLES[1:]:
            gap = by_hole[hole][titles[hole]].psnr - by_hole[hole][titles["central"]].psnr
            verdict = "fails there, as the paper says" if gap > 0.5 else "does not fail there, contrary to the paper"
            lines.append(
                f'Holes of the kind "{HOLE_TITLES[hole]}": the model trained on central squares only has a PSNR'
                f" {abs(gap):.2f} dB {'lower' if gap > 0 else 'higher'} than the one trained on them: it {verdict}."
            )
    if {"joint", "channelwise", "conv"} <= set(titles):
        ranked = sorted(("joint", "channelwise", "conv"), key=lambda key: -centre[titles[key]].psnr)
        names = {"joint": "fully connected", "channelwise": "channel-wise fully connected", "conv": "convolutional"}
        told = ", ".join(f"{names[key]} {centre[titles[key]].psnr:.2f} dB" for key in ranked)
        lines.append(f"Bottlenecks by PSNR: {told}.")
    return lines or ["Too few variants were trained for a comparison."]


def _against_classical(name: str, scores: Sequence[PaperScore], setup: Setup) -> str:
    """Whether a model is ahead of every classical method, each on the pictures that it was run on."""
    behind = []
    for other in (method for method, reason in setup.classical.items() if not reason):
        seen = {score.photo for score in scores if score.method == other}
        both = means(score for score in scores if score.photo in seen)["central"]
        if other in both and not (both[name].l1 < both[other].l1 and both[name].psnr > both[other].psnr):
            behind.append(f"{other} ({both[other].l1:.2f} %, {both[other].psnr:.2f} dB)")
    own = means(scores)["central"][name]
    verdict = "ahead of every classical method in both" if not behind else "not ahead of " + ", ".join(behind)
    return f"{name[0].upper() + name[1:]}: L1 {own.l1:.2f} %, PSNR {own.psnr:.2f} dB in the central hole, {verdict}."


def figure(rows: Sequence[Sequence[SheetRow]], setup: Setup) -> Image.Image:
    """The comparison as a picture: what fills the central hole, and the models of three kinds of holes on all three.

    Args:
        rows: the rows of some pictures, as `score_pictures` yields them.
        setup: what was compared.
    """
    titles = setup.titles
    classical = [name for name in SHOWN if any(name in kinds[0].fills for kinds in rows)]
    models = [title for name, title in titles.items() if name not in HOLES]
    centre = [kinds[0]._replace(label=f"picture {number}") for number, kinds in enumerate(rows, 1)]
    parts = [[comparison_sheet(centre, [*classical, *models, *setup.longer, setup.flagship], TILE)]]
    if trained := [titles[hole] for hole in HOLES if hole in titles]:
        crossed = [[row._replace(label=HOLE_TITLES[row.label].replace(" ", "\n")) for row in kinds] for kinds in rows]
        parts.append([comparison_sheet(kinds, [*trained, setup.flagship], TILE) for kinds in crossed[:2]])
    heads = ("The central hole", "Trained on one kind of hole, tested on all three")
    head_px = 34
    width = max(sum(sheet.width for sheet in part) for part in parts)
    whole = Image.new("RGB", (width, sum(part[0].height + head_px for part in parts)), "white")
    draw, top = ImageDraw.Draw(whole), 0
    for head, part in zip(heads, parts, strict=False):
        draw.text((GAP, top + head_px / 2), head, fill=INK, font=ImageFont.load_default(19), anchor="lm")
        left = 0
        for sheet in part:
            whole.paste(sheet, (left, top + head_px))
            left += sheet.width
        top += head_px + part[0].height
    return whole


def _cell(value: float, digits: int, best: float | None) -> str:
    if math.isnan(value):
        return "-"
    return f"**{value:.{digits}f}**" if round(value, digits) == best else f"{value:.{digits}f}"
