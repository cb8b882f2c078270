"""The restoration of a photo, step by step: find its damage, fill it, even out its tones. Each can be taken back."""

from collections.abc import Callable
from functools import partial

import numpy as np

from inpaint.engine.regions import Box
from inpaint.photos.tone import find_tone_curve
from inpaint.session import Session
from page.editor.changes import Changes, answer_to, patches_of
from page.editor.found import Choice, Found, check_choice
from page.editor.strokes import Stroke, area_of
from page.editor.tones import display_levels, is_faded
from page.server.errors import PageError
from page.server.models import Models
from page.server.progress import report


class RestoreActions:
    """What the browser may call to restore a photo; see `EditorActions`.

    Args:
        models: the default one finds the damage.
        changes: know which photo a call is about, and its restoration.
    """

    def __init__(self, models: Models, changes: Changes) -> None:
        self.models, self.changes = models, changes
        self.visits, self.restorations = changes.visits, changes.restorations

    @property
    def all(self) -> list[Callable[[dict], dict]]:
        """All actions."""
        return [self.find, self.fill_found, self.set_tone]

    def find(self, call: dict) -> dict:
        """Look for damage, once for each photo: {visit} -> {found}, see `Found.describe`."""
        visit = self.changes.visit(call)
        with self.visits.locked_session(visit) as session:
            found = self.found(session)
            visit.kept_bytes["found"] = found.size_bytes
            return {"found": found.describe()}

    def fill_found(self, call: dict) -> dict:
        """Fill what was found, and nothing else of what was filled so before: {visit, level, kinds, left_out}.

        The answer has the patches to draw. This is one change, which can be undone. See `Choice` for the arguments; no
        kinds take all of it back.
        """
        choice = check_choice(call)
        visit = self.changes.visit(call)
        with self.visits.locked_session(visit) as session:
            patches = patches_of(self._fill, session, choice)
            taken_back = self.restorations.of(session).taken_back
            visit.kept_bytes["taken back"] = taken_back[1].size if taken_back else 0
            return answer_to(call, session, patches) | {"changed": [bool(patches)]}

    def set_tone(self, call: dict) -> dict:
        """Even out the tones or not: {visit, on} -> {tone, faded}. `on` may be null: only if they are faded.

        `tone` has the levels that the browser shows instead of 0 to 255, one row for each channel; null: as they are.
        """
        on = call.get("on")
        if on is not None and not isinstance(on, bool):
            raise PageError("bad_request")
        with self.visits.locked_session(self.changes.visit(call)) as session:
            restoration = self.restorations.of(session)
            if restoration.curve is None and on is not False:
                report("tone", 0)
                restoration.curve = find_tone_curve(session.photo, session.mask)
            faded = restoration.curve is not None and is_faded(restoration.curve)
            restoration.evens_tones = faded if on is None else on
            return self._tone(session) | {"faded": faded}

    def shown(self, session: Session) -> dict:
        """Return what a page that was reloaded shows of the restoration: what there is of {found, tone, faded}."""
        restoration = self.restorations.of(session)
        found = {} if restoration.found is None else {"found": restoration.found.describe()}
        if restoration.curve is None or not restoration.evens_tones:
            return found
        return found | self._tone(session) | {"faded": is_faded(restoration.curve)}

    def _tone(self, session: Session) -> dict:
        restoration = self.restorations.of(session)
        if not restoration.evens_tones or restoration.curve is None:
            return {"tone": None}
        return {"tone": display_levels(restoration.curve, session.photo)}

    def found(self, session: Session) -> Found:
        """Return the damage of a photo, which is looked for if it has not been yet."""
        restoration = self.restorations.of(session)
        if restoration.found is None:
            report("find", 0)
            _, probability = self.models.default.find_damage(
                session.photo, return_probability=True, on_progress=partial(report, "find")
            )
            report("find", 1)
            restoration.found = Found(probability)
        return restoration.found

    def damage_within(self, session: Session, stroke: Stroke) -> Stroke:
        """Return a stroke that paints only the damage inside a stroke.

        Raises:
            PageError: "no_damage_here" if there is none.
        """
        part = self.found(session).within(area_of(stroke | {"grow_px": 0}, session.photo.size))
        if not part.hole.any():
            raise PageError("no_damage_here")
        corner = {"left": part.box.left, "top": part.box.top}
        return {"shape": "mask", "area": part.hole, **corner, "erase": False, "grow_px": 0}

    def _fill(self, session: Session, choice: Choice) -> list:
        restoration = self.restorations.of(session)
        wanted = (
            self.found(session).mask(choice)
            if choice.kinds
            else np.zeros((session.photo.height, session.photo.width), bool)
        )
        before = session.mask
        added_before = restoration.filled.part_of(before)
        others = before & ~added_before
        if not choice.kinds and added_before.any():
            restoration.take_back(session, before)
        known = restoration.known_fill(others | wanted) if choice.kinds else None
        restoration.filled.remember(before, added_before)
        restoration.filled.remember(others | wanted, wanted & ~others)  # the fill levels the stains in it
        try:
            if known is not None:
                return session.restore(known)
            whole = Box(0, 0, session.photo.width, session.photo.height)
            return session.replace_mask(whole, others | wanted, finish=False)
        except BaseException:
            restoration.filled.remember(before, added_before)
            raise
