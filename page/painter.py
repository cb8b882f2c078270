"""The painter: our own canvas in a gr.HTML component, and the server functions that it calls.

The browser uploads a photo once, sends strokes as points in photo pixels, and draws the patches that come back. Each
server function takes one dict from the browser and answers with a dict; `{"error": sentence}` when it declines.
Whatever the browser sends is checked here: it may come from anybody.
"""

import base64
import io
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr
from gradio.context import Context
from gradio.utils import get_upload_folder
from PIL import Image

from inpaint import Inpainter, MaskError, Patch, PhotoError, save_photo, to_mask
from page.texts import language_of, sentence, table
from page.visits import Refusal, Visit, Visits

HERE = Path(__file__).parent
EXAMPLES = ("farmhouse", "coffee", "harbour")
SCRIPTS = ("canvas.js", "strokes.js", "transport.js", "painter.js")
MAX_MEGAPIXELS = 80
MAX_UPLOAD_MB = 100
GROW_PX = 2
"""Strokes are filled so much wider than painted: what is painted over rarely reaches to the last pixel of a thing."""
MAX_STROKES, MAX_POINTS, MAX_BRUSH_PX = 64, 20_000, 4_000
ICON = (HERE / "icon.svg").read_text(encoding="utf-8")

log = logging.getLogger(__name__)


def painter(inpainter: Inpainter, visits: Visits, notice: str = "") -> gr.HTML:
    """Put the painter on the page that is being built.

    Args:
        inpainter: fills the holes.
        visits: keeps the open photos.
        notice: why another model is in use than was asked for; shown in a banner.
    """
    desk = Desk(inpainter, visits)
    actions = [desk.open_photo, desk.open_example, desk.paint, desk.paint_example, desk.undo_stroke]
    actions += [desk.clear_strokes, desk.finish, desk.leave_visit]
    component = gr.HTML(
        html_template=(HERE / "painter.html").read_text(encoding="utf-8").replace("<!-- icon -->", ICON),
        css_template=(HERE / "painter.css").read_text(encoding="utf-8"),
        js_on_load="\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS),
        apply_default_css=False,
        server_functions=[answering(action) for action in actions],
        elem_id="painter",
        texts=table(),
        examples=[{"name": name, "thumbnail": _thumbnail(name)} for name in EXAMPLES],
        limits={"megapixels": MAX_MEGAPIXELS, "megabytes": MAX_UPLOAD_MB},
        weights=inpainter.source,
        about=about(inpainter),
        notice=notice,
    )

    def remember_tab(visit_id: str, request: gr.Request) -> None:
        if request.session_hash and isinstance(visit_id, str):
            visits.belongs_to(request.session_hash, visit_id)

    def forget_tab(request: gr.Request) -> None:
        if request.session_hash:
            visits.tab_closed(request.session_hash)

    component.input(remember_tab, component, None, queue=False, show_progress="hidden", api_visibility="private")
    assert Context.root_block is not None, "build the painter inside a gr.Blocks"
    Context.root_block.unload(forget_tab)
    return component


def about(inpainter: Inpainter) -> str:
    """The key of the sentence about what the weights are good for; empty where they are good for any photo."""
    if inpainter.config.architecture != "context-encoder":
        return ""
    return "about_center" if getattr(inpainter.config, "region", None) == "center" else "about_full"


def answering(action: Callable[[dict], dict]) -> Callable:
    """An action as a server function: it always answers, with a sentence in the visitor's language when it fails."""

    def answer(call: Any, request: gr.Request) -> dict:
        language = language_of(request.headers.get("accept-language"))
        try:
            if not isinstance(call, dict):
                raise Refusal("bad_request")
            return action(call)
        except Refusal as refusal:
            return {"error": sentence(refusal.key, language, **refusal.values), "code": refusal.key}
        except Exception:
            log.exception("%s failed", action.__name__)
            return {"error": sentence("unexpected", language), "code": "unexpected"}

    answer.__name__ = action.__name__
    return answer


class Desk:
    """What the browser may ask for."""

    def __init__(self, inpainter: Inpainter, visits: Visits) -> None:
        self.inpainter, self.visits = inpainter, visits

    def open_photo(self, call: dict) -> dict:
        """{path} of an upload -> {visit, width, height}. The uploaded file is read and removed."""
        path = uploaded(call.get("path"))
        try:
            photo = path.read_bytes()
        except OSError:
            raise Refusal("upload_missing") from None
        path.unlink(missing_ok=True)
        return self._opened(photo, path.name)

    def open_example(self, call: dict) -> dict:
        """{name} of an example -> the same, the picture itself and the mask of its damage."""
        photo, mask = _example(call)
        answer = self._opened(photo.read_bytes(), photo.name)
        return answer | {"picture": _base64(photo.read_bytes()), "damage": _base64(mask.read_bytes())}

    def paint(self, call: dict) -> dict:
        """{visit, strokes: [{points, brush, erase}]} in photo pixels -> the patches to draw."""
        visit, strokes = self.visits.get(call.get("visit")), checked_strokes(call.get("strokes"))
        patches, changed = [], []
        with self.visits.work_on(visit) as session:
            for stroke in strokes:
                new = _filled(session.stroke, stroke["points"], stroke["brush"], stroke["erase"])
                patches += new
                changed.append(bool(new))
            return _drawing(visit, patches) | {"changed": changed}

    def paint_example(self, call: dict) -> dict:
        """{visit, name}: paint an example's damage, and fill it."""
        visit, (_, mask) = self.visits.get(call.get("visit")), _example(call)
        with self.visits.work_on(visit) as session:
            return _drawing(visit, _filled(session.add_mask, to_mask(mask, session.photo.size)))

    def undo_stroke(self, call: dict) -> dict:
        """{visit} -> the patches to draw when the last change is taken back."""
        visit = self.visits.get(call.get("visit"))
        with self.visits.work_on(visit) as session:
            return _drawing(visit, session.undo())

    def clear_strokes(self, call: dict) -> dict:
        """{visit} -> the patches to draw when all strokes are taken away."""
        visit = self.visits.get(call.get("visit"))
        with self.visits.work_on(visit) as session:
            return _drawing(visit, session.clear())

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

    def _opened(self, photo: bytes, name: str) -> dict:
        refuse_huge(photo)
        try:
            with self.visits.turn():
                session = self.inpainter.open(photo, grow_px=GROW_PX)
        except PhotoError:
            raise Refusal("not_a_picture") from None
        visit = self.visits.add(session, name)
        return {"visit": visit.id, "width": session.photo.width, "height": session.photo.height}


def uploaded(path: object) -> Path:
    """A path that the browser sent, if it is a file in the folder of uploads; Refusal "upload_missing" otherwise."""
    if not isinstance(path, str) or not path or "\0" in path or len(path) > 4096:
        raise Refusal("upload_missing")
    folder, file = Path(get_upload_folder()).resolve(), Path(path).resolve()
    if folder not in file.parents or not file.is_file():
        raise Refusal("upload_missing")
    return file


def refuse_huge(photo: bytes) -> None:
    """Look at a picture's header only; Refusal if it has too many pixels."""
    try:
        with Image.open(io.BytesIO(photo)) as image:
            pixels: float = image.width * image.height
    except Image.DecompressionBombError:
        pixels = math.inf
    except Exception:  # whatever is wrong with the file, the inpainter says it better
        return
    if pixels > MAX_MEGAPIXELS * 1e6:
        raise Refusal("too_many_pixels", limit=MAX_MEGAPIXELS)


def checked_strokes(strokes: object) -> list[dict]:
    """Strokes as the browser sends them, with every number finite; Refusal "bad_request" otherwise."""
    if not isinstance(strokes, list) or not 0 < len(strokes) <= MAX_STROKES:
        raise Refusal("bad_request")
    checked, points_left = [], MAX_POINTS
    for stroke in strokes:
        points = stroke.get("points") if isinstance(stroke, dict) else None
        if not isinstance(points, list) or not 0 < len(points) <= points_left:
            raise Refusal("bad_request")
        points_left -= len(points)
        if not all(isinstance(point, list) and len(point) == 2 for point in points):
            raise Refusal("bad_request")
        numbers = [stroke.get("brush"), *(coordinate for point in points for coordinate in point)]
        if not all(_is_number(number) for number in numbers):
            raise Refusal("bad_request")
        if not 0 < stroke["brush"] <= MAX_BRUSH_PX or not isinstance(stroke.get("erase"), bool):
            raise Refusal("bad_request")
        checked.append({"points": points, "brush": float(stroke["brush"]), "erase": stroke["erase"]})
    return checked


def _is_number(value: object) -> bool:
    """A number below a million either way; NaN is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6


def _example(call: dict) -> tuple[Path, Path]:
    """The picture and the mask of the example that a call names."""
    if call.get("name") not in EXAMPLES:
        raise Refusal("bad_request")
    return HERE / "examples" / f"{call['name']}.jpg", HERE / "examples" / f"{call['name']}-mask.png"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _thumbnail(name: str) -> str:
    with Image.open(HERE / "examples" / f"{name}.jpg") as image:
        image.thumbnail((480, 480))
        file = io.BytesIO()
        image.save(file, "JPEG", quality=80)
    return "data:image/jpeg;base64," + _base64(file.getvalue())


def _filled(change: Callable[..., list[Patch]], *arguments: object) -> list[Patch]:
    try:
        return change(*arguments)
    except MaskError:
        raise Refusal("all_painted") from None


def _drawing(visit: Visit, patches: list[Patch]) -> dict:
    """Patches for the browser: PNGs that are transparent outside the holes.

    The browser puts its own reading of the photo under them, so what nobody painted stays exactly as it shows it;
    they carry the photo's colour profile, so that both are read alike.
    """
    session, mask = visit.session, visit.session.mask
    profile = session.photo.info.get("icc_profile") if session.photo.mode in ("RGB", "RGBA") else None
    drawn = []
    for left, top, pixels in patches:
        height, width = pixels.shape[:2]
        alpha = Image.fromarray(mask[top : top + height, left : left + width])
        if session.photo.mode == "RGBA":
            own = session.photo.crop((left, top, left + width, top + height)).getchannel("A")
            alpha = Image.composite(own, Image.new("L", own.size), alpha)
        picture = Image.new("RGBA", (width, height))
        picture.paste(Image.fromarray(pixels), mask=alpha.convert("1"))
        picture.putalpha(alpha.convert("L"))
        file = io.BytesIO()
        picture.save(file, "PNG", compress_level=1, icc_profile=profile)
        drawn.append({"left": left, "top": top, "png": _base64(file.getvalue())})
    return {"patches": drawn, "undo": session.can_undo, "painted": bool(mask.any())}


def _suffix(name: Path, format: str | None) -> str:
    """The name's own suffix if it fits the format, else the format's usual one."""
    known = Image.registered_extensions()
    if known.get(name.suffix.lower()) == format or (format == "MPO" and known.get(name.suffix.lower()) == "JPEG"):
        return name.suffix
    return {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif"}.get(format or "", f".{(format or 'png').lower()}")
