"""Held-out figures of a run: measured before its first step and at intervals; the best weights are kept."""

import copy
import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from torch import Tensor, nn

from .interpolation import interpolated, share_for

OWN, OTHER = "held-out", "other"
"""Groups of photos: held-out ones of the run's kind, and photos of any kind, on which little may be lost."""
OTHER_LIMIT = 1.01
"""Weights that are worse than the start on other photos by more than this factor are not the best ones."""
SHARE = "interpolation/share"
"""Name of the share of the trained weights in interpolated ones, among figures."""
_POWERS = 2, 1
"""Of the share of the trained weights, to which a loss on other photos is assumed to be proportional, try by try: near
the start it changes little."""
BEST_FACTS = "best_images", "best_score", "best_share"
"""What a run records of its best weights: images seen, score, and share of the trained weights."""
LOWER_IS_BETTER = ("elp", "elp2", "l1", "f1_error")


_Candidate = tuple[dict[str, float], Mapping[str, Tensor]]
"""The figures of weights, and these."""


class Measure(Protocol):
    """Measures a network on held-out photos."""

    def __call__(self, network: nn.Module) -> dict[str, float]:
        """Return figures as "group/metric", such as "held-out/elp"; the groups are OWN and OTHER."""
        ...


class HeldOutFigures:
    """The held-out figures of a run so far.

    Args:
        measure: of the kind of network that is trained; None: nothing is measured.
        count: number of measurements in the run after the one at its start.
        patience: number of measurements without a new best, and no better than the one before, after which the run may
            stop; 0: never.
        interpolate: measure weights that lose more than OTHER_LIMIT on other photos once more, interpolated with those
            of the start, unless the learning rate is at its full value.

    Attributes:
        history: images_seen and figures of each measurement; the first is that of the weights at the start.
        best: state dict of the weights with the best figures; None before the first.
        stale: number of measurements since the best one.
        in_vain: those of them that count for the patience.
        seconds: wall time of the last measurement of a network.
        spent_s: wall time of all measurements.
    """

    def __init__(self, measure: Measure | None, count: int, patience: int = 0, *, interpolate: bool = False) -> None:
        self._measure, self._count, self._patience, self._interpolate = measure, count, patience, interpolate
        self._start: dict[str, Tensor] | None = None
        self.history: list[dict[str, float]] = []
        self.best: dict[str, Tensor] | None = None
        self._best_score, self.stale, self.in_vain = math.inf, 0, 0
        self.seconds, self.spent_s = 0.0, 0.0

    @property
    def is_active(self) -> bool:
        """Whether anything is measured."""
        return self._measure is not None and self._count > 0

    @property
    def gives_up(self) -> bool:
        """Whether the figures have not become better for too long."""
        return self.is_active and 0 < self._patience <= self.in_vain

    @property
    def most_seconds(self) -> float:
        """An estimate of the time that `measure` takes at most."""
        interpolates = self._start is not None and any(name.startswith(f"{OTHER}/") for name in self.history[0])
        return self.seconds * (1 + len(_POWERS) * interpolates)

    def is_due(self, share: float) -> bool:
        """Return whether a measurement is due when a share of the run is done."""
        return self.is_active and len(self.history) - 1 < math.floor(min(1.0, share) * self._count + 1e-9)

    def measure(self, network: nn.Module, images_seen: int, at_full_rate: bool = False) -> dict[str, float]:
        """Measure the averaged weights and note whether they are the best so far; return their figures.

        Interpolated weights that are better count instead of them, with their share as the figure SHARE.

        Args:
            network: with these weights; not modified.
            images_seen: until now.
            at_full_rate: the learning rate does not fall yet. What a run gains often shows only when it does, so such
                a measurement does not make it give up.
        """
        assert self._measure is not None
        started = time.monotonic()
        training = network.training
        figures = self._measure(network.eval())
        self.seconds = time.monotonic() - started
        candidate: _Candidate = figures, network.state_dict()
        if self._start is not None and not at_full_rate:
            candidate = self._nearer_start(network, candidate, self._start)
        self.spent_s += time.monotonic() - started
        figures, weights = candidate
        network.train(training)
        self.history.append({"images_seen": images_seen, **figures})
        if len(self.history) == 1:  # the weights at the start are what others are compared with
            self._start = _copied(weights) if self._interpolate else None
            return figures
        score = self.score(figures)
        if score < self._best_score or self.best is None:
            self._best_score, self.stale, self.in_vain = score, 0, 0
            self.best = _copied(weights)
        else:
            self.stale += 1
            self.in_vain += not at_full_rate and score >= self.score(self.history[-2])
        return figures

    def _nearer_start(self, network: nn.Module, trained: _Candidate, start: Mapping[str, Tensor]) -> _Candidate:
        """Return the figures and the weights with the best score, of the trained weights and interpolated ones.

        Args:
            network: with the trained weights; not modified.
            trained: their figures, and they.
            start: the weights at the start.
        """
        assert self._measure is not None
        candidates, share = [trained], 1.0
        for power in _POWERS:
            loss = _relative(candidates[-1][0], self.history[0], OTHER) - 1
            if not loss > OTHER_LIMIT - 1:  # nan: there are no other photos
                break
            share *= share_for(loss, OTHER_LIMIT - 1, power)
            weights, between = interpolated(start, trained[1], share), copy.deepcopy(network)
            between.load_state_dict(weights)
            candidates.append(({**self._measure(between), SHARE: share}, weights))
        return min(candidates, key=lambda candidate: self.score(candidate[0]))

    def score(self, figures: Mapping[str, float]) -> float:
        """Return the figures as one number, lower for better weights: 1 for those of the start.

        It is the mean of the perceptual distances relative to the start's, ELP and ELP2; without them, of L1; of a
        damage network that of 1 - F1. What is
        lost on other photos beyond OTHER_LIMIT is added tenfold.
        """
        start = self.history[0]
        own, other = (_relative(figures, start, group) for group in (OWN, OTHER))
        return own + 10 * max(0.0, other - OTHER_LIMIT) if not math.isnan(other) else own

    def sentence(self) -> str:
        """Return the last figures beside those of the start."""
        start, last = self.history[0], self.history[-1]
        parts = []
        for name, value in last.items():
            if "/" in name and name != SHARE and not math.isnan(value):
                change = f" ({value / start[name] - 1:+.1%})" if len(self.history) > 1 and start[name] else ""
                parts.append(f"{name} {value:.4f}{change}")
        parts += [_shares(last)] if SHARE in last else []
        best = ", the best so far" if not self.stale and len(self.history) > 1 else ""
        if len(self.history) > 1 and self._best_score >= 1:
            best = ", not better than the start"
        return f"{int(last['images_seen']):,} images: {', '.join(parts)}{best}"

    def best_facts(self) -> dict[str, float]:
        """Return what a run records of its best weights; empty before the first."""
        if self.best is None:
            return {}
        best = self.best_figures
        facts = int(best["images_seen"]), self.score(best), best.get(SHARE, 1.0)
        return dict(zip(BEST_FACTS, facts, strict=True))

    @property
    def best_figures(self) -> dict[str, float]:
        """The figures of the best weights, and images_seen."""
        return min(self.history[1:], key=self.score)

    def verdict(self) -> str:
        """Return how the best weights compare with those of the start, as a sentence."""
        best = self.best_figures
        own, other = (_relative(best, self.history[0], group) for group in (OWN, OTHER))
        source = f"after {int(best['images_seen']):,} images" + (f" ({_shares(best)})" if SHARE in best else "")
        text = f"The best weights, {source}, are {_change(own)} than the start"
        text += " on the held-out photos" + ("" if math.isnan(other) else f", {_change(other)} on other photos")
        if self._best_score < 1:
            return f"{text}."
        return f"{text}: more pictures, a longer run or a lower learning rate may help."

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps; empty without measurements."""
        if not self.history:
            return {}
        counts = {"stale": self.stale, "in_vain": self.in_vain, "seconds": self.seconds, "spent_s": self.spent_s}
        start = {} if self._start is None else {"start": self._start}
        return {"history": self.history, "best": self.best, "score": self._best_score, **counts, **start}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned."""
        if state:
            self.history, self.best = list(state["history"]), state["best"]
            self._best_score, self.stale = state["score"], state["stale"]
            self.in_vain = state.get("in_vain", 0)  # of an earlier version
            self.seconds = state.get("seconds", 0.0)
            self.spent_s = state.get("spent_s", self.seconds * len(self.history))  # estimated for an earlier version
            self._start = state.get("start")


def _copied(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone() for name, value in weights.items()}


def _shares(figures: Mapping[str, float]) -> str:
    return f"interpolated: {figures[SHARE]:.0%} trained weights, {1 - figures[SHARE]:.0%} initial weights"


def _change(ratio: float) -> str:
    return f"{abs(1 - ratio):.1%} {'better' if ratio < 1 else 'worse'}"


def _relative(figures: Mapping[str, float], start: Mapping[str, float], group: str) -> float:
    """Return the mean ratio of a group's distances to those of the start; nan if the group was not measured."""
    names = [name for name in figures if name.startswith(f"{group}/")]
    perceptual = [name for name in names if name.partition("/")[2] in LOWER_IS_BETTER[:2]]
    chosen = perceptual or [name for name in names if name.partition("/")[2] in LOWER_IS_BETTER]
    ratios = [figures[name] / start[name] for name in chosen if start.get(name)]
    return sum(ratios) / len(ratios) if ratios else math.nan


BuildMeasure = Callable[[], Measure | None]
"""Prepares the measurement of a run; called in the main process only."""
