"""What the browser may call to save the filled photo."""

from collections.abc import Callable
from pathlib import Path

from inpaint import save_photo
from page.editor.changes import Changes
from page.editor.downloads import describe_download, download_path, suffix_of
from page.server.disk import complete_file
from page.server.progress import report
from page.server.visits import Visits


class SaveActions:
    """See `EditorActions`.

    Args:
        visits: keeps the open photos.
        changes: know which photo a call is about, and its restoration.
    """

    def __init__(self, visits: Visits, changes: Changes) -> None:
        self.visits, self.changes, self.restorations = visits, changes, changes.restorations

    @property
    def all(self) -> list[Callable[..., dict]]:
        """All actions."""
        return [self.finish]

    def finish(self, call: dict) -> dict:
        """Return the filled photo as a file in its own format, named "NAME-filled": {visit} -> the file, and notes.

        The notes say what of the photo's file could not be kept. Each is a key of the page's texts, or a sentence.
        """
        visit = self.changes.visit(call)
        name = Path(visit.name)
        with self.visits.locked_session(visit) as session:
            result = self.restorations.result(session)
            report("save", 0)
            target = download_path(visit, f"{name.stem}-filled{suffix_of(name, result.format)}")
            with complete_file(target):
                notes = save_photo(result, target, result.format)
        return describe_download(target) | {"notes": list(notes)}
