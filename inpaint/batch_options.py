"""How the photos of a batch are filled and written."""

from collections.abc import Collection
from dataclasses import dataclass

from inpaint.engine.options import FillOptions
from inpaint.engine.regions import check_grow_px
from inpaint.photos.masks import MAX_SHARE, check_max_share
from inpaint.photos.saving import check_quality
from inpaint.segmentation.kinds import KINDS, check_kinds

from .damage_masks import THRESHOLD, check_threshold


@dataclass(frozen=True)
class Options:
    """How photos are filled and written.

    Attributes:
        grow_px: dilate each mask by this number of pixels; None: masks that are read by what `dilate_tight` finds to be
            missing, and masks that are found by the default of `Inpainter.find_damage`.
        masks: the folder or pattern in which masks are looked for, for messages; None: unknown.
        invert: masks are black where the photo is to be filled.
        max_share: the largest share of a photo that a mask may mark.
        find_damage: find the damage of each photo instead of reading a mask.
        threshold: probability from which pixels count as damage; lower marks more.
        kinds: which kinds of damage are filled, see `Inpainter.find_damage`.
        mask_only: write the masks, as PNG, and fill nothing.
        restore_tone: restore faded contrast and remove colour casts after the fill.
        seed: another number gives another fill of thick holes.
        texture_strength: from 0 to 1, how much of a thick hole is synthesised from patches of the photo.
        max_pixels: refuse larger photos; None: Pillow's limit.
        page: of TIFF files, counted from 1; None: the first of full resolution.
        all_pages: fill all pages of TIFF files, see `multipage.fill_pages`.
        format: Pillow's name of the format of all results; None: that of the result's suffix.
        quality: 1 to 100; None: the photo's.
        overwrite: results may replace photos and masks.

    Raises:
        ValueError: a number is out of range.
    """

    grow_px: float | None = None
    masks: str | None = None
    invert: bool = False
    max_share: float = MAX_SHARE
    find_damage: bool = False
    threshold: float = THRESHOLD
    kinds: Collection[str] = KINDS
    mask_only: bool = False
    restore_tone: bool = False
    seed: int = 0
    texture_strength: float = 1.0
    max_pixels: int | None = None
    page: int | None = None
    all_pages: bool = False
    format: str | None = None
    quality: int | None = None
    overwrite: bool = False

    def __post_init__(self) -> None:
        check_grow_px(self.grow_px or 0)
        check_threshold(self.threshold)
        check_kinds(self.kinds)
        check_max_share(self.max_share)
        check_quality(self.quality)
        FillOptions(self.seed, self.texture_strength)  # checks both
