"""`python -m inpaint PHOTO MASK -o OUT`: fill the holes of one photo or of many, or find their damage and fill it."""

import argparse
import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn, TextIO

from inpaint.atomic_write import remove_unfinished
from inpaint.compiled.compiling import show_note
from inpaint.interruption import Interruption
from inpaint.os_errors import check_writable, sentence_of
from inpaint.photos.left_out import LeftOut, told
from inpaint.photos.pairing import PIPE, Task, find_left_out, find_tasks
from inpaint.plurals import counted
from inpaint.runtime.device import best_device
from inpaint.runtime.malloc import keep_memory

from .archive.hub_paths import is_archive
from .batch import fill_file, input_ids
from .batch_options import Options
from .command_line import build_parser, inputs_of, options_of
from .damage import DamageFinder
from .inpainter import Inpainter
from .multipage import fill_pages
from .read_ahead import ReadAhead


def main(arguments: list[str] | None = None, parser: argparse.ArgumentParser | None = None) -> int:
    """Run the command line and return the exit code, 0 only if no photo failed; 130 after Ctrl+C, 143 after SIGTERM.

    Args:
        arguments: without the program's name; None: those of the process.
        parser: of the arguments; None: that of `python -m inpaint`.
    """
    parsed = (parser or build_parser()).parse_args(arguments)
    if is_archive(parsed.photo, parsed.output):
        return _restore_archive(parsed)
    show_note()
    batch = _Batch(parsed)
    with Interruption(batch.end) as interruption:
        try:
            return batch.run()
        except KeyboardInterrupt:
            batch.print_interrupted()
            return interruption.exit_code


def _restore_archive(parsed: argparse.Namespace) -> int:
    from .archive.command import main as restore  # loads the Hub's library, which a photo does not need

    try:
        options = options_of(parsed, None)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return restore(parsed, options)


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
            photos, mask = inputs_of(parsed)
            options = options_of(parsed, mask)
            found = find_tasks(photos, mask, parsed.output, "PNG" if options.mask_only else options.format)
            self.tasks = tasks = found if parsed.shard is None else found[parsed.shard.number - 1 :: parsed.shard.of]
            left = [task for task in tasks if not (parsed.skip_existing and _exists(task.output))]
            check_writable({task.output.parent for task in left if isinstance(task.output, Path)})
            ahead = ReadAhead(left, options)
            ahead.start()  # while the weights are loaded
            finder = DamageFinder(device=parsed.device or best_device())
            if any(task.mask is None for task in left):
                finder.start_loading()
            inpainter = Inpainter.from_pretrained(
                parsed.model, device=parsed.device, runtime=parsed.runtime, damage_finder=finder
            )
        except (ValueError, OSError, RuntimeError) as error:
            print(f"error: {sentence_of(error)}", file=sys.stderr)
            return 1
        is_batch = len(found) > 1 or Path(photos[0]) != Path(found[0].photo)
        _fill_all(inpainter, tasks, options, ahead, parsed.skip_existing, is_batch, self.count)
        if is_batch or not self.count["failed"]:
            left_out = find_left_out(photos, mask, parsed.output, found)
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
                write(f"note: {_about(task, note)}", file=sys.stderr)
        except (ValueError, OSError, RuntimeError, MemoryError) as error:
            count["failed"] += 1
            write(f"error: {_about(task, sentence_of(error))}", file=sys.stderr)


def _about(task: Task, sentence: str) -> str:
    """Return a sentence about a photo with the photo's name before it, unless it begins with that."""
    name = "standard input" if task.photo == PIPE else str(task.photo)
    return sentence if sentence.startswith((f"{name} ", f"{name}: ")) else f"{name}: {sentence}"


def _progress(tasks: list[Task]) -> tuple[Iterable[Task], Callable[..., None]]:
    """Return the tasks with a progress bar, which is only for terminals, and a `print` that leaves the bar alone."""
    from tqdm import tqdm  # takes a tenth of the time that the command needs for one small photo

    return tqdm(tasks, unit="photo", disable=None), tqdm.write


def _exists(output: Path | str) -> bool:
    return isinstance(output, Path) and output.exists()


def _summary(count: Counter[str], parsed: argparse.Namespace, left_out: list[LeftOut]) -> str:
    """Return the last line of the output: how many photos were filled, and what became of the others."""
    noun, verb = ("mask", "found") if parsed.mask_only else ("photo", "filled")
    nothing = "its mask marks nothing" if count["unchanged"] == 1 else "their masks mark nothing"
    reason = "no damage found" if parsed.find_damage else nothing
    parts = [f"{counted(count['filled'], noun)} {verb}", f"{count['failed']} failed"]
    if count["skipped"]:
        parts.insert(1, f"{count['skipped']} skipped")
    if count["unchanged"] and parsed.find_damage and (total := sum(count.values())) > 1:
        parts.insert(1, _sound(count["unchanged"], total, parsed))
    elif count["unchanged"]:
        what = "empty" if parsed.mask_only else "restored in tone only" if parsed.restore_tone else "unchanged"
        few = f"{counted(count['unchanged'], noun)} {what}: {reason}"
        if sum(count.values()) == count["unchanged"]:
            parts = [few]
        else:
            parts.insert(1, f"{few.replace(': ', ' (', 1)})")
    if left_out:
        parts.append(told(left_out))
    where = "standard output" if parsed.output == PIPE else parsed.output
    return f"{', '.join(parts)}; written to {where}"


def _sound(unchanged: int, total: int, parsed: argparse.Namespace) -> str:
    """Return how many of several photos had no damage, and what became of them."""
    if parsed.mask_only:
        kept = "their masks are empty"
    elif parsed.restore_tone:
        kept = "restored in tone only"
    else:
        kept = "unchanged"
    return f"{unchanged} of {total} photos had no damage ({kept})"


def run_process(parser: argparse.ArgumentParser) -> NoReturn:
    """Run the command line as all that this process does, and end it."""
    keep_memory()
    gc.freeze()  # what was imported is never garbage, so that no collection needs to look through it
    code = main(parser=parser)
    gc.freeze()  # nor does the end of the process, which takes a seventh of the time for one small photo
    sys.exit(code)


if __name__ == "__main__":
    run_process(build_parser())
