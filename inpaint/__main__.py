"""`python -m inpaint PHOTO MASK -o OUT`: fill the holes of one photo, or of many; or find their damage by itself."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from tqdm import tqdm

from inpaint.photos.masks import MAX_SHARE
from inpaint.photos.saving import format_of
from inpaint.runtime.malloc import keep_memory

from .batch import PIPE, Choices, Task, fill_file, find_tasks, identities
from .damage import GROW_PX, THRESHOLD
from .inpainter import Inpainter

INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the return value is the exit code: 0 only if every photo was filled."""
    options = build_parser().parse_args(arguments)
    try:
        photos, mask = _inputs(options)
        choices = _choices(options)
        tasks = find_tasks(photos, mask, options.output, "PNG" if choices.mask_only else choices.format)
        inpainter = Inpainter.from_pretrained(options.model, device=options.device, runtime=options.runtime)
    except (ValueError, OSError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    many = len(tasks) > 1 or Path(photos[0]) != Path(tasks[0].photo)
    count: Counter[str] = Counter()
    try:
        _fill_all(inpainter, tasks, choices, options.skip_existing, many, count)
    except KeyboardInterrupt:
        count["interrupted"] = 1
    if many or not count["failed"]:
        print(
            _summary(count, options.output, options.mask_only),
            file=sys.stderr if options.output == PIPE else sys.stdout,
        )
    return INTERRUPTED if count["interrupted"] else int(count["failed"] > 0)


def _fill_all(
    inpainter: Inpainter, tasks: list[Task], choices: Choices, skip_existing: bool, many: bool, count: Counter[str]
) -> None:
    """Do the tasks one after the other, and count what became of them; an error does not stop the others."""
    inputs = identities(tasks)
    for task in tqdm(tasks, unit="photo", disable=None if many else True):  # None: only on a terminal
        if skip_existing and isinstance(task.output, Path) and task.output.exists():
            count["skipped"] += 1
            continue
        try:
            fill_file(inpainter, task, choices, inputs)
            count["filled"] += 1
        except (ValueError, OSError, RuntimeError, MemoryError) as error:
            count["failed"] += 1
            name = "standard input" if task.photo == PIPE else task.photo
            tqdm.write(f"error: {name}: {error or type(error).__name__}", file=sys.stderr)


def _inputs(options: argparse.Namespace) -> tuple[list[str], str | None]:
    """Photos and mask: the last of the names is the mask, unless masks are to be found.

    Raises:
        ValueError: the mask is missing, or an option does not go with where masks come from.
    """
    if options.find_damage:
        if options.invert:
            raise ValueError("--invert is for masks that are given; leave it out with --find-damage")
        return options.photo, None
    if options.mask_only or options.threshold is not None:
        option = "--mask-only" if options.mask_only else "--threshold"
        raise ValueError(f"{option} is for masks that are found; add --find-damage")
    if len(options.photo) < 2:
        raise ValueError("there is no MASK behind the photos; name it, or add --find-damage to have it found")
    return options.photo[:-1], options.photo[-1]


def _summary(count: Counter[str], output: str, mask_only: bool) -> str:
    what = "mask" if mask_only else "photo"
    photos = f"1 {what}" if count["filled"] == 1 else f"{count['filled']} {what}s"
    skipped = f", {count['skipped']} skipped" if count["skipped"] else ""
    where = "standard output" if output == PIPE else output
    stopped = "interrupted: " if count["interrupted"] else ""
    return (
        f"{stopped}{photos} {'found' if mask_only else 'filled'}{skipped}, {count['failed']} failed; written to {where}"
    )


def _choices(options: argparse.Namespace) -> Choices:
    return Choices(
        grow_px=options.grow_px,
        invert=options.invert,
        max_share=options.max_share,
        find_damage=options.find_damage,
        threshold=THRESHOLD if options.threshold is None else options.threshold,
        mask_only=options.mask_only,
        restore_tone=options.restore_tone,
        max_pixels=int(options.max_megapixels * 1e6) if options.max_megapixels else None,
        format=format_of(options.format) if options.format else None,
        quality=options.quality,
        overwrite=options.overwrite,
    )


def build_parser() -> argparse.ArgumentParser:
    """The command line's options."""
    parser = argparse.ArgumentParser(
        prog="python -m inpaint",
        description="Fill the holes of photos. Pixels outside the mask stay as they are, and so do the photo's size, "
        "mode, depth, EXIF and colour profile, its format and its quality.",
    )
    add = parser.add_argument
    add(
        "photo",
        nargs="+",
        metavar="PHOTO",
        help='photos, folders of photos, patterns in quotes such as "scans/**/*.tif", or - for standard input',
    )
    add(  # for --help alone: argparse gives all names to PHOTO, and _inputs takes the last one for the mask
        "mask",
        nargs="?",
        metavar="MASK",
        help="a picture of the photo's size, white where it is to be filled, used for all photos; or a folder or "
        'pattern of masks named like the photos ("-mask" may be added), with any picture suffix; or -. None with '
        "--find-damage",
    )
    add(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="a file for one photo, a folder (made if missing) for many, or - for standard output",
    )
    add("--find-damage", action="store_true", help="find scratches, tears, dust and stains, instead of reading a mask")
    add("--mask-only", action="store_true", help="write the masks that are found, as PNG, and fill nothing")
    add(
        "--threshold",
        type=float,
        metavar="T",
        help=f"how sure to be of damage, between 0 and 1: lower marks more (default: {THRESHOLD})",
    )
    add(
        "--grow-px",
        type=float,
        metavar="N",
        help=f"fill N pixels around the mask too (default: 0, with --find-damage {GROW_PX:g})",
    )
    add("--restore-tone", action="store_true", help="even out faded contrast and a colour cast, too")
    add("--invert", action="store_true", help="the masks are black where the photo is to be filled")
    add(
        "--max-share",
        type=float,
        default=MAX_SHARE,
        metavar="SHARE",
        help=f"refuse masks that mark more of the photo, from 0 to 1 (default: {MAX_SHARE})",
    )
    add(
        "--format",
        choices=("jpeg", "png", "webp", "tiff", "bmp", "gif", "avif", "heic"),
        help="write this format (default: by the name of OUT, or the photo's own)",
    )
    add("--quality", type=int, metavar="N", help="of a lossy format, 1 to 100 (default: the photo's own)")
    add("--skip-existing", action="store_true", help="leave out photos whose result is there already")
    add("--overwrite", action="store_true", help="allow results to replace the photos themselves")
    add("--max-megapixels", type=float, metavar="N", help="refuse larger photos (default: 89)")
    add("--model", metavar="REPO[@REVISION]", help="Hub repository or folder with weights (default: the bundled ones)")
    add("--device", metavar="NAME", help="cuda, mps or cpu (default: the first of these that is there)")
    add(
        "--runtime",
        choices=("auto", "pytorch", "openvino"),
        default="auto",
        help="what computes (default: OpenVINO on a CPU where it is faster and installed, else PyTorch)",
    )
    return parser


if __name__ == "__main__":
    keep_memory()
    sys.exit(main())
