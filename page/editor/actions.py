"""The editor's actions: the server functions that the canvas in the browser calls.

The browser uploads a photo once, sends strokes as points in photo pixels, and draws the patches it gets back. Each
action takes a dict from the browser and returns a dict; PageErrors become `{"error": sentence, "code": key}`. Actions
that change the mask return `{patches, changed, undo, redo, painted}`; `changed` says for each stroke whether it changed
anything.
"""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import gradio as gr
import numpy as np
from PIL import Image

from inpaint import MaskError, Patch, PhotoError, save_photo, to_mask
from inpaint.photos.modes import to_rgb
from inpaint.session import Session
from page.editor.examples import Examples, example_files
from page.editor.patches import encode_patches
from page.editor.versions import Versions
from page.server.checks import check_grow_px, check_strokes, check_upload, open_upload
from page.server.errors import PageError
from page.server.models import Models, describe, is_registered_name
from page.server.visits import Visit, Visits

PREVIEW_SIDE = 4096

HISTORY_BYTES = 64 * 1024 * 1024
"""Undo memory of a visit: about sixty strokes across a large photo. Twenty visitors fit into memory."""


class EditorActions:
    """What the browser may call in the editor.

    Args:
        models: fill the holes.
        visits: keeps the open photos.
    """

    def __init__(self, models: Models, visits: Visits) -> None:
        self.visits, self.models = visits, models
        self.examples, self.versions = Examples(models.default), Versions()

    @property
    def all(self) -> list[Callable[[dict], dict]]:
        """All actions."""
        photos = [self.open_photo, self.show_example, self.open_example, self.preview, self.finish, self.leave_visit]
        strokes = [self.paint, self.undo_stroke, self.redo_stroke, self.clear_strokes]
        masks = [self.find_damage, self.add_mask, self.grow_mask, self.save_mask]
        return [*photos, *strokes, *masks, self.keep_version, self.restore_version, self.load_model, self.use_model]

    def open_photo(self, call: dict) -> dict:
        """Open an upload: {path, model} -> {visit, width, height}. The uploaded file is removed soon."""
        inpainter, path = self.models.get(call.get("model")), check_upload(call.get("path"))
        self.visits.discard_upload(path)
        try:
            photo = open_upload(path)
        except PhotoError:
            raise PageError("not_a_picture") from None
        return self._add_visit(Session(photo, inpainter.fill_holes, history_bytes=HISTORY_BYTES), path.name)

    def show_example(self, call: dict) -> dict:
        """Return an example's picture and the patches of its fill: {name} -> them. This opens no visit yet."""
        return self.examples.get(call.get("name")).answer

    def open_example(self, call: dict) -> dict:
        """Open an example with the fill that was shown: {name, model} -> {visit, width, height}."""
        inpainter, (photo, _) = self.models.get(call.get("model")), example_files(call.get("name"))
        session = Session(open_upload(photo), inpainter.fill_holes, history_bytes=HISTORY_BYTES)
        session.restore(self.examples.get(call["name"]).snapshot)
        if inpainter is not self.models.default:
            session.refill()
        return self._add_visit(session, photo.name)

    def preview(self, call: dict) -> dict:
        """Return the photo as a JPEG, scaled down if very large, for browsers that cannot decode it: {visit}."""
        visit = self._visit(call)
        with self.visits.locked_session(visit) as session:
            picture = Image.fromarray(to_rgb(session.photo))
            picture.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
            profile = session.photo.info.get("icc_profile") if session.photo.mode in ("RGB", "RGBA") else None
            target = _download_path(visit, "preview.jpg")
            picture.save(target, quality=90, icc_profile=profile)
        return _download(target)

    def paint(self, call: dict) -> dict:
        """Add strokes to the mask, or erase them from it, and fill the holes.

        {visit, strokes: [{points, brush, erase, grow_px}]} in photo pixels -> the patches to draw. `Session.stroke`
        turns each stroke into a hole, with `inpaint.engine.brush.stroke_to_mask`.
        """
        visit, strokes = self._visit(call), check_strokes(call.get("strokes"))
        patches, changed = [], []
        with self.visits.locked_session(visit) as session:
            for stroke in strokes:
                points, brush, erase, grow_px = (stroke[key] for key in ("points", "brush", "erase", "grow_px"))
                new = _patches_of(session.stroke, points, brush, erase, grow_px=grow_px)
                patches += new
                changed.append(bool(new))
            return encode_patches(session, patches) | {"changed": changed}

    def undo_stroke(self, call: dict) -> dict:
        """Undo the last change: {visit} -> the patches to draw."""
        return self._change(self._visit(call), lambda session: session.undo())

    def redo_stroke(self, call: dict) -> dict:
        """Redo the change that was undone last: {visit} -> the patches to draw."""
        return self._change(self._visit(call), lambda session: session.redo())

    def clear_strokes(self, call: dict) -> dict:
        """Empty the mask: {visit} -> the patches to draw."""
        return self._change(self._visit(call), lambda session: session.clear())

    def add_mask(self, call: dict) -> dict:
        """Add the white pixels of an uploaded mask, undilated: {visit, path} -> the patches to draw."""
        visit, path = self._visit(call), check_upload(call.get("path"))
        self.visits.discard_upload(path)
        try:
            mask = to_mask(open_upload(path, "mask"), visit.session.photo.size)
        except PhotoError:
            raise PageError("not_a_picture") from None
        except MaskError as error:
            raise PageError("mask_refused", reason=str(error)) from None
        return self._change(visit, lambda session: session.add_mask(mask, grow_px=0))

    def find_damage(self, call: dict) -> dict:
        """Add detected scratches, cracks and stains to the mask: {visit} -> the patches; "no_damage" if none."""

        def add_damage(session: Session) -> list[Patch]:
            damage = np.asarray(self.models.default.find_damage(session.photo)) > 0
            if not (damage & ~session.mask).any():
                raise PageError("no_damage")
            return session.add_mask(damage, grow_px=0)

        return self._change(self._visit(call), add_damage)

    def grow_mask(self, call: dict) -> dict:
        """Dilate the whole mask: {visit, grow_px} in photo pixels -> the patches to draw."""
        visit, grow_px = self._visit(call), check_grow_px(call.get("grow_px"))
        return self._change(visit, lambda session: session.add_mask(session.mask, grow_px=grow_px))

    def save_mask(self, call: dict) -> dict:
        """Return the mask as a PNG of the photo's size, white on black: {visit} -> the file."""
        visit = self._visit(call)
        target = _download_path(visit, f"{Path(visit.name).stem}-mask.png")
        with self.visits.locked_session(visit) as session:
            Image.fromarray(session.mask).save(target)
        return _download(target)

    def keep_version(self, call: dict) -> dict:
        """Save the present state as a version: {visit} -> {version}, its number."""
        with self.visits.locked_session(self._visit(call)) as session:
            return {"version": self.versions.save(session)}

    def restore_version(self, call: dict) -> dict:
        """Restore a version: {visit, version} -> the patches to draw; "no_version" if it is no longer kept."""
        visit = self._visit(call)
        snapshot = self.versions.get(visit.session, call.get("version"))
        if snapshot is None:
            raise PageError("no_version")
        return self._change(visit, lambda session: session.restore(snapshot))

    def load_model(self, call: dict) -> dict:
        """Load and check a model: {model} -> {model: its description, name: to pass as `model` from now on}."""
        name = call.get("model") or ""
        model = describe(self.models.get(name))
        return {"model": model, "name": name if not name or is_registered_name(name) else model["weights"]}

    def use_model(self, call: dict) -> dict:
        """Fill the mask anew with another model, and use it from now on: {visit, model} -> the patches to draw."""
        inpainter = self.models.get(call.get("model"))

        def refill(session: Session) -> list[Patch]:
            session.use(inpainter.fill_holes)
            return session.refill()

        return self._change(self._visit(call), refill)

    def finish(self, call: dict) -> dict:
        """Return the filled photo as a file in its own format, named "NAME-filled": {visit} -> the file."""
        visit = self._visit(call)
        name = Path(visit.name)
        with self.visits.locked_session(visit) as session:
            result = session.result()
            target = _download_path(visit, f"{name.stem}-filled{_suffix(name, result.format)}")
            save_photo(result, target, result.format)
        return _download(target)

    def leave_visit(self, call: dict) -> dict:
        """Close the photo: {visit} -> {}."""
        self.visits.end(self._visit(call).id)
        return {}

    def _add_visit(self, session: Session, name: str) -> dict:
        visit = self.visits.add(session, name)
        return {"visit": visit.id, "width": session.photo.width, "height": session.photo.height}

    def _visit(self, call: dict) -> Visit:
        """Return the visit of a call; PageError "gone" if it has ended."""
        return self.visits.get(call.get("visit"))

    def _change(self, visit: Visit, change: Callable[[Session], list[Patch]]) -> dict:
        """Change the session of a visit, and return what the browser draws."""
        with self.visits.locked_session(visit) as session:
            patches = _patches_of(change, session)
            return encode_patches(session, patches) | {"changed": [bool(patches)]}


def _patches_of(change: Callable[..., list[Patch]], *arguments: object, **options: object) -> list[Patch]:
    """Return the patches of a change; PageError "all_painted" if it would leave nothing of the photo."""
    try:
        return change(*arguments, **options)
    except MaskError:
        raise PageError("all_painted") from None


def _download_path(visit: Visit, name: str) -> Path:
    visit.folder.mkdir(parents=True, exist_ok=True)
    return visit.folder / name


def _download(target: Path) -> dict:
    """Return the URL and the name of a file for the browser; the URL is relative to the page."""
    url = f"gradio_api/file={quote(str(target))}"
    return {"file": gr.FileData(path=str(target), url=url).model_dump(exclude_none=True), "name": target.name}


def _suffix(name: Path, format: str | None) -> str:
    """Return the file's own suffix if it fits the format, else the usual one of the format."""
    known = Image.registered_extensions()
    if known.get(name.suffix.lower()) == format or (format == "MPO" and known.get(name.suffix.lower()) == "JPEG"):
        return name.suffix
    return {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif"}.get(format or "", f".{(format or 'png').lower()}")
