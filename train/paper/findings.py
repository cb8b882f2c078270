"""The findings of the comparison: sentences that follow from the scores, whether or not they agree with the paper."""

from collections.abc import Mapping, Sequence

from train.evaluate.report import score_cell

from .report import HOLE_TITLES, Comparison, Means, means
from .scores import PaperScore
from .variants import HOLE_KINDS

MIN_GAP_DB = 0.5
"""A model that is this much worse on another kind of hole counts as failing there."""
BOTTLENECKS = {"joint": "fully connected", "channelwise": "channel-wise fully connected", "conv": "convolutional"}


def findings(scores: Sequence[PaperScore], comparison: Comparison) -> list[str]:
    """Return a sentence for each question that the scores answer.

    Args:
        scores: of every method, kind of hole and picture.
        comparison: what was compared; questions about variants that are not in it are left out.
    """
    by_hole, titles = means(scores), comparison.titles
    central = by_hole["central"]
    models = [*(titles[key] for key in ("joint",) if key in titles), *comparison.extra_runs]
    lines = [_against_baselines(name, scores, comparison) for name in models]
    if {"l2", "joint"} <= set(titles):
        lines.append(_effect_of_adversarial_loss(central[titles["l2"]], central[titles["joint"]]))
    if set(HOLE_KINDS) <= set(titles):
        lines += [_generalisation(hole, by_hole[hole], titles) for hole in HOLE_KINDS[1:]]
    if set(BOTTLENECKS) <= set(titles):
        ranked = sorted(BOTTLENECKS, key=lambda key: -central[titles[key]].psnr)
        values = ", ".join(f"{BOTTLENECKS[key]} {central[titles[key]].psnr:.2f} dB" for key in ranked)
        lines.append(f"Bottlenecks by PSNR: {values}.")
    return lines or ["Too few variants were trained for a comparison."]


def _against_baselines(name: str, scores: Sequence[PaperScore], comparison: Comparison) -> str:
    """Return whether a model beats every classical method, each on the pictures that it ran on."""
    better = []
    for baseline in (method for method, reason in comparison.baselines.items() if not reason):
        photos = {score.photo for score in scores if score.method == baseline}
        both = means(score for score in scores if score.photo in photos)["central"]
        if baseline in both and not (both[name].l1 < both[baseline].l1 and both[name].psnr > both[baseline].psnr):
            better.append(f"{baseline} ({both[baseline].l1:.2f} %, {both[baseline].psnr:.2f} dB)")
    own = means(scores)["central"][name]
    verdict = "better than every classical method in both" if not better else "not better than " + ", ".join(better)
    return f"{name[0].upper() + name[1:]}: L1 {own.l1:.2f} %, PSNR {own.psnr:.2f} dB in the central hole, {verdict}."


def _effect_of_adversarial_loss(l2: Means, joint: Means) -> str:
    sharper = joint.sharpness > l2.sharpness and not joint.elp >= l2.elp
    verdict = "sharper, as in the paper" if sharper else "not sharper at this budget, contrary to the paper"
    return (
        f"Adversarial loss: sharpness {joint.sharpness:.2f} (joint) and {l2.sharpness:.2f} (L2 only), ELP"
        f" {score_cell(joint.elp, 3)} and {score_cell(l2.elp, 3)}, PSNR {joint.psnr - l2.psnr:+.2f} dB: {verdict}."
    )


def _generalisation(hole: str, found: Mapping[str, Means], titles: Mapping[str, str]) -> str:
    gap = found[titles[hole]].psnr - found[titles["central"]].psnr
    verdict = "fails there, as in the paper" if gap > MIN_GAP_DB else "does not fail there, contrary to the paper"
    return (
        f'Holes of the kind "{HOLE_TITLES[hole]}": the model trained on central squares only has a PSNR'
        f" {abs(gap):.2f} dB {'lower' if gap > 0 else 'higher'} than the one trained on them: it {verdict}."
    )
