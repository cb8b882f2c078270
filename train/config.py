"""The config of a generator's training: frozen dataclasses, whose values are checked when they are created."""

from dataclasses import dataclass, field
from typing import Literal

from inpaint.networks.config import ContextEncoderConfig, FreeFormConfig

from .data_config import DataConfig, MaskConfig
from .run_config import RunConfig
from .setting_checks import check

MeasuredFills = Literal["network", "inpainter"]


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
