"""When a run ends: after a number of images, of passes over the dataset, or of minutes."""

import time

from train.data.order import Position
from train.run_config import RunConfig


class RunLength:
    """The end of a run, and how much of it is done.

    Args:
        config: of the run.
        trained_s: seconds of training in earlier processes of the same run.
        rows: images in an epoch; None while unknown.

    Attributes:
        rows: as given; may be set once it becomes known.
        reserve_s: seconds of the time budget that are kept for what follows the last step.
        measured_s: seconds of the run so far in which held-out figures were measured, and nothing was trained.
    """

    def __init__(self, config: RunConfig, trained_s: float = 0.0, rows: int | None = None) -> None:
        self._config, self.rows, self.reserve_s, self.measured_s = config, rows, 0.0, 0.0
        self._before_s, self._started_s, self._is_over = trained_s, time.monotonic(), False

    @property
    def trained_s(self) -> float:
        """Seconds of the run, those of earlier processes included."""
        spent_s = self._before_s + time.monotonic() - self._started_s
        return max(spent_s, 60 * (self._config.max_minutes or 0)) if self._is_over else spent_s

    def end(self) -> None:
        """Note that the run is complete: its time counts as used up, the reserve included."""
        self._is_over = True

    @property
    def by_time(self) -> bool:
        """Whether the run ends by time, so that its length in images is an estimate."""
        return self._config.max_minutes is not None

    @property
    def budget_s(self) -> float:
        """Seconds of training; infinite without a time budget."""
        minutes = self._config.max_minutes
        return max(1e-9, minutes * 60 - self.reserve_s) if minutes is not None else float("inf")

    def total(self, images_seen: int, position: Position) -> int | None:
        """Return the length of the run in images; None while it is unknown."""
        totals = [self._config.images, self._total_of_epochs(images_seen, position)]
        totals.append(self._total_of_minutes(images_seen) if self.by_time and images_seen else None)
        return min((total for total in totals if total is not None), default=None)

    def _total_of_epochs(self, images_seen: int, position: Position) -> int | None:
        """Estimate the images in all epochs: rows that cannot be used are read, but not seen."""
        if self._config.epochs is None or not self.rows:
            return None
        read = position.epoch * self.rows + min(position.row, self.rows)
        return round(images_seen * self._config.epochs * self.rows / read) if read else self._config.epochs * self.rows

    def _total_of_minutes(self, images_seen: int) -> int:
        """Estimate the images in the time budget. Measurements still to come are not known: it falls with each."""
        spent_s = self.trained_s
        image_s = max(spent_s - self.measured_s, 1e-9) / images_seen
        return images_seen + round(max(0.0, self.budget_s - spent_s) / image_s)

    def is_reached(self, images_seen: int, position: Position) -> bool:
        """Return whether the run is complete."""
        config = self._config
        return (
            (config.images is not None and images_seen >= config.images)
            or (config.epochs is not None and position.epoch >= config.epochs)
            or self.trained_s >= self.budget_s
        )
