"""What became of the photos of an archive, and sentences about it."""

from dataclasses import dataclass, field

from inpaint.batch_options import Options
from inpaint.plurals import counted

from .results import Counts


@dataclass
class Tally:
    """What a run, or several, did.

    Attributes:
        counts: of the photos of this run.
        failed_before: number of photos that failed in the parts that earlier runs wrote.
        parts: number of parts that are written, those of earlier runs included.
        damaged: a sentence for each part whose file cannot be read.
        seconds: spent on photos.
    """

    counts: Counts = field(default_factory=Counts)
    failed_before: int = 0
    parts: int = 0
    damaged: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, other: "Tally") -> None:
        """Add what another run did."""
        self.counts = self.counts.plus(other.counts)
        self.failed_before += other.failed_before
        self.parts += other.parts
        self.damaged += other.damaged
        self.seconds += other.seconds

    @property
    def photos_per_hour(self) -> float:
        """Throughput; 0 before the first photo."""
        return 3600 * self.counts.total / self.seconds if self.seconds else 0.0

    @property
    def exit_code(self) -> int:
        """0 if all photos of the parts could be restored, also in earlier runs; else 1."""
        return int(self.counts.failed + self.failed_before > 0 or bool(self.damaged))


def sentence_about(counts: Counts, options: Options) -> str:
    """Return what became of some photos, such as "2 photos restored, 1 unchanged, 0 failed".

    Args:
        counts: of the photos.
        options: what was to be done with them.
    """
    filled, unchanged = "restored", "restored in tone only" if options.restore_tone else "unchanged"
    if options.mask_only:
        filled, unchanged = "with damage", "without"
    return f"{counted(counts.filled, 'photo')} {filled}, {counts.unchanged} {unchanged}, {counts.failed} failed"


def paced(tally: Tally) -> str:
    """Return the throughput as words."""
    return f"{counted(round(tally.photos_per_hour), 'photo')} an hour"


def summary(tally: Tally, of: int, output: str, options: Options) -> str:
    """Return the last line of a run.

    Args:
        tally: what was done.
        of: number of parts of the archive.
        output: where the results are.
        options: what was to be done.
    """
    sentences = [f"{output} has {tally.parts} of {counted(of, 'part')} of the archive"]
    if tally.counts.total:
        seen = " (see errors/)" if tally.counts.failed else ""
        sentences = [f"{sentence_about(tally.counts, options)}{seen}", paced(tally), *sentences]
    elif not tally.damaged:
        sentences[0] = f"nothing was left to do: {sentences[0]}"
    if tally.failed_before:
        sentences.append(f"{counted(tally.failed_before, 'photo')} failed in earlier runs (see errors/)")
    if tally.damaged:
        unread = f"{counted(len(tally.damaged), 'part')} could not be read"
        sentences.append(f"{unread}: put whole files there and repeat the command")
    return "; ".join(sentences)
