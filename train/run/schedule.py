"""The schedule of a run: learning rate, moving average and intervals, scaled to the run's length."""

import math

from train.run_config import RunConfig

LOG_LINES, PICTURES = 200, 20
"""A run that is shorter than its preset writes at least this many lines of losses, and sheets and checkpoints."""
WARMUP_SHARE, COOLDOWN_SHARE, EMA_SHARE = 1 / 20, 1 / 5, 1 / 20
"""The largest shares of such a run for the warm-up, the cool-down and the half-life of the moving average, unless the
preset itself has a larger share."""


class Schedule:
    """How the settings of a config apply to a run of a certain length.

    A run of the preset's own length, or a longer one, takes the settings as they are. In a shorter one they are reduced
    to a share of the run, apart from those that differ from the preset, which were chosen by hand.

    Args:
        config: of the run.
        preset: what its settings are compared with; None: nothing is scaled.

    Attributes:
        total: length of the run in images; None while it is unknown. Of a run that ends by time, an estimate that
            changes as the run goes on.
    """

    def __init__(self, config: RunConfig, preset: RunConfig | None = None) -> None:
        self._config, self._preset = config, preset
        self.total = config.images

    def keep_unscaled(self) -> None:
        """Take all settings as they are: those of a run that an earlier version started."""
        self._preset = None

    @property
    def warmup_images(self) -> int:
        """Images over which the learning rate rises."""
        return self._scaled("warmup_images", WARMUP_SHARE)

    @property
    def cooldown_images(self) -> int:
        """Images over which the learning rate falls."""
        return self._scaled("cooldown_images", COOLDOWN_SHARE)

    @property
    def ema_halflife_images(self) -> int:
        """Half-life of the moving average; 0: none."""
        return self._scaled("ema_halflife_images", EMA_SHARE)

    @property
    def log_every(self) -> int:
        """Images between two lines of losses."""
        return self._scaled("log_every", 1 / LOG_LINES)

    @property
    def sample_every(self) -> int:
        """Images between two sample sheets."""
        return self._scaled("sample_every", 1 / PICTURES)

    @property
    def checkpoint_every(self) -> int:
        """Images between two checkpoints."""
        return self._scaled("checkpoint_every", 1 / PICTURES)

    def settings(self) -> dict[str, int]:
        """Return the settings that apply, by their names in the config."""
        names = ("warmup_images", "cooldown_images", "ema_halflife_images", "log_every", "sample_every")
        return {name: getattr(self, name) for name in (*names, "checkpoint_every")}

    def learning_rate_factor(self, images_seen: int, floor: float) -> float:
        """Return the learning rate at some point of the run, as a share of the full one.

        Args:
            images_seen: images before the step.
            floor: the share that the cool-down ends at.

        Returns:
            A number between 0 and 1. The first step of the warm-up is not at 0 but at the share that its batch makes of
            it.
        """
        warmup, cooldown = self.warmup_images, self.cooldown_images
        factor = min(1.0, (images_seen + self._config.data_config.batch_size) / warmup) if warmup else 1.0
        if cooldown and self.total is not None:
            left = max(0, self.total - images_seen) / cooldown
            factor *= min(1.0, floor + (1 - floor) * left)
        return factor

    def is_cooling(self, images_seen: int) -> bool:
        """Return whether the learning rate falls, or never will."""
        cooldown = self.cooldown_images
        return not cooldown or (self.total is not None and self.total - images_seen <= cooldown)

    def _scaled(self, name: str, share: float) -> int:
        value: int = getattr(self._config, name)
        preset = self._preset
        if preset is None or value != getattr(preset, name) or self.total is None or not value:
            return value
        if preset.images is not None and self.total >= preset.images:
            return value
        if preset.images is not None and name in ("warmup_images", "cooldown_images", "ema_halflife_images"):
            share = max(share, value / preset.images)
        return min(value, max(self._config.data_config.batch_size, math.floor(share * self.total)))
