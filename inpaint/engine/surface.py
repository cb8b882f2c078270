"""The surface of thick holes: patches of the photo, where the network's fill suggests them.

The synthesis reads a window of the photo around a thick hole. Where its patches agree, the surface is theirs; where
no source fits, the network's fill is mixed in. In holes that are only just thick it is mixed in too, since there it
predicts well.
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from inpaint.compiled.ordered import ordered
from inpaint.compiled.parallel import Cancelled, CancelledError, one_thread, threads
from inpaint.pyramid.fills import composite_pixels, downscale, push_pull
from inpaint.synthesis.settings import SETTINGS

from .background import add_background, fit_background, subtract_background
from .fills import Fill, PackedFill
from .options import FillOptions
from .regions import Box, Part
from .surroundings import places_around, plain_colour, shows_skin
from .thickness import largest_depths

MIN_MARGIN_PX = 96  # known pixels around a hole from which patches are copied, at least
SPOT_MARGIN_PX = 64  # around spots, of which a scan may have hundreds: three times their size, at least this
MARGIN_SHARE = 0.6  # of the square root of the hole's pixels
MAX_MARGIN_PX = 1024
MIN_SHARE = 0.7  # of the patches in the surface, where they do not agree at all
FULL_AGREEMENT = 0.4
SHALLOW_SHARE = 0.7  # of the patches in holes of SHALLOW_PX depth
SHALLOW_PX, DEEP_PX = 8, 32
MISSING_SHARES, PATCH_SHARES = (0.22, 0.32, 0.45, 0.6), (1, 0.95, 0.95, 1)
"""Share of the patches by the share of the window that is missing: the network knows large structures better than the
patches, but when most of the picture is missing its fill is too blurred to help."""

SMALL_PX = 1 << 15
"""Holes of up to this number of pixels are synthesised several at a time, with the kernels of each on one thread."""

SKIN_SHARE = 0.3  # of the patches where skin surrounds the hole: an eye or hair copied into a face shocks
REPEATS = 0.42
"""Skin-coloured surroundings with at least this `repetition` are no skin but bricks, tiles or cloth: none of 876 holes
in faces reach it, and four of five in walls of bricks."""
SKIN_SETTINGS = dataclasses.replace(SETTINGS, guide=(8.0, 4.0), free_guide=1.0, guide_depth_px=12.0, position=4.0)
"""Settings where skin surrounds the hole: copy from near, and follow the network closely."""


def synthesised_fills(
    parts: Sequence[Part],
    pixels: np.ndarray,
    mask: np.ndarray,
    filled: list[PackedFill],
    options: FillOptions,
    cancelled: Cancelled | None,
) -> Iterator[Fill]:
    """Yield the final fills of thick parts, in their order, until they are no longer wanted; see `synthesised_fill`."""
    sizes = [int(np.count_nonzero(part.hole)) for part in parts]
    large = [number for number, size in enumerate(sizes) if size > SMALL_PX]

    def needs(number: int) -> Sequence[int]:  # a large hole is alone, as it takes all cores, and much memory
        return range(number) if sizes[number] > SMALL_PX else [index for index in large if index < number]

    def fill_of(number: int) -> Fill | None:
        with one_thread(condition=sizes[number] <= SMALL_PX):
            return synthesised_fill(parts[number], pixels, mask, filled, options, cancelled)

    for fill in ordered(len(parts), needs, fill_of, threads()):
        if fill is None or (cancelled is not None and cancelled()):  # it may have been computed before that
            return
        yield fill


def synthesised_fill(
    part: Part,
    pixels: np.ndarray,
    mask: np.ndarray,
    filled: list[PackedFill],
    options: FillOptions,
    cancelled: Cancelled | None,
) -> Fill | None:
    """Return the final fill of a thick part.

    Args:
        part: what is filled, with the box that it lies in.
        pixels: the photo, RGB uint8 (H, W, 3); not modified.
        mask: bool (H, W), True = hole; not modified.
        filled: the network's fills of all holes near.
        options: the seed, and the share of the synthesised surface.
        cancelled: polled between steps.

    Returns:
        The fill; None if it is no longer wanted.
    """
    window = _window(part, Box(0, 0, mask.shape[1], mask.shape[0]))
    picture, usable = pixels[window.slices].copy(), np.ascontiguousarray(~mask[window.slices])
    for fill in filled:
        fill.draw(picture, window)
    if options.unknown is not None:
        _leave_out(picture, usable, options.unknown[window.slices] & usable)
    hole = np.zeros_like(usable)
    inside = part.box.relative_to(window.left, window.top).slices
    hole[inside] = part.hole
    places = places_around(hole, usable, inside)
    around = picture[places[:, 0], places[:, 1]]
    colour = plain_colour(around)
    if colour is not None:
        surface = np.broadcast_to(colour, (*part.hole.shape, 3)).copy()
        return Fill(part.box.left, part.box.top, surface, part.hole)
    background = fit_background(places, around)
    if background is not None:
        subtract_background(background, picture, usable)
    try:
        surface = _mixed(picture, hole, usable, inside, shows_skin(around), part, options, cancelled)
    except CancelledError:
        return None
    if background is not None:
        add_background(background, surface, inside[0].start, inside[1].start)
    return Fill(part.box.left, part.box.top, surface, part.hole)


def _leave_out(picture: np.ndarray, usable: np.ndarray, unknown: np.ndarray) -> None:
    """Replace pixels of a window that nothing is continued from by a smooth fill, and make them unusable, in place."""
    if unknown.any() and not unknown.all():
        image, area = downscale(picture, unknown, 1)
        picture[:] = composite_pixels(image, push_pull(image, area), area)
        usable[unknown] = False


def _mixed(
    picture: np.ndarray,
    hole: np.ndarray,
    usable: np.ndarray,
    inside: tuple[slice, slice],
    skin: bool,
    part: Part,
    options: FillOptions,
    cancelled: Cancelled | None,
) -> np.ndarray:
    """Return the synthesised surface mixed into the network's fill: uint8 (h, w, 3), of the part's box."""
    from inpaint.synthesis.repetition import repetition  # loads the compiled kernels
    from inpaint.synthesis.synthesize import missing_share, synthesize

    network = picture[inside].copy()
    skin = skin and repetition(picture, usable, inside) < REPEATS
    settings = SKIN_SETTINGS if skin else SETTINGS
    depths, factor = largest_depths(part.hole)
    diameter = int(np.ceil(2 * depths.max()))
    surface = synthesize(picture, hole, usable, diameter, seed=options.seed, settings=settings, cancelled=cancelled)
    if surface is None:
        return network
    patch_share = SKIN_SHARE if skin else np.interp(missing_share(usable), MISSING_SHARES, PATCH_SHARES)
    strength = np.float32(options.texture_strength * patch_share)
    grid = depths.astype(np.float32)
    columns = np.arange(network.shape[1]) // factor
    for top in range(0, len(network), 64):  # in strips, as float32 takes four times the memory
        rows = slice(top, min(top + 64, len(network)))
        share = _share(surface.agreement[rows], grid[(np.arange(rows.start, rows.stop) // factor)[:, None], columns])
        share *= strength
        mixed = network[rows].astype(np.float32)
        mixed += share[..., None] * (surface.pixels[rows].astype(np.float32) - mixed)
        network[rows] = np.rint(mixed)
    return network


def _share(agreement: np.ndarray, depths: np.ndarray) -> np.ndarray:
    """Return the share of the patches in the surface, float32 (h, w) from 0 to 1.

    Args:
        agreement: uint8 (h, w), see `Surface`.
        depths: float32 (h, w), see `largest_depths`.
    """
    agreed = np.minimum(agreement.astype(np.float32) / (255 * FULL_AGREEMENT), 1)
    deep = np.clip((depths - SHALLOW_PX) / (DEEP_PX - SHALLOW_PX), 0, 1)
    return (MIN_SHARE + (1 - MIN_SHARE) * agreed) * (SHALLOW_SHARE + (1 - SHALLOW_SHARE) * deep)


def _window(part: Part, photo: Box) -> Box:
    """Return the part of the photo around a hole from which patches are copied: its margin depends on the hole's area.

    A long stroke is synthesised from what lies beside it.
    """
    longer, area = max(part.box.width, part.box.height), int(np.count_nonzero(part.hole))
    least = min(max(3 * longer, SPOT_MARGIN_PX), MIN_MARGIN_PX)
    margin = min(max(round(MARGIN_SHARE * area**0.5), least), MAX_MARGIN_PX)
    return part.box.expanded(margin).intersection(photo)
