"""Training configs: one frozen dataclass per part, whose values are checked when it is created."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal

from inpaint.networks.config import ContextEncoderConfig, FreeFormConfig, config_to_dict

MeasuredFills = Literal["network", "inpainter"]
TRACKIO_LOCAL = "local"
"""Value of `trackio` for this machine instead of a Space."""


@dataclass(frozen=True)
class MaskConfig:
    """The holes: relative weights of the mask families, and where silhouettes come from.

    Raises:
        ValueError: a value is out of range.
    """

    central: float = 0.0
    """The central square of half the side."""
    blocks: float = 0.0
    """Random overlapping square blocks that cover a quarter of the crop."""
    region: float = 0.0
    """Deformed silhouettes anywhere ("random region")."""
    strokes: float = 0.0
    """Brush strokes."""
    scratches: float = 0.0
    """Fine scratches and tears."""
    large: float = 0.0
    """Large holes: several silhouettes and wide strokes together."""
    extra: tuple[tuple[str, float], ...] = ()
    """Further families, registered in `train/registry.py`, and their weights: --data.masks.extra NAME WEIGHT."""
    zoom: float = 1.0
    """Masks are drawn up to this factor larger than the crop, which shows a part of them: holes as thick as in a larger
    photo."""
    bank: int = 0
    """Number of masks that are drawn once and reused, rotated and flipped, so that a GPU does not wait for masks; 0: a
    new mask for each crop."""
    shapes: str | None = None
    """Segmentation dataset (Hub id or folder) whose silhouettes "region" uses; None: generated organic shapes."""

    def weights(self) -> dict[str, float]:
        """Return the weight of each family, as `train.masks.families.sample_mask` takes them."""
        others = ("shapes", "zoom", "bank", "extra")
        built_in = {name: value for name, value in dataclasses.asdict(self).items() if name not in others}
        return built_in | dict(self.extra)

    def __post_init__(self) -> None:
        weights = self.weights().values()
        if min(weights) < 0 or not sum(weights):
            raise ValueError(f"The mask weights are {self.weights()}; none may be negative and one must be positive.")
        check(self.bank >= 0, "data.masks.bank", self.bank, "at least 0", "try 8000")
        check(1 <= self.zoom <= 16, "data.masks.zoom", self.zoom, "between 1 and 16", "try 2.5")


@dataclass(frozen=True)
class DataConfig:
    """The photos of the training set, and how they become batches.

    Raises:
        ValueError: a value is out of range.
    """

    dataset: tuple[str, ...] = ()
    """Hub dataset ids (OWNER/NAME, or OWNER/NAME:SUBSET), folders of photos, or parquet files. Several are concatenated
    and shuffled."""
    split: str = "train"
    """Split of the datasets."""
    revision: str | None = None
    """Hub revision of the (single) dataset: a branch, tag or commit."""
    column: str | None = None
    """Image column, or a field inside one (sample.photo); None: the first column that holds images."""
    mixed: tuple[str, ...] = ()
    """Datasets of other photos (their split "train") that are mixed in, so that weights that learn one kind of picture
    keep what they can do on others. Needs `cache` or `on_device`."""
    mixed_share: float = 0.25
    """Share of these photos among all that are shown."""
    free_only: bool = False
    """Train on free pictures alone: rows whose column "license" says public domain, CC0, CC BY, CC BY-SA, Unsplash, MIT
    or Apache. Datasets without this column are refused."""
    resolution: int = 256
    """Side of the square crops in pixels."""
    min_scale: float = 0.5
    """Smallest crop, as a share of the photo's short side; the largest is the whole short side."""
    batch_size: int = 16
    """Photos per step, of all processes together."""
    shuffle_buffer: int = 1000
    """Rows held for shuffling a stream. A larger buffer shuffles better, starts later and takes more memory."""
    cache: bool = False
    """Decode all photos once into memory (uint8) and shuffle them fully, instead of streaming them in each epoch."""
    cache_side: int = 512
    """With cache: photos are reduced until their short side has at most this many pixels."""
    workers: int = 2
    """Threads that decode photos and draw masks. The batches do not depend on their number."""
    patience_s: float = 600.0
    """Seconds for which reading is retried when the Hub does not answer, before the run stops."""
    on_device: bool = False
    """Decode all photos once, hold them and a bank of masks on the device that trains, and make batches there, so that
    a GPU does not wait for this computer. Photos are reduced as with `cache`; needs `masks.bank`."""
    colour_jitter: float = 0.0
    """Share of the crops whose brightness, contrast and saturation are changed; needs `on_device`."""
    jpeg_jitter: float = 0.0
    """Share of the crops that get the traces of JPEG compression; needs `on_device`."""
    flip: bool = True
    """Flip half of the crops horizontally."""
    masks: MaskConfig = field(default_factory=lambda: MaskConfig(region=0.3, strokes=0.5, scratches=0.2))
    """The holes."""

    def __post_init__(self) -> None:
        check(self.resolution >= 16 and self.resolution % 16 == 0, "data.resolution", self.resolution,
              "a multiple of 16", f"try {max(16, self.resolution // 16 * 16)}")  # fmt: skip
        check(self.batch_size >= 1, "data.batch_size", self.batch_size, "at least 1", "try 8")
        check(self.shuffle_buffer >= 1, "data.shuffle_buffer", self.shuffle_buffer, "at least 1", "try 1000")
        check(self.workers >= 1, "data.workers", self.workers, "at least 1", "try 2")
        check(self.patience_s >= 0, "data.patience_s", self.patience_s, "at least 0", "try 600")
        check(not self.on_device or self.masks.bank > 0, "data.masks.bank", self.masks.bank,
              "above 0 with data.on_device", "try 8000")  # fmt: skip
        check(not self.mixed or self.cache or self.on_device, "data.mixed", " ".join(self.mixed),
              "empty without data.cache", "add --data.cache")  # fmt: skip
        check(0 < self.mixed_share < 1, "data.mixed_share", self.mixed_share, "between 0 and 1", "try 0.25")
        for name in ("colour_jitter", "jpeg_jitter"):
            check(0 <= getattr(self, name) <= float(self.on_device), f"data.{name}", getattr(self, name),
                  "between 0 and 1, and 0 without data.on_device", "add --data.on-device")  # fmt: skip
        check(0 < self.min_scale <= 1, "data.min_scale", self.min_scale, "above 0 and at most 1", "try 0.5")


@dataclass(frozen=True)
class LossConfig:
    """The loss terms of the generator and their weights; a weight of 0 switches a term off.

    The functions are in `train.generator.losses`, whose docstring says how to add one.

    Raises:
        ValueError: two settings contradict each other.
    """

    reconstruction: Literal["l1", "l2"] = "l1"
    """Distance between prediction and ground truth."""
    reconstruction_weight: float = 1.0
    """Weight of the reconstruction term."""
    known_weight: float = 0.0
    """Weight of pixels outside the hole in the reconstruction term; in the hole it is 1."""
    border_weight: float = 1.0
    """Weight of errors in the band of `border_px` inside the hole's edge, relative to the rest of the hole; 10 in the
    paper."""
    border_px: int = 4
    """Width of that band in pixels."""
    adversarial: Literal["bce", "non-saturating", "hinge"] = "non-saturating"
    """Form of the adversarial loss; "bce" is the binary cross-entropy of the paper."""
    adversarial_weight: float = 0.0
    """Weight of the adversarial term; 0 trains without a discriminator."""
    discriminator: Literal["picture", "patch", "projected"] = "patch"
    """"picture": the paper's, one logit per image; "patch": logits for overlapping patches; "projected": logits for the
    cells of frozen features of EfficientNet-Lite0, with --loss.adversarial hinge --loss.r1-gamma 0: through these
    features the R1 penalty of a preset is thousands of times as large as meant."""
    r1_gamma: float = 0.0
    """Gamma of the R1 gradient penalty on real images; 0 for none."""
    r1_interval: int = 16
    """Steps between two applications of the penalty, which is multiplied by this interval (lazy regularization)."""
    feature_matching_weight: float = 0.0
    """Weight of the L1 distance between discriminator features of composite and ground truth."""
    perceptual_weight: float = 0.0
    """Weight of the distance between EfficientNet-Lite0 features of composite and ground truth."""
    extra: tuple[tuple[str, float], ...] = ()
    """Further terms that are registered in `train/registry.py`, and their weights: --loss.extra NAME WEIGHT."""
    shift_px: int = 0
    """All losses see prediction and ground truth shifted cyclically by less than this number of pixels, another one in
    each step, and in each part of a step with `accumulate`, so that no pattern in step with the cells of features or
    blocks pays off. 32 covers all cells of EfficientNet-Lite0."""
    perceptual_area: Literal["image", "hole"] = "image"
    """Where that distance counts: everywhere, at strides 2, 8 and 16; or in the cells that overlap the hole, so that an
    image with a few scratches counts as much as one with a large hole, at all five strides."""

    def __post_init__(self) -> None:
        check(self.discriminator != "projected" or not self.r1_gamma, "loss.r1_gamma", self.r1_gamma,
              "0 with loss.discriminator projected, whose features are frozen", "add --loss.r1-gamma 0")  # fmt: skip
        check(0 <= self.shift_px <= 256, "loss.shift_px", self.shift_px, "between 0 and 256", "try 32")


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


@dataclass(frozen=True)
class TrainConfig(RunConfig):
    """One training run of a generator.

    Raises:
        ValueError: a value is out of range, or two settings contradict each other.
    """

    data: DataConfig = field(default_factory=DataConfig)
    generator: ContextEncoderConfig | FreeFormConfig = field(default_factory=FreeFormConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    learning_rate: float = 2e-4
    """Learning rate of the generator (Adam); `cooldown_images` ends at a tenth of it."""
    discriminator_learning_rate: float | None = None
    """Learning rate of the discriminator (Adam); None: the generator's."""
    betas: tuple[float, float] = (0.5, 0.999)
    """Betas of both Adam optimizers."""
    discriminator_warmup_images: int = 0
    """Images for which a new discriminator learns before its terms count for the generator."""
    measured_fills: MeasuredFills = "network"
    """Whose fills of held-out photos are measured: those of the network alone, or those of the inpainter, in which the
    surface of thick holes is synthesised."""
    guided: float = 0.0
    """Share of steps in which the generator refines its own fill of a copy of half the size, for filling large holes
    coarse to fine; free-form generators only."""
    channels_last: bool = True
    """Memory layout; faster on most machines."""
    compile: bool = False
    """torch.compile the networks: slow start, faster steps."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check(0 <= self.guided <= 1, "guided", self.guided, "between 0 and 1", "try 0.4")
        check(not self.guided or self.data.resolution % 32 == 0, "data.resolution", self.data.resolution,
              "a multiple of 32 with guided steps", "use 128, or --guided 0")  # fmt: skip
        if isinstance(self.generator, ContextEncoderConfig):
            check(self.guided == 0, "guided", self.guided, "0 for a context encoder", "leave it out")
            check(
                self.loss.shift_px == 0, "loss.shift_px", self.loss.shift_px, "0 for a context encoder", "leave it out"
            )
            check(self.data.resolution == 128, "data.resolution", self.data.resolution,
                  "128 for a context encoder", "use --data.resolution 128")  # fmt: skip
            check(self.data.batch_size >= 2, "data.batch_size", self.data.batch_size,
                  "at least 2 with batch norm", "use --data.batch-size 2")  # fmt: skip
            masks = self.data.masks
            if self.generator.region == "center" and masks.weights() != MaskConfig(central=masks.central).weights():
                raise ValueError(
                    f"The masks are {masks.weights()}, but a generator with region 'center' predicts the centre only:"
                    " use --data.masks.central 1 alone, or --generator.region full."
                )

    @property
    def data_config(self) -> DataConfig:
        """The photos that the run reads."""
        return self.data


def check(condition: bool, name: str, value: object, rule: str, advice: str) -> None:
    """Raise a ValueError that holds the setting's name and value, the rule and what to do, unless a condition holds."""
    if not condition:
        raise ValueError(f"{name} is {value}; it must be {rule}: {advice}.")


CONFIG_VERSION = 1
"""Version of the form of a config. Settings with a default may come and go without a new version, and they may be
renamed in `train.settings.OLD_NAMES`; a new version means that an older program would misunderstand the config."""
LENGTHS = ("images", "epochs", "max_minutes")
"""Settings that say how long a run is."""


def to_dict(config: RunConfig) -> dict[str, Any]:
    """Return the config as plain JSON values, with the version of their form."""
    values = {item.name: getattr(config, item.name) for item in dataclasses.fields(config)}
    networks = {name: config_to_dict(value) for name, value in values.items() if hasattr(value, "architecture")}
    return {"version": CONFIG_VERSION} | dataclasses.asdict(config) | networks
