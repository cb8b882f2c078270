"""Example photos with masks; their fills are shown when the page opens."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from inpaint import Inpainter, Patch, to_mask
from inpaint.engine.history import Snapshot
from inpaint.photos.tone import find_tone_curve
from inpaint.session import Session
from inpaint.warm_up import is_compiling
from page.editor.patches import base64_text, encode_patches
from page.editor.restorations import Restorations
from page.editor.tones import display_levels
from page.server.errors import PageError

FOLDER = Path(__file__).parents[1] / "static" / "examples"
EXAMPLES = ("cracked", "otter", "coffee", "harbour")
"""The first one is open when the page loads."""
RESTORED = ("cracked",)
"""Their tones are evened out too."""


class FilledExample(NamedTuple):
    """An example's fill.

    Attributes:
        answer: what the browser draws.
        snapshot: the state to restore in a session with the same photo; None if the fill is a draft.
    """

    answer: dict
    snapshot: Snapshot | None


class Examples:
    """The examples as the default model fills them. Each one is filled once, on first use.

    While the patch synthesis is being compiled, drafts of thick holes are not finished, and these fills are not kept.

    Args:
        inpainter: the default model.
    """

    def __init__(self, inpainter: Inpainter) -> None:
        self.inpainter = inpainter
        self._filled: dict[str, FilledExample] = {}
        self._filling = {name: threading.Lock() for name in EXAMPLES}

    def fill_all(self, wait: Callable[[], object] = lambda: None) -> None:
        """Fill all examples, the first one first, so that no visitor waits for them.

        Args:
            wait: called before each one; returns when it may be filled.
        """
        for name in EXAMPLES:
            wait()
            self.get(name)

    def get(self, name: object) -> FilledExample:
        """Return an example with its final fill, or with drafts if that would take long.

        Raises:
            PageError: "bad_request" if there is no example of this name.
        """
        photo, mask = example_files(name)
        with self._filling[photo.stem]:
            if photo.stem in self._filled:
                return self._filled[photo.stem]
            session = self.inpainter.open(photo)
            patches = session.add_mask(to_mask(mask, session.photo.size), finish=not is_compiling())
            answer = _answer(photo, session, patches) | {"tone": self._tone(photo.stem, session)}
            if session.has_drafts:
                return FilledExample(answer, None)
            self._filled[photo.stem] = FilledExample(answer, session.snapshot())
            return self._filled[photo.stem]

    def fill(self, name: object, session: Session) -> None:
        """Fill an example in a session with its photo, like `get`; drafts are left to the session's `finish`.

        Raises:
            PageError: "bad_request" if there is no example of this name.
        """
        snapshot = self.get(name).snapshot
        if snapshot is not None:
            session.restore(snapshot)
        else:
            session.add_mask(to_mask(example_files(name)[1], session.photo.size), finish=False)

    def even_out(self, name: object, session: Session, restorations: Restorations) -> None:
        """Even out the tones of an example's session if those that `get` shows are; its fill is that of restoring."""
        if name in RESTORED:
            restorations.take_over(session)
            restorations.even_out(session)

    def _tone(self, name: str, session: Session) -> list[list[float]] | None:
        """Return the levels that the browser shows; None: the photo's own."""
        if name not in RESTORED:
            return None
        return display_levels(find_tone_curve(session.photo, session.mask), session.photo)


def example_files(name: object) -> tuple[Path, Path]:
    """Return the photo and the mask of an example.

    Raises:
        PageError: "bad_request" if there is no example of this name.
    """
    if name not in EXAMPLES:
        raise PageError("bad_request")
    return FOLDER / f"{name}.jpg", FOLDER / f"{name}-mask.png"


def _answer(photo: Path, session: Session, patches: list[Patch]) -> dict:
    size = {"width": session.photo.width, "height": session.photo.height}
    return encode_patches(session, patches) | size | {"picture": base64_text(photo.read_bytes())}
