"""The filler: from the pixels of a photo and a mask to the filled pixels, one crop after the other.

`plan` decides which crops the generator sees. This module reads each crop, runs the generator on it and yields the
filled pixels; in thick holes they are drafts, whose surface is synthesised once all crops are filled. Files, colour
modes and the writing of results are left to `inpaint.inpainter`.
"""

import collections
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
from PIL import Image

from inpaint.compiled.available import is_available
from inpaint.compiled.ordered import ordered
from inpaint.compiled.parallel import Cancelled
from inpaint.networks.config import FreeFormConfig, GeneratorConfig
from inpaint.pyramid.fills import composite_pixels, downscale, push_pull, transfer_low_frequencies

from .batches import batches
from .crop_order import CropOrder
from .fills import DRAFTS_END, Fill, PackedFill, read_crop
from .options import DEFAULT_OPTIONS, FillOptions
from .plan import Crop, CropSizes, RegionPlan, plan
from .regions import Box, check_hole, regions_of
from .surface import synthesised_fills

_BICUBIC = Image.Resampling.BICUBIC
_MANY_CROPS = 64
"""From this number on the network is prepared again, to run several crops at a time."""


class Generator(Protocol):
    """The interface that the filler requires: a runtime with its generator.

    Attributes:
        config: the generator's config.
        multiple: widths and heights must be multiples of this number of pixels.
        fixed_size: the only width and height that it accepts; None: any multiple.
    """

    config: GeneratorConfig
    multiple: int
    fixed_size: int | None

    def __call__(self, masked_image: np.ndarray, mask: np.ndarray, coarse_fill: np.ndarray | None = None) -> np.ndarray:
        """Return the prediction for a masked image, its mask and, if there is one, a coarse fill.

        Args:
            masked_image: float32 (B, 3, H, W) in [-1, 1], 0 in the hole.
            mask: float32 (B, 1, H, W) in {0, 1}, 1 = hole.
            coarse_fill: float32 (B, 3, H, W) in [-1, 1]; None: there is none.

        Returns:
            float32 (B, 3, H, W) in [-1, 1]; values outside the hole mean nothing.
        """
        ...


class _Prepared(NamedTuple):
    """A crop as the generator sees it.

    Attributes:
        crop: what is filled.
        image: float32 (3, h, w) in [-1, 1]; 0 in the crop's own hole.
        masked_image: the same, 0 in the mask; `image` itself where the mask is the hole.
        mask: float32 (h, w) in {0, 1}, 1 = hole; for some generators larger than the hole.
        coarse_fill: float32 (3, h, w) in [-1, 1]; None: there is none.
    """

    crop: Crop
    image: np.ndarray
    masked_image: np.ndarray
    mask: np.ndarray
    coarse_fill: np.ndarray | None


class Filler:
    """Fills the holes of photos crop by crop. One instance serves any number of threads.

    Args:
        generator: a runtime; the config and the sizes of its generator decide how crops are cut.
        thin_generator: fills the crops in which no hole is thick, in the same sizes; None: `generator` does.
        crop_sizes: the crops to use; None: those that suit the generator, see `crop_sizes_of`.
        synthesis: whether the surface of thick holes is synthesised; None: with a free-form generator, if the compiled
            kernels are available.
    """

    def __init__(
        self,
        generator: Generator,
        *,
        thin_generator: Generator | None = None,
        crop_sizes: CropSizes | None = None,
        synthesis: bool | None = None,
    ) -> None:
        self.generator, self.thin_generator = generator, thin_generator or generator
        self.crop_sizes = crop_sizes or crop_sizes_of(generator)
        self._synthesis = synthesis

    @property
    def synthesises(self) -> bool:
        """Whether the surface of thick holes is synthesised where the compiled kernels are available."""
        is_free_form = self.generator.config.architecture == FreeFormConfig.architecture
        return is_free_form if self._synthesis is None else self._synthesis

    def without_synthesis(self) -> "Filler":
        """Return a filler whose fills are the generator's alone."""
        return Filler(self.generator, thin_generator=self.thin_generator, crop_sizes=self.crop_sizes, synthesis=False)

    def fills(
        self,
        pixels: np.ndarray,
        mask: np.ndarray,
        within: Box | None = None,
        options: FillOptions = DEFAULT_OPTIONS,
        cancelled: Cancelled | None = None,
    ) -> Iterator[Fill]:
        """Fill holes and yield each crop's fill as soon as it is computed.

        Args:
            pixels: RGB uint8 (H, W, 3); not modified. Pixels under the mask are ignored.
            mask: bool (H, W), True = hole; not modified.
            within: fill only crops that overlap this box; None: all. All other holes count as filled: their
                fill must be in `pixels`.
            options: how to fill.
            cancelled: polled between steps of the computation; once it returns True, no more fills are yielded.
                None: never.

        Yields:
            Fills. Those that are not drafts together cover every hole pixel once. If there are drafts, they and the
            fills of holes without a draft come first, then DRAFTS_END, then the fills that cover the drafts. None of
            these is computed before the caller asks for the first one, so a caller may show the drafts and continue
            later, in any thread. By then drafts may be drawn in `pixels`; and once `cancelled` returns True, `pixels`
            and `mask` may change at any moment: read each part of them once, into a copy, and then compute.

        Raises:
            MaskError: the sizes differ, or the mask covers the whole photo.
        """
        check_hole(mask, pixels.shape)
        filler = self.without_synthesis() if options.texture_strength == 0 else self
        yield from filler._fill_regions(pixels, mask, within, options, cancelled)

    def _planned(self, mask: np.ndarray, within: Box | None) -> list[RegionPlan]:
        """Return the plan. Only thick holes need the compiled kernels; without them the generator's fills are final."""
        regions = plan(mask, self.crop_sizes, within, synthesis=self.synthesises)
        if any(region.thick is not None for region in regions) and not is_available():
            return plan(mask, self.crop_sizes, within, synthesis=False)
        return regions

    def _fill_regions(
        self,
        pixels: np.ndarray,
        mask: np.ndarray,
        within: Box | None,
        options: FillOptions,
        cancelled: Cancelled | None,
    ) -> Iterator[Fill]:
        regions = self._planned(mask, within)
        thick = [part for region in regions if region.thick is not None for part in regions_of(region.thick)]
        filled: list[PackedFill] = []
        for region, fill, packed in self._network_fills(regions, pixels, mask, within, options.unknown, cancelled):
            if thick:
                filled.append(packed)
            yield from [fill] if region.thick is None else fill.split(region.thick)
        if not thick or (cancelled is not None and cancelled()):
            return
        yield DRAFTS_END
        yield from synthesised_fills(thick, pixels, mask, filled, options, cancelled)

    def _network_fills(
        self,
        regions: list[RegionPlan],
        pixels: np.ndarray,
        mask: np.ndarray,
        within: Box | None,
        unknown: np.ndarray | None,
        cancelled: Cancelled | None,
    ) -> Iterator[tuple[RegionPlan, Fill, PackedFill]]:
        """Yield the network's fills of all regions in order, until they are no longer wanted."""
        order = CropOrder([region.crops for region in regions])
        in_batches = batches(order)
        generators, workers = self._for_crops(order.crops, len(regions))

        def fills_of(number: int) -> list[tuple[int, Fill]]:
            if cancelled is not None and cancelled():
                return []
            wanted = []
            for index in in_batches[number].crops:
                crop = order.crops[index]
                if within is None or crop.box.overlaps(within):
                    wanted.append(index)
                else:
                    order.keep(index, Fill(*crop.write[:2], pixels[crop.write.slices], crop.hole).pack())
            prepared = [self._prepared(order.crops[i], pixels, mask, *order.earlier_fills(i), unknown) for i in wanted]
            found = list(zip(wanted, self._filled(generators, prepared), strict=True))
            for index, fill in found:
                order.keep(index, fill.pack())
            return [(index, fill) for index, fill in found if not order.crops[index].coarse]

        results = ordered(len(in_batches), lambda number: in_batches[number].needs, fills_of, workers)
        for batch, found in zip(in_batches, results, strict=True):
            if order.fills[batch.crops[-1]] is None:  # cancelled
                return
            for index, fill in found:
                packed = order.fills[index]
                assert packed is not None
                yield regions[order.region_of[index]], fill, packed

    def _for_crops(self, crops: list[Crop], regions: int) -> tuple[dict[bool, Generator], int]:
        """Return what runs the crops of a fill, those that are not thin and those that are, and how many at a time."""
        counts = collections.Counter(crop.thin for crop in crops)
        generators: dict[bool, Any] = {thin: self.thin_generator if thin else self.generator for thin in counts}
        workers = 2 if regions > 1 else 1  # one is prepared while the network, on all cores, fills another
        for thin, count in counts.items():
            if count >= _MANY_CROPS and hasattr(generators[thin], "for_throughput"):
                generators[thin], streams = generators[thin].for_throughput()
                workers = max(workers, streams)
        return generators, workers

    def _prepared(
        self,
        crop: Crop,
        pixels: np.ndarray,
        mask: np.ndarray,
        coarse_fills: list[PackedFill],
        known: list[PackedFill],
        unknown: np.ndarray | None,
    ) -> _Prepared:
        """Return what the generator sees of a crop.

        Args:
            crop: what to fill.
            pixels: the photo.
            mask: its mask.
            coarse_fills: fills at twice the scale, for a crop that refines them.
            known: fills of earlier crops at this scale, which count as known.
            unknown: see `FillOptions`.
        """
        content = read_crop(crop.box, pixels, mask, coarse_fills, known, unknown)
        image, hole = downscale(content.pixels, content.hole, crop.scale)
        coarse_fill = push_pull(*downscale(content.pixels, content.blank, crop.scale)) if crop.refines else None
        area = self._generator_mask(hole)
        return _Prepared(crop, image, image if area is hole else image * (1 - area), area, coarse_fill)

    def _filled(self, generators: dict[bool, Generator], prepared: list[_Prepared]) -> Iterator[Fill]:
        """Run a generator once on crops of one size, and yield their fills at the photo's resolution.

        Args:
            generators: for crops that are not thin, and those that are.
            prepared: the crops; either all of them refine a coarse fill, or none, and all of them are thin, or none.
        """
        if not prepared:
            return
        masks = np.stack([each.mask[None] for each in prepared])
        masked_images = np.stack([each.masked_image for each in prepared])
        coarse_fills = [each.coarse_fill for each in prepared if each.coarse_fill is not None]
        generator = generators[prepared[0].crop.thin]
        predictions = generator(masked_images, masks, *([np.stack(coarse_fills)] if coarse_fills else []))
        for each, prediction in zip(prepared, predictions, strict=True):
            if each.coarse_fill is not None:
                prediction = transfer_low_frequencies(prediction, each.coarse_fill, each.mask)
            yield _upscaled(composite_pixels(each.image, prediction, each.mask), each.crop)

    def _generator_mask(self, hole: np.ndarray) -> np.ndarray:
        """Return the mask for the generator; one trained on the central square sees all of it as hole."""
        if getattr(self.generator.config, "region", None) != "center":
            return hole
        rim = hole.shape[-1] // 4
        mask = hole.copy()
        mask[rim:-rim, rim:-rim] = 1
        return mask


def crop_sizes_of(generator: Generator) -> CropSizes:
    """Return the crops that suit a generator: its fixed size, or a few sizes that are multiples of its `multiple`."""
    if generator.fixed_size is not None:
        side = generator.fixed_size
        quarter = side // 4
        return CropSizes((side,), quarter, quarter, quarter, thin_px=side // 8, centred=True, coarse_to_fine=False)
    sides = {-(-side // generator.multiple) * generator.multiple for side in CropSizes.sides}
    return CropSizes(tuple(sorted(sides)))


def _upscaled(filled: np.ndarray, crop: Crop) -> Fill:
    """Return the part of a filled crop that is to be written, at the photo's resolution."""
    area = crop.write.relative_to(crop.box.left, crop.box.top)
    if crop.scale == 1:
        pixels = filled[area.slices].copy()  # a view would keep the whole crop in memory
    else:
        left, top, right, bottom = (edge / crop.scale for edge in area)
        part = Image.fromarray(filled).resize((area.width, area.height), _BICUBIC, box=(left, top, right, bottom))
        pixels = np.asarray(part)
    return Fill(crop.write.left, crop.write.top, pixels, crop.hole)
