"""What publishing reports: why weights were not published."""

from types import SimpleNamespace

import pytest

from train.publish.report import PublishedWeights, report

WORSE, BETTER = {"better": False}, {"better": True}
MEASURED = SimpleNamespace(table=lambda: "the table")


@pytest.mark.parametrize(
    ("published", "comparison", "improvement", "withheld"),
    [
        (False, WORSE, None, True),
        (True, WORSE, None, False),
        (False, BETTER, MEASURED, False),
        (False, WORSE, MEASURED, False),  # --even-if-worse --if-better
        (False, None, MEASURED, False),
    ],
)
def test_weights_are_withheld_only_if_those_at_the_start_are_the_reason(published, comparison, improvement, withheld):
    result = PublishedWeights("url", "sha", published, comparison=comparison, improvement=improvement)
    assert result.withheld is withheld
    assert ("--even-if-worse publishes them" in report(result)) is withheld
    assert ("the weights at url are as good or better" in report(result)) is (not published and not withheld)
