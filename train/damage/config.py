"""Settings of the training of the damage network."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from inpaint.networks.config import DamageConfig, config_to_dict


@dataclass(frozen=True)
class DamageTrainConfig:
    """One training run of the network that finds damage."""

    preset: str = "damage"
    """Name of the preset this config started from."""
    dataset: tuple[str, ...] = ("frgfm/imagenette:320px",)
    """Undamaged photos: Hub dataset ids (OWNER/NAME, or OWNER/NAME:SUBSET), folders or parquet files. One that is named
    twice is shown twice as often."""
    split: str = "train"
    """Split of the datasets."""
    network: DamageConfig = field(default_factory=DamageConfig)
    """The network's sizes."""
    resolution: int = 192
    """Side of the square crops in pixels."""
    largest_zoom: float = 2.2
    """Crops are enlarged up to so many times; at the other end they show the photo's whole short side."""
    clean: float = 0.25
    """Share of crops without damage."""
    batch_size: int = 8
    """Crops per step."""
    images: int = 150_000
    """Length of the run in images seen."""
    learning_rate: float = 2e-3
    """AdamW's, at its highest."""
    weight_decay: float = 1e-2
    """AdamW's."""
    warmup_images: int = 800
    """The learning rate rises linearly over so many images."""
    cooldown_images: int = 60_000
    """The learning rate falls linearly to a hundredth over the last so many images."""
    ema_halflife_images: int = 2_000
    """Half-life of the weight average that is shipped."""
    cache_side: int = 448
    """Photos are held in memory with their short side at most this many pixels."""
    workers: int = 2
    """Threads that degrade crops. The batches do not depend on it."""
    seed: int = 0
    """Everything random follows from it."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:1, mps ..."""
    bf16: bool = False
    """Forward passes in bfloat16 (autocast)."""
    run_dir: str | None = None
    """Folder of the run; None: runs/PRESET. The same command with the same folder resumes."""
    init_from: str | None = None
    """Weights to start from: a folder, or "bundled" for the package's own."""
    log_every: int = 1000
    """Images between two lines of losses.jsonl."""
    sample_every: int = 10_000
    """Images between two sample sheets."""
    checkpoint_every: int = 5_000
    """Images between two checkpoints."""
    max_minutes: float | None = None
    """Stop, as if interrupted, after so many minutes; the same command goes on."""

    def __post_init__(self) -> None:
        if self.resolution < 32 or self.resolution % 16:
            side = max(32, self.resolution // 16 * 16)
            raise ValueError(f"resolution is {self.resolution}; it must be a multiple of 16 from 32: try {side}.")
        for name in ("batch_size", "images", "workers", "log_every", "sample_every", "checkpoint_every", "cache_side"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1: leave it out.")
        if not 0 <= self.clean <= 1:
            raise ValueError(f"clean is {self.clean}; it must lie between 0 and 1: try 0.2.")
        if self.largest_zoom < 1:
            raise ValueError(f"largest_zoom is {self.largest_zoom}; it must be at least 1: try 2.")

    @property
    def folder(self) -> str:
        """The run's folder."""
        return self.run_dir or f"runs/{self.preset}"


def to_dict(config: DamageTrainConfig) -> dict[str, Any]:
    """The config as plain JSON values."""
    return {**dataclasses.asdict(config), "network": config_to_dict(config.network)}


DAMAGE_PRESETS = {"damage": ("the network that finds scratches and tears by itself", DamageTrainConfig())}
