"""The Inpainter: a photo of any size and a mask in, the finished photo out."""

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from inpaint.engine.fills import Fill, PackedFill, gathered, read_crop
from inpaint.engine.plan import Crop, CropSizes, plan
from inpaint.engine.regions import Box, grow
from inpaint.engine.texture import add_texture
from inpaint.hub.weights import load_generator
from inpaint.networks.config import GeneratorConfig
from inpaint.networks.generators import FreeFormGenerator
from inpaint.networks.pyramid import drop_unknown, keep_lows, known_mean, push_pull
from inpaint.networks.tensors import composite, to_pixels, to_tensor
from inpaint.photos.masks import MAX_SHARE, to_mask
from inpaint.photos.modes import Patch, is_grey, to_rgb, without_colour, write_patches
from inpaint.photos.opening import MaskError, PhotoError, PhotoSource, open_photo
from inpaint.runtime.choose import RuntimeName, choose_runtime

from .damage import GROW_PX, THRESHOLD, DamageFinder, load_damage_network
from .session import Session

BICUBIC = Image.Resampling.BICUBIC
_STRIP_PIXELS = 1024 * 1024


class Generator(Protocol):
    """What the Inpainter needs of a generator; every network in GENERATORS has it."""

    config: GeneratorConfig
    multiple: int
    fixed_size: int | None

    def __call__(self, masked_image: Tensor, mask: Tensor, *guide: Tensor) -> Tensor: ...


class Inpainter:
    """Fills holes in photos. One instance serves any number of threads.

    A fill depends on the photo and the mask alone (in a session, on earlier strokes too), and time on the hole and not
    on the photo's size.

    Args:
        generator: maps (masked_image, mask) to a prediction; it is put into eval mode, float32, on the device.
        source: where its weights come from, for people to read.
        device: "cuda", "mps", "cpu" or any of PyTorch's; None: the first of these that is there.
        runtime: "auto", "pytorch" or "openvino"; see `choose_runtime`.

    Raises:
        ValueError: the runtime cannot be had.
    """

    def __init__(
        self,
        generator: nn.Module,
        *,
        source: str = "",
        device: str | torch.device | None = None,
        runtime: RuntimeName = "auto",
    ) -> None:
        self.device = torch.device(device) if device is not None else best_device()
        module = generator.eval().requires_grad_(False).to(self.device, torch.float32)
        self.module = module.to(memory_format=torch.channels_last)
        self.generator = cast(Generator, self.module)
        self.source = source
        self.runtime = choose_runtime(self.module, self.device, runtime)
        self.sizes = crop_sizes(self.generator)
        self.finder: DamageFinder | None = None
        """What finds damage; None: the bundled network, loaded when it is first needed."""
        self._finder_lock = threading.Lock()

    @classmethod
    def from_pretrained(
        cls,
        repo_or_folder: str | Path | None = None,
        revision: str | None = None,
        *,
        device: str | torch.device | None = None,
        runtime: RuntimeName = "auto",
    ) -> "Inpainter":
        """An Inpainter with trained weights.

        Args:
            repo_or_folder: a Hub repository or a local folder; None: the bundled weights.
            revision: branch, tag or commit of the repository; None: its main branch.
            device: as for the class.
            runtime: as for the class.

        Raises:
            ValueError: the runtime cannot be had.
            WeightsError: they cannot be had; the message says why and what to do.
        """
        loaded = load_generator(repo_or_folder, revision)
        source = f"{loaded.source}@{loaded.revision}" if loaded.revision else loaded.source
        return cls(loaded.generator, source=source, device=device, runtime=runtime)

    @property
    def config(self) -> GeneratorConfig:
        """The generator's config."""
        return self.generator.config

    def __call__(
        self, photo: PhotoSource, mask: PhotoSource, *, grow_px: float = 0, max_share: float = MAX_SHARE
    ) -> Image.Image:
        """Fill a photo's holes.

        Args:
            photo: a path, bytes, PIL image or array, of any size and any common mode; see `open_photo`, and pass what
                that returns to change its limits.
            mask: white (or True) where the photo is to be filled; see `to_mask`.
            grow_px: fill so many pixels around the mask too: a mask that is drawn tight leaves a halo.
            max_share: a mask that marks a larger share of the photo is refused, as one of the wrong polarity.

        Returns:
            The upright photo in its own size and mode, with its EXIF, ICC profile and dpi in `info`. Pixels outside
            the grown mask are identical to the photo's, and a photo without colour gets none. An empty mask gives a
            copy. To write it to a file as it was read, use `save_photo`.

        Raises:
            PhotoError: the photo or the mask cannot be read.
            MaskError: the mask does not fit the photo, or covers (nearly) all of it.
        """
        picture = open_photo(photo)
        hole = grow(to_mask(mask, picture.size, max_share=max_share), grow_px)
        if not hole.any():
            return picture
        pixels = to_rgb(picture)
        grey = is_grey(pixels)
        done = [fill.packed() for fill in self.fills(pixels, hole)]
        del pixels  # of a large photo there is no room for these, the photo and its copy at once
        patches = (Patch(x, y, without_colour(filled) if grey else filled) for x, y, filled in gathered(done, hole))
        return write_patches(picture, patches, hole)

    def batch(
        self, pairs: Iterable[tuple[PhotoSource, PhotoSource]], *, grow_px: float = 0, max_share: float = MAX_SHARE
    ) -> Iterator[Image.Image | ValueError]:
        """Fill many photos, one after the other, as they are asked for.

        Args:
            pairs: (photo, mask); with one mask for all, `zip(photos, itertools.repeat(mask))`.
            grow_px: as for one photo.
            max_share: as for one photo.

        Yields:
            For each pair, in order, what a call gives; or the PhotoError or MaskError that it raises, so that one
            bad file does not stop the others.
        """
        for photo, mask in pairs:
            result: Image.Image | ValueError
            try:
                result = self(photo, mask, grow_px=grow_px, max_share=max_share)
            except (PhotoError, MaskError) as error:
                result = error
            yield result

    def open(self, photo: PhotoSource, *, grow_px: float = 0) -> Session:
        """A session that holds a photo and takes one stroke at a time.

        Args:
            photo: as for a call.
            grow_px: fill so many pixels around each stroke too.

        Raises:
            PhotoError: the photo cannot be read.
        """
        return Session(open_photo(photo), self.fills, grow_px=grow_px)

    def find_damage(self, photo: PhotoSource, *, threshold: float = THRESHOLD, grow_px: float = GROW_PX) -> Image.Image:
        """The mask of an old photo's damage: scratches, cracks, tears, folds, dust, blotches, missing corners.

        Args:
            photo: as for a call.
            threshold: how sure to be, above 0 and below 1; lower marks more.
            grow_px: mark so many pixels around each find too, so that no damaged rim is continued into the hole.

        Returns:
            A mask for a call, of the upright photo's size: mode L, 255 = damage, 0 elsewhere.

        Raises:
            PhotoError: the photo cannot be read.
            ValueError: a setting is out of range.
            WeightsError: the weights that come with the package are missing or damaged.
        """
        with self._finder_lock:
            if self.finder is None:
                self.finder = DamageFinder(load_damage_network(), self.device)
        mask = self.finder(to_rgb(open_photo(photo)), threshold=threshold, grow_px=grow_px)
        return Image.fromarray(mask.astype(np.uint8) * 255)

    def solve(self, pixels: np.ndarray, mask: np.ndarray, within: Box | None = None) -> list[Patch]:
        """Fill holes and return the changed places, with unchanged pixels around the holes as they were.

        Args:
            pixels: RGB uint8 (H, W, 3); not modified.
            mask: bool (H, W), True = hole.
            within: only what sees this box; None: all. Other holes then count as filled already.

        Raises:
            MaskError: sizes differ, or the mask covers everything.
        """
        fills = list(self.fills(pixels, mask, within))
        boxes = np.array([fill.box for fill in fills]).reshape(-1, 4)
        patches = []
        for fill in fills:
            patch = pixels[fill.box.slices].copy()
            low, high = np.maximum(boxes[:, :2], fill.box[:2]), np.minimum(boxes[:, 2:], fill.box[2:])
            for other in np.flatnonzero((low < high).all(axis=1)):  # two regions' boxes may overlap
                fills[other].draw(patch, fill.box)
            patches.append(Patch(fill.left, fill.top, patch))
        return patches

    def fills(self, pixels: np.ndarray, mask: np.ndarray, within: Box | None = None) -> Iterator[Fill]:
        """As `solve`, one crop's fill after the other, as soon as it is there; for callers with their own canvas."""
        if pixels.shape[:2] != mask.shape:
            raise MaskError(f"the mask has shape {mask.shape} and the photo {pixels.shape[:2]}; they must be the same")
        if mask.all():
            raise MaskError("the mask covers the whole photo, so there is nothing to continue from: leave a part clear")
        for crops in plan(mask, self.sizes, within):
            done: list[PackedFill] = []
            drafts: dict[int, list[PackedFill]] = {crop.scale: [] for crop in crops}
            for crop in crops:
                at_this_scale = drafts[crop.scale] if crop.draft else done
                if within is not None and not crop.box.meets(within):
                    at_this_scale.append(Fill(*crop.write[:2], pixels[crop.write.slices], crop.hole).packed())
                    continue
                guess = drafts[2 * crop.scale] if crop.guided else []
                fill = self._fill(crop, pixels, mask, guess, drafts[crop.scale] + done)
                at_this_scale.append(fill.packed())
                if not crop.draft:
                    yield fill

    @torch.inference_mode()
    def _fill(
        self, crop: Crop, pixels: np.ndarray, mask: np.ndarray, guess: list[PackedFill], known: list[PackedFill]
    ) -> Fill:
        """One pass of the generator; what this region's earlier crops of this scale have filled counts as known."""
        seen = read_crop(crop.box, pixels, mask, guess, known)
        image, hole = self._masked(seen.pixels, seen.hole, crop.scale)
        guide = (push_pull(*self._masked(seen.pixels, seen.blank, crop.scale)),) if crop.guided else ()
        asked = self._asked(hole)
        prediction = composite(image, self.runtime(image * (1 - asked), asked, *guide), asked)
        for draft in guide:
            prediction = composite(image, keep_lows(prediction, composite(image, draft, asked)), asked)
        if crop.textured:
            prediction = add_texture(prediction, asked)
        filled = to_pixels(prediction)
        area = crop.write.moved(crop.box.left, crop.box.top)
        if crop.scale == 1:
            result = filled[area.slices].copy()  # not a view, which would keep the whole crop in memory
        else:
            left, top, right, bottom = (edge / crop.scale for edge in area)
            part = Image.fromarray(filled).resize((area.width, area.height), BICUBIC, box=(left, top, right, bottom))
            result = np.asarray(part)
        return Fill(crop.write.left, crop.write.top, result, crop.hole)

    def _masked(self, pixels: np.ndarray, hole: np.ndarray, scale: int) -> tuple[Tensor, Tensor]:
        """A shrunk crop and its mask, on the device; taken in strips, as a large crop takes much memory in float32."""
        rows = max(scale, _STRIP_PIXELS // pixels.shape[1] // scale * scale)
        strips = []
        for top in range(0, len(pixels), rows):
            image, known = to_tensor(pixels[top : top + rows]), torch.from_numpy(~hole[top : top + rows])[None, None]
            strips.append(known_mean(image * known, known.to(torch.float32), scale))
        image, mask = drop_unknown(*(torch.cat(parts, 2) for parts in zip(*strips, strict=True)))
        return image.to(self.device).contiguous(memory_format=torch.channels_last), mask.to(self.device)

    def _asked(self, hole: Tensor) -> Tensor:
        """The hole as the generator must see it: one that only knows the central square gets all of that."""
        if getattr(self.config, "region", None) != "center":
            return hole
        rim = hole.shape[-1] // 4
        return F.pad(torch.ones_like(hole[..., rim:-rim, rim:-rim]), (rim, rim, rim, rim)).maximum(hole)


def best_device() -> torch.device:
    """A CUDA GPU, else Apple's, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def crop_sizes(generator: Generator) -> CropSizes:
    """The crops that a generator takes: those it was built for, or a few sizes that are multiples of its own."""
    if generator.fixed_size is not None:
        side = generator.fixed_size
        quarter = side // 4
        return CropSizes((side,), quarter, quarter, quarter, thin_px=side // 8, centred=True, refine=False, textured=0)
    sides = {-(-side // generator.multiple) * generator.multiple for side in CropSizes.sides}
    # what another network draws is its own affair
    return CropSizes(
        tuple(sorted(sides)), textured=CropSizes.textured if isinstance(generator, FreeFormGenerator) else 0
    )
