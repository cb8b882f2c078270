"""`python -m train.masks`: draw a contact sheet of the mask families."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from train import registry
from train.sheets import picture_sheet

from .families import MASK_FAMILIES, Silhouettes, sample_mask
from .silhouettes import read_silhouettes

GROUND = (47, 65, 86)
"""Colour of the known pixels; the hole is white."""


def contact_sheet(
    seed: int = 0, silhouettes: Silhouettes | None = None, *, samples: int = 7, tile_px: int = 128
) -> Image.Image:
    """Draw one labelled row of masks per family, with the coverage under each mask.

    Args:
        seed: of the masks.
        silhouettes: for the families that use them; None: generated blobs.
        samples: masks per family.
        tile_px: side of a mask on the sheet.
    """
    tiles: list[list[Image.Image]] = []
    captions: list[list[str]] = []
    names = [*MASK_FAMILIES, *registry.MASK_FAMILIES]
    for row, name in enumerate(names):
        masks = [_draw(name, 2 * tile_px, (seed, row, column), silhouettes) for column in range(samples)]
        tiles.append([_tile(mask, tile_px) for mask in masks])
        captions.append([f"{100 * mask.mean():.1f} %" for mask in masks])
    return picture_sheet(tiles, labels=names, captions=captions, gap_px=10)


def _draw(name: str, side: int, seed: tuple[int, ...], silhouettes: Silhouettes | None) -> np.ndarray:
    return sample_mask({name: 1.0}, side, side, np.random.default_rng(seed), silhouettes)


def _tile(mask: np.ndarray, side: int) -> Image.Image:
    """Return a mask as an anti-aliased picture."""
    hole = Image.fromarray(mask.astype(np.uint8) * 255).resize((side, side), Image.Resampling.BOX)
    return Image.composite(Image.new("RGB", hole.size, "white"), Image.new("RGB", hole.size, GROUND), hole)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m train.masks", description="Draw samples of every mask family.")
    parser.add_argument(
        "--output", type=Path, default=Path("masks.png"), help="the image to write (default: %(default)s)"
    )
    parser.add_argument("--shapes", type=Path, help="folder of silhouettes, white = inside (default: generated blobs)")
    parser.add_argument("--seed", type=int, default=0, help="of the masks (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        silhouettes = read_silhouettes(options.shapes) if options.shapes else None
    except ValueError as error:
        parser.error(str(error))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(options.seed, silhouettes).save(options.output)
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
