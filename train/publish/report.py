"""What publishing has done, for programs and as text."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from .improvement import Improvement


class PublishedWeights(NamedTuple):
    """What is on the Hub now.

    Attributes:
        url: page of the repository.
        revision: sha of the commit that has the weights.
        published: False if the weights are not better than those that the run started from, or `if_better` was set and
            they are not better than those in the repository: nothing was changed.
        kept: names of the card's generated parts that were edited and therefore kept.
        improvement: the new weights compared with the previous ones; None without held-out photos.
        comparison: the new weights compared with those that the run started from, as `train.evaluate.finetune` writes
            it; None if there is none.
        previous_tag: tag of the previous weights; None if there were none, or the same ones.
    """

    url: str
    revision: str
    published: bool = True
    kept: tuple[str, ...] = ()
    improvement: Improvement | None = None
    comparison: Mapping[str, Any] | None = None
    previous_tag: str | None = None

    @property
    def withheld(self) -> bool:
        """Whether nothing was published since the weights are not better than those that the run started from.

        With `improvement` they were compared with those in the repository, and these are the reason.
        """
        worse = self.comparison is not None and not self.comparison["better"]
        return worse and not self.published and self.improvement is None


def report(published: PublishedWeights) -> str:
    """Return what was published, as text."""
    if published.published:
        lines = [f"Published: {published.url} at {published.revision[:8]}"]
    elif published.withheld:
        lines = [
            "Not published: the weights are not better than those that the run started from. They are kept in the run's"
            " folder, and --even-if-worse publishes them."
        ]
    else:
        lines = [f"Not published: the weights at {published.url} are as good or better."]
    if published.improvement:
        lines.append(published.improvement.table())
    if published.previous_tag:
        lines.append(f"The previous weights are at tag {published.previous_tag}.")
    if published.kept:
        lines.append(f"Edited parts of its README.md were kept: {', '.join(published.kept)}.")
    return "\n".join(lines)
