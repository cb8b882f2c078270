"""Make the picture that links to the Space are shown with: python -m docs.thumbnail (from the root of a checkout)."""

import argparse

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from docs.before_after.__main__ import EXAMPLES, HERE
from inpaint import Inpainter, open_photo
from inpaint.photos.modes import to_rgb

SIZE = 1200, 630
PHOTO, MASK = EXAMPLES / "farmhouse.jpg", HERE / "farmhouse-mask.png"
LINE_PX, MARGIN, FONT_PX = 6, 36, 66


def main(arguments: list[str] | None = None) -> None:
    """Write docs/thumbnail.jpg: the left half of a scratched print as it was, the right half repaired."""
    argparse.ArgumentParser(prog="python -m docs.thumbnail", description=__doc__).parse_args(arguments)
    photo = open_photo(PHOTO)
    before, after = (
        np.asarray(ImageOps.fit(Image.fromarray(to_rgb(picture)), SIZE, Image.Resampling.LANCZOS, centering=(0.5, 1)))
        for picture in (photo, Inpainter.from_pretrained()(photo, MASK))
    )
    middle = SIZE[0] // 2
    joined = np.concatenate([before[:, :middle], after[:, middle:]], axis=1)
    joined[:, middle - LINE_PX // 2 : middle + LINE_PX // 2] = 255
    picture = Image.fromarray(joined)
    font = ImageFont.load_default(FONT_PX)
    draw = ImageDraw.Draw(picture)
    for text, x, anchor in (("before", MARGIN, "ls"), ("after", SIZE[0] - MARGIN, "rs")):
        draw.text((x, SIZE[1] - MARGIN), text, "white", font, anchor, stroke_width=3, stroke_fill="#222")
    picture.save(HERE.parent / "thumbnail.jpg", quality=86, optimize=True, progressive=True)


if __name__ == "__main__":
    main()
