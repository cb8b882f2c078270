"""Example photos with masks; their fills are shown when the page opens."""

import threading
from pathlib import Path
from typing import NamedTuple

from inpaint import Inpainter, Patch, to_mask
from inpaint.engine.history import Snapshot
from inpaint.session import Session
from inpaint.synthesis.warm_up import is_compiling
from page.editor.patches import base64_text, encode_patches
from page.server.errors import PageError

FOLDER = Path(__file__).parents[1] / "static" / "examples"
EXAMPLES = ("farmhouse", "otter", "coffee", "harbour")
"""The first one is open when the page loads."""


class FilledExample(NamedTuple):
    """An example's fill.

    Attributes:
        answer: what the browser draws.
        snapshot: the state to restore in a session with the same photo.
    """

    answer: dict
    snapshot: Snapshot


class Examples:
    """The examples as the default model fills them. Each one is filled once, on first use.

    While the patch synthesis is being compiled, they are filled without it, and these fills are not kept.

    Args:
        inpainter: the default model.
    """

    def __init__(self, inpainter: Inpainter) -> None:
        self.inpainter = inpainter
        self._filled: dict[str, FilledExample] = {}
        self._filling = {name: threading.Lock() for name in EXAMPLES}

    def fill_all(self) -> None:
        """Fill all examples, the first one first, so that no visitor waits for them."""
        for name in EXAMPLES:
            self.get(name)

    def get(self, name: object) -> FilledExample:
        """Return an example with its final fill.

        Raises:
            PageError: "bad_request" if there is no example of this name.
        """
        photo, mask = example_files(name)
        with self._filling[photo.stem]:
            if photo.stem in self._filled:
                return self._filled[photo.stem]
            if is_compiling():
                return _filled(photo, mask, self.inpainter.with_fills(self.inpainter.filler.without_synthesis().fills))
            self._filled[photo.stem] = _filled(photo, mask, self.inpainter)
            return self._filled[photo.stem]


def example_files(name: object) -> tuple[Path, Path]:
    """Return the photo and the mask of an example.

    Raises:
        PageError: "bad_request" if there is no example of this name.
    """
    if name not in EXAMPLES:
        raise PageError("bad_request")
    return FOLDER / f"{name}.jpg", FOLDER / f"{name}-mask.png"


def _filled(photo: Path, mask: Path, inpainter: Inpainter) -> FilledExample:
    session = inpainter.open(photo)
    patches = session.add_mask(to_mask(mask, session.photo.size))
    return FilledExample(_answer(photo, session, patches), session.snapshot())


def _answer(photo: Path, session: Session, patches: list[Patch]) -> dict:
    size = {"width": session.photo.width, "height": session.photo.height}
    return encode_patches(session, patches) | size | {"picture": base64_text(photo.read_bytes())}
