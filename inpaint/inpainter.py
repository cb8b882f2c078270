"""The Inpainter: a photo of any size and a mask in, the finished photo out."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol, cast

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from .config import GeneratorConfig
from .crops import Crop, CropSizes, plan
from .image import MaskError, PhotoSource, composite, open_photo, reflect_indices, to_mask, to_pixels, to_tensor
from .modes import Patch, to_rgb, write_patches
from .pretrained import load_generator
from .pyramid import drop_unknown, known_mean, push_pull
from .regions import Box
from .session import Fill, Session

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

    A fill depends on the photo and the mask alone, and time on the hole and not on the photo's size.

    Args:
        generator: maps (masked_image, mask) to a prediction; it is put into eval mode, float32, on the device.
        source: where its weights come from, for people to read.
        device: "cuda", "mps", "cpu" or any of PyTorch's; None: the first of these that is there.
    """

    def __init__(self, generator: nn.Module, *, source: str = "", device: str | torch.device | None = None) -> None:
        self.device = torch.device(device) if device is not None else best_device()
        module = generator.eval().requires_grad_(False).to(self.device, torch.float32)
        self.module = module.to(memory_format=torch.channels_last)
        self.generator = cast(Generator, self.module)
        self.source = source
        self.sizes = crop_sizes(self.generator)

    @classmethod
    def from_pretrained(
        cls,
        repo_or_folder: str | Path | None = None,
        revision: str | None = None,
        *,
        device: str | torch.device | None = None,
    ) -> "Inpainter":
        """An Inpainter with trained weights.

        Args:
            repo_or_folder: a Hub repository or a local folder; None: the bundled weights.
            revision: branch, tag or commit of the repository; None: its main branch.
            device: as for the class.

        Raises:
            WeightsError: they cannot be had; the message says why and what to do.
        """
        loaded = load_generator(repo_or_folder, revision)
        source = f"{loaded.source}@{loaded.revision}" if loaded.revision else loaded.source
        return cls(loaded.generator, source=source, device=device)

    @property
    def config(self) -> GeneratorConfig:
        """The generator's config."""
        return self.generator.config

    def __call__(self, photo: PhotoSource, mask: PhotoSource) -> Image.Image:
        """Fill a photo's holes.

        Args:
            photo: a path, bytes, PIL image or uint8 array, of any size and any common mode; see `open_photo`.
            mask: white (or True) where the photo is to be filled; see `to_mask`.

        Returns:
            The upright photo in its own size and mode, with its EXIF, ICC profile and dpi in `info`. Pixels outside
            the mask are identical to the photo's. An empty mask gives a copy.

        Raises:
            PhotoError: the photo or the mask cannot be read.
            MaskError: the mask does not fit the photo, or covers all of it.
        """
        picture = open_photo(photo)
        hole = to_mask(mask, picture.size)
        if not hole.any():
            return picture
        fills = self.fills(to_rgb(picture), hole)
        return write_patches(picture, (Patch(fill.left, fill.top, fill.pixels) for fill in fills), hole)

    def open(self, photo: PhotoSource) -> Session:
        """A session that holds a photo and takes one stroke at a time; raises PhotoError if it cannot be read."""
        return Session(open_photo(photo), self.fills)

    def solve(self, pixels: np.ndarray, mask: np.ndarray, within: Box | None = None) -> list[Patch]:
        """Fill holes and return the changed places, with unchanged pixels around the holes as they were.

        Args:
            pixels: RGB uint8 (H, W, 3); not modified.
            mask: bool (H, W), True = hole.
            within: only regions that come near this box; None: all.

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
            done: list[Fill] = []
            drafts: dict[int, list[Fill]] = {crop.scale: [] for crop in crops}
            for crop in crops:
                guess = drafts[2 * crop.scale] if crop.guided else []
                fill = self._fill(crop, pixels, mask, guess, drafts[crop.scale] + done)
                (drafts[crop.scale] if crop.draft else done).append(fill)
                if not crop.draft:
                    yield fill

    @torch.inference_mode()
    def _fill(self, crop: Crop, pixels: np.ndarray, mask: np.ndarray, guess: list[Fill], known: list[Fill]) -> Fill:
        """One pass of the generator; what this region's earlier crops of this scale have filled counts as known."""
        seen = _read(crop.box, pixels, mask, guess, known)
        image, hole = self._masked(seen.pixels, seen.hole, crop.scale)
        guide = (push_pull(*self._masked(seen.pixels, seen.blank, crop.scale)),) if crop.guided else ()
        asked = self._asked(hole)
        filled = to_pixels(composite(image, self.generator(image * (1 - asked), asked, *guide), asked))
        area = crop.write.moved(crop.box.left, crop.box.top)
        if crop.scale == 1:
            result = filled[area.slices]
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
        return CropSizes((side,), context=quarter, max_context=quarter, thin_px=side // 8, centred=True, refine=False)
    sides = {-(-side // generator.multiple) * generator.multiple for side in CropSizes.sides}
    return CropSizes(tuple(sorted(sides)))


class _Seen(NamedTuple):
    """A crop: uint8 (h, w, 3), and bool (h, w) twice: what is hole, and what of it not even a guess is there for."""

    pixels: np.ndarray
    hole: np.ndarray
    blank: np.ndarray


def _read(box: Box, pixels: np.ndarray, mask: np.ndarray, guess: list[Fill], known: list[Fill]) -> _Seen:
    """A crop of the photo and the mask with earlier fills drawn in; mirrored where it sticks out of the photo."""
    inside = box.cut(Box(0, 0, mask.shape[1], mask.shape[0]))
    seen = _Seen(pixels[inside.slices].copy(), mask[inside.slices].copy(), mask[inside.slices].copy())
    for fill in guess:
        fill.draw(seen.pixels, inside, seen.blank)
    for fill in known:
        fill.draw(seen.pixels, inside, seen.hole)
    np.logical_and(seen.blank, seen.hole, out=seen.blank)
    if inside == box:
        return seen
    rows = reflect_indices(box.top - inside.top, box.bottom - inside.top, inside.height)
    columns = reflect_indices(box.left - inside.left, box.right - inside.left, inside.width)
    return _Seen(*(array[rows[:, None], columns] for array in seen))
