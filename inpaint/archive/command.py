"""The command line for archives: `inpaint-photos restore hf://datasets/ME/SCANS -o hf://datasets/ME/RESTORED`."""

import argparse
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import httpx2

from inpaint.argument_types import Shard
from inpaint.batch_options import Options
from inpaint.hub.errors import explain_error
from inpaint.interruption import Interruption
from inpaint.os_errors import sentence_of
from inpaint.photos.outputs import PIPE
from inpaint.photos.patterns import fixed_part, is_pattern
from inpaint.plurals import counted

from .hub_access import prepare_hub
from .hub_paths import is_hub_path
from .manifest import model_name
from .parts import left_out_sentence
from .restorer import Restorer
from .run import Progress, data_name, open_destination, restore_archive, start, written_parts
from .tally import summary

NOT_FOR_ARCHIVES = {"overwrite": "--overwrite", "all_pages": "--page all"}


def main(parsed: argparse.Namespace, options: Options) -> int:
    """Restore an archive and return the exit code: 0 only if no photo failed; 130 after Ctrl+C, 143 after SIGTERM.

    Photos that failed in earlier runs count as well.

    Args:
        parsed: the command line, whose photos are one folder, file or place on the Hub.
        options: of the fills.
    """
    from tqdm import tqdm

    bar = tqdm(unit="photo", disable=None)
    progress = Progress(bar.update, lambda text: tqdm.write(text, file=sys.stdout))

    def print_interrupted() -> None:
        done = f"{progress.tally.parts} of {counted(progress.of, 'part')} written"
        print(f"interrupted: {done}; the same command continues", flush=True)

    with bar, Interruption(print_interrupted) as interruption:
        try:
            return _run(parsed, options, progress, bar)
        except KeyboardInterrupt:
            print_interrupted()
            return interruption.exit_code
        except (httpx2.HTTPError, OSError, ValueError, RuntimeError, ModuleNotFoundError) as error:
            bar.close()
            print(f"error: {_explained(error)}", file=sys.stderr)
            return 1


def _run(parsed: argparse.Namespace, options: Options, progress: Progress, bar: Any) -> int:
    if not options.find_damage:
        raise ValueError("masks of an archive cannot be read: add --find-damage, or use the command restore")
    if len(parsed.photo) != 1 or parsed.photo == [PIPE]:
        given = "standard input was" if parsed.photo == [PIPE] else f"{len(parsed.photo)} were"
        raise ValueError(
            f"an archive is one folder, one file, one pattern in quotes or one place on the Hub, and {given} passed: "
            "pass one of these at a time"
        )
    for name, flag in NOT_FOR_ARCHIVES.items():
        if getattr(options, name):
            raise ValueError(f"{flag} does not apply to archives: leave it out")
    if parsed.skip_existing:
        progress.line("note: an archive always continues with the parts that are missing, without --skip-existing too")
    _check_apart(parsed.photo[0], parsed.output)
    prepare_hub()
    destination = open_destination(parsed.output, parsed.public)

    @cache
    def restorer() -> Restorer:
        return Restorer(options, parsed.model, parsed.device, parsed.runtime)

    if destination.manifest() is None:
        restorer()  # a model that cannot be loaded must not become a setting that later runs have to keep
    source, parts = start(parsed.photo[0], destination, _settings(parsed, options))
    if sentence := left_out_sentence(source, parts):
        progress.line(sentence)
    shard = parsed.shard or Shard()
    counts = [part.photos for part in parts[shard.number - 1 :: shard.of]]
    bar.reset(None if None in counts else sum(filter(None, counts)))
    restore_archive(source, destination, restorer, parts, shard, parsed.column, progress)
    bar.close()
    progress.tally.parts = written_parts(destination, len(parts))  # by other shards, too
    print(summary(progress.tally, len(parts), parsed.output, options))
    return progress.tally.exit_code


def _check_apart(photos: str, output: str) -> None:
    """Raise ValueError if results would lie among the photos, and be read as such when the run is resumed."""
    if not (is_hub_path(photos) or is_hub_path(output)):
        place = fixed_part(Path(photos)) if is_pattern(photos) else Path(photos)
        inside, outside = Path(output).resolve(), place.resolve()
        is_inside = inside == outside or outside in inside.parents
        if is_inside and (not is_pattern(photos) or _may_match(Path(photos).relative_to(place), inside, outside)):
            raise ValueError(f"{output} lies in {photos}, and results would be read as photos: choose another OUT")
    elif output.rstrip("/") == photos.rstrip("/"):
        raise ValueError(f"{output} is where the photos are: choose another OUT")


def _may_match(pattern: Path, output: Path, base: Path) -> bool:
    """Return whether a pattern below a folder may match the results in another folder below it."""
    result = (output / data_name(0, 1)).relative_to(base)
    return "**" in pattern.parts or (len(pattern.parts) == len(result.parts) and result.match(str(pattern)))


def _settings(parsed: argparse.Namespace, options: Options) -> dict[str, Any]:
    """Return what decides the results, in JSON's types."""
    different = {name: value for name, value in asdict(options).items() if value != getattr(Options(), name)}
    plain = {
        name: sorted(value) if isinstance(value, frozenset | set | tuple) else value
        for name, value in different.items()
    }
    return {"options": plain, "model": model_name(parsed.model), "column": parsed.column}


def _explained(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"archives need the package {error.name}: pip install 'inpaint-photos[archive]'"
    if isinstance(error, httpx2.HTTPError):
        return explain_error(error, "The archive could not be read or written", right="write this repository")
    return sentence_of(error)
