"""`python -m train.masks`: draw a contact sheet of the mask families."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .families import MASK_FAMILIES, Silhouettes, sample_mask
from .silhouettes import read_silhouettes


def contact_sheet(
    seed: int = 0, silhouettes: Silhouettes | None = None, *, samples: int = 7, tile_px: int = 128
) -> Image.Image:
    """Draw one labelled row of masks per family; white = hole, with the coverage under each mask.

    Args:
        seed: of the masks.
        silhouettes: for the families that use them; None: generated blobs.
        samples: masks per family.
        tile_px: side of a mask on the sheet.
    """
    gap, label_px, caption_px = 10, 124, 18
    row_px = tile_px + caption_px + gap
    sheet = Image.new("RGB", (label_px + samples * (tile_px + gap) + gap, gap + len(MASK_FAMILIES) * row_px), "white")
    draw = ImageDraw.Draw(sheet)
    label_font, caption_font = ImageFont.load_default(17), ImageFont.load_default(12)
    hole, ground = (Image.new("RGB", (tile_px, tile_px), colour) for colour in ("white", "#2f4156"))
    for row, name in enumerate(MASK_FAMILIES):
        top = gap + row * row_px
        draw.text((gap + 6, top + tile_px / 2), name, fill="#1d2733", font=label_font, anchor="lm")
        for column in range(samples):
            rng = np.random.default_rng((seed, row, column))
            mask = sample_mask(
                {name: 1.0}, 2 * tile_px, 2 * tile_px, rng, silhouettes
            )  # drawn at twice the size: smooth
            left = label_px + column * (tile_px + gap)
            tile = Image.fromarray(mask.astype(np.uint8) * 255).resize((tile_px, tile_px), Image.Resampling.BOX)
            sheet.paste(Image.composite(hole, ground, tile), (left, top))
            draw.rectangle((left, top, left + tile_px - 1, top + tile_px - 1), outline="#2f4156")
            caption = f"{100 * mask.mean():.1f} %"
            draw.text((left + tile_px / 2, top + tile_px + 4), caption, fill="#6b7785", font=caption_font, anchor="mt")
    return sheet


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
