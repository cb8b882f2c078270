"""Settings that every training run has, and the form in which configs are kept."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from inpaint.networks.config import config_to_dict

from .data_config import DataConfig
from .setting_checks import check

TRACKIO_LOCAL = "local"
"""Value of `trackio` for this machine instead of a Space."""
CONFIG_VERSION = 1
"""Version of the form of a config. Settings with a default may come and go without a new version, and they may be
renamed in `train.settings.OLD_NAMES`; a new version means that an older program would misunderstand the config."""
LENGTHS = ("images", "epochs", "max_minutes")
"""Settings that say how long a run is."""


@dataclass(frozen=True)
class RunConfig:
    """Settings that every training run has, whatever network it trains.

    Raises:
        ValueError: a value is out of range, or two settings contradict each other.
    """

    preset: str = "custom"
    """Name of the preset that this config started from."""
    images: int | None = None
    """Length of the run in images seen; None: `epochs` or `max_minutes` decides."""
    epochs: int | None = None
    """Length of the run in passes over the dataset; None: `images` or `max_minutes` decides."""
    max_minutes: float | None = None
    """Length of the run in minutes on this machine, with the cool-down of the learning rate at its end. None: `images`
    or `epochs` decides. If one of these is given as well, the run ends with what comes first."""
    warmup_images: int = 0
    """Images over which the learning rate rises linearly at the start of the run. Like `cooldown_images`,
    `ema_halflife_images`, `log_every`, `sample_every` and `checkpoint_every`, the preset's value is reduced in a run
    that is shorter than the preset's; another value is kept."""
    cooldown_images: int = 0
    """Images over which the learning rate falls linearly at the end of the run."""
    ema_halflife_images: int = 0
    """Half-life, in images, of the moving average of the weights that is saved; 0 saves the last weights."""
    seed: int = 0
    """Seed of all random numbers of the run."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:1, mps ..."""
    bf16: bool = False
    """Forward passes in bfloat16 (autocast), except on a CPU that is not faster with it. A GPU without it, such as a
    T4, takes float16 and scales the losses."""
    accumulate: int = 1
    """Parts that the photos of a step are computed in, one after the other, where memory does not suffice for all;
    their gradients are averaged. Divides the batch size. Generators only."""
    clip_norm: float | None = None
    """Largest norm of the gradient of all parameters together; larger ones are scaled down. None: no limit."""
    run_dir: str | None = None
    """Folder of the run; None: runs/PRESET. The same command with the same folder resumes."""
    init_from: str | None = None
    """Weights to start from: a Hub repository (REPO or REPO@REVISION), a folder, or the package's own, "bundled" or
    "context-encoder"."""
    log_every: int = 1000
    """Images between two lines of losses.jsonl."""
    sample_every: int = 10_000
    """Images between two sample sheets."""
    sample_epochs: tuple[int, ...] = ()
    """Epochs after which a further sample sheet is drawn, named by its epoch; 0 is the untrained network."""
    sample_split: str | None = None
    """Split of the datasets whose photos the sample sheets show. None, or no such split: those of the first batch."""
    checkpoint_every: int = 10_000
    """Images between two checkpoints."""
    checkpoint_minutes: float = 10.0
    """Minutes after which a checkpoint is written even if `checkpoint_every` has not passed."""
    evaluations: int = 0
    """Number of times that held-out photos are filled and measured during the run, apart from its start. The weights
    with the best figures are saved. 0: never, and no photos are held out."""
    patience: int = 0
    """Stop when this many measurements since the learning rate began to fall are no better than the best one and than
    the one before; 0: train to the end."""
    interpolate: bool = False
    """Interpolate weights that lose more than 1 % on other photos with those that the run started from."""
    other_photos: str | None = None
    """Photos of other kinds, measured as well, so that a gain on your photos is no loss on others: a dataset, with
    @SPLIT if it is not validation; None: the validation or test split of what is mixed in, else the program's
    examples."""
    pause_minutes: float | None = None
    """Stop after this many minutes as if interrupted, on a machine that is rented for a limited time; the same command
    resumes."""
    push_to_hub: str | None = None
    """Repository that the weights are published to at the end."""
    private: bool | None = None
    """Visibility of a new repository; None: private if a dataset is, else the account's default."""
    if_better: bool = False
    """Publish only if the weights score better on the held-out photos than those in the repository, and than those that
    the run started from."""
    even_if_worse: bool = False
    """Publish weights that score worse on the held-out photos than those that the run started from, too."""
    held_out: str | None = None
    """Photos that weights are measured and compared on: a dataset, with @SPLIT if it is not validation; None: the first
    dataset's validation or test split, or else up to 24 of its pictures, which are then not trained on."""
    checkpoint_repo: str | None = None
    """Private Hub repository that checkpoints, losses and the newest sample sheet are copied to. A machine without a
    checkpoint in its run folder resumes from there."""
    checkpoint_folder: str | None = None
    """Folder that the same files are copied to, and that a run resumes from, such as a bucket that is mounted."""
    event_log: bool = False
    """Also print progress as JSON lines, for a log that a program reads."""
    trackio: str | None = None
    """Space of the Hub, OWNER/NAME, whose trackio dashboard shows losses, held-out figures and sample sheets; created
    if needed, private unless `private` is false. "local" keeps them on this machine. Needs the package trackio."""

    def __post_init__(self) -> None:
        if self.images is not None and self.epochs is not None:
            raise ValueError(
                f"images is {self.images} and epochs is {self.epochs}; give exactly one of them as the run's length."
            )
        if self.images is None and self.epochs is None and self.max_minutes is None:
            raise ValueError("The run has no length; give exactly one of images, epochs and max_minutes.")
        for name in ("max_minutes", "pause_minutes", "checkpoint_minutes"):
            value = getattr(self, name)
            check(value is None or value > 0, name, value, "above 0", "try 15")
        for name in ("images", "epochs", "log_every", "sample_every", "checkpoint_every"):
            value = getattr(self, name)
            check(value is None or value >= 1, name, value, "at least 1", "leave it out for the default")
        check(self.evaluations >= 0, "evaluations", self.evaluations, "0 or more", "try 5")
        check(self.trackio in (None, TRACKIO_LOCAL) or str(self.trackio).count("/") == 1, "trackio", self.trackio,
              f"OWNER/NAME of a Space, or {TRACKIO_LOCAL!r}", "try me/trackio")  # fmt: skip
        size = self.data_config.batch_size
        check(self.accumulate >= 1 and size % self.accumulate == 0, "accumulate", self.accumulate,
              f"1 or a divisor of the batch size, {size}", "try 2")  # fmt: skip
        check(self.clip_norm is None or self.clip_norm > 0, "clip_norm", self.clip_norm, "above 0", "try 1")
        check(self.patience >= 0, "patience", self.patience, "0 or more", "try 3")
        check(min(self.sample_epochs, default=0) >= 0, "sample_epochs", self.sample_epochs,
              "0 or more each", "use 0 1 5")  # fmt: skip
        for name in ("warmup_images", "cooldown_images", "ema_halflife_images"):
            check(getattr(self, name) >= 0, name, getattr(self, name), "0 or more", "leave it out for the default")

    @property
    def folder(self) -> str:
        """The run's folder."""
        return self.run_dir or f"runs/{self.preset}"

    @property
    def data_config(self) -> DataConfig:
        """The photos that the run reads."""
        raise NotImplementedError


def to_dict(config: RunConfig) -> dict[str, Any]:
    """Return the config as plain JSON values, with the version of their form."""
    values = {item.name: getattr(config, item.name) for item in dataclasses.fields(config)}
    networks = {name: config_to_dict(value) for name, value in values.items() if hasattr(value, "architecture")}
    return {"version": CONFIG_VERSION} | dataclasses.asdict(config) | networks
