"""Training configs: one frozen dataclass per part, checked when it is made."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal

from inpaint.networks.config import ContextEncoderConfig, FreeFormConfig, config_to_dict

MAY_CHANGE = (
    "images", "epochs", "log_every", "sample_every", "sample_epochs", "sample_split", "checkpoint_every", "push_to_hub",
    "private", "if_better", "held_out", "max_minutes", "data.workers", "data.patience_s", "run_dir", "device",
    "checkpoint_repo", "event_log",
)  # fmt: skip
"""Settings that may differ when a run goes on."""


@dataclass(frozen=True)
class MaskConfig:
    """How often each mask family is drawn, as relative weights, and where silhouettes come from."""

    central: float = 0.0
    """The central square of half the side."""
    blocks: float = 0.0
    """Random overlapping square blocks covering a quarter of the picture."""
    region: float = 0.0
    """Deformed silhouettes anywhere ("random region")."""
    strokes: float = 0.0
    """Brush strokes."""
    scratches: float = 0.0
    """Fine scratches and tears."""
    large: float = 0.0
    """Large holes: several silhouettes and wide strokes together."""
    zoom: float = 1.0
    """Masks are drawn up to so many times larger than the crop, which shows a part of them: damage as thick as in a
    larger photo."""
    bank: int = 0
    """So many masks are drawn once and shown again, turned and mirrored, so that a GPU need not wait for them; 0 draws
    each anew."""
    shapes: str | None = None
    """A segmentation dataset (Hub id or folder) whose silhouettes "region" uses; None: generated organic shapes."""

    def weights(self) -> dict[str, float]:
        """The weights by family, as `train.masks.families.sample_mask` takes them."""
        return {
            name: value for name, value in dataclasses.asdict(self).items() if name not in ("shapes", "zoom", "bank")
        }

    def __post_init__(self) -> None:
        weights = self.weights().values()
        if min(weights) < 0 or not sum(weights):
            raise ValueError(f"The mask weights are {self.weights()}; none may be negative and one must be positive.")
        _check(self.bank >= 0, "data.masks.bank", self.bank, "at least 0", "try 8000")
        _check(1 <= self.zoom <= 16, "data.masks.zoom", self.zoom, "between 1 and 16", "try 2.5")


@dataclass(frozen=True)
class DataConfig:
    """The pictures that are trained on, and how they become batches."""

    dataset: tuple[str, ...] = ()
    """Hub dataset ids (OWNER/NAME, or OWNER/NAME:SUBSET), folders of pictures, or parquet files. Several are read one
    after the other and shuffled."""
    split: str = "train"
    """Split of the datasets."""
    revision: str | None = None
    """Hub revision of the (single) dataset: a branch, tag or commit."""
    column: str | None = None
    """Image column, or a field inside one (sample.photo); None finds it."""
    resolution: int = 256
    """Side of the square crops in pixels."""
    min_scale: float = 0.5
    """Smallest crop, as a share of the picture's short side; the largest is the whole short side."""
    batch_size: int = 16
    """Pictures per step."""
    shuffle_buffer: int = 1000
    """Rows held for shuffling a stream. More shuffles better, takes longer to start and more memory."""
    cache: bool = False
    """Decode all pictures once into memory (uint8) and shuffle them fully, instead of streaming every epoch."""
    cache_side: int = 512
    """With cache: pictures are held with their short side at most this many pixels."""
    workers: int = 2
    """Threads that decode pictures and draw masks. The batches do not depend on it."""
    patience_s: float = 600.0
    """When the Hub does not answer, reading is tried again for so many seconds before the run stops."""
    flip: bool = True
    """Mirror half of the crops."""
    masks: MaskConfig = field(default_factory=lambda: MaskConfig(region=0.3, strokes=0.5, scratches=0.2))
    """The holes."""

    def __post_init__(self) -> None:
        _check(self.resolution >= 16 and self.resolution % 16 == 0, "data.resolution", self.resolution,
               "a multiple of 16", f"try {max(16, self.resolution // 16 * 16)}")  # fmt: skip
        _check(self.batch_size >= 1, "data.batch_size", self.batch_size, "at least 1", "try 8")
        _check(self.shuffle_buffer >= 1, "data.shuffle_buffer", self.shuffle_buffer, "at least 1", "try 1000")
        _check(self.workers >= 1, "data.workers", self.workers, "at least 1", "try 2")
        _check(self.patience_s >= 0, "data.patience_s", self.patience_s, "at least 0", "try 600")
        _check(0 < self.min_scale <= 1, "data.min_scale", self.min_scale, "above 0 and at most 1", "try 0.5")


@dataclass(frozen=True)
class LossConfig:
    """The generator's loss terms and their weights; a weight of 0 switches a term off."""

    reconstruction: Literal["l1", "l2"] = "l1"
    """Distance between prediction and truth."""
    reconstruction_weight: float = 1.0
    """Weight of the reconstruction term."""
    known_weight: float = 0.0
    """Weight of pixels outside the hole in the reconstruction term; in the hole it is 1."""
    border_weight: float = 1.0
    """Weight of errors in the band of `border_px` inside the hole's edge, against 1 further in. The paper has 10."""
    border_px: int = 4
    """Width of that band in pixels."""
    adversarial: Literal["bce", "non-saturating", "hinge"] = "non-saturating"
    """Form of the adversarial loss. "bce" is the sigmoid cross-entropy of the paper."""
    adversarial_weight: float = 0.0
    """Weight of the adversarial term; 0 trains without a discriminator."""
    discriminator: Literal["picture", "patch"] = "patch"
    """"picture": the paper's, one sigmoid scalar per picture; "patch": logits for overlapping patches."""
    r1_gamma: float = 0.0
    """Gradient penalty on real pictures; 0 for none."""
    r1_interval: int = 16
    """The penalty is applied at every so many steps, scaled up accordingly ("lazy")."""
    feature_matching_weight: float = 0.0
    """L1 distance between the discriminator's features of prediction and truth."""
    perceptual_weight: float = 0.0
    """Distance between EfficientNet-Lite0 features of composite and truth."""


@dataclass(frozen=True)
class TrainConfig:
    """One training run."""

    preset: str = "custom"
    """Name of the preset this config started from."""
    data: DataConfig = field(default_factory=DataConfig)
    generator: ContextEncoderConfig | FreeFormConfig = field(default_factory=FreeFormConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    images: int | None = None
    """Length of the run in images seen; None: `epochs` decides."""
    epochs: int | None = None
    """Length of the run in passes over the dataset; None: `images` decides."""
    learning_rate: float = 2e-4
    """Adam's, of the generator."""
    discriminator_learning_rate: float | None = None
    """Adam's, of the discriminator; None: the generator's."""
    betas: tuple[float, float] = (0.5, 0.999)
    """Adam's betas, of both."""
    guided: float = 0.0
    """Share of steps in which the generator refines its own fill of a copy of half the size, for filling large holes
    coarse to fine; free-form generators only."""
    warmup_images: int = 0
    """The learning rate rises linearly over so many images."""
    cooldown_images: int = 0
    """The learning rate falls linearly to a tenth over the last so many images; needs `images`."""
    ema_halflife_images: int = 0
    """Half-life of the weight average that is shipped; 0 ships the last weights."""
    seed: int = 0
    """Everything random follows from it."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:1, mps ..."""
    bf16: bool = False
    """Forward passes in bfloat16 (autocast)."""
    channels_last: bool = True
    """Memory layout; faster on most machines."""
    compile: bool = False
    """torch.compile the networks: slow start, faster steps."""
    run_dir: str | None = None
    """Folder of the run; None: runs/PRESET. The same command with the same folder resumes."""
    init_from: str | None = None
    """Weights to start from: a Hub repository (REPO or REPO@REVISION), a folder, or "bundled" for the package's own."""
    log_every: int = 1000
    """Images between two lines of losses.jsonl."""
    sample_every: int = 10_000
    """Images between two sample sheets."""
    sample_epochs: tuple[int, ...] = ()
    """Further sheets after so many epochs, named by their epoch; 0 is the untrained network."""
    sample_split: str | None = None
    """Split of the datasets whose pictures the sheets show. None, or no such split: the pictures of the first batch."""
    checkpoint_every: int = 10_000
    """Images between two checkpoints."""
    max_minutes: float | None = None
    """Stop, as if interrupted, after so many minutes; the same command goes on."""
    push_to_hub: str | None = None
    """Repository that the weights are published to at the end."""
    private: bool | None = None
    """Visibility of a new repository; None: private if a dataset is, else the account's default."""
    if_better: bool = False
    """Publish only if the weights fill the held-out pictures better than those that are there."""
    held_out: str | None = None
    """Pictures that old and new weights are compared on: a dataset as for `data.dataset`, with @SPLIT if it is not
    validation; None: the first dataset's own validation or test split, if it has one."""
    checkpoint_repo: str | None = None
    """Private Hub repository that checkpoints, losses and the newest sheet are copied to. A machine whose folder holds
    no such run goes on from there."""
    event_log: bool = False
    """Also print progress as JSON lines, for a log that a program reads."""

    def __post_init__(self) -> None:
        if (self.images is None) == (self.epochs is None):
            raise ValueError(
                f"images is {self.images} and epochs is {self.epochs}; give exactly one of them as the run's length."
            )
        for name in ("images", "epochs", "log_every", "sample_every", "checkpoint_every"):
            value = getattr(self, name)
            _check(value is None or value >= 1, name, value, "at least 1", "leave it out for the default")
        _check(min(self.sample_epochs, default=0) >= 0, "sample_epochs", self.sample_epochs,
               "0 or more each", "use 0 1 5")  # fmt: skip
        if self.cooldown_images and self.images is None:
            raise ValueError("cooldown_images needs to know the end of the run: give images instead of epochs.")
        _check(0 <= self.guided <= 1, "guided", self.guided, "between 0 and 1", "try 0.4")
        _check(not self.guided or self.data.resolution % 32 == 0, "data.resolution", self.data.resolution,
               "a multiple of 32 with guided steps", "use 128, or --guided 0")  # fmt: skip
        if isinstance(self.generator, ContextEncoderConfig):
            _check(self.guided == 0, "guided", self.guided, "0 for a context encoder", "leave it out")
            _check(self.data.resolution == 128, "data.resolution", self.data.resolution,
                   "128 for a context encoder", "use --data.resolution 128")  # fmt: skip
            _check(self.data.batch_size >= 2, "data.batch_size", self.data.batch_size,
                   "at least 2 with batch norm", "use --data.batch-size 2")  # fmt: skip
            masks = self.data.masks
            if self.generator.region == "center" and masks.weights() != MaskConfig(central=masks.central).weights():
                raise ValueError(
                    f"The masks are {masks.weights()}, but a generator with region 'center' predicts the centre only:"
                    " use --data.masks.central 1 alone, or --generator.region full."
                )

    @property
    def folder(self) -> str:
        """The run's folder."""
        return self.run_dir or f"runs/{self.preset}"


def _check(condition: bool, name: str, value: object, rule: str, move: str) -> None:
    if not condition:
        raise ValueError(f"{name} is {value}; it must be {rule}: {move}.")


def to_dict(config: TrainConfig) -> dict[str, Any]:
    """The config as plain JSON values."""
    return {**dataclasses.asdict(config), "generator": config_to_dict(config.generator)}


def flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested values under dotted names, such as {"data.resolution": 128}."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat.update(flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value})
    return flat
