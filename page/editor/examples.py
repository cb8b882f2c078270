"""The examples: pictures that come with their fill, so that the page explains itself."""

import threading
from pathlib import Path
from typing import NamedTuple

from inpaint import Inpainter, to_mask
from inpaint.photos.modes import Patch
from inpaint.session import Session, Snapshot
from page.editor.patches import base64_of, drawing
from page.server.refusal import Refusal

FOLDER = Path(__file__).parents[1] / "static" / "examples"
EXAMPLES = ("farmhouse", "coffee", "harbour")


class Filled(NamedTuple):
    """An example's fill: what the browser draws, and the state of its session."""

    answer: dict
    snapshot: Snapshot


class Showcase:
    """The examples as the page's own model fills them; each is filled once, when it is first asked for."""

    def __init__(self, inpainter: Inpainter) -> None:
        self.inpainter = inpainter
        self._filled: dict[str, Filled] = {}
        self._lock = threading.Lock()

    def filled(self, name: object) -> Filled:
        """An example's fill; Refusal "bad_request" for a name that is none."""
        photo, mask = paths(name)
        with self._lock:
            if photo.stem not in self._filled:
                session = self.inpainter.open(photo)
                patches = session.add_mask(to_mask(mask, session.photo.size))
                self._filled[photo.stem] = Filled(_answer(photo, session, patches), session.snapshot())
            return self._filled[photo.stem]


def paths(name: object) -> tuple[Path, Path]:
    """The picture and the mask of an example; Refusal "bad_request" for a name that is none."""
    if name not in EXAMPLES:
        raise Refusal("bad_request")
    return FOLDER / f"{name}.jpg", FOLDER / f"{name}-mask.png"


def _answer(photo: Path, session: Session, patches: list[Patch]) -> dict:
    size = {"width": session.photo.width, "height": session.photo.height}
    return drawing(session, patches) | size | {"picture": base64_of(photo.read_bytes())}
