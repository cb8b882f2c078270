"""Make the pictures at the top of the README: python -m docs.before_after (from the root of a checkout)."""

import argparse
from pathlib import Path

from PIL import Image, ImageOps

from inpaint import Inpainter, open_photo
from inpaint.photos.masks import to_mask
from inpaint.photos.modes import to_rgb
from train.sheets import picture_sheet

from .animation import Scene, write_animation

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "page/static/examples"
CELL = 820, 510
ROWS = {
    EXAMPLES / "farmhouse.jpg": HERE / "farmhouse-mask.png",
    EXAMPLES / "otter.jpg": EXAMPLES / "otter-mask.png",
}
"""Photo and mask of each row. The farmhouse's own mask covers all scratches; that of the example leaves one out."""


def fit(photo: Image.Image) -> Image.Image:
    """Return the photo scaled to cover a cell, without what is then too high at the top or too wide at the sides."""
    return ImageOps.fit(photo, CELL, Image.Resampling.LANCZOS, centering=(0.5, 1))


def main(arguments: list[str] | None = None) -> None:
    """Fill both photos and write docs/before-after.jpg, photos on the left and results on the right, and the .webp."""
    argparse.ArgumentParser(prog="python -m docs.before_after", description=__doc__).parse_args(arguments)
    inpainter = Inpainter.from_pretrained()
    scenes = []
    for path, mask in ROWS.items():
        photo = open_photo(path)
        before, after = (fit(Image.fromarray(to_rgb(picture))) for picture in (photo, inpainter(photo, mask)))
        scenes.append(Scene(before, fit(Image.fromarray(to_mask(mask, photo.size)).convert("L")), after))
    rows = [[scene.before, scene.after] for scene in scenes]
    sheet = picture_sheet(rows, headings=("before", "after"), gap_px=8, frame=False)
    sheet.save(HERE.parent / "before-after.jpg", quality=86, optimize=True, progressive=True)
    write_animation(HERE.parent / "before-after.webp", scenes)


if __name__ == "__main__":
    main()
