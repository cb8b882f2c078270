"""Make the picture at the top of the README: python -m docs.before_after (from the root of a checkout)."""

from pathlib import Path

from PIL import Image

from inpaint import Inpainter, open_photo
from inpaint.photos.modes import to_rgb
from train.sheets import picture_sheet

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CELL = 820, 510
ROWS = {
    ROOT / "page/static/examples/farmhouse.jpg": HERE / "farmhouse-mask.png",
    HERE / "dune.jpg": HERE / "dune-mask.png",
}
"""Photo and mask of each row."""


def fit(photo: Image.Image) -> Image.Image:
    """Return the photo scaled to the width of a cell, with what is too high cut off at the top."""
    height = round(photo.height * CELL[0] / photo.width)
    scaled = photo.resize((CELL[0], height), Image.Resampling.LANCZOS)
    return scaled.crop((0, height - CELL[1], *scaled.size))


def main() -> None:
    """Fill both photos and write docs/before-after.jpg: photos on the left, results on the right."""
    inpainter = Inpainter.from_pretrained()
    rows = []
    for path, mask in ROWS.items():
        photo = open_photo(path)
        rows.append([fit(Image.fromarray(to_rgb(picture))) for picture in (photo, inpainter(photo, mask))])
    sheet = picture_sheet(rows, headings=("before", "after"), gap_px=8, frame=False)
    sheet.save(HERE.parent / "before-after.jpg", quality=86, optimize=True, progressive=True)


if __name__ == "__main__":
    main()
