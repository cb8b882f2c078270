"""The arguments of `python -m inpaint`, and what they mean."""

import argparse
import math
from typing import NamedTuple

from inpaint.engine.options import DEFAULT_OPTIONS
from inpaint.photos.masks import MAX_SHARE
from inpaint.photos.saving import format_of
from inpaint.program import program_name
from inpaint.segmentation.kinds import KINDS, check_kinds

from .batch_options import Options
from .damage_masks import GROW_PX, THRESHOLD


class Shard(NamedTuple):
    """Which part of the work a run does, of several runs.

    Attributes:
        number: from 1.
        of: how many runs there are.
    """

    number: int = 1
    of: int = 1


ALL_PAGES = 0
"""The number of the page for --page all."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog=program_name("inpaint"),
        description="Fill the holes of photos. Pixels outside the mask do not change. Results keep the size, mode, bit "
        "depth, EXIF data, colour profile, format and quality of the photo.",
    )
    _add_inputs(parser)
    _add_masks(parser)
    _add_fills(parser)
    _add_results(parser)
    _add_computation(parser)
    return parser


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "photo",
        nargs="+",
        metavar="PHOTO",
        help='photos, folders of photos, patterns in quotes such as "scans/**/*.tif", or - for standard input; with '
        "--find-damage also parquet and tar files, and hf://datasets/OWNER/NAME",
    )
    parser.add_argument(  # only for --help: argparse assigns all names to PHOTO, and inputs_of splits off the mask
        "mask",
        nargs="?",
        metavar="MASK",
        help="one mask for all photos, a picture of their size that is white where to fill; or a folder or pattern of "
        'masks named like the photos, with or without "-mask" and with any suffix; or - for standard input. Omit it '
        "with --find-damage",
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="a file for one photo, a folder (created if missing) for many, - for standard output, or "
        "hf://datasets/OWNER/NAME",
    )
    parser.add_argument(
        "--page",
        type=_page,
        metavar="N",
        help="which page of TIFF files to fill, counted from 1, or all: with one mask for all pages of the first one's "
        "size, or a TIFF of as many masks (default: the first of full resolution)",
    )


def _page(text: str) -> int:
    """Return the number of a page, or ALL_PAGES."""
    if text == "all":
        return ALL_PAGES
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no page: use a number from 1, or all")
    return int(text)


def _shard(text: str) -> Shard:
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError(f"{text!r} is no part of a whole: use one such as 1/4, the first of four")
    return Shard(int(number), int(of))


def _kinds(text: str) -> frozenset[str]:
    try:
        return check_kinds([kind.strip() for kind in text.split(",")])
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _megapixels(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 1e-6 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of megapixels above 0: use one such as 120")
    return number


def _add_masks(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--find-damage",
        action="store_true",
        help="find scratches, tears, dust and stains instead of reading a mask",
    )
    add("--mask-only", action="store_true", help="with --find-damage: write the masks as PNG and fill nothing")
    add(
        "--threshold",
        type=float,
        metavar="T",
        help="with --find-damage: the probability, between 0 and 1, from which a pixel counts as damage; lower marks "
        f"more (default: {THRESHOLD})",
    )
    add(
        "--damage",
        type=_kinds,
        metavar="KINDS",
        help="with --find-damage: only these kinds, separated by commas: lines (scratches, cracks, folds, hairs), "
        "specks (dust, small spots), areas (stains, tears, lost pieces) (default: all)",
    )
    add(
        "--grow-px",
        type=float,
        metavar="N",
        help="dilate the mask by N pixels (default: a few where there is still the colour of what is removed around "
        f"it, else 0; with --find-damage {GROW_PX:g})",
    )
    add("--restore-tone", action="store_true", help="also restore faded contrast and remove a colour cast")
    add("--invert", action="store_true", help="the masks are black where to fill")
    add(
        "--max-share",
        type=float,
        default=MAX_SHARE,
        metavar="SHARE",
        help=f"refuse masks that cover a larger share of the photo, from 0 to 1 (default: {MAX_SHARE})",
    )


def _add_fills(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--seed",
        type=int,
        default=DEFAULT_OPTIONS.seed,
        metavar="N",
        help="another number gives another fill of thick holes (default: 0)",
    )
    add(
        "--texture-strength",
        type=float,
        default=DEFAULT_OPTIONS.texture_strength,
        metavar="S",
        help="how much of the surface of thick holes is synthesised from patches of the photo, from 0 (the network's "
        f"fill alone) to 1 (default: {DEFAULT_OPTIONS.texture_strength:g})",
    )


def _add_results(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--format",
        choices=("jpeg", "png", "webp", "tiff", "bmp", "gif", "avif", "heic"),
        help="format of the results (default: by the suffix of OUT, or that of the photo)",
    )
    add(
        "--quality",
        type=int,
        metavar="N",
        help="quality of a lossy format, from 1 to 100 (default: that of the photo)",
    )
    add(
        "--shard",
        type=_shard,
        metavar="I/N",
        help="work on the I-th of N equal parts, so that N machines share the work: 1/4, 2/4, 3/4, 4/4",
    )
    add("--column", metavar="NAME", help="of parquet files: the column of photos (default: the only one)")
    add("--public", action="store_true", help="a dataset that is created on the Hub can be seen by everyone")
    add("--skip-existing", action="store_true", help="skip photos whose result exists")
    add("--overwrite", action="store_true", help="allow results to replace the photos and masks")


def _add_computation(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--max-megapixels", type=_megapixels, metavar="N", help="refuse photos with more megapixels (default: 89)")
    add(
        "--model",
        metavar="REPO[@REVISION]",
        help="Hugging Face Hub repository or folder with weights, or context-encoder for the network of 2016, which "
        "fills a square of up to 64 px at a time (default: the bundled weights)",
    )
    add("--device", metavar="NAME", help="cuda, mps or cpu (default: the first of these that is available)")
    add(
        "--runtime",
        choices=("auto", "openvino", "onnxruntime", "pytorch"),
        default="auto",
        help="what runs the network (default: auto, which is the first of these that is installed on a CPU, and "
        "PyTorch on a GPU)",
    )


def inputs_of(parsed: argparse.Namespace) -> tuple[list[str], str | None]:
    """Return photos and mask: the last positional argument is the mask, unless masks are to be found.

    Raises:
        ValueError: the mask is missing, or an option does not apply to masks from this source.
    """
    if parsed.find_damage:
        if parsed.invert:
            raise ValueError("--invert applies to masks that are read; leave it out with --find-damage")
        return parsed.photo, None
    of_found = {"--mask-only": parsed.mask_only, "--threshold": parsed.threshold, "--damage": parsed.damage}
    option = next((name for name, value in of_found.items() if value not in (None, False)), None)
    if option:
        raise ValueError(f"{option} applies to masks that are found; add --find-damage")
    if len(parsed.photo) < 2:
        raise ValueError("MASK is missing: name a mask after the photos, or add --find-damage to find the damage")
    return parsed.photo[:-1], parsed.photo[-1]


def options_of(parsed: argparse.Namespace, mask: str | None) -> Options:
    """Return how photos are filled and written.

    Args:
        parsed: what the parser returned.
        mask: as `inputs_of` returned it.

    Raises:
        ValueError: a number is out of range, or the format is unknown.
    """
    return Options(
        masks=mask,
        grow_px=parsed.grow_px,
        invert=parsed.invert,
        max_share=parsed.max_share,
        find_damage=parsed.find_damage,
        threshold=THRESHOLD if parsed.threshold is None else parsed.threshold,
        kinds=parsed.damage or KINDS,
        mask_only=parsed.mask_only,
        restore_tone=parsed.restore_tone,
        seed=parsed.seed,
        texture_strength=parsed.texture_strength,
        page=parsed.page or None,
        all_pages=parsed.page == ALL_PAGES,
        max_pixels=None if parsed.max_megapixels is None else int(parsed.max_megapixels * 1e6),
        format=format_of(parsed.format) if parsed.format else None,
        quality=parsed.quality,
        overwrite=parsed.overwrite,
    )
