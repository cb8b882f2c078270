"""`python -m train.masks`: a contact sheet of the mask families."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from train.masks.families import MASKS, Shapes, sample_mask

from .silhouettes import read_shapes


def contact_sheet(seed: int = 0, shapes: Shapes | None = None, *, samples: int = 7, tile_px: int = 128) -> Image.Image:
    """A picture with one labelled row per family; white = hole, the covered share under each mask."""
    gap, label_px, caption_px = 10, 124, 18
    row_px = tile_px + caption_px + gap
    sheet = Image.new("RGB", (label_px + samples * (tile_px + gap) + gap, gap + len(MASKS) * row_px), "white")
    draw = ImageDraw.Draw(sheet)
    label_font, caption_font = ImageFont.load_default(17), ImageFont.load_default(12)
    hole, ground = (Image.new("RGB", (tile_px, tile_px), colour) for colour in ("white", "#2f4156"))
    for row, name in enumerate(MASKS):
        top = gap + row * row_px
        draw.text((gap + 6, top + tile_px / 2), name, fill="#1d2733", font=label_font, anchor="lm")
        for column in range(samples):
            rng = np.random.default_rng((seed, row, column))
            mask = sample_mask({name: 1.0}, 2 * tile_px, 2 * tile_px, rng, shapes)  # drawn at twice the size: smooth
            left = label_px + column * (tile_px + gap)
            tile = Image.fromarray(mask.astype(np.uint8) * 255).resize((tile_px, tile_px), Image.Resampling.BOX)
            sheet.paste(Image.composite(hole, ground, tile), (left, top))
            draw.rectangle((left, top, left + tile_px - 1, top + tile_px - 1), outline="#2f4156")
            caption = f"{100 * mask.mean():.1f} %"
            draw.text((left + tile_px / 2, top + tile_px + 4), caption, fill="#6b7785", font=caption_font, anchor="mt")
    return sheet


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m inpaint.masks", description="Draw samples of every mask family.")
    parser.add_argument("--output", type=Path, default=Path("masks.png"), help="the picture to write (%(default)s)")
    parser.add_argument("--shapes", type=Path, help="folder of silhouettes, white = inside; default: generated shapes")
    parser.add_argument("--seed", type=int, default=0, help="another seed gives other masks (%(default)s)")
    options = parser.parse_args(arguments)
    try:
        shapes = read_shapes(options.shapes) if options.shapes else None
    except ValueError as error:
        parser.error(str(error))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(options.seed, shapes).save(options.output)
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
