"""What the browser may call for masks: upload, dilation, download."""

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from inpaint import MaskError, PhotoError
from inpaint.photos.mask_kinds.copies import ERASED, PAINTED
from inpaint.photos.masks import read_mask
from page.editor.changes import Changes
from page.editor.downloads import describe_download, download_path
from page.server.checks import check_grow_px, check_mask_upload, check_upload
from page.server.disk import complete_file
from page.server.errors import PageError
from page.server.texts import TEXTS
from page.server.visits import Visits

NOTES = {ERASED: "mask_erased", PAINTED: "mask_painted"}
"""Notes about masks -> keys of their translations in the page's texts. Other notes are shown in English."""


class MaskActions:
    """See `EditorActions`.

    Args:
        visits: keeps the open photos.
        changes: applies what changes a mask.
    """

    def __init__(self, visits: Visits, changes: Changes) -> None:
        self.visits, self.changes = visits, changes

    @property
    def all(self) -> list[Callable[..., dict]]:
        """All actions."""
        return [self.add_mask, self.grow_mask, self.save_mask]

    def add_mask(self, call: dict) -> dict:
        """Add the hole of an uploaded mask, undilated: {visit, path} -> the patches to draw, and notes.

        "mask_empty" if the mask marks nothing. For the notes see `finish`.
        """
        visit, path = self.changes.visit(call), check_upload(call.get("path"))
        self.visits.uploads.discard(path)
        try:
            mask, notes = read_mask(check_mask_upload(path), visit.session.photo.size, photo=visit.session.photo)
        except PhotoError:
            raise PageError("not_a_picture") from None
        except MaskError as error:
            if f"mask_{error.kind}" in TEXTS["en"]:
                raise PageError(f"mask_{error.kind}", **error.values) from None
            raise PageError("mask_refused", reason=str(error)) from None
        if not mask.any():
            raise PageError("mask_empty")
        answer = self.changes.apply(call, lambda session: session.add_mask(mask, grow_px=0, finish=False))
        return answer | {"notes": [NOTES.get(note, note) for note in notes]}

    def grow_mask(self, call: dict) -> dict:
        """Dilate the whole mask: {visit, grow_px} in photo pixels -> the patches to draw."""
        grow_px = check_grow_px(call.get("grow_px"))
        return self.changes.apply(call, lambda session: session.add_mask(session.mask, grow_px=grow_px, finish=False))

    def save_mask(self, call: dict) -> dict:
        """Return the mask as a PNG of the photo's size, white on black: {visit} -> the file."""
        visit = self.changes.visit(call)
        target = download_path(visit, f"{Path(visit.name).stem}-mask.png")
        with self.visits.locked_session(visit) as session, complete_file(target):
            Image.fromarray(session.mask).save(target)
        return describe_download(target)
