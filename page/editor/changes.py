"""Changes of a session as the answers to the browser's calls."""

from collections.abc import Callable

from inpaint import MaskError, Patch
from inpaint.session import Session
from page.editor.patches import encode_patches
from page.server.errors import PageError


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
