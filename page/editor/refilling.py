"""What the browser may call to fill with another model."""

from collections.abc import Callable

from inpaint import Inpainter, Patch
from inpaint.session import Session
from page.editor.changes import Changes
from page.server.models import describe, is_registered_name


class ModelActions:
    """See `EditorActions`.

    Args:
        changes: applies what changes a fill.
    """

    def __init__(self, changes: Changes) -> None:
        self.changes = changes

    @property
    def all(self) -> list[Callable[..., dict]]:
        """All actions."""
        return [self.load_model, self.use_model]

    def load_model(self, call: dict, inpainter: Inpainter) -> dict:
        """Load and check a model: {model} -> {model: its description, name: to pass as `model` from now on}."""
        name = call.get("model") or ""
        model = describe(inpainter)
        return {"model": model, "name": name if not name or is_registered_name(name) else model["weights"]}

    def use_model(self, call: dict, inpainter: Inpainter) -> dict:
        """Fill the mask anew with another model, and use it from now on: {visit, model} -> the patches to draw."""

        def refill(session: Session) -> list[Patch]:
            replaced = session.use(self.changes.restorations.fills_of(inpainter, session))
            try:
                patches = session.refill(finish=False)
            except BaseException:
                session.use(replaced)
                raise
            self.changes.restorations.of(session).taken_back = None  # the model before filled that
            return patches

        return self.changes.apply(call, refill)
