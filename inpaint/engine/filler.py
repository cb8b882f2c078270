"""The filler: from the pixels of a photo and a mask to the filled pixels, one crop after the other.

`plan` decides which crops the generator sees. This module reads each crop, runs the generator on it and yields the
filled pixels; in thick holes they are drafts, whose surface is synthesised once all crops are filled. Files, colour
modes and the writing of results are left to `inpaint.inpainter`.
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from inpaint.compiled.available import is_available
from inpaint.compiled.parallel import Cancelled
from inpaint.networks.config import GeneratorConfig
from inpaint.networks.free_form import FreeFormGenerator
from inpaint.networks.pyramid import drop_unknown, known_mean, push_pull, transfer_low_frequencies
from inpaint.networks.tensors import composite, to_pixels, to_tensor
from inpaint.photos.opening import MaskError

from .fills import DRAFTS_END, Fill, PackedFill, read_crop
from .options import DEFAULT_OPTIONS, FillOptions
from .plan import Crop, CropSizes, RegionPlan, plan
from .regions import Box, regions_of
from .surface import synthesised_fill
from .texture import add_texture

_BICUBIC = Image.Resampling.BICUBIC
_STRIP_PIXELS = 1024 * 1024


class Generator(Protocol):
    """The interface that the filler requires; every network in GENERATORS has it.

    Attributes:
        config: the generator's config.
        multiple: widths and heights must be multiples of this number of pixels.
        fixed_size: the only width and height that it accepts; None: any multiple.
    """

    config: GeneratorConfig
    multiple: int
    fixed_size: int | None

    def __call__(self, masked_image: Tensor, mask: Tensor, *coarse_fill: Tensor) -> Tensor:
        """Return the prediction (B, 3, H, W) for a masked image, its mask and, if there is one, a coarse fill."""
        ...


class Filler:
    """Fills the holes of photos crop by crop. One instance serves any number of threads.

    Args:
        generator: its config and sizes decide how crops are cut.
        runtime: runs the generator, with the same arguments; None: the generator runs itself.
        device: where tensors are put before they reach the runtime.
        crop_sizes: the crops to use; None: those that suit the generator, see `crop_sizes_of`.
        synthesis: whether the surface of thick holes is synthesised; None: if the generator's fills get texture and
            the compiled kernels are available. Without it texture is added crop by crop, see `texture`.
    """

    def __init__(
        self,
        generator: Generator,
        runtime: Callable[..., Tensor] | None = None,
        *,
        device: str | torch.device = "cpu",
        crop_sizes: CropSizes | None = None,
        synthesis: bool | None = None,
    ) -> None:
        self.generator = generator
        self.runtime = runtime or generator
        self.device = torch.device(device)
        self.crop_sizes = crop_sizes or crop_sizes_of(generator)
        self._synthesis = synthesis

    def without_texture(self) -> "Filler":
        """Return a filler that adds no texture from the photo to the generator's fills."""
        crop_sizes = dataclasses.replace(self.crop_sizes, textured_passes=0)
        return Filler(self.generator, self.runtime, device=self.device, crop_sizes=crop_sizes, synthesis=False)

    def without_synthesis(self) -> "Filler":
        """Return a filler that adds texture crop by crop, for which nothing needs to be compiled."""
        return Filler(self.generator, self.runtime, device=self.device, crop_sizes=self.crop_sizes, synthesis=False)

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
            fills of holes without a draft come first, then DRAFTS_END, then the fills that cover the drafts. Each one
            is computed when the caller asks for it, so a caller may show the drafts and continue later, in any thread.
            By then drafts may be drawn in `pixels`; and once `cancelled` returns True, `pixels` and `mask` may change
            at any moment: read each part of them once, into a copy, and then compute.

        Raises:
            MaskError: the sizes differ, or the mask covers the whole photo.
        """
        if pixels.shape[:2] != mask.shape:
            raise MaskError(f"the mask has shape {mask.shape} and the photo {pixels.shape[:2]}; they must be the same")
        if mask.all():
            raise MaskError("the mask covers the whole photo, so there is nothing to continue from: leave a part clear")
        if options.texture_strength == 0:
            yield from self.without_texture()._fill_regions(pixels, mask, within, options, cancelled)
            return
        yield from self._fill_regions(pixels, mask, within, options, cancelled)

    def _planned(self, mask: np.ndarray, within: Box | None) -> list[RegionPlan]:
        """Return the plan. Only thick holes need the compiled kernels, which take time and memory when imported."""
        wanted = self.crop_sizes.textured_passes > 0 if self._synthesis is None else self._synthesis
        regions = plan(mask, self.crop_sizes, within, synthesis=wanted)
        is_thick = any(region.thick is not None for region in regions)
        if is_thick and self._synthesis is None and not is_available():
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
        for region in regions:
            for fill, packed in self._fill_crops(region.crops, pixels, mask, within, cancelled):
                if thick:
                    filled.append(packed)
                yield from [fill] if region.thick is None else fill.split(region.thick)
        if not thick or (cancelled is not None and cancelled()):
            return
        yield DRAFTS_END
        for part in thick:
            surface = synthesised_fill(part, pixels, mask, filled, options, cancelled)
            if surface is None:
                return
            yield surface

    def _fill_crops(
        self, crops: list[Crop], pixels: np.ndarray, mask: np.ndarray, within: Box | None, cancelled: Cancelled | None
    ) -> Iterator[tuple[Fill, PackedFill]]:
        """Yield the fills of a region's crops that are not coarse, until they are no longer wanted."""
        final: list[PackedFill] = []
        coarse: dict[int, list[PackedFill]] = {crop.scale: [] for crop in crops}
        for crop in crops:
            if cancelled is not None and cancelled():
                return
            same_scale = coarse[crop.scale] if crop.coarse else final
            if within is not None and not crop.box.overlaps(within):
                same_scale.append(Fill(*crop.write[:2], pixels[crop.write.slices], crop.hole).pack())
                continue
            coarse_fills = coarse[2 * crop.scale] if crop.refines else []
            fill = self._fill_crop(crop, pixels, mask, coarse_fills, coarse[crop.scale] + final)
            packed = fill.pack()
            same_scale.append(packed)
            if not crop.coarse:
                yield fill, packed

    @torch.inference_mode()
    def _fill_crop(
        self, crop: Crop, pixels: np.ndarray, mask: np.ndarray, coarse_fills: list[PackedFill], known: list[PackedFill]
    ) -> Fill:
        """Run the generator once, and return what it fills at the photo's resolution.

        Args:
            crop: what to fill.
            pixels: the photo.
            mask: its mask.
            coarse_fills: fills at twice the scale, for a crop that refines them.
            known: fills of earlier crops at this scale, which count as known.
        """
        content = read_crop(crop.box, pixels, mask, coarse_fills, known)
        image, hole = self._downscaled(content.pixels, content.hole, crop.scale)
        generator_mask = self._generator_mask(hole)
        masked_image = image * (1 - generator_mask)
        if crop.refines:
            coarse_fill = push_pull(*self._downscaled(content.pixels, content.blank, crop.scale))
            prediction = composite(image, self.runtime(masked_image, generator_mask, coarse_fill), generator_mask)
            target = composite(image, coarse_fill, generator_mask)
            prediction = composite(image, transfer_low_frequencies(prediction, target), generator_mask)
        else:
            prediction = composite(image, self.runtime(masked_image, generator_mask), generator_mask)
        if crop.textured:
            prediction = add_texture(prediction, generator_mask)
        return _upscaled(to_pixels(prediction), crop)

    def _downscaled(self, pixels: np.ndarray, hole: np.ndarray, scale: int) -> tuple[Tensor, Tensor]:
        """Return a crop and its mask on the device, `scale` times smaller: each pixel the mean of the known ones.

        The crop is converted in strips, as a large one takes much memory in float32.
        """
        rows = max(scale, _STRIP_PIXELS // pixels.shape[1] // scale * scale)
        strips = []
        for top in range(0, len(pixels), rows):
            image, known = to_tensor(pixels[top : top + rows]), torch.from_numpy(~hole[top : top + rows])[None, None]
            strips.append(known_mean(image * known, known.to(torch.float32), scale))
        image, mask = drop_unknown(*(torch.cat(parts, 2) for parts in zip(*strips, strict=True)))
        return image.to(self.device).contiguous(memory_format=torch.channels_last), mask.to(self.device)

    def _generator_mask(self, hole: Tensor) -> Tensor:
        """Return the mask for the generator; one trained on the central square sees all of it as hole."""
        if getattr(self.generator.config, "region", None) != "center":
            return hole
        rim = hole.shape[-1] // 4
        return F.pad(torch.ones_like(hole[..., rim:-rim, rim:-rim]), (rim, rim, rim, rim)).maximum(hole)


def crop_sizes_of(generator: Generator) -> CropSizes:
    """Return the crops that suit a generator: its fixed size, or a few sizes that are multiples of its `multiple`.

    Texture is added to fills of the free-form generator only.
    """
    if generator.fixed_size is not None:
        side = generator.fixed_size
        quarter = side // 4
        return CropSizes(
            (side,), quarter, quarter, quarter, thin_px=side // 8, centred=True, coarse_to_fine=False, textured_passes=0
        )
    sides = {-(-side // generator.multiple) * generator.multiple for side in CropSizes.sides}
    passes = CropSizes.textured_passes if isinstance(generator, FreeFormGenerator) else 0
    return CropSizes(tuple(sorted(sides)), textured_passes=passes)


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
