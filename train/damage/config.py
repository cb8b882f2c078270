"""Settings of the training of the damage network."""

from dataclasses import dataclass, field

from inpaint.networks.config import DamageConfig
from train.data_config import DataConfig
from train.run_config import RunConfig
from train.setting_checks import check


@dataclass(frozen=True)
class DamageTrainConfig(RunConfig):
    """One training run of the network that finds damage.

    Raises:
        ValueError: a value is out of range, or two settings contradict each other.
    """

    preset: str = "damage"
    """Name of the preset that this config started from."""
    images: int | None = 150_000
    """Length of the run in images seen; None: `epochs` decides."""
    warmup_images: int = 800
    """Images over which the learning rate rises linearly at the start of the run."""
    cooldown_images: int = 60_000
    """Images over which the learning rate falls linearly at the end of the run; needs `images`."""
    ema_halflife_images: int = 2_000
    """Half-life, in images, of the moving average of the weights that is saved; 0 saves the last weights."""
    init_from: str | None = None
    """Weights to start from: a folder, or "bundled" for the package's own. The network is theirs, unless its settings
    differ from the defaults: it may have more blocks and a wider decoder than they have."""
    sample_split: str | None = "validation"
    """Split of the datasets whose photos the sample sheets show. None, or no such split: those of the first batch."""
    checkpoint_every: int = 5_000
    """Images between two checkpoints."""
    evaluations: int = 5
    """Number of times that held-out photos are degraded and measured during the run, apart from its start. The weights
    with the best F1 are saved. 0: never, and no photos are held out."""
    dataset: tuple[str, ...] = ("frgfm/imagenette:320px",)
    """Undamaged photos: Hub dataset ids (OWNER/NAME, or OWNER/NAME:SUBSET), folders or parquet files. The photos of one
    that is given twice are shown twice as often."""
    split: str = "train"
    """Split of the datasets."""
    overlays: str | None = None
    """Opacity maps of damage, with its kind in the column "source" (Hub id, folder, parquet file), composited
    over photos beside drawn damage. One map of four is never used, so that it can serve as a test."""
    network: DamageConfig = field(default_factory=lambda: DamageConfig(blocks=4, decoder_channels=64))
    """Sizes of the network."""
    resolution: int = 192
    """Side of the square crops in pixels."""
    largest_zoom: float = 2.2
    """Largest magnification of a crop; at the other end of the range a crop shows the photo's whole short side."""
    enlarged: float = 0.4
    """Share of crops that are degraded at half of `resolution` and then enlarged, as small scans are to be searched."""
    clean: float = 0.25
    """Share of crops without damage."""
    batch_size: int = 8
    """Crops per step, of all processes together."""
    learning_rate: float = 2e-3
    """Highest learning rate (AdamW); `cooldown_images` ends at a hundredth of it."""
    weight_decay: float = 1e-2
    """Weight decay (AdamW)."""
    pretrained_rate: float = 0.0
    """Learning rate of the pretrained EfficientNet-Lite0 features, as a share of the others'; 0: they are frozen."""
    cache_side: int = 448
    """Photos are held in memory, reduced until their short side has at most this many pixels."""
    workers: int = 2
    """Threads that degrade crops. The batches do not depend on their number."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check(self.resolution >= 32 and self.resolution % 16 == 0, "resolution", self.resolution,
              "a multiple of 16 from 32", f"try {max(32, self.resolution // 16 * 16)}")  # fmt: skip
        for name in ("batch_size", "workers", "cache_side"):
            check(getattr(self, name) >= 1, name, getattr(self, name), "at least 1", "leave it out for the default")
        check(0 <= self.pretrained_rate <= 1, "pretrained_rate", self.pretrained_rate, "between 0 and 1", "try 0.1")
        check(0 <= self.enlarged <= 1, "enlarged", self.enlarged, "between 0 and 1", "try 0.4")
        check(0 <= self.clean <= 1, "clean", self.clean, "between 0 and 1", "try 0.2")
        check(self.largest_zoom >= 1, "largest_zoom", self.largest_zoom, "at least 1", "try 2")

    @property
    def data_config(self) -> DataConfig:
        """The photos that the run reads."""
        return DataConfig(
            dataset=self.dataset,
            split=self.split,
            resolution=self.resolution,
            batch_size=self.batch_size,
            cache=True,
            cache_side=self.cache_side,
            workers=self.workers,
        )


DAMAGE_PRESETS = {"damage": ("the network that finds scratches and tears by itself", DamageTrainConfig())}
"""Name -> (a line for --help, the config)."""
