"""python -m docs.from_iopaint IOPAINT: what a batch of IOPaint and one of ours keep of the same 20 files.

IOPAINT is the command `iopaint` of an environment with IOPaint 1.6; `--model=cv2` needs no download. The files are made
here: photos of the page in ten kinds of files, two of each, with masks named like the photos.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from inpaint import open_photo, to_array
from inpaint.markdown import markdown_table

EXAMPLES = Path(__file__).parents[2] / "page" / "static" / "examples"
PHOTOS = ("farmhouse", "harbour")
SIZE = 480, 360


def _exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x9003] = orientation, "Grandmother's farm", "1936:05:01 12:00:00"
    return exif


def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _with_alpha(photo: Image.Image) -> Image.Image:
    photo = photo.convert("RGBA")
    photo.putalpha(Image.linear_gradient("L").resize(photo.size))
    return photo


def _deep(photo: Image.Image) -> Image.Image:
    grey = np.asarray(photo.convert("L")).astype(np.uint16) * 257 + 3
    return Image.fromarray(grey)


KINDS: dict[str, Callable[[Image.Image, Path], None]] = {
    "colour.jpg": lambda photo, path: photo.save(path, quality=90, exif=_exif(), icc_profile=_srgb()),
    "turned.jpg": lambda photo, path: photo.save(path, quality=90, exif=_exif(6)),
    "grey.jpg": lambda photo, path: photo.convert("L").save(path, quality=90, exif=_exif()),
    "cmyk.jpg": lambda photo, path: photo.convert("CMYK").save(path, quality=90),
    "lossless.png": lambda photo, path: photo.save(path, icc_profile=_srgb(), dpi=(300, 300)),
    "alpha.png": lambda photo, path: _with_alpha(photo).save(path),
    "sixteen.png": lambda photo, path: _deep(photo).save(path),
    "palette.png": lambda photo, path: photo.quantize(64).save(path),
    "web.webp": lambda photo, path: photo.save(path, quality=85, exif=_exif(), icc_profile=_srgb()),
    "scan.tif": lambda photo, path: photo.save(path, compression="tiff_lzw", dpi=(600, 600), icc_profile=_srgb()),
}
QUESTIONS = ("written", "format", "size", "mode or depth", "EXIF", "ICC", "alpha", "known pixels", "hole filled")


def write_files(photos: Path, masks: Path) -> None:
    """Write the photos, and a mask for each: a bar across the middle, upright as the photo is seen."""
    for name in PHOTOS:
        with Image.open(EXAMPLES / f"{name}.jpg") as file:
            photo = file.convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)
        for kind, save in KINDS.items():
            path = photos / f"{name}-{kind}"
            save(photo, path)
            seen = open_photo(path).size
            mask = np.zeros((seen[1], seen[0]), np.uint8)
            mask[seen[1] // 2 : seen[1] // 2 + 6, 40:-40] = 255
            Image.fromarray(mask).save(masks / f"{path.stem}.png")


def answers(before: Path, after: Path | None) -> dict[str, bool | None]:
    """Return which of the QUESTIONS are answered with yes; None: the file has nothing of the kind to keep."""
    if after is None:  # nothing of what there was is kept
        return {name: None if given is None else False for name, given in answers(before, before).items()}
    with Image.open(before) as old, Image.open(after) as new:
        facts: dict[str, bool | None] = {
            "written": True,
            "format": old.format == new.format,
            "mode or depth": old.mode == new.mode,
            "EXIF": (new.getexif().get(0x010E) == "Grandmother's farm") if old.getexif().get(0x010E) else None,
            "ICC": (old.info["icc_profile"] == new.info.get("icc_profile")) if "icc_profile" in old.info else None,
            "alpha": ("A" in new.getbands()) if "A" in old.getbands() else None,
        }
    first, second = open_photo(before), open_photo(after)
    facts["size"] = first.size == second.size
    if not facts["size"]:
        return {**facts, "known pixels": False, "hole filled": False}
    pair = [np.asarray(photo.convert("RGBA")).astype(int) for photo in (first, second)]
    if first.mode.startswith("I"):
        pair = [np.asarray(to_array(photo)).astype(int) for photo in (first, second)]
    hole = np.zeros(first.size[::-1], bool)
    hole[first.height // 2 : first.height // 2 + 6, 40:-40] = True
    away = ~hole
    away[first.height // 2 - 16 : first.height // 2 + 22] = False  # a JPEG's blocks around the hole
    same_shape = pair[0].shape == pair[1].shape
    facts["known pixels"] = same_shape and np.array_equal(pair[0][away], pair[1][away])
    facts["hole filled"] = not same_shape or not np.array_equal(pair[0][hole], pair[1][hole])
    return facts


def result_of(folder: Path, photo: Path) -> Path | None:
    """Return the result of a photo, whatever its suffix; None if there is none."""
    if (folder / photo.name).exists():
        return folder / photo.name
    return next(iter(sorted(folder.glob(f"{photo.stem}.*"))), None)


def main() -> None:
    """Print a Markdown table: how many of the files that have the property keep it."""
    parser = argparse.ArgumentParser(prog="python -m docs.from_iopaint", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("iopaint", help="the command iopaint, with its path")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        photos, masks, theirs, ours = (Path(temporary) / name for name in ("photos", "masks", "theirs", "ours"))
        for folder in (photos, masks, theirs, ours):
            folder.mkdir()
        write_files(photos, masks)
        places = ["--image", photos, "--mask", masks, "--output", theirs]
        subprocess.run([options.iopaint, "run", "--model=cv2", "--device=cpu", *places], check=False)
        subprocess.run([sys.executable, "-m", "inpaint", photos, masks, "-o", ours], check=False)
        rows = []
        files = sorted(photos.iterdir())
        for question in QUESTIONS:
            row = [question]
            for folder in (theirs, ours):
                given = [answers(photo, result_of(folder, photo)).get(question) for photo in files]
                row.append(f"{given.count(True)} of {len(given) - given.count(None)}")
            rows.append(row)
    print(markdown_table(["kept", "iopaint run --model=cv2", "inpaint-photos fill"], rows))


if __name__ == "__main__":
    main()
