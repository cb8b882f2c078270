"""The page's server: the API, what the browser's calls answer, and what is kept for how long."""

import base64
import io
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image

import app
from inpaint import FreeFormConfig, Inpainter
from inpaint.hub import weights as pretrained
from inpaint.networks.generators import build_generator
from page.editor.examples import EXAMPLES
from page.server.checks import MAX_MEGAPIXELS
from page.server.refusal import Refusal
from page.server.texts import LANGUAGES, SENTENCES, language_of, sentence
from page.server.visits import UPLOAD_S, Visits
from tests.page.serving import FILL, GRADIO_WARNINGS, OneColour, noise

pytestmark = GRADIO_WARNINGS
ROOT = Path(app.__file__).parent
STROKE = {"points": [[40, 40], [90, 60]], "brush": 20, "erase": False}


@pytest.fixture(scope="module")
def program(served):
    client = Client(served.url, verbose=False)
    yield client
    client.close()


@pytest.fixture
def upload(served, program, tmp_path):
    """Upload an image (or bytes) as the browser does; gives the path on the server."""

    def send(content, name="photo.png", **options):
        file = tmp_path / name
        file.write_bytes(content) if isinstance(content, bytes) else content.save(file, **options)
        return handle_file_path(program, file)

    return send


def handle_file_path(program, file):
    import httpx

    with file.open("rb") as opened:
        answer = httpx.post(program.src_prefixed + "upload", files={"files": (file.name, opened)})
    return answer.json()[0]


def open_photo(served, upload, content, name="photo.png", **options):
    status, answer = served.call("open_photo", {"path": upload(content, name, **options)})
    assert status == 200 and "error" not in answer, answer
    return answer


def drawn(answer):
    """The patches of an answer: (left, top, RGBA pixels)."""
    return [
        (patch["left"], patch["top"], np.asarray(Image.open(io.BytesIO(base64.b64decode(patch["png"])))))
        for patch in answer["patches"]
    ]


# --- for programs


def test_the_api_fills_the_mask_and_keeps_every_other_pixel(program, tmp_path):
    pixels, mask = noise(120, 160), np.zeros((120, 160), bool)
    mask[30:60, 50:90] = True
    Image.fromarray(pixels).save(tmp_path / "holiday.png")
    Image.fromarray(mask).save(tmp_path / "mask.png")
    files = [handle_file(str(tmp_path / name)) for name in ("holiday.png", "mask.png")]
    result = np.asarray(Image.open(program.predict(*files, api_name="/inpaint")))
    assert (result[~mask] == pixels[~mask]).all()
    assert (np.abs(result[mask].astype(int) - FILL) <= 1).all()


def test_the_api_answers_a_jpeg_with_a_lossless_file_in_its_own_name(program, tmp_path):
    Image.fromarray(noise(64, 80)).save(tmp_path / "holiday.jpg", quality=80)
    Image.new("L", (80, 64)).save(tmp_path / "mask.png")
    files = [handle_file(str(tmp_path / name)) for name in ("holiday.jpg", "mask.png")]
    result = Path(program.predict(*files, api_name="/inpaint"))
    assert result.name == "holiday-filled.png"
    assert (np.asarray(Image.open(result)) == np.asarray(Image.open(tmp_path / "holiday.jpg"))).all()


def test_the_api_says_which_sizes_do_not_fit(program, tmp_path):
    Image.new("RGB", (80, 64)).save(tmp_path / "photo.png")
    Image.new("L", (60, 64)).save(tmp_path / "mask.png")
    files = [handle_file(str(tmp_path / name)) for name in ("photo.png", "mask.png")]
    with pytest.raises(Exception, match="mask is 60x64 and the photo is 80x64"):
        program.predict(*files, api_name="/inpaint")


def test_the_api_does_not_read_files_outside_the_uploads(served):
    import httpx

    outside = {"path": str(ROOT / "app.py"), "meta": {"_type": "gradio.FileData"}}
    event = httpx.post(served.url + "gradio_api/call/inpaint", json={"data": [outside, outside]}).json()["event_id"]
    answer = httpx.get(served.url + f"gradio_api/call/inpaint/{event}").text
    assert "event: error" in answer and "event: complete" not in answer


def test_the_status_names_the_weights_and_their_revision(program):
    status = program.predict(api_name="/status")
    assert status["weights"] == "me/weights" and status["revision"] == "abc123"


# --- for the browser


def test_a_stroke_is_answered_with_patches_that_are_transparent_where_nothing_was_painted(served, upload):
    photo = open_photo(served, upload, Image.fromarray(noise(100, 150)))
    assert (photo["width"], photo["height"]) == (150, 100)
    _, answer = served.call("paint", {"visit": photo["visit"], "strokes": [STROKE]})
    assert answer["undo"] and answer["painted"] and answer["changed"] == [True]
    filled = np.zeros((100, 150), bool)
    for left, top, pixels in drawn(answer):
        hole = pixels[..., 3] == 255
        assert (hole | (pixels[..., 3] == 0)).all()
        assert (np.abs(pixels[hole][:, :3].astype(int) - FILL) <= 1).all()
        filled[top : top + hole.shape[0], left : left + hole.shape[1]] |= hole
    assert filled[40, 40] and filled[50, 65] and filled[60, 90] and not filled[30, 70] and not filled[90].any()


def test_undo_and_clear_answer_with_patches_that_show_the_photo_again(served, upload):
    visit = open_photo(served, upload, Image.fromarray(noise(100, 150)))["visit"]
    for action in ("undo_stroke", "clear_strokes"):
        served.call("paint", {"visit": visit, "strokes": [STROKE]})
        _, answer = served.call(action, {"visit": visit})
        assert not answer["painted"] and drawn(answer)
        assert all((pixels[..., 3] == 0).all() for _, _, pixels in drawn(answer))


def test_strokes_that_came_together_are_undone_one_by_one(served, upload):
    visit = open_photo(served, upload, Image.fromarray(noise(100, 150)))["visit"]
    other = STROKE | {"points": [[120, 80]]}
    served.call("paint", {"visit": visit, "strokes": [STROKE, other]})
    _, answer = served.call("undo_stroke", {"visit": visit})
    assert answer["undo"] and answer["painted"]


def test_a_patch_carries_the_colour_profile_of_the_photo(served, upload):
    visit = open_photo(served, upload, Image.fromarray(noise(64, 64)), icc_profile=b"a profile of ours")["visit"]
    _, answer = served.call("paint", {"visit": visit, "strokes": [STROKE]})
    patch = Image.open(io.BytesIO(base64.b64decode(answer["patches"][0]["png"])))
    assert patch.info["icc_profile"] == b"a profile of ours"


def test_a_photo_on_its_side_is_opened_upright(served, upload):
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = open_photo(served, upload, Image.fromarray(noise(60, 90)), "photo.jpg", exif=exif)
    assert (photo["width"], photo["height"]) == (60, 90)


def test_the_upload_is_removed_soon_after_it_was_opened(served, upload):
    path = upload(Image.fromarray(noise(30, 40, seed=5)))
    assert Path(path).is_file()
    served.call("open_photo", {"path": path})
    old = time.time() - UPLOAD_S - 1
    os.utime(path, (old, old))
    served.visits.sweep()
    assert not Path(path).parent.exists()


def test_two_visitors_with_the_same_photo_both_open_it(served, upload):
    paths = [upload(Image.fromarray(noise(30, 40, seed=6))) for _ in range(2)]
    assert paths[0] == paths[1]
    visits = {served.call("open_photo", {"path": path})[1]["visit"] for path in paths}
    assert len(visits) == 2


def test_the_finished_photo_has_its_own_name_and_format_and_differs_only_under_the_stroke(served, upload):
    pixels = noise(100, 150, seed=2)
    visit = open_photo(served, upload, Image.fromarray(pixels), "my holiday.png")["visit"]
    served.call("paint", {"visit": visit, "strokes": [STROKE]})
    _, answer = served.call("finish", {"visit": visit})
    assert answer["name"].endswith("-filled.png") and "holiday" in answer["name"]
    with urllib.request.urlopen(file_url(served, answer)) as response:
        result = np.asarray(Image.open(io.BytesIO(response.read())))
    changed = (result != pixels).any(axis=2)
    assert changed[40, 40] and changed[60, 90] and not changed[:25].any() and not changed[75:].any()


def file_url(served, answer):
    return urllib.parse.urljoin(served.url, answer["file"]["url"])


def test_a_jpeg_is_finished_as_a_jpeg(served, upload):
    visit = open_photo(served, upload, Image.fromarray(noise(60, 90)), "photo.JPEG")["visit"]
    served.call("paint", {"visit": visit, "strokes": [STROKE]})
    _, answer = served.call("finish", {"visit": visit})
    assert answer["name"] == "photo-filled.JPEG"
    assert Image.open(answer["file"]["path"]).format == "JPEG"


def test_nothing_is_left_of_a_visit_that_has_ended(served, upload):
    visit = open_photo(served, upload, Image.fromarray(noise(60, 90)))["visit"]
    _, answer = served.call("finish", {"visit": visit})
    served.call("leave_visit", {"visit": visit})
    assert not Path(answer["file"]["path"]).parent.exists()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(file_url(served, answer))
    assert served.call("paint", {"visit": visit, "strokes": [STROKE]})[1]["code"] == "gone"


def test_every_example_is_shown_filled_without_a_visit_and_opens_as_it_was_shown(served):
    for name in EXAMPLES:
        before = len(served.visits)
        _, shown = served.call("show_example", {"name": name})
        size = Image.open(io.BytesIO(base64.b64decode(shown["picture"]))).size
        assert size == (shown["width"], shown["height"])
        assert shown["painted"] and drawn(shown) and len(served.visits) == before
        _, opened = served.call("open_example", {"name": name})
        assert (opened["width"], opened["height"]) == size
        _, undone = served.call("undo_stroke", {"visit": opened["visit"]})
        assert drawn(undone) and not undone["painted"] and undone["redo"]


def test_painting_over_everything_is_declined_and_the_stroke_before_it_stays(served, upload):
    visit = open_photo(served, upload, Image.fromarray(noise(60, 90)))["visit"]
    served.call("paint", {"visit": visit, "strokes": [STROKE]})
    all_of_it = {"points": [[0, 30], [90, 30]], "brush": 400, "erase": False}
    _, answer = served.call("paint", {"visit": visit, "strokes": [all_of_it]})
    assert answer == {"error": sentence("all_painted", "en"), "code": "all_painted"}
    assert served.call("undo_stroke", {"visit": visit})[1]["painted"] is False


@pytest.mark.parametrize("name", ["photo.png", "photo.svg", "photo.jpg"])
def test_a_file_that_is_no_picture_is_declined_with_a_sentence(served, upload, name):
    path = upload(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", name)
    _, answer = served.call("open_photo", {"path": path}, language="zh-CN,zh;q=0.9")
    assert answer == {"error": sentence("not_a_picture", "zh"), "code": "not_a_picture"}


def test_a_picture_with_too_many_pixels_is_declined_before_it_is_decoded(served, upload):
    _, answer = served.call("open_photo", {"path": upload(Image.new("1", (20_000, 16_000)))})
    assert answer["code"] == "too_many_pixels" and str(MAX_MEGAPIXELS) in answer["error"]


def outside_paths():
    return [str(ROOT / "app.py"), "/etc/passwd", "../../etc/passwd", "", "\0", "a" * 10_000, None, 3, ["x"], {}]


@pytest.mark.parametrize("path", outside_paths(), ids=lambda path: repr(path)[:20])
def test_only_uploads_can_be_opened(served, path):
    assert served.call("open_photo", {"path": path})[1]["code"] == "upload_missing"


@pytest.mark.parametrize("way", ["straight", "climbing", "linked"])
def test_a_picture_outside_the_uploads_cannot_be_opened(served, tmp_path, way):
    secret, link = tmp_path / "secret.png", served.visits.folder / "link.png"
    Image.new("RGB", (8, 8)).save(secret)
    link.unlink(missing_ok=True)
    link.symlink_to(secret)
    path = {"straight": str(secret), "climbing": f"{served.visits.folder}/{'../' * 12}{secret}", "linked": str(link)}
    assert served.call("open_photo", {"path": path[way]})[1]["code"] == "upload_missing"
    assert secret.exists()


def strange_calls():
    points = [[1, 1]]
    strokes = [
        None, [], {}, "x", [None], [STROKE] * 65, [STROKE | {"points": []}], [STROKE | {"points": [[1]]}],
        [STROKE | {"points": [["a", 1]]}], [STROKE | {"points": [[True, 1]]}], [STROKE | {"points": [[1e300, 1]]}],
        [STROKE | {"points": [[10**400, 1]]}], [STROKE | {"brush": float("nan")}],
        [STROKE | {"points": [[float("nan"), 1]]}], [STROKE | {"points": [[float("inf"), 1]]}],
        [STROKE | {"points": points * 20_001}], [STROKE | {"brush": 0}], [STROKE | {"brush": -3}],
        [STROKE | {"brush": 1e9}], [STROKE | {"brush": None}], [STROKE | {"erase": "yes"}], [{"points": points}],
    ]  # fmt: skip
    return strokes


@pytest.mark.parametrize("strokes", strange_calls(), ids=lambda strokes: repr(strokes)[:30])
def test_strange_strokes_are_declined_and_change_nothing(served, upload, strokes):
    visit = open_photo(served, upload, Image.fromarray(noise(60, 90)))["visit"]
    status, answer = served.call("paint", {"visit": visit, "strokes": strokes})
    assert status == 200 and answer == {"error": sentence("bad_request", "en"), "code": "bad_request"}
    assert served.call("clear_strokes", {"visit": visit})[1]["changed"] == [False]


@pytest.mark.parametrize("call", [None, [], "x", 3, {}, {"visit": None}, {"visit": {}}, {"visit": "x" * 32}])
@pytest.mark.parametrize("action", ["paint", "undo_stroke", "clear_strokes", "finish", "redo_stroke", "leave_visit"])
def test_no_call_without_a_valid_visit_gets_anywhere(served, action, call):
    status, answer = served.call(action, call)
    assert status == 200 and set(answer) == {"error", "code"} and answer["code"] in ("gone", "bad_request")


def test_a_failure_inside_is_answered_with_a_sentence_and_no_trace(served, upload, monkeypatch, caplog):
    visit = open_photo(served, upload, Image.fromarray(noise(60, 90)))["visit"]
    monkeypatch.setattr(served.visits.get(visit).session, "undo", lambda: 1 / 0)
    _, answer = served.call("undo_stroke", {"visit": visit})
    assert answer == {"error": sentence("unexpected", "en"), "code": "unexpected"}
    assert "ZeroDivisionError" in caplog.text


# --- visits


def session(width=10, height=10):
    return Inpainter(OneColour()).open(noise(height, width))


def test_ids_are_long_and_never_alike(tmp_path):
    visits = Visits(tmp_path)
    ids = {visits.add(session(), "a.png").id for _ in range(20)}
    assert len(ids) == 20 and min(map(len, ids)) >= 32


def test_a_visit_ends_when_nobody_uses_it(tmp_path):
    visits = Visits(tmp_path, idle_s=0.05)
    visit = visits.add(session(), "a.png")
    deadline = time.monotonic() + 10
    while len(visits) and time.monotonic() < deadline:
        time.sleep(0.02)
    with pytest.raises(Refusal, match="gone"):
        visits.get(visit.id)


def test_the_photo_that_was_left_alone_longest_goes_first_when_there_are_too_many(tmp_path):
    visits = Visits(tmp_path, most=2)
    first, second = visits.add(session(), "1"), visits.add(session(), "2")
    visits.get(first.id)
    third = visits.add(session(), "3")
    with pytest.raises(Refusal, match="gone"):
        visits.get(second.id)
    assert visits.get(first.id) is first and visits.get(third.id) is third


def test_large_photos_make_room_for_each_other_but_one_is_always_kept(tmp_path):
    visits = Visits(tmp_path, most_megapixels=0.0001)
    visits.add(session(), "1")
    second = visits.add(session(20, 20), "2")
    assert len(visits) == 1 and visits.get(second.id) is second


def test_a_closed_tab_ends_its_visit(tmp_path):
    visits = Visits(tmp_path)
    mine, other = visits.add(session(), "1"), visits.add(session(), "2")
    visits.belongs_to("my tab", mine.id)
    visits.tab_closed("my tab")
    assert len(visits) == 1 and visits.get(other.id) is other


def test_a_shelf_is_removed_when_it_is_old(tmp_path):
    visits = Visits(tmp_path)
    folder = visits.shelf()
    visits.sweep()
    assert folder.is_dir()
    visits.sweep(older_than_s=0)
    assert not folder.exists()


# --- texts


def test_every_sentence_is_there_in_each_language_with_the_same_values():
    for key, row in SENTENCES.items():
        assert len(row) == len(LANGUAGES) and all(row), key
        values = [sorted(re.findall(r"{(\w+)}", text)) for text in row]
        assert values[0] == values[1], key


def test_every_text_that_the_page_names_exists():
    page = ROOT / "page"
    named = {
        *re.findall(
            r'data-(?:text|label)="(\w+)"', (page / "static" / "editor" / "editor.html").read_text(encoding="utf-8")
        )
    }
    for path in page.rglob("*.js"):
        named |= {*re.findall(r'\b(?:text|say)\("(\w+)"', path.read_text(encoding="utf-8"))}
    for path in page.rglob("*.py"):
        named |= {*re.findall(r'Refusal\(\s*"(\w+)"', path.read_text(encoding="utf-8"))}
    assert len(named) > 60 and named <= set(SENTENCES)


@pytest.mark.parametrize(
    ("header", "language"),
    [("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("de,en;q=0.5,zh;q=0.3", "en"), ("fr", "en"), ("", "en"), (None, "en")],
)
def test_the_language_follows_the_browser(header, language):
    assert language_of(header) == language


# --- the door


@pytest.fixture
def bundled(tmp_path, monkeypatch):
    """Bundled weights of an untrained generator."""
    pretrained.save_generator(build_generator(FreeFormConfig()), tmp_path / "bundled")
    monkeypatch.setattr(pretrained, "BUNDLED", tmp_path / "bundled")


def test_without_a_model_id_the_bundled_weights_are_used(bundled):
    inpainter, notice = app.open_inpainter(None, None)
    assert inpainter.source == "bundled" and notice == ""


def test_a_model_that_cannot_be_loaded_is_replaced_by_the_bundled_one_with_the_reason(bundled, tmp_path):
    inpainter, notice = app.open_inpainter(str(tmp_path / "nowhere"), None)
    assert inpainter.source == "bundled" and "nowhere" in notice and "folder" in notice


def test_the_page_needs_neither_torchvision_nor_datasets():
    code = "import app, sys; sys.exit(int('torchvision' in sys.modules or 'datasets' in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
