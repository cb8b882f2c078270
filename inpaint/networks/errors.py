"""Errors about weights."""


class WeightsError(ValueError):
    """Weights that cannot be loaded or used. The message says why and what to do."""


class PredictionError(WeightsError):
    """Weights that fit their network, but predict values that are not finite: they were saved as training diverged."""

    def __init__(self) -> None:
        super().__init__(
            "these weights predict values that are not finite, so nothing was filled: use other weights, or those of"
            " an earlier checkpoint"
        )
