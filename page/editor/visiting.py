"""What the browser may call about an open photo as a whole: what runs for it, a reload, its end."""

from collections.abc import Callable

from page.editor.changes import Changes
from page.editor.downloads import describe_download
from page.editor.patches import encode_patches
from page.editor.restoring import RestoreActions
from page.server.visits import Visits


class VisitActions:
    """See `EditorActions`.

    Args:
        visits: keeps the open photos.
        changes: know which photo a call is about.
        restoring: knows what a page that was reloaded shows of the restoration.
    """

    def __init__(self, visits: Visits, changes: Changes, restoring: RestoreActions) -> None:
        self.visits, self.changes, self.restoring = visits, changes, restoring

    @property
    def all(self) -> list[Callable[..., dict]]:
        """All actions."""
        return [self.progress, self.cancel, self.keep_visit, self.resume_visit, self.leave_visit]

    def progress(self, call: dict) -> dict:
        """Return how far the running job of a visit is: {visit} -> {stage, share}; {} if none runs or has reported."""
        return self.changes.visit(call).jobs.describe()

    def cancel(self, call: dict) -> dict:
        """Cancel what runs and waits for a visit: {visit} -> {}. Its requests are answered with "cancelled"."""
        self.visits.cancel(self.changes.visit(call))
        return {}

    def keep_visit(self, call: dict) -> dict:
        """Say that the page is still open: {visit} -> {}."""
        return {}

    def resume_visit(self, call: dict) -> dict:
        """Return all that a page shows of a visit, after it was reloaded: {visit} -> the patches, {width, height}.

        What was found and toned is there too. `original` is the photo's own file, as `describe_download` describes it,
        if it is still there.
        """
        visit = self.changes.visit(call)
        with self.visits.locked_session(visit) as session:
            answer = encode_patches(session, session.patches()) | self.restoring.shown(session)
        original = next(iter(sorted((visit.folder / "original").glob("*"))), None)
        size = {"width": visit.session.photo.width, "height": visit.session.photo.height}
        return answer | size | {"original": describe_download(original) if original else None}

    def leave_visit(self, call: dict) -> dict:
        """Close the photo: {visit} -> {}."""
        self.visits.end(self.changes.visit(call).id)
        return {}
