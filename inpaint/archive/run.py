"""Restore an archive: stream the photos in, write parts out, go on where an earlier run stopped."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import inpaint
from inpaint.argument_types import Shard
from inpaint.os_errors import sentence_of
from inpaint.photos.outputs import may_be_folder
from inpaint.temporary_folder import temporary_folder

from .card import card
from .destinations import MANIFEST, Destination, FolderDestination, HubDestination
from .hub_paths import is_hub_path, parse_hub_path
from .locations import FolderSource, HubSource, Source
from .manifest import check_same, wanted_manifest
from .parts import DamagedFileError, Part, Picture, check_column, fingerprint, plan_parts, read_part
from .restorer import PHOTO_ERRORS, Restored, Restorer
from .results import Counts, ResultWriter, count_rows
from .tally import Tally, paced, sentence_about


@dataclass
class Progress:
    """How far a run is.

    Attributes:
        advance: called after each photo.
        line: called with a line about each part.
        tally: what is done.
        of: number of parts of this run's shard.
    """

    advance: Callable[[], object]
    line: Callable[[str], object]
    tally: Tally = field(default_factory=Tally)
    of: int = 0


def open_destination(output: str, public: bool) -> Destination:
    """Return where results go; a repository of the Hub that is missing is created when something is first written.

    Args:
        output: as the user named it.
        public: a new repository can be seen by everyone.

    Raises:
        ValueError: the text names no dataset, or a revision; or a file.
    """
    if is_hub_path(output):
        return HubDestination(parse_hub_path(output), public)
    if not may_be_folder(output):
        raise ValueError(
            f"OUT is {output}, and the results of an archive are several files: use a folder, or "
            "hf://datasets/OWNER/NAME"
        )
    return FolderDestination(Path(output))


def start(place: str, destination: Destination, settings: dict[str, Any]) -> tuple[Source, list[Part]]:
    """Return the photos and their parts, and write the manifest if there is none.

    A run that is resumed, or another shard, reads the same commit of the Hub.

    Args:
        place: as the user named it.
        destination: where results go.
        settings: what must be the same when the run is resumed.

    Raises:
        ValueError: the results that are there are of other photos, or were made with other settings; or the photos
            cannot be found. Then no manifest is written, so that the command can be corrected and given again.
    """
    known = destination.manifest()
    source: Source
    if is_hub_path(place):
        source = HubSource(parse_hub_path(place), None if known is None else known.get("commit"))
    else:
        source = FolderSource(place)
    # versions that recorded no "place" restored masks beside photos as well
    parts = plan_parts(source, with_masks=known is not None and "place" not in known)
    wanted = wanted_manifest(place, settings, fingerprint(parts), len(parts))
    if known is not None:
        check_same(known, wanted)
    else:
        check_column(source, parts, settings.get("column"))
        commit = {"commit": source.commit} if isinstance(source, HubSource) else {}
        manifest = {**wanted, **commit, "version": inpaint.__version__}
        files = {MANIFEST: json.dumps(manifest, indent=1).encode()}
        if "README.md" not in destination.names():
            files = {"README.md": card(place, settings["options"]).encode(), **files}
        destination.put(files, "Start to restore photos")
    return source, parts


def restore_archive(
    source: Source,
    destination: Destination,
    restorer: Callable[[], Restorer],
    parts: list[Part],
    shard: Shard,
    column: str | None,
    progress: Progress,
) -> None:
    """Restore the parts of a shard that are not there yet.

    Args:
        source: has the photos.
        destination: receives a file of results for each part.
        restorer: called once, and only if there is anything to do.
        parts: of the whole archive.
        shard: which of them.
        column: of the photos in parquet files; None: the only one.
        progress: is kept up to date.
    """
    count, tally = len(parts), progress.tally
    mine = [number for number in range(count) if number % shard.of == shard.number - 1]
    there = destination.names()
    left = [number for number in mine if data_name(number, count) not in there]
    failed = [errors_name(number, count) for number in mine if number not in left]
    tally.failed_before = sum(count_rows(destination.read(name)) for name in failed if name in there)
    tally.parts, progress.of = len(mine) - len(left), len(mine)
    for number in left:
        begin = time.monotonic()
        try:
            had_errors = errors_name(number, count) in there
            counts = _restore_part(source, destination, restorer(), parts, number, column, had_errors, progress)
        except DamagedFileError as error:
            tally.damaged.append(str(error))
            progress.line(f"part {number + 1} of {count}: {error}; nothing of this part was written")
            continue
        tally.add(Tally(counts, parts=1, seconds=time.monotonic() - begin))
        progress.line(f"part {number + 1} of {count}: {sentence_about(counts, restorer().options)}; {paced(tally)}")


def _restore_part(
    source: Source,
    destination: Destination,
    restorer: Restorer,
    parts: list[Part],
    number: int,
    column: str | None,
    had_errors: bool,
    progress: Progress,
) -> Counts:
    """Restore a part and write its results; return what became of its photos."""
    with temporary_folder() as folder:
        writer = ResultWriter(folder)
        for rows in read_part(source, parts[number], column):
            results = []
            for picture in rows.pictures:
                results.append(_restored(restorer.restore, picture))
                progress.advance()
            writer.add(rows, results)
        verb = "Find the damage of" if restorer.options.mask_only else "Restore"
        files = writer.close(with_errors=had_errors)
        _put(destination, files, number, len(parts), f"{verb} part {number + 1} of {len(parts)}")
    return writer.counts


def written_parts(destination: Destination, count: int) -> int:
    """Return how many of a number of parts are there, by whatever run they were written."""
    there = destination.names()
    return sum(data_name(number, count) in there for number in range(count))


def data_name(number: int, count: int) -> str:
    """Return the name of the file of a part's photos."""
    return f"data/part-{number + 1:05d}-of-{count:05d}.parquet"


def errors_name(number: int, count: int) -> str:
    """Return the name of the table of a part's photos that failed."""
    return data_name(number, count).replace("data/", "errors/", 1)


def _restored(restore: Callable[[bytes], Restored], picture: Picture) -> Restored | str:
    if picture.data is None:
        return "it cannot be read: there are no bytes of a picture"
    try:
        return restore(picture.data)
    except PHOTO_ERRORS as error:
        return sentence_of(error)


def _put(destination: Destination, files: list[Path], number: int, count: int, message: str) -> None:
    """Write the results of a part; the photos last, since they are the sign that the part is complete."""
    names = {"errors.parquet": errors_name(number, count), "data.parquet": data_name(number, count)}
    by_name = {path.name: path for path in files}
    content: dict[str, Path | bytes] = {names[name]: by_name[name] for name in names if name in by_name}
    destination.put(content, message)
