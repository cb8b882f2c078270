"""The Inpainter, which fills what a mask marks in a photo of any size."""

import contextlib
import copy
import threading
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from PIL import Image

from inpaint.compiled.parallel import Cancelled
from inpaint.engine.filler import Filler
from inpaint.engine.fills import Fill, FillHoles, draw_patches, without_drafts
from inpaint.engine.options import FillOptions
from inpaint.engine.photo import fill_photo
from inpaint.engine.regions import Box, dilate
from inpaint.hub.weights import Weights, load_weights
from inpaint.networks.config import GeneratorConfig
from inpaint.photos.errors import MaskError, PhotoError
from inpaint.photos.masks import MAX_SHARE, to_mask
from inpaint.photos.modes import Patch
from inpaint.photos.opening import PhotoSource, open_photo
from inpaint.runtime.base import Runtime
from inpaint.runtime.choose import RuntimeName, choose_runtime
from inpaint.runtime.device import best_device
from inpaint.runtime.lazy import LazyRuntime
from inpaint.segmentation.kinds import KINDS

from .damage import DamageFinder, OnProgress
from .damage_masks import GROW_PX, THRESHOLD
from .photo_damage import find_photo_damage
from .session import Session

if TYPE_CHECKING:
    from torch import nn


class Inpainter:
    """Fills holes in photos. One instance serves any number of threads.

    A fill depends on the photo and the mask only (in a session, on earlier strokes too). Its time depends on the hole,
    not on the size of the photo.

    Args:
        generator: the weights of a generator; or a PyTorch module that maps (masked_image, mask) to a prediction, which
            is put into eval mode, float32, on the device.
        source: where the weights come from, as text that is displayed.
        device: "cuda", "mps", "cpu" or any other device of PyTorch; None: the first of these that is available.
        runtime: "auto", "openvino", "onnxruntime" or "pytorch"; see `choose_runtime`.
        damage_finder: finds the damage of old photos; None: one with the bundled weights, loaded when first used.

    Attributes:
        generator: as it was given.
        device: the name of the device that it runs on, such as "cpu".
        filler: runs the generator crop by crop, and for crops with thin damage alone that of `generator.thin`.
        fill_holes: the function that computes fills, `filler.fills` unless `with_fills` replaced it.

    Raises:
        ValueError: the runtime is unknown or not available.
    """

    def __init__(
        self,
        generator: "Weights | nn.Module",
        *,
        source: str = "",
        device: str | None = None,
        runtime: RuntimeName = "auto",
        damage_finder: DamageFinder | None = None,
    ) -> None:
        self.generator, self.source = generator, source
        thin: Weights | None = getattr(generator, "thin", None)
        weights: Any = generator
        # thin damage may be all that there is to fill, without this network
        is_lazy = thin is not None and runtime == "auto" and (device or best_device()) == "cpu"
        self._runtime: Any = LazyRuntime(weights, "cpu") if is_lazy else choose_runtime(generator, device, runtime)
        self.device = self._runtime.device
        self._thin_runtime = LazyRuntime(thin, self.device, runtime) if thin else None
        self.filler = Filler(self._runtime, thin_generator=self._thin_runtime)
        self.fill_holes: FillHoles = self.filler.fills
        self._damage_finder = damage_finder or DamageFinder(device=self.device)

    @classmethod
    def from_pretrained(
        cls,
        repo_or_folder: str | Path | None = None,
        revision: str | None = None,
        *,
        source: str | None = None,
        device: str | None = None,
        runtime: RuntimeName = "auto",
        damage_finder: DamageFinder | None = None,
    ) -> "Inpainter":
        """Return an Inpainter with trained weights.

        Args:
            repo_or_folder: a Hub repository, a local folder, or "context-encoder", the network of 2016; None: the
                bundled weights.
            revision: branch, tag or commit of the repository; None: its main branch.
            source: as for the class; None: the repository and its commit, the folder, or the name of
                bundled weights, which is "bundled" for the default ones.
            device: as for the class.
            runtime: as for the class.
            damage_finder: as for the class.

        Raises:
            ValueError: the runtime is unknown or not available.
            WeightsError: the weights cannot be loaded; the message says why and what to do.
        """
        loaded = load_weights(repo_or_folder, revision)
        if source is None:
            source = f"{loaded.source}@{loaded.revision}" if loaded.revision else loaded.source
        return cls(loaded, source=source, device=device, runtime=runtime, damage_finder=damage_finder)

    @property
    def runtime(self) -> Runtime:
        """What runs the generator; `runtime.name` says with which library."""
        return self._runtime.prepared() if isinstance(self._runtime, LazyRuntime) else self._runtime

    @property
    def config(self) -> GeneratorConfig:
        """The generator's config."""
        return self._runtime.config

    def start_preparing(self) -> threading.Thread:
        """Prepare the networks for a large photo in a thread, while one core is idle.

        What fails is tried again, and raised, when a fill needs it.
        """

        def prepare() -> None:
            with contextlib.suppress(Exception):
                if self._thin_runtime is not None:
                    self._thin_runtime.for_throughput()
                _ = self.runtime

        thread = threading.Thread(target=prepare, name="prepare_networks")
        with contextlib.suppress(RuntimeError):  # no more threads can be started
            thread.start()
        return thread

    def release_memory(self) -> None:
        """Release the memory that the runtimes keep for later fills, some hundred megabytes after large ones.

        For servers, when nobody has filled anything for a while. Running fills are not disturbed.
        """
        runtimes: tuple[Any, ...] = self._runtime, self._thin_runtime
        for runtime in runtimes:
            if hasattr(runtime, "release_memory"):
                runtime.release_memory()

    def with_fills(self, fill_holes: FillHoles) -> "Inpainter":
        """Return an Inpainter that differs from this one only in the function that fills holes.

        Args:
            fill_holes: replaces the attribute of this name, for example by the same function on another machine, or by
                `fills` of `filler.without_synthesis()`.
        """
        changed = copy.copy(self)
        changed.fill_holes = fill_holes
        return changed

    def __call__(
        self,
        photo: PhotoSource,
        mask: PhotoSource,
        *,
        grow_px: float = 0,
        max_share: float = MAX_SHARE,
        seed: int = 0,
        texture_strength: float = 1.0,
    ) -> Image.Image:
        """Fill the holes of a photo.

        Args:
            photo: a path, bytes, PIL image or array, of any size and any common mode; see `open_photo`. To change the
                limits of `open_photo`, call it and pass its result.
            mask: white (or True) where the photo is to be filled; see `read_mask`.
            grow_px: dilate the mask by this number of pixels first: a mask that is drawn too tight leaves a halo. Here
                0 is exact; only the command line looks at the rim by default.
            max_share: refuse a mask that marks a larger share of the photo, as its polarity is probably wrong.
            seed: another number gives another fill of thick holes; see `FillOptions`.
            texture_strength: from 0 to 1, how much of a thick hole is synthesised from patches of the photo; see
                `FillOptions`.

        Returns:
            The upright photo in its own size and mode, with its EXIF, ICC profile and dpi in `info`. Pixels outside
            the dilated mask are identical to the photo's, a grey photo stays grey, and the fills of a toned one, such
            as a sepia print, have its tint. An empty mask gives a copy.
            `save_photo` writes the result in the format and quality of the photo.

        Raises:
            PhotoError: the photo or the mask cannot be read.
            MaskError: the mask does not fit the photo, or covers (nearly) all of it; or `grow_px` is out of range.
            ValueError: `max_share`, `seed` or `texture_strength` is out of range.
            WeightsError: the weights predict values that are not finite.
        """
        options = FillOptions(seed, texture_strength)
        picture = open_photo(photo)
        hole = dilate(to_mask(mask, picture.size, max_share=max_share, photo=picture), grow_px)
        if hole.any():
            fill_photo(picture, hole, self.fill_holes, options)
        return picture

    def fill_in_place(
        self, photo: Image.Image, mask: np.ndarray, *, seed: int = 0, texture_strength: float = 1.0
    ) -> None:
        """Fill the holes of a photo that is in memory only once, as large ones may have to be.

        Args:
            photo: as `open_photo` returns it; after an error some of its holes are filled.
            mask: bool (H, W), True = hole; not modified.
            seed: as for a call.
            texture_strength: as for a call.

        Raises:
            MaskError: the sizes differ, or the mask covers the whole photo.
            ValueError: `seed` or `texture_strength` is out of range.
        """
        options = FillOptions(seed, texture_strength)
        if mask.any():
            fill_photo(photo, mask, self.fill_holes, options)

    def batch(
        self,
        pairs: Iterable[tuple[PhotoSource, PhotoSource]],
        *,
        grow_px: float = 0,
        max_share: float = MAX_SHARE,
        seed: int = 0,
        texture_strength: float = 1.0,
    ) -> Iterator[Image.Image | ValueError]:
        """Fill many photos lazily, one after the other.

        Args:
            pairs: (photo, mask); with one mask for all, `zip(photos, itertools.repeat(mask))`.
            grow_px: as for one photo.
            max_share: as for one photo.
            seed: as for one photo.
            texture_strength: as for one photo.

        Yields:
            For each pair, in order, the filled photo, or the PhotoError or MaskError that a call raises, so that one
            bad file does not stop the others.

        Raises:
            ValueError: `max_share`, `seed` or `texture_strength` is out of range.
        """
        for photo, mask in pairs:
            result: Image.Image | ValueError
            try:
                result = self(
                    photo,
                    mask,
                    grow_px=grow_px,
                    max_share=max_share,
                    seed=seed,
                    texture_strength=texture_strength,
                )
            except (PhotoError, MaskError) as error:
                result = error
            yield result

    def open(self, photo: PhotoSource, *, grow_px: float = 0, seed: int = 0, texture_strength: float = 1.0) -> Session:
        """Return a session, in which a photo is edited stroke by stroke.

        Args:
            photo: as for a call.
            grow_px: dilate each stroke by this number of pixels, unless `Session.stroke` is called with another one.
            seed: as for a call; `Session.another_fill` moves on to the next one.
            texture_strength: as for a call.

        Raises:
            PhotoError: the photo cannot be read.
            MaskError: `grow_px` is out of range.
            ValueError: `seed` or `texture_strength` is out of range.
        """
        options = FillOptions(seed, texture_strength)
        return Session(open_photo(photo), self.fill_holes, grow_px=grow_px, options=options)

    @overload
    def find_damage(
        self,
        photo: PhotoSource,
        *,
        threshold: float = ...,
        grow_px: float = ...,
        kinds: Collection[str] = ...,
        on_progress: OnProgress | None = ...,
        return_probability: Literal[False] = ...,
    ) -> Image.Image: ...
    @overload
    def find_damage(
        self,
        photo: PhotoSource,
        *,
        threshold: float = ...,
        grow_px: float = ...,
        kinds: Collection[str] = ...,
        on_progress: OnProgress | None = ...,
        return_probability: Literal[True],
    ) -> tuple[Image.Image, np.ndarray]: ...
    def find_damage(
        self,
        photo: PhotoSource,
        *,
        threshold: float = THRESHOLD,
        grow_px: float = GROW_PX,
        kinds: Collection[str] = KINDS,
        on_progress: OnProgress | None = None,
        return_probability: bool = False,
    ) -> Image.Image | tuple[Image.Image, np.ndarray]:
        """Return the mask of an old photo's damage: scratches, cracks, tears, folds, dust, blotches, missing corners.

        The damage of a scan with an infrared channel is what that shows (see `infrared.detect`), unless it shows the
        picture itself; that of other photos is found by a network.

        Args:
            photo: as for a call.
            threshold: mark pixels that are damage with at least this probability, above 0 and below 1; lower marks
                more.
            grow_px: dilate the mask by this number of pixels, so that no damaged rim is continued into the hole.
            kinds: which kinds of damage to mark, one or more of "lines" (scratches, cracks, folds, hairs), "specks"
                (dust, small spots) and "areas" (stains, tears, lost pieces).
            on_progress: called with the share of the search that is done, from 0 to 1, some times a second; what it
                raises ends the search. None: nobody is told.
            return_probability: also return the probability of damage, from which `damage_mask` makes the mask for any
                threshold and kinds without another search.

        Returns:
            A mask for a call, of the upright photo's size: mode L, 255 = damage, 0 elsewhere and where the photo is
            transparent. Its `info` has under "notes" a tuple of sentences about an infrared channel, and under "dust"
            what that shows, for `infrared.divide.divide_out`. With `return_probability` a tuple of the mask and float32
            (H, W) in [0, 1], 0 where the photo is transparent; of what an infrared channel shows, 0 or 1.

        Raises:
            PhotoError: the photo cannot be read.
            ValueError: a setting is out of range.
            WeightsError: the weights that come with the package are missing or damaged.
        """
        found, probability = find_photo_damage(
            open_photo(photo, copy=False), self._damage_finder, threshold=threshold, grow_px=grow_px, kinds=kinds,
            on_progress=on_progress,
        )  # fmt: skip
        return (found, probability) if return_probability else found

    def solve(
        self,
        pixels: np.ndarray,
        mask: np.ndarray,
        within: Box | None = None,
        *,
        seed: int = 0,
        texture_strength: float = 1.0,
    ) -> list[Patch]:
        """Fill holes and return the rectangles that have changed; around the holes they show the photo.

        Arguments and errors are those of `fills`.
        """
        fills = self.fills(pixels, mask, within, seed=seed, texture_strength=texture_strength)
        return draw_patches(list(without_drafts(fills)), pixels)

    def fills(
        self,
        pixels: np.ndarray,
        mask: np.ndarray,
        within: Box | None = None,
        *,
        seed: int = 0,
        texture_strength: float = 1.0,
        cancelled: Cancelled | None = None,
    ) -> Iterable[Fill]:
        """Fill holes crop by crop, for callers that draw on a canvas themselves: in this order, one over the other.

        Drafts of thick holes come first, and their final fills cover them later; see `Filler.fills`.

        Args:
            pixels: RGB uint8 (H, W, 3); not modified.
            mask: bool (H, W), True = hole; not modified.
            within: fill only crops that overlap this box; None: all. All other holes count as filled.
            seed: as for a call.
            texture_strength: as for a call.
            cancelled: polled between steps; once it returns True, no more fills follow. None: never.

        Raises:
            MaskError: the sizes differ, or the mask covers the whole photo.
            ValueError: `seed` or `texture_strength` is out of range.
        """
        return self.fill_holes(pixels, mask, within, FillOptions(seed, texture_strength), cancelled)
