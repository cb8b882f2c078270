"""The editor's actions: the server functions that the canvas in the browser calls.

The browser uploads a photo once, sends strokes as points in photo pixels, and draws the patches it gets back. Each
action takes a dict from the browser and returns a dict; PageErrors become `{"error": sentence, "code": key}`. Actions
that change the mask return what `encode_patches` does, and `changed`, which says for each stroke whether it changed
anything. Their fills may be drafts, which `finish_fill` replaces. A call may carry the `revision` of the last answer
that the browser has drawn; then the patches show all that has changed since, also in answers that were lost or ignored.
"""

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from inpaint import Inpainter, MaskError, Patch, PhotoError, save_photo
from inpaint.photos.errors import RawPhotoError
from inpaint.photos.mask_kinds.copies import ERASED, PAINTED
from inpaint.photos.masks import read_mask
from inpaint.photos.modes import to_rgb
from inpaint.photos.original import relocate_original
from inpaint.session import Session
from page.editor.changes import answer_to, patches_of
from page.editor.downloads import describe_download, download_path, suffix_of
from page.editor.examples import Examples, example_files
from page.editor.objects import look_at
from page.editor.patches import encode_patches
from page.editor.restoring import Restorations, RestoreActions
from page.editor.strokes import Stroke, paint, paint_together
from page.editor.versions import Versions
from page.server.checks import check_grow_px, check_mask_upload, check_upload, memory_of_upload, open_upload
from page.server.clients import current_client
from page.server.disk import complete_file
from page.server.errors import PageError
from page.server.models import Models, describe, is_registered_name
from page.server.progress import report, with_progress
from page.server.stroke_checks import check_strokes
from page.server.texts import TEXTS
from page.server.visits import Visit, Visits

PREVIEW_SIDE = 4096
NOTES = {ERASED: "mask_erased", PAINTED: "mask_painted"}
"""Notes about masks -> keys of their translations in the page's texts. Other notes are shown in English."""

HISTORY_BYTES = 64 * 1024 * 1024
"""Undo memory of a visit: about sixty strokes across a large photo. Twenty visitors fit into memory."""


class EditorActions:
    """What the browser may call in the editor.

    Args:
        models: fill the holes.
        visits: keeps the open photos.
        examples: filled by the default model.
    """

    def __init__(self, models: Models, visits: Visits, examples: Examples) -> None:
        self.visits, self.models, self.examples = visits, models, examples
        self.versions, self.restorations = Versions(), Restorations()
        self.restoring = RestoreActions(models, visits, self.restorations)

    @property
    def all(self) -> list[Callable[[dict], dict]]:
        """All actions."""
        photos = [self.open_photo, self.show_example, self.open_example, self.preview, self.finish]
        photos += [self.progress, self.cancel]
        strokes = [self.paint, self.find_object, self.finish_fill, self.another_fill]
        strokes += [self.undo_stroke, self.redo_stroke, self.clear_strokes]
        masks = [self.add_mask, self.grow_mask, self.save_mask]
        models, versions = [self.load_model, self.use_model], [self.keep_version, self.restore_version]
        others = [*self.restoring.all, self.keep_visit, self.resume_visit, self.leave_visit]
        return [*photos, *strokes, *masks, *versions, *models, *others]

    def open_photo(self, call: dict, inpainter: Inpainter) -> dict:
        """Open an upload: {path, model} -> {visit, width, height}.

        The uploaded file is removed soon. The visit has one of its own, which the download is made from.
        """
        path = check_upload(call.get("path"))
        self.visits.uploads.discard(path)
        try:
            with self.visits.room_for(memory_of_upload(path), current_client.get()):
                photo = open_upload(path)
                session = _session(photo, inpainter)
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
        session = _session(open_upload(photo), inpainter)
        if call.get("unfilled") is not True:
            self.examples.fill(call["name"], session)
            self.examples.even_out(call["name"], session, self.restorations)
        if inpainter is not self.models.default:
            session.refill(finish=False)
        return self._add_visit(session, photo.name)

    def preview(self, call: dict) -> dict:
        """Return the photo as a JPEG, scaled down if very large, for browsers that cannot decode it: {visit}."""
        visit = self._visit(call)
        with self.visits.locked_session(visit) as session:
            picture = Image.fromarray(to_rgb(session.photo))
            picture.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
            profile = session.photo.info.get("icc_profile") if session.photo.mode in ("RGB", "RGBA") else None
            with complete_file(download_path(visit, "preview.jpg")) as target:
                picture.save(target, quality=90, icc_profile=profile)
        return describe_download(target)

    def paint(self, call: dict) -> dict:
        """Add strokes to the mask, or erase them from it, and fill the holes.

        {visit, strokes, together} -> the patches to draw. The strokes are those of `check_strokes`, in photo pixels.
        They are filled and undone one by one, or, with `together`, as one change.
        """
        visit, strokes = self._visit(call), check_strokes(call.get("strokes"))
        patches: list[Patch] = []
        changed: list[bool] = []
        if call.get("together") is True:
            return self._change(call, lambda session: self._paint_together(session, self._narrowed(session, strokes)))
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
        return look_at(self._visit(call).session.photo, check_strokes(call.get("strokes")))

    def finish_fill(self, call: dict) -> dict:
        """Replace drafts by final fills: {visit, revision} -> the patches to draw.

        It computes nothing if there was a change after that revision, and applies nothing if one comes meanwhile.
        Without a revision, the patches are all that has changed since the photo was opened.
        """
        visit = self._visit(call)
        if call.get("revision") == visit.session.revision:
            visit.session.finish(self.visits.give_way(visit))  # without the lock of the visit: no stroke waits for it
        with self.visits.locked_session(visit) as session:
            return answer_to({"revision": 0} | call, session, [])

    def another_fill(self, call: dict) -> dict:
        """Fill the hole of the last stroke with another seed, or all holes if it has none: {visit} -> the patches.

        "only_fill" if the fill is the same with each seed. Nothing is applied if a stroke comes meanwhile.
        """
        visit = self._visit(call)
        before, changed = visit.session.revision, []
        with contextlib.suppress(ValueError):  # the hole has been erased this very moment
            changed = visit.session.another_fill(visit.session.touched, cancelled=self.visits.give_way(visit))
        with self.visits.locked_session(visit) as session:
            if not changed and session.revision == before:
                raise PageError("only_fill")
            return answer_to(call, session, changed) | {"changed": [bool(changed)]}

    def undo_stroke(self, call: dict) -> dict:
        """Undo the last change: {visit} -> the patches to draw."""
        return self._change(call, lambda session: session.undo())

    def redo_stroke(self, call: dict) -> dict:
        """Redo the change that was undone last: {visit} -> the patches to draw."""
        return self._change(call, lambda session: session.redo())

    def clear_strokes(self, call: dict) -> dict:
        """Empty the mask: {visit} -> the patches to draw."""
        return self._change(call, lambda session: session.clear())

    def add_mask(self, call: dict) -> dict:
        """Add the hole of an uploaded mask, undilated: {visit, path} -> the patches to draw, and notes.

        "mask_empty" if the mask marks nothing. For the notes see `finish`.
        """
        visit, path = self._visit(call), check_upload(call.get("path"))
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
        answer = self._change(call, lambda session: session.add_mask(mask, grow_px=0, finish=False))
        return answer | {"notes": [NOTES.get(note, note) for note in notes]}

    def grow_mask(self, call: dict) -> dict:
        """Dilate the whole mask: {visit, grow_px} in photo pixels -> the patches to draw."""
        grow_px = check_grow_px(call.get("grow_px"))
        return self._change(call, lambda session: session.add_mask(session.mask, grow_px=grow_px, finish=False))

    def save_mask(self, call: dict) -> dict:
        """Return the mask as a PNG of the photo's size, white on black: {visit} -> the file."""
        visit = self._visit(call)
        target = download_path(visit, f"{Path(visit.name).stem}-mask.png")
        with self.visits.locked_session(visit) as session, complete_file(target):
            Image.fromarray(session.mask).save(target)
        return describe_download(target)

    def keep_version(self, call: dict) -> dict:
        """Save the present state as a version: {visit} -> {version}, its number."""
        visit = self._visit(call)
        with self.visits.locked_session(visit) as session:
            version = self.versions.save(session)
            visit.kept_bytes["versions"] = self.versions.size_bytes(session)
            return {"version": version}

    def restore_version(self, call: dict) -> dict:
        """Restore a version: {visit, version} -> the patches to draw; "no_version" if it is no longer kept."""
        visit = self._visit(call)
        snapshot = self.versions.get(visit.session, call.get("version"))
        if snapshot is None:
            raise PageError("no_version")
        return self._change(call, lambda session: session.restore(snapshot))

    def load_model(self, call: dict, inpainter: Inpainter) -> dict:
        """Load and check a model: {model} -> {model: its description, name: to pass as `model` from now on}."""
        name = call.get("model") or ""
        model = describe(inpainter)
        return {"model": model, "name": name if not name or is_registered_name(name) else model["weights"]}

    def use_model(self, call: dict, inpainter: Inpainter) -> dict:
        """Fill the mask anew with another model, and use it from now on: {visit, model} -> the patches to draw."""

        def refill(session: Session) -> list[Patch]:
            replaced = session.use(with_progress(inpainter.fill_holes))
            try:
                return session.refill(finish=False)
            except BaseException:
                session.use(replaced)
                raise

        return self._change(call, refill)

    def finish(self, call: dict) -> dict:
        """Return the filled photo as a file in its own format, named "NAME-filled": {visit} -> the file, and notes.

        The notes say what of the photo's file could not be kept. Each is a key of the page's texts, or a sentence.
        """
        visit = self._visit(call)
        name = Path(visit.name)
        with self.visits.locked_session(visit) as session:
            result = self.restorations.result(session)
            report("save", 0)
            target = download_path(visit, f"{name.stem}-filled{suffix_of(name, result.format)}")
            with complete_file(target):
                notes = save_photo(result, target, result.format)
        return describe_download(target) | {"notes": list(notes)}

    def progress(self, call: dict) -> dict:
        """Return how far the running job of a visit is: {visit} -> {stage, share}; {} if none runs or has reported."""
        return self._visit(call).jobs.describe()

    def cancel(self, call: dict) -> dict:
        """Cancel what runs and waits for a visit: {visit} -> {}. Its requests are answered with "cancelled"."""
        self.visits.cancel(self._visit(call))
        return {}

    def keep_visit(self, call: dict) -> dict:
        """Say that the page is still open: {visit} -> {}."""
        return {}

    def resume_visit(self, call: dict) -> dict:
        """Return all that a page shows of a visit, after it was reloaded: {visit} -> the patches, {width, height}.

        What was found and toned is there too. `original` is the photo's own file, as `describe_download` describes it,
        if it is still there.
        """
        visit = self._visit(call)
        with self.visits.locked_session(visit) as session:
            answer = encode_patches(session, session.patches()) | self.restoring.shown(session)
        original = next(iter(sorted((visit.folder / "original").glob("*"))), None)
        size = {"width": visit.session.photo.width, "height": visit.session.photo.height}
        return answer | size | {"original": describe_download(original) if original else None}

    def leave_visit(self, call: dict) -> dict:
        """Close the photo: {visit} -> {}."""
        self.visits.end(self._visit(call).id)
        return {}

    def _add_visit(self, session: Session, name: str) -> dict:
        visit = self.visits.add(session, name, current_client.get())
        return {"visit": visit.id, "width": session.photo.width, "height": session.photo.height}

    def _visit(self, call: dict) -> Visit:
        """Return the visit of a call; PageError "gone" if it has ended."""
        return self.visits.get(call.get("visit"))

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

    def _change(self, call: dict, change: Callable[[Session], list[Patch]]) -> dict:
        """Change the session of a call's visit, and return what the browser draws."""
        with self.visits.locked_session(self._visit(call)) as session:
            patches = patches_of(change, session)
            self.restorations.follow(session)
            return answer_to(call, session, patches) | {"changed": [bool(patches)]}


def _session(photo: Image.Image, inpainter: Inpainter) -> Session:
    return Session(photo, with_progress(inpainter.fill_holes), history_bytes=HISTORY_BYTES)


def _keep_original(photo: Image.Image, upload: Path, kept: Path) -> None:
    """Keep the file of a photo elsewhere; without it the download is encoded anew."""
    with contextlib.suppress(OSError, PageError), complete_file(kept):
        kept.parent.mkdir(parents=True)
        try:
            os.link(upload, kept)
        except OSError:  # the file system has no hard links
            shutil.copy2(upload, kept)
        relocate_original(photo, kept)
