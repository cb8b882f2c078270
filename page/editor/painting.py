"""What the browser may call to paint: strokes and their fills, and undo and redo."""

import contextlib
from collections.abc import Callable

from inpaint import Patch
from inpaint.session import Session
from page.editor.changes import Changes, answer_to, patches_of
from page.editor.objects import look_at
from page.editor.restoring import RestoreActions
from page.editor.strokes import Stroke, paint, paint_together
from page.server.errors import PageError
from page.server.stroke_checks import check_strokes
from page.server.visits import Visits


class PaintActions:
    """See `EditorActions`.

    Args:
        visits: keeps the open photos.
        changes: applies what changes a mask.
        restoring: finds the damage that strokes for damage only are narrowed to.
    """

    def __init__(self, visits: Visits, changes: Changes, restoring: RestoreActions) -> None:
        self.visits, self.changes, self.restoring = visits, changes, restoring
        self.restorations = changes.restorations

    @property
    def all(self) -> list[Callable[..., dict]]:
        """All actions."""
        return [
            self.paint,
            self.find_object,
            self.finish_fill,
            self.another_fill,
            self.undo_stroke,
            self.redo_stroke,
            self.clear_strokes,
        ]

    def paint(self, call: dict) -> dict:
        """Add strokes to the mask, or erase them from it, and fill the holes.

        {visit, strokes, together} -> the patches to draw. The strokes are those of `check_strokes`, in photo pixels.
        They are filled and undone one by one, or, with `together`, as one change.
        """
        visit, strokes = self.changes.visit(call), check_strokes(call.get("strokes"))
        patches: list[Patch] = []
        changed: list[bool] = []
        if call.get("together") is True:
            return self.changes.apply(
                call, lambda session: self._paint_together(session, self._narrowed(session, strokes))
            )
        with self.visits.locked_session(visit) as session:
            strokes = self._narrowed(session, strokes)
            for stroke in strokes:
                try:
                    new = patches_of(paint, session, stroke)
                except PageError as error:
                    if error.key != "cancelled" or not any(changed):
                        raise
                    break  # the strokes before this one are filled
                patches += new
                changed.append(bool(new))
            self.restorations.follow(session, strokes[: len(changed)])
            return answer_to(call, session, patches) | {"changed": changed}

    def find_object(self, call: dict) -> dict:
        """Return the object that strokes cover loosely, and its shadow: {visit, strokes} -> what `look_at` returns."""
        return look_at(self.changes.visit(call).session.photo, check_strokes(call.get("strokes")))

    def finish_fill(self, call: dict) -> dict:
        """Replace drafts by final fills: {visit, revision} -> the patches to draw.

        It computes nothing if there was a change after that revision, and applies nothing if one comes meanwhile.
        Without a revision, the patches are all that has changed since the photo was opened.
        """
        visit = self.changes.visit(call)
        if call.get("revision") == visit.session.revision:
            visit.session.finish(self.visits.give_way(visit))  # without the lock of the visit: no stroke waits for it
        with self.visits.locked_session(visit) as session:
            return answer_to({"revision": 0} | call, session, [])

    def another_fill(self, call: dict) -> dict:
        """Fill the hole of the last stroke with another seed, or all holes if it has none: {visit} -> the patches.

        "only_fill" if the fill is the same with each seed. Nothing is applied if a stroke comes meanwhile.
        """
        visit = self.changes.visit(call)
        before, changed = visit.session.revision, []
        with contextlib.suppress(ValueError):  # the hole has been erased this very moment
            changed = visit.session.another_fill(visit.session.touched, cancelled=self.visits.give_way(visit))
        with self.visits.locked_session(visit) as session:
            if not changed and session.revision == before:
                raise PageError("only_fill")
            return answer_to(call, session, changed) | {"changed": [bool(changed)]}

    def undo_stroke(self, call: dict) -> dict:
        """Undo the last change: {visit} -> the patches to draw."""
        return self.changes.apply(call, lambda session: session.undo())

    def redo_stroke(self, call: dict) -> dict:
        """Redo the change that was undone last: {visit} -> the patches to draw."""
        return self.changes.apply(call, lambda session: session.redo())

    def clear_strokes(self, call: dict) -> dict:
        """Empty the mask: {visit} -> the patches to draw."""
        return self.changes.apply(call, lambda session: session.clear())

    def _narrowed(self, session: Session, strokes: list[Stroke]) -> list[Stroke]:
        """Return strokes of which those for damage only paint what is damaged."""
        return [
            self.restoring.damage_within(session, stroke) if stroke["only_damage"] and not stroke["erase"] else stroke
            for stroke in strokes
        ]

    def _paint_together(self, session: Session, strokes: list[Stroke]) -> list[Patch]:
        patches = paint_together(session, strokes)
        self.restorations.follow(session, strokes)
        return patches
