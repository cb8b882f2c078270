"""Settings of the photos and the holes of a training run."""

import dataclasses
from dataclasses import dataclass, field

from .setting_checks import check


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
