"""Changes of a session as the answers to the browser's calls."""

from collections.abc import Callable

from inpaint import MaskError, Patch
from inpaint.session import Session
from page.editor.patches import encode_patches
from page.editor.restorations import Restorations
from page.server.errors import PageError
from page.server.visit import Visit
from page.server.visits import Visits


def patches_of(change: Callable[..., list[Patch]], *arguments: object, **options: object) -> list[Patch]:
    """Return the patches of a change; PageError "all_painted" if it would leave nothing of the photo."""
    try:
        return change(*arguments, **options)
    except MaskError:
        raise PageError("all_painted") from None


def answer_to(call: dict, session: Session, patches: list[Patch]) -> dict:
    """Return the answer to a call: all that has changed since its revision, or these patches if it has none."""
    revision = call.get("revision")
    is_number = isinstance(revision, int) and not isinstance(revision, bool)
    since = session.patches_since(revision) if is_number else None
    return encode_patches(session, patches if since is None else since)


class Changes:
    """Applies changes to the open photos.

    Args:
        visits: keeps the open photos.
        restorations: follow the changes.
    """

    def __init__(self, visits: Visits, restorations: Restorations) -> None:
        self.visits, self.restorations = visits, restorations

    def visit(self, call: dict) -> Visit:
        """Return the visit of a call; PageError "gone" if it has ended."""
        return self.visits.get(call.get("visit"))

    def apply(self, call: dict, change: Callable[[Session], list[Patch]]) -> dict:
        """Change the session of a call's visit, and return what the browser draws."""
        with self.visits.locked_session(self.visit(call)) as session:
            patches = patches_of(change, session)
            self.restorations.follow(session)
            return answer_to(call, session, patches) | {"changed": [bool(patches)]}
