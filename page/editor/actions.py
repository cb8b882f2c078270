"""The desk: the server functions that the painter's canvas calls.

The browser uploads a photo once, sends strokes as points in photo pixels, and draws the patches that come back. Each
function takes one dict from the browser and answers with a dict; `{"error": sentence}` when it declines. Every change
answers with `{patches, changed, undo, redo, painted}`; `changed` tells for each stroke whether it did anything.
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
from page.editor.examples import Showcase, paths
from page.editor.patches import drawing
from page.editor.versions import Versions
from page.server.checks import checked_grow_px, checked_strokes, opened, uploaded
from page.server.models import Models, described, is_handed
from page.server.refusal import Refusal
from page.server.visits import Visit, Visits

PREVIEW_SIDE = 4096

HISTORY_BYTES = 64 * 1024 * 1024
"""What a visit remembers for undo: some sixty strokes across a large photo, so that twenty visitors fit into memory."""


class Desk:
    """What the browser may ask for."""

    def __init__(self, models: Models, visits: Visits) -> None:
        self.visits, self.models = visits, models
        self.showcase, self.versions = Showcase(models.own), Versions()

    @property
    def actions(self) -> list[Callable[[dict], dict]]:
        """All of them, for the browser."""
        opening = [self.open_photo, self.show_example, self.open_example, self.preview, self.leave_visit]
        painting = [self.paint, self.undo_stroke, self.redo_stroke, self.clear_strokes, self.finish]
        masks = [self.find_damage, self.add_mask, self.grow_mask, self.save_mask]
        return [*opening, *painting, *masks, self.keep_version, self.restore_version, self.load_model, self.use_model]

    def open_photo(self, call: dict) -> dict:
        """{path, model} of an upload -> {visit, width, height}. The uploaded file is removed soon."""
        inpainter, path = self.models.get(call.get("model")), uploaded(call.get("path"))
        self.visits.discard(path)
        try:
            photo = opened(path)
        except PhotoError:
            raise Refusal("not_a_picture") from None
        return self._opened(Session(photo, inpainter.fills, history_bytes=HISTORY_BYTES), path.name)

    def show_example(self, call: dict) -> dict:
        """{name} of an example -> the picture and the patches of its fill; no visit before somebody paints on it."""
        return self.showcase.filled(call.get("name")).answer

    def open_example(self, call: dict) -> dict:
        """{name, model} of an example -> {visit, width, height}, already filled as it was shown."""
        inpainter, (photo, _) = self.models.get(call.get("model")), paths(call.get("name"))
        session = Session(opened(photo), inpainter.fills, history_bytes=HISTORY_BYTES)
        session.restore(self.showcase.filled(call["name"]).snapshot)
        if inpainter is not self.models.own:
            session.refill()
        return self._opened(session, photo.name)

    def preview(self, call: dict) -> dict:
        """{visit} -> the photo as a JPEG, smaller if it is very large, for browsers that cannot read its format."""
        visit = self.visits.get(call.get("visit"))
        with self.visits.work_on(visit) as session:
            picture = Image.fromarray(to_rgb(session.photo))
            picture.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
            profile = session.photo.info.get("icc_profile") if session.photo.mode in ("RGB", "RGBA") else None
            target = _download(visit, "preview.jpg")
            picture.save(target, quality=90, icc_profile=profile)
        return _file(target)

    def paint(self, call: dict) -> dict:
        """{visit, strokes: [{points, brush, erase, grow_px}]} in photo pixels -> the patches to draw."""
        visit, strokes = self.visits.get(call.get("visit")), checked_strokes(call.get("strokes"))
        patches, changed = [], []
        with self.visits.work_on(visit) as session:
            for stroke in strokes:
                points, brush, erase, grow_px = (stroke[key] for key in ("points", "brush", "erase", "grow_px"))
                new = _filled(session.stroke, points, brush, erase, grow_px=grow_px)
                patches += new
                changed.append(bool(new))
            return drawing(session, patches) | {"changed": changed}

    def undo_stroke(self, call: dict) -> dict:
        """{visit} -> the patches to draw when the last change is taken back."""
        return self._changed(call, lambda session: session.undo())

    def redo_stroke(self, call: dict) -> dict:
        """{visit} -> the patches to draw when the change that was taken back last is done again."""
        return self._changed(call, lambda session: session.redo())

    def clear_strokes(self, call: dict) -> dict:
        """{visit} -> the patches to draw when all strokes are taken away."""
        return self._changed(call, lambda session: session.clear())

    def add_mask(self, call: dict) -> dict:
        """{visit, path} of an uploaded mask: what is white in it is painted, exactly. The file is removed soon."""
        visit, path = self.visits.get(call.get("visit")), uploaded(call.get("path"))
        self.visits.discard(path)
        try:
            mask = to_mask(opened(path, "mask"), visit.session.photo.size)
        except PhotoError:
            raise Refusal("not_a_picture") from None
        except MaskError as error:
            raise Refusal("mask_refused", reason=str(error)) from None
        return self._changed({"visit": visit.id}, lambda session: session.add_mask(mask, grow_px=0))

    def find_damage(self, call: dict) -> dict:
        """{visit}: what looks like scratches, cracks, stains is painted, exactly; refused where nothing does."""
        visit = self.visits.get(call.get("visit"))

        def marked(session: Session) -> list[Patch]:
            found = np.asarray(self.models.own.find_damage(session.photo)) > 0
            if not (found & ~session.mask).any():
                raise Refusal("no_damage")
            return session.add_mask(found, grow_px=0)

        return self._changed({"visit": visit.id}, marked)

    def grow_mask(self, call: dict) -> dict:
        """{visit, grow_px}: what is painted gets wider by so many pixels on all sides."""
        visit, grow_px = self.visits.get(call.get("visit")), checked_grow_px(call.get("grow_px"))
        return self._changed({"visit": visit.id}, lambda session: session.add_mask(session.mask, grow_px=grow_px))

    def save_mask(self, call: dict) -> dict:
        """{visit} -> what is painted as a PNG of the photo's size, white on black, under the photo's name."""
        visit = self.visits.get(call.get("visit"))
        target = _download(visit, f"{Path(visit.name).stem}-mask.png")
        with self.visits.work_on(visit) as session:
            Image.fromarray(session.mask).save(target)
        return _file(target)

    def keep_version(self, call: dict) -> dict:
        """{visit} -> {version}: the number under which the present state can be restored."""
        visit = self.visits.get(call.get("visit"))
        with self.visits.work_on(visit) as session:
            return {"version": self.versions.keep(session)}

    def restore_version(self, call: dict) -> dict:
        """{visit, version} -> the patches to draw; "no_version" if it is not kept any more."""
        visit = self.visits.get(call.get("visit"))
        snapshot = self.versions.get(visit.session, call.get("version"))
        if snapshot is None:
            raise Refusal("no_version")
        return self._changed(call, lambda session: session.restore(snapshot))

    def load_model(self, call: dict) -> dict:
        """{model} -> {model: what it is, name: what to ask for it by}: fetch a model and check that it works."""
        asked = call.get("model") or ""
        model = described(self.models.get(asked))
        return {"model": model, "name": asked if not asked or is_handed(asked) else model["weights"]}

    def use_model(self, call: dict) -> dict:
        """{visit, model}: fill what is painted anew with another model, and use it from now on."""
        inpainter = self.models.get(call.get("model"))

        def refilled(session: Session) -> list[Patch]:
            session.use(inpainter.fills)
            return session.refill()

        return self._changed(call, refilled)

    def finish(self, call: dict) -> dict:
        """{visit} -> the finished photo as a file in its own format, under its own name with "-filled"."""
        visit = self.visits.get(call.get("visit"))
        name = Path(visit.name)
        with self.visits.work_on(visit) as session:
            result = session.result()
            target = _download(visit, f"{name.stem}-filled{_suffix(name, result.format)}")
            save_photo(result, target, result.format)
        return _file(target)

    def leave_visit(self, call: dict) -> dict:
        """{visit}: the photo is no longer needed."""
        self.visits.end(self.visits.get(call.get("visit")).id)
        return {}

    def _opened(self, session: Session, name: str) -> dict:
        visit = self.visits.add(session, name)
        return {"visit": visit.id, "width": session.photo.width, "height": session.photo.height}

    def _changed(self, call: dict, change: Callable[[Session], list[Patch]]) -> dict:
        """Change a call's session, and answer with what is to be drawn."""
        visit = self.visits.get(call.get("visit"))
        with self.visits.work_on(visit) as session:
            patches = _filled(change, session)
            return drawing(session, patches) | {"changed": [bool(patches)]}


def _filled(change: Callable[..., list[Patch]], *arguments: object, **options: object) -> list[Patch]:
    try:
        return change(*arguments, **options)
    except MaskError:
        raise Refusal("all_painted") from None


def _download(visit: Visit, name: str) -> Path:
    visit.folder.mkdir(parents=True, exist_ok=True)
    return visit.folder / name


def _file(target: Path) -> dict:
    """A file for the browser: where to fetch it, and its name."""
    url = f"gradio_api/file={quote(str(target))}"  # beside the page, wherever that is
    return {"file": gr.FileData(path=str(target), url=url).model_dump(exclude_none=True), "name": target.name}


def _suffix(name: Path, format: str | None) -> str:
    """The name's own suffix if it fits the format, else the format's usual one."""
    known = Image.registered_extensions()
    if known.get(name.suffix.lower()) == format or (format == "MPO" and known.get(name.suffix.lower()) == "JPEG"):
        return name.suffix
    return {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif"}.get(format or "", f".{(format or 'png').lower()}")
