"""What the browser may call to open a photo or an example."""

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from inpaint import Inpainter, PhotoError
from inpaint.photos.errors import RawPhotoError
from inpaint.photos.modes import to_rgb
from inpaint.photos.original import relocate_original
from inpaint.session import Session
from page.editor.changes import Changes
from page.editor.downloads import describe_download, download_path
from page.editor.examples import Examples, example_files
from page.server.checks import check_upload, memory_of_upload, open_upload
from page.server.clients import current_client
from page.server.disk import complete_file
from page.server.errors import PageError
from page.server.models import Models
from page.server.visits import Visits

PREVIEW_SIDE = 4096
HISTORY_BYTES = 64 * 1024 * 1024
"""Undo memory of a visit: about sixty strokes across a large photo. Twenty visitors fit into memory."""


class OpenActions:
    """See `EditorActions`.

    Args:
        models: fill the holes.
        visits: keeps the open photos.
        examples: filled by the default model.
        changes: know which photo a call is about.
    """

    def __init__(self, models: Models, visits: Visits, examples: Examples, changes: Changes) -> None:
        self.models, self.visits, self.examples, self.changes = models, visits, examples, changes
        self.restorations = changes.restorations

    @property
    def all(self) -> list[Callable[..., dict]]:
        """All actions."""
        return [self.open_photo, self.show_example, self.open_example, self.preview]

    def open_photo(self, call: dict, inpainter: Inpainter) -> dict:
        """Open an upload: {path, model} -> {visit, width, height}.

        The uploaded file is removed soon. The visit has one of its own, which the download is made from.
        """
        path = check_upload(call.get("path"))
        self.visits.uploads.discard(path)
        try:
            with self.visits.room_for(memory_of_upload(path), current_client.get()):
                photo = open_upload(path)
                session = self._session(photo, inpainter)
        except RawPhotoError:
            raise PageError("raw_photo") from None
        except PhotoError:
            raise PageError("not_a_picture") from None
        answer = self._add_visit(session, path.name)
        _keep_original(photo, path, self.visits.get(answer["visit"]).folder / "original" / path.name)
        return answer

    def show_example(self, call: dict) -> dict:
        """Return an example's picture and the patches of its fill: {name} -> them. This opens no visit yet."""
        return self.examples.get(call.get("name")).answer

    def open_example(self, call: dict, inpainter: Inpainter) -> dict:
        """Open an example: {name, model, unfilled} -> {visit, width, height}.

        It has the fill that was shown, or none if `unfilled` is true.
        """
        photo, _ = example_files(call.get("name"))
        session = self._session(open_upload(photo), inpainter)
        if call.get("unfilled") is not True:
            self.examples.fill(call["name"], session)
            self.examples.even_out(call["name"], session, self.restorations)
        if inpainter is not self.models.default:
            session.refill(finish=False)
        return self._add_visit(session, photo.name)

    def preview(self, call: dict) -> dict:
        """Return the photo as a JPEG, scaled down if very large, for browsers that cannot decode it: {visit}."""
        visit = self.changes.visit(call)
        with self.visits.locked_session(visit) as session:
            picture = Image.fromarray(to_rgb(session.photo))
            picture.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
            profile = session.photo.info.get("icc_profile") if session.photo.mode in ("RGB", "RGBA") else None
            with complete_file(download_path(visit, "preview.jpg")) as target:
                picture.save(target, quality=90, icc_profile=profile)
        return describe_download(target)

    def _add_visit(self, session: Session, name: str) -> dict:
        visit = self.visits.add(session, name, current_client.get())
        return {"visit": visit.id, "width": session.photo.width, "height": session.photo.height}

    def _session(self, photo: Image.Image, inpainter: Inpainter) -> Session:
        session = Session(photo, inpainter.fill_holes, history_bytes=HISTORY_BYTES)
        session.use(self.restorations.fills_of(inpainter, session))
        return session


def _keep_original(photo: Image.Image, upload: Path, kept: Path) -> None:
    """Keep the file of a photo elsewhere; without it the download is encoded anew."""
    with contextlib.suppress(OSError, PageError), complete_file(kept):
        kept.parent.mkdir(parents=True)
        try:
            os.link(upload, kept)
        except OSError:  # the file system has no hard links
            shutil.copy2(upload, kept)
        relocate_original(photo, kept)
