"""Why weights are refused, in the words of the page."""

from inpaint import WeightsError
from page.server.errors import PageError

MAX_REASON = 400
"""Characters of a reason, or of a value in it, which may come from the repository."""
OWN = ("gated", "no_access", "missing", "revision")
"""Kinds with words of their own where the weights are the visitor's, whose account the page uses."""


def refusal(repo_id: str, revision: str, error: WeightsError, *, own: bool = False) -> PageError:
    """Return why weights are refused, in the page's words if the reason has a kind, else in the error's own.

    Args:
        repo_id: the repository, or the name of the weights.
        revision: branch, tag or commit.
        error: of the load.
        own: whether they are the visitor's own weights, which were read with their account.
    """
    if not error.kind:
        return PageError("model_refused", reason=str(error)[:MAX_REASON])
    values = {name: value[:MAX_REASON] for name, value in error.values.items()}
    key = f"refused_own_{error.kind}" if own and error.kind in OWN else f"refused_{error.kind}"
    return PageError(key, repo=repo_id, revision=revision, **values)
