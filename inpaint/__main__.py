"""`python -m inpaint PHOTO MASK -o OUT`: fill the holes of one photo or of many, or find their damage and fill it."""

import argparse
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TextIO

from inpaint.atomic_write import remove_unfinished
from inpaint.engine.options import DEFAULT_OPTIONS
from inpaint.interruption import Interruption
from inpaint.os_errors import check_writable, sentence_of
from inpaint.photos.left_out import LeftOut, told
from inpaint.photos.masks import MAX_SHARE
from inpaint.photos.pairing import PIPE, Task, find_left_out, find_tasks
from inpaint.photos.saving import format_of
from inpaint.runtime.malloc import keep_memory

from .batch import Options, ReadAhead, fill_file, input_ids
from .damage import GROW_PX, THRESHOLD
from .inpainter import Inpainter
from .multipage import fill_pages

_ALL_PAGES = 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code, 0 only if no photo failed; 130 after Ctrl+C, 143 after SIGTERM.

    Args:
        arguments: without the program's name; None: those of the process.
    """
    parsed = build_parser().parse_args(arguments)
    batch = _Batch(parsed)
    with Interruption(batch.end) as interruption:
        try:
            return batch.run()
        except KeyboardInterrupt:
            batch.print_interrupted()
            return interruption.exit_code


class _Batch:
    """What the command line asks for, and what has become of it so far.

    Args:
        parsed: the command line.
    """

    def __init__(self, parsed: argparse.Namespace) -> None:
        self.parsed = parsed
        self.tasks: list[Task] = []
        self.count: Counter[str] = Counter()

    def run(self) -> int:
        """Fill the photos and return the exit code."""
        parsed = self.parsed
        try:
            photos, mask = _inputs(parsed)
            options = _options(parsed, mask)
            self.tasks = tasks = find_tasks(photos, mask, parsed.output, "PNG" if options.mask_only else options.format)
            left = [task for task in tasks if not (parsed.skip_existing and _exists(task.output))]
            check_writable({task.output.parent for task in left if isinstance(task.output, Path)})
            ahead = ReadAhead(left, options)
            ahead.start()  # while the weights are loaded
            inpainter = Inpainter.from_pretrained(parsed.model, device=parsed.device, runtime=parsed.runtime)
        except (ValueError, OSError, RuntimeError) as error:
            print(f"error: {sentence_of(error)}", file=sys.stderr)
            return 1
        is_batch = len(tasks) > 1 or Path(photos[0]) != Path(tasks[0].photo)
        _fill_all(inpainter, tasks, options, ahead, parsed.skip_existing, is_batch, self.count)
        if is_batch or not self.count["failed"]:
            left_out = find_left_out(photos, mask, parsed.output, tasks)
            print(_summary(self.count, parsed, left_out), file=self._stream())
        return int(self.count["failed"] > 0)

    def print_interrupted(self) -> None:
        """Say what was done and what was not."""
        left = len(self.tasks) - self.count.total()
        done = self.count["filled"] + self.count["unchanged"]
        parts = [_summary(self.count, self.parsed, []) if done else "nothing was written", f"{left} not done"]
        if left and done and self.parsed.output != PIPE:
            parts.append("the same command with --skip-existing continues")
        print(f"interrupted: {'; '.join(parts)}", file=self._stream(), flush=True)

    def end(self) -> None:
        """Do what is due before the process is ended by force."""
        remove_unfinished()
        self.print_interrupted()

    def _stream(self) -> TextIO:
        return sys.stderr if self.parsed.output == PIPE else sys.stdout


def _fill_all(
    inpainter: Inpainter,
    tasks: list[Task],
    options: Options,
    ahead: ReadAhead,
    skip_existing: bool,
    show_progress: bool,
    count: Counter[str],
) -> None:
    """Run the tasks in order, and count what becomes of the photos; an error does not stop the batch."""
    inputs = input_ids(tasks)
    progress, write = _progress(tasks) if show_progress else (tasks, print)
    for task in progress:
        if skip_existing and _exists(task.output):
            count["skipped"] += 1
            continue
        try:
            if options.all_pages:
                outcome = fill_pages(inpainter, task, options, inputs)
            else:
                outcome = fill_file(inpainter, task, options, inputs, ahead)
            count["filled" if outcome.is_filled else "unchanged"] += 1
            for note in outcome.notes:
                write(f"note: {_name(task)}: {note}", file=sys.stderr)
        except (ValueError, OSError, RuntimeError, MemoryError) as error:
            count["failed"] += 1
            write(f"error: {_name(task)}: {sentence_of(error)}", file=sys.stderr)


def _name(task: Task) -> Path | str:
    return "standard input" if task.photo == PIPE else task.photo


def _progress(tasks: list[Task]) -> tuple[Iterable[Task], Callable[..., None]]:
    """Return the tasks with a progress bar, which is only for terminals, and a `print` that leaves the bar alone."""
    from tqdm import tqdm  # takes a tenth of the time that the command needs for one small photo

    return tqdm(tasks, unit="photo", disable=None), tqdm.write


def _exists(output: Path | str) -> bool:
    return isinstance(output, Path) and output.exists()


def _inputs(parsed: argparse.Namespace) -> tuple[list[str], str | None]:
    """Return photos and mask: the last positional argument is the mask, unless masks are to be found.

    Raises:
        ValueError: the mask is missing, or an option does not apply to masks from this source.
    """
    if parsed.find_damage:
        if parsed.invert:
            raise ValueError("--invert applies to masks that are read; leave it out with --find-damage")
        return parsed.photo, None
    if parsed.mask_only or parsed.threshold is not None:
        option = "--mask-only" if parsed.mask_only else "--threshold"
        raise ValueError(f"{option} applies to masks that are found; add --find-damage")
    if len(parsed.photo) < 2:
        raise ValueError("MASK is missing: name a mask after the photos, or add --find-damage to find the damage")
    return parsed.photo[:-1], parsed.photo[-1]


def _summary(count: Counter[str], parsed: argparse.Namespace, left_out: list[LeftOut]) -> str:
    """Return the last line of the output: how many photos were filled, and what became of the others."""
    noun, verb = ("mask", "found") if parsed.mask_only else ("photo", "filled")
    nothing = "its mask marks nothing" if count["unchanged"] == 1 else "their masks mark nothing"
    reason = "no damage found" if parsed.find_damage else nothing
    parts = [f"{_counted(count['filled'], noun)} {verb}", f"{count['failed']} failed"]
    if count["skipped"]:
        parts.insert(1, f"{count['skipped']} skipped")
    if count["unchanged"]:
        what = "empty" if parsed.mask_only else "restored in tone only" if parsed.restore_tone else "unchanged"
        few = f"{_counted(count['unchanged'], noun)} {what}: {reason}"
        if sum(count.values()) == count["unchanged"]:
            parts = [few]
        else:
            parts.insert(1, f"{few.replace(': ', ' (', 1)})")
    if left_out:
        parts.append(told(left_out))
    where = "standard output" if parsed.output == PIPE else parsed.output
    return f"{', '.join(parts)}; written to {where}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _options(parsed: argparse.Namespace, mask: str | None) -> Options:
    return Options(
        masks=mask,
        grow_px=parsed.grow_px,
        invert=parsed.invert,
        max_share=parsed.max_share,
        find_damage=parsed.find_damage,
        threshold=THRESHOLD if parsed.threshold is None else parsed.threshold,
        mask_only=parsed.mask_only,
        restore_tone=parsed.restore_tone,
        seed=parsed.seed,
        texture_strength=parsed.texture_strength,
        page=parsed.page or None,
        all_pages=parsed.page == _ALL_PAGES,
        max_pixels=None if parsed.max_megapixels is None else int(parsed.max_megapixels * 1e6),
        format=format_of(parsed.format) if parsed.format else None,
        quality=parsed.quality,
        overwrite=parsed.overwrite,
    )


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m inpaint",
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
        help='photos, folders of photos, patterns in quotes such as "scans/**/*.tif", or - for standard input',
    )
    parser.add_argument(  # only for --help: argparse assigns all names to PHOTO, and _inputs splits off the mask
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
        help="a file for one photo, a folder (created if missing) for many, or - for standard output",
    )
    parser.add_argument(
        "--page",
        type=_page,
        metavar="N",
        help="which page of TIFF files to fill, counted from 1, or all: with one mask for all pages of the first one's "
        "size, or a TIFF of as many masks (default: the first of full resolution)",
    )


def _page(text: str) -> int:
    """Return the number of a page, or _ALL_PAGES."""
    if text == "all":
        return _ALL_PAGES
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no page: use a number from 1, or all")
    return int(text)


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
    add("--skip-existing", action="store_true", help="skip photos whose result exists")
    add("--overwrite", action="store_true", help="allow results to replace the photos and masks")


def _add_computation(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--max-megapixels", type=_megapixels, metavar="N", help="refuse photos with more megapixels (default: 89)")
    add(
        "--model",
        metavar="REPO[@REVISION]",
        help="Hugging Face Hub repository or folder with weights (default: the bundled weights)",
    )
    add("--device", metavar="NAME", help="cuda, mps or cpu (default: the first of these that is available)")
    add(
        "--runtime",
        choices=("auto", "openvino", "onnxruntime", "pytorch"),
        default="auto",
        help="what runs the network (default: auto, which is the first of these that is installed on a CPU, and "
        "PyTorch on a GPU)",
    )


if __name__ == "__main__":
    keep_memory()
    sys.exit(main())
