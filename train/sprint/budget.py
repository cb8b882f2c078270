"""The time budget of a sprint, and how the run's length in images follows from it."""

import time

RESERVE_SHARE, RESERVE_S = 0.03, 10.0
"""Kept for the last writing: a share of the budget and at least some seconds."""
MAX_RESERVE_SHARE = 0.3


class Budget:
    """Seconds that a sprint may take, its start included.

    Args:
        seconds: of the whole sprint.
        started_s: when it started, in seconds of `time.monotonic`.

    Attributes:
        evaluation_s: seconds that an evaluation has taken at most; as many are kept for that at the end.
    """

    def __init__(self, seconds: float, started_s: float) -> None:
        self.seconds, self._end_s, self.evaluation_s = seconds, started_s + seconds, 0.0
        self._first: tuple[float, int] | None = None

    @property
    def left_s(self) -> float:
        """Seconds until the end of the sprint."""
        return self._end_s - time.monotonic()

    @property
    def training_left_s(self) -> float:
        """Seconds until the last step."""
        reserve_s = max(RESERVE_S, self.seconds * RESERVE_SHARE) + self.evaluation_s
        return self.left_s - min(reserve_s, self.seconds * MAX_RESERVE_SHARE)

    def expected_total(self, images_seen: int) -> int | None:
        """Return how many images the run will have seen at the end, at the speed since the first call.

        None in the first call.
        """
        now_s = time.monotonic()
        if self._first is None:
            self._first = now_s, images_seen
            return None
        speed = (images_seen - self._first[1]) / max(1e-3, now_s - self._first[0])
        return images_seen + round(speed * max(0.0, self.training_left_s))
