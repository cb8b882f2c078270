"""What is kept of the restoration of each open photo."""

import threading
from collections.abc import Iterable
from weakref import WeakKeyDictionary

import numpy as np
from PIL import Image

from inpaint import Inpainter, ToneCurve
from inpaint.engine.fills import FillHoles
from inpaint.engine.history import Snapshot
from inpaint.photos.tone import find_tone_curve, with_light_channels
from inpaint.session import Session
from page.editor.filled_damage import FilledDamage, digest_of
from page.editor.found import Found
from page.editor.lifting import with_lifting
from page.editor.strokes import Stroke, area_of
from page.server.progress import with_progress


class Restoration:
    """What is kept of the restoration of one photo.

    Attributes:
        found: the damage; None before it was looked for.
        filled: what the finds have added to the mask.
        taken_back: the holes and fills before the visitor has taken back what restoring had filled, and the mask then;
            None if that is not so, or another model fills since.
        curve: of the tones; None before it was computed.
        evens_tones: whether the curve is applied to the result.
    """

    def __init__(self) -> None:
        self.found: Found | None = None
        self.filled = FilledDamage()
        self.taken_back: tuple[bytes, Snapshot] | None = None
        self.curve: ToneCurve | None = None
        self.evens_tones = False

    def take_back(self, session: Session, mask: np.ndarray) -> None:
        """Note the present fills of a session, unless some are drafts: they are about to be taken back."""
        self.taken_back = None if session.has_drafts else (digest_of(mask), session.snapshot())

    def known_fill(self, mask: np.ndarray) -> Snapshot | None:
        """Return the fills of a mask if they are those that were taken back."""
        return self.taken_back[1] if self.taken_back and self.taken_back[0] == digest_of(mask) else None


class Restorations:
    """The restorations of all sessions. They are dropped with their sessions."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Session, Restoration] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def of(self, session: Session) -> Restoration:
        """Return the restoration of a session; a new one if it has none."""
        with self._lock:
            return self._kept.setdefault(session, Restoration())

    def fills_of(self, inpainter: Inpainter, session: Session) -> FillHoles:
        """Return the function that fills the holes of a session with a model, and lifts half-transparent damage."""
        damage_in = self.of(session).filled.part_of  # no reference to the session, which would keep it alive
        return with_progress(with_lifting(inpainter.fill_holes, session.photo, damage_in))

    def even_out(self, session: Session) -> None:
        """Even out the tones of a session from now on, by the curve of what is not hole at present."""
        restoration = self.of(session)
        restoration.curve, restoration.evens_tones = find_tone_curve(session.photo, session.mask), True

    def take_over(self, session: Session) -> None:
        """Count all holes of a session as damage that restoring has filled, which it can take back."""
        mask = session.mask
        filled = self.of(session).filled
        filled.remember(np.zeros_like(mask), np.zeros_like(mask))
        filled.remember(mask, mask)

    def follow(self, session: Session, strokes: Iterable[Stroke] = ()) -> None:
        """Follow a change of a session's mask that restoring has not made; strokes are those that were painted."""
        filled = self.of(session).filled
        if filled.is_known:
            size = session.photo.size
            filled.follow(session.mask, [area_of(stroke, size) for stroke in strokes if not stroke["erase"]])

    def result(self, session: Session) -> Image.Image:
        """Return the result of a session, with its tones evened out if the visitor wants that."""
        restoration, result = self.of(session), session.result()
        if not restoration.evens_tones or restoration.curve is None:
            return result
        return restoration.curve.apply(with_light_channels(result))
