"""Object removals to compare fills on: write their photos and masks, and a sheet of fills.

The photos are not in this repository: removals.json says where in the datasets they are, and outlines the objects.
"""

import argparse
from pathlib import Path

from PIL import Image

from .pairs import RESEARCH_ONLY, Removal, load_pairs, load_removals
from .sheet import removal_sheet


def main(arguments: list[str] | None = None) -> None:
    """Write NAME.png and NAME-mask.png of each removal, the sheet, or both."""
    parser = argparse.ArgumentParser(prog="python -m docs.removals", description=__doc__)
    parser.add_argument(
        "--data", type=Path, help="folder that holds the datasets' folders; without it no pairs are written"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the pairs NAME.png and NAME-mask.png")
    parser.add_argument(
        "--sheet", type=Path, help="picture to write: the pairs in --out and the fills of each --column"
    )
    parser.add_argument(
        "--column", action="append", default=[], type=_column, metavar="LABEL=FOLDER", help="fills NAME.png; repeat it"
    )
    parser.add_argument("--scale", type=float, default=1, help="of the pictures in the sheet (default: %(default)s)")
    parser.add_argument("--blocks", type=int, default=1, help="columns of rows in the sheet (default: %(default)s)")
    parser.add_argument("--quality", type=int, default=86, help="of the sheet as a JPEG (default: %(default)s)")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these removals instead of all")
    parser.add_argument("--shareable", action="store_true", help="leave out photos that are for research only")
    args = parser.parse_args(arguments)
    if not args.data and not args.sheet:
        parser.error("nothing to do: give --data, --sheet or both")
    removals = _choose(load_removals(), args.only, args.shareable)
    if args.data:
        args.out.mkdir(parents=True, exist_ok=True)
        for removal, photo, mask in load_pairs(removals, args.data):
            photo.save(args.out / f"{removal.name}.png")
            Image.fromarray(mask).save(args.out / f"{removal.name}-mask.png")
    if args.sheet:
        names = [removal.name for removal in removals]
        sheet = removal_sheet(names, args.out, dict(args.column), scale=args.scale, blocks=args.blocks)
        sheet.save(args.sheet, quality=args.quality, optimize=True, progressive=True)


def _choose(removals: list[Removal], only: list[str] | None, shareable: bool) -> list[Removal]:
    unknown = set(only or ()) - {removal.name for removal in removals}
    if unknown:
        raise SystemExit(
            f"removals.json has no {', '.join(sorted(unknown))}; it has "
            f"{', '.join(removal.name for removal in removals)}"
        )
    kept = [removal for removal in removals if not (shareable and removal.dataset in RESEARCH_ONLY)]
    return [removal for removal in kept if only is None or removal.name in only]


def _column(text: str) -> tuple[str, Path]:
    label, equals, folder = text.partition("=")
    if not label or not equals or not Path(folder).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not LABEL=FOLDER with an existing folder; such as today=fills")
    return label, Path(folder)


if __name__ == "__main__":
    main()
