"""Restore an archive: stream the photos in, write parts out, go on where an earlier run stopped."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import inpaint
from inpaint.command_line import Shard
from inpaint.os_errors import sentence_of
from inpaint.temporary_folder import temporary_folder

from .card import card
from .destinations import MANIFEST, Destination, FolderDestination, HubDestination
from .hub_paths import is_hub_path, parse_hub_path
from .locations import FolderSource, HubSource, Source
from .manifest import check_same, wanted_manifest
from .parts import DamagedFileError, Part, Picture, check_column, fingerprint, plan_parts, read_part
from .restorer import PHOTO_ERRORS, Restored, Restorer
from .results import Counts, ResultWriter


@dataclass
class Progress:
    """What a run has done so far.

    Attributes:
        counts: of the photos.
        parts: number of parts that are written, those of earlier runs included.
        of: number of parts of this run's shard.
        damaged: a sentence for each part whose file cannot be read.
        seconds: spent on photos.
        advance: called after each photo.
        line: called with a line about each part.
    """

    advance: Callable[[], object]
    line: Callable[[str], object]
    counts: Counts = field(default_factory=Counts)
    parts: int = 0
    of: int = 0
    damaged: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def photos_per_hour(self) -> float:
        """Throughput; 0 before the first photo."""
        return 3600 * self.counts.total / self.seconds if self.seconds else 0.0


def open_destination(output: str, public: bool) -> Destination:
    """Return where results go; a repository of the Hub is created if it is missing.

    Raises:
        ValueError: the text names no dataset, or a revision.
        HfHubHTTPError: the Hub refuses.
    """
    if is_hub_path(output):
        return HubDestination(parse_hub_path(output), public)
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
    parts = plan_parts(source)
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
    mine = [number for number in range(len(parts)) if number % shard.of == shard.number - 1]
    there = destination.names()
    left = [number for number in mine if data_name(number, len(parts)) not in there]
    progress.parts, progress.of = len(mine) - len(left), len(mine)
    if not left:
        return
    restore = restorer().restore
    for number in left:
        begin = time.monotonic()
        with temporary_folder() as folder:
            writer = ResultWriter(folder)
            try:
                for rows in read_part(source, parts[number], column):
                    results = []
                    for picture in rows.pictures:
                        results.append(_restored(restore, picture))
                        progress.advance()
                    writer.add(rows, results)
            except DamagedFileError as error:
                progress.damaged.append(str(error))
                progress.line(f"part {number + 1} of {len(parts)}: {error}; nothing of this part was written")
                continue
            _put(destination, writer.close(), number, len(parts))
        progress.counts = progress.counts.plus(writer.counts)
        progress.parts += 1
        progress.seconds += time.monotonic() - begin
        filled, unchanged, failed = writer.counts
        progress.line(
            f"part {number + 1} of {len(parts)}: {filled} restored, {unchanged} unchanged, {failed} failed; "
            f"{progress.photos_per_hour:.0f} photos an hour"
        )


def data_name(number: int, count: int) -> str:
    """Return the name of the file of a part's photos."""
    return f"data/part-{number + 1:05d}-of-{count:05d}.parquet"


def _restored(restore: Callable[[bytes], Restored], picture: Picture) -> Restored | str:
    if picture.data is None:
        return "it cannot be read: there are no bytes of a picture"
    try:
        return restore(picture.data)
    except PHOTO_ERRORS as error:
        return sentence_of(error)


def _put(destination: Destination, files: list[Path], number: int, count: int) -> None:
    """Write the results of a part; the photos last, since they are the sign that the part is complete."""
    data = data_name(number, count)
    names = {"errors.parquet": data.replace("data/", "errors/", 1), "data.parquet": data}
    by_name = {path.name: path for path in files}
    content: dict[str, Path | bytes] = {names[name]: by_name[name] for name in names if name in by_name}
    destination.put(content, f"Restore part {number + 1} of {count}")
