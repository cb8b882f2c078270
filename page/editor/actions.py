"""The editor's actions: the server functions that the canvas in the browser calls.

The browser uploads a photo once, sends strokes as points in photo pixels, and draws the patches it gets back. Each
action takes a dict from the browser and returns a dict; PageErrors become `{"error": sentence, "code": key}`. Actions
that change the mask return what `encode_patches` does, and `changed`, which says for each stroke whether it changed
anything. Their fills may be drafts, which `finish_fill` replaces. A call may carry the `revision` of the last answer
that the browser has drawn; then the patches show all that has changed since, also in answers that were lost or ignored.
"""

from collections.abc import Callable

from page.editor.changes import Changes
from page.editor.examples import Examples
from page.editor.masks import MaskActions
from page.editor.opening import OpenActions
from page.editor.painting import PaintActions
from page.editor.refilling import ModelActions
from page.editor.restorations import Restorations
from page.editor.restoring import RestoreActions
from page.editor.saving import SaveActions
from page.editor.versions import VersionActions
from page.editor.visiting import VisitActions
from page.server.models import Models
from page.server.visits import Visits


class EditorActions:
    """What the browser may call in the editor.

    Args:
        models: fill the holes.
        visits: keeps the open photos.
        examples: filled by the default model.
    """

    def __init__(self, models: Models, visits: Visits, examples: Examples) -> None:
        changes = Changes(visits, Restorations())
        restoring = RestoreActions(models, changes)
        self._groups = (
            OpenActions(models, visits, examples, changes),
            PaintActions(visits, changes, restoring),
            MaskActions(visits, changes),
            restoring,
            VersionActions(visits, changes),
            ModelActions(changes),
            SaveActions(visits, changes),
            VisitActions(visits, changes, restoring),
        )

    @property
    def all(self) -> list[Callable[..., dict]]:
        """All actions."""
        return [action for group in self._groups for action in group.all]
