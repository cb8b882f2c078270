"""The desk: the server functions that the painter's canvas calls.

The browser uploads a photo once, sends strokes as points in photo pixels, and draws the patches that come back. Each
function takes one dict from the browser and answers with a dict; `{"error": sentence}` when it declines.
"""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import gradio as gr
from PIL import Image

from inpaint import Inpainter, MaskError, Patch, PhotoError, Session, save_photo, to_mask
from page.checks import checked_strokes, opened, uploaded
from page.drawing import base64_of, drawing
from page.visits import Refusal, Visits

HERE = Path(__file__).parent
EXAMPLES = ("farmhouse", "coffee", "harbour")
GROW_PX = 2
"""Strokes are filled so much wider than painted: what is painted over rarely reaches to the last pixel of a thing."""
HISTORY_BYTES = 64 * 1024 * 1024
"""What a visit remembers for undo: some sixty strokes across a large photo, so that twenty visitors fit into memory."""


class Desk:
    """What the browser may ask for."""

    def __init__(self, inpainter: Inpainter, visits: Visits) -> None:
        self.inpainter, self.visits = inpainter, visits

    def open_photo(self, call: dict) -> dict:
        """{path} of an upload -> {visit, width, height}. The uploaded file is removed soon."""
        path = uploaded(call.get("path"))
        self.visits.discard(path)
        return self._opened(path)

    def open_example(self, call: dict) -> dict:
        """{name} of an example -> the same, the picture itself and the mask of its damage."""
        photo, mask = _example(call)
        answer = self._opened(photo)
        return answer | {"picture": base64_of(photo.read_bytes()), "damage": base64_of(mask.read_bytes())}

    def paint(self, call: dict) -> dict:
        """{visit, strokes: [{points, brush, erase}]} in photo pixels -> the patches to draw."""
        visit, strokes = self.visits.get(call.get("visit")), checked_strokes(call.get("strokes"))
        patches, changed = [], []
        with self.visits.work_on(visit) as session:
            for stroke in strokes:
                new = _filled(session.stroke, stroke["points"], stroke["brush"], stroke["erase"])
                patches += new
                changed.append(bool(new))
            return drawing(visit, patches) | {"changed": changed}

    def paint_example(self, call: dict) -> dict:
        """{visit, name}: paint an example's damage, and fill it."""
        visit, (_, mask) = self.visits.get(call.get("visit")), _example(call)
        with self.visits.work_on(visit) as session:
            return drawing(visit, _filled(session.add_mask, to_mask(mask, session.photo.size)))

    def undo_stroke(self, call: dict) -> dict:
        """{visit} -> the patches to draw when the last change is taken back."""
        visit = self.visits.get(call.get("visit"))
        with self.visits.work_on(visit) as session:
            return drawing(visit, session.undo())

    def clear_strokes(self, call: dict) -> dict:
        """{visit} -> the patches to draw when all strokes are taken away."""
        visit = self.visits.get(call.get("visit"))
        with self.visits.work_on(visit) as session:
            return drawing(visit, session.clear())

    def finish(self, call: dict) -> dict:
        """{visit} -> the finished photo as a file in its own format, under its own name with "-filled"."""
        visit = self.visits.get(call.get("visit"))
        name = Path(visit.name)
        with self.visits.work_on(visit) as session:
            result = session.result()
            target = visit.folder / f"{name.stem}-filled{_suffix(name, result.format)}"
            target.parent.mkdir(parents=True, exist_ok=True)
            save_photo(result, target, result.format)
        url = f"gradio_api/file={quote(str(target))}"  # beside the page, wherever that is
        return {"file": gr.FileData(path=str(target), url=url).model_dump(exclude_none=True), "name": target.name}

    def leave_visit(self, call: dict) -> dict:
        """{visit}: the photo is no longer needed."""
        self.visits.end(self.visits.get(call.get("visit")).id)
        return {}

    def _opened(self, path: Path) -> dict:
        try:
            photo = opened(path)
        except PhotoError:
            raise Refusal("not_a_picture") from None
        session = Session(photo, self.inpainter.fills, grow_px=GROW_PX, history_bytes=HISTORY_BYTES)
        visit = self.visits.add(session, path.name)
        return {"visit": visit.id, "width": photo.width, "height": photo.height}


def _example(call: dict) -> tuple[Path, Path]:
    """The picture and the mask of the example that a call names."""
    if call.get("name") not in EXAMPLES:
        raise Refusal("bad_request")
    return HERE / "examples" / f"{call['name']}.jpg", HERE / "examples" / f"{call['name']}-mask.png"


def _filled(change: Callable[..., list[Patch]], *arguments: object) -> list[Patch]:
    try:
        return change(*arguments)
    except MaskError:
        raise Refusal("all_painted") from None


def _suffix(name: Path, format: str | None) -> str:
    """The name's own suffix if it fits the format, else the format's usual one."""
    known = Image.registered_extensions()
    if known.get(name.suffix.lower()) == format or (format == "MPO" and known.get(name.suffix.lower()) == "JPEG"):
        return name.suffix
    return {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif"}.get(format or "", f".{(format or 'png').lower()}")
