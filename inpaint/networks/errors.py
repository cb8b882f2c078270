"""Errors about weights."""

from typing import Literal

Kind = Literal[
    "",
    "gated",
    "no_access",
    "missing",
    "revision",
    "hub_failed",
    "unreachable",
    "files",
    "pickle",
    "config",
    "config_range",
    "architecture",
    "parameters",
    "size",
    "no_room",
    "not_stored",
    "too_slow",
    "damaged",
    "tensors",
    "number_format",
    "not_finite",
]
"""Why weights are refused, for programs that have words of their own; "" for a reason that only the message names."""


class WeightsError(ValueError):
    """Weights that cannot be loaded or used. The message says why and what to do.

    Args:
        message: for who calls the library or its command line.
        kind: of the reason.
        values: what words of another program need, beside the name and revision of the repository.
    """

    def __init__(self, message: str, kind: Kind = "", **values: str) -> None:
        super().__init__(message)
        self.kind, self.values = kind, values


class PredictionError(WeightsError):
    """Weights that fit their network, but predict values that are not finite: they were saved as training diverged."""

    def __init__(self) -> None:
        super().__init__(
            "these weights predict values that are not finite, so nothing was filled: use other weights, or those of"
            " an earlier checkpoint",
            "not_finite",
        )
