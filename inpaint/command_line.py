"""The arguments of `python -m inpaint` and `python -m inpaint.restore`, and what they mean."""

import argparse

from inpaint.engine.options import DEFAULT_OPTIONS
from inpaint.photos.masks import MAX_SHARE
from inpaint.photos.saving import format_of
from inpaint.program import program_name
from inpaint.segmentation.kinds import KINDS

from .argument_types import ALL_PAGES, kinds, megapixels, page, shard
from .batch_options import Options
from .damage_masks import GROW_PX, THRESHOLD

_KEPT = "Results keep the size, mode, bit depth, EXIF data, colour profile, format and quality of the photo."


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m inpaint`, which fills what masks mark, or finds damage with --find-damage."""
    parser = argparse.ArgumentParser(
        prog=program_name("inpaint"),
        description=f"Fill the holes of photos. Pixels outside the mask do not change. {_KEPT}",
    )
    add = parser.add_argument
    _add_photos(parser, "; with --find-damage also parquet and tar files, and hf://datasets/OWNER/NAME")
    add(  # only for --help: argparse assigns all names to PHOTO, and inputs_of splits off the mask
        "mask",
        nargs="?",
        metavar="MASK",
        help="one mask for all photos, a picture of their size that is white where to fill; or a folder or pattern of "
        'masks named like the photos, with or without "-mask" and with any suffix; or - for standard input. Omit it '
        "with --find-damage",
    )
    _add_output(parser)
    add(
        "--page",
        type=page,
        metavar="N",
        help="which page of TIFF files to fill, counted from 1, or all: with one mask for all pages of the first one's "
        "size, or a TIFF of as many masks (default: the first of full resolution)",
    )
    add("--find-damage", action="store_true", help="find scratches, tears, dust and stains instead of reading a mask")
    _add_search(parser, "with --find-damage: ")
    add(
        "--grow-px",
        type=float,
        metavar="N",
        help="dilate the mask by N pixels (default: a few where there is still the colour of what is removed around "
        f"it, else 0; with --find-damage {GROW_PX:g})",
    )
    add("--invert", action="store_true", help="the masks are black where to fill")
    _add_max_share(parser, "refuse masks that cover a larger share of the photo")
    _add_rest(parser, "allow results to replace the photos and masks")
    return parser


def build_restore_parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m inpaint.restore`, which finds damage and reads no masks."""
    parser = argparse.ArgumentParser(
        prog=program_name("inpaint.restore"),
        description=f"Find scratches, tears, dust and stains of photos, and fill them. Nothing else changes. {_KEPT}",
    )
    add = parser.add_argument
    _add_photos(parser, "; or parquet and tar files, and hf://datasets/OWNER/NAME")
    _add_output(parser)
    add(
        "--page",
        type=page,
        metavar="N",
        help="which page of TIFF files to restore, counted from 1, or all (default: the first of full resolution)",
    )
    add("--find-damage", action="store_true", default=True, help=argparse.SUPPRESS)  # says what is done
    _add_search(parser)
    add("--grow-px", type=float, metavar="N", help=f"dilate what was found by N pixels (default: {GROW_PX:g})")
    _add_max_share(parser, "refuse photos of which a larger share looks damaged")
    _add_rest(parser, "allow results to replace the photos")
    parser.set_defaults(invert=False)
    return parser


def _add_photos(parser: argparse.ArgumentParser, of_archives: str) -> None:
    parser.add_argument(
        "photo",
        nargs="+",
        metavar="PHOTO",
        help='photos, folders of photos, patterns in quotes such as "scans/**/*.tif", or - for standard input'
        f"{of_archives}",
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="a file for one photo, a folder (created if missing) for many, - for standard output, or "
        "hf://datasets/OWNER/NAME",
    )


def _add_search(parser: argparse.ArgumentParser, condition: str = "") -> None:
    """Add the options of the search for damage; `condition` says when they apply."""
    add = parser.add_argument
    add("--mask-only", action="store_true", help=f"{condition}write the masks as PNG and fill nothing")
    add(
        "--threshold",
        type=float,
        metavar="T",
        help=f"{condition}the probability, between 0 and 1, from which a pixel counts as damage; lower marks more "
        f"(default: {THRESHOLD})",
    )
    add(
        "--damage",
        type=kinds,
        metavar="KINDS",
        help=f"{condition}only these kinds, separated by commas: lines (scratches, cracks, folds, hairs), specks "
        "(dust, small spots), areas (stains, tears, lost pieces) (default: all)",
    )
    add("--restore-tone", action="store_true", help="also restore faded contrast and remove a colour cast")


def _add_max_share(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--max-share",
        type=float,
        default=MAX_SHARE,
        metavar="SHARE",
        help=f"{what}, from 0 to 1 (default: {MAX_SHARE})",
    )


def _add_rest(parser: argparse.ArgumentParser, overwrite: str) -> None:
    """Add the options that filling and restoring have in common; `overwrite` is the help of --overwrite."""
    _add_fills(parser)
    _add_results(parser, overwrite)
    _add_computation(parser)


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


def _add_results(parser: argparse.ArgumentParser, overwrite: str) -> None:
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
        type=shard,
        metavar="I/N",
        help="work on the I-th of N equal parts, so that N machines share the work: 1/4, 2/4, 3/4, 4/4",
    )
    add("--column", metavar="NAME", help="of parquet files: the column of photos (default: the only one)")
    add("--public", action="store_true", help="a dataset that is created on the Hub can be seen by everyone")
    add("--skip-existing", action="store_true", help="skip photos whose result exists")
    add("--overwrite", action="store_true", help=overwrite)


def _add_computation(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--max-megapixels", type=megapixels, metavar="N", help="refuse photos with more megapixels (default: 89)")
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
