"""The editor's actions as the browser calls them, over HTTP."""

import base64
import io
import os
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from page.editor.examples import EXAMPLES
from page.server.checks import MAX_MEGAPIXELS
from page.server.texts import translate
from tests.page.serving import FILL, GRADIO_WARNINGS, noise
from tests.pictures import landscape

pytestmark = GRADIO_WARNINGS
STROKE = {"points": [[40, 40], [90, 60]], "brush": 20, "erase": False}


def open_photo(served, content, name="photo.png", **options):
    """Upload and open a photo; the answer of open_photo. Options are those of PIL's save."""
    if options:
        content.save(file := io.BytesIO(), Image.registered_extensions()[Path(name).suffix.lower()], **options)
        content = file.getvalue()
    status, answer = served.call("open_photo", {"path": served.upload(content, name)})
    assert status == 200 and "error" not in answer, answer
    return answer


def decode_patches(answer):
    """The patches of an answer: (left, top, RGBA pixels)."""
    return [
        (patch["left"], patch["top"], np.asarray(Image.open(io.BytesIO(base64.b64decode(patch["png"])))))
        for patch in answer["patches"]
    ]


def file_url(served, answer):
    return urllib.parse.urljoin(served.url, answer["file"]["url"])


# --- strokes


def test_painting_returns_patches_that_are_filled_under_the_stroke_and_transparent_elsewhere(served):
    photo = open_photo(served, Image.fromarray(noise(100, 150)))
    assert (photo["width"], photo["height"]) == (150, 100)
    _, answer = served.call("paint", {"visit": photo["visit"], "strokes": [STROKE]})
    assert answer["undo"] and answer["painted"] and answer["changed"] == [True]
    filled = np.zeros((100, 150), bool)
    for left, top, pixels in decode_patches(answer):
        hole = pixels[..., 3] == 255
        assert (hole | (pixels[..., 3] == 0)).all()
        assert (np.abs(pixels[hole][:, :3].astype(int) - FILL) <= 1).all()
        filled[top : top + hole.shape[0], left : left + hole.shape[1]] |= hole
    assert filled[40, 40] and filled[50, 65] and filled[60, 90] and not filled[30, 70] and not filled[90].any()


def test_undo_and_clear_return_transparent_patches(served):
    visit = open_photo(served, Image.fromarray(noise(100, 150)))["visit"]
    for action in ("undo_stroke", "clear_strokes"):
        served.call("paint", {"visit": visit, "strokes": [STROKE]})
        _, answer = served.call(action, {"visit": visit})
        assert not answer["painted"] and decode_patches(answer)
        assert all((pixels[..., 3] == 0).all() for _, _, pixels in decode_patches(answer))


def test_strokes_of_one_request_are_undone_one_by_one(served):
    visit = open_photo(served, Image.fromarray(noise(100, 150)))["visit"]
    other = STROKE | {"points": [[120, 80]]}
    served.call("paint", {"visit": visit, "strokes": [STROKE, other]})
    _, answer = served.call("undo_stroke", {"visit": visit})
    assert answer["undo"] and answer["painted"]


def test_a_patch_carries_the_colour_profile_of_the_photo(served):
    visit = open_photo(served, Image.fromarray(noise(64, 64)), icc_profile=b"a profile of ours")["visit"]
    _, answer = served.call("paint", {"visit": visit, "strokes": [STROKE]})
    patch = Image.open(io.BytesIO(base64.b64decode(answer["patches"][0]["png"])))
    assert patch.info["icc_profile"] == b"a profile of ours"


def test_a_stroke_over_the_whole_photo_is_declined_and_the_previous_stroke_stays(served):
    visit = open_photo(served, Image.fromarray(noise(60, 90)))["visit"]
    served.call("paint", {"visit": visit, "strokes": [STROKE]})
    whole_photo = {"points": [[0, 30], [90, 30]], "brush": 400, "erase": False}
    _, answer = served.call("paint", {"visit": visit, "strokes": [whole_photo]})
    assert answer == {"error": translate("all_painted", "en"), "code": "all_painted"}
    assert served.call("undo_stroke", {"visit": visit})[1]["painted"] is False


# --- photos


def test_a_photo_with_an_exif_rotation_is_opened_upright(served):
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = open_photo(served, Image.fromarray(noise(60, 90)), "photo.jpg", exif=exif)
    assert (photo["width"], photo["height"]) == (60, 90)


def test_an_opened_upload_is_removed_after_a_while(served):
    path = served.upload(Image.fromarray(noise(30, 40, seed=5)))
    assert Path(path).is_file()
    served.call("open_photo", {"path": path})
    served.visits.purge()
    assert Path(path).is_file()
    served.visits.purge_expired(max_age_s=0)
    assert not Path(path).parent.exists()


def test_two_visitors_can_open_the_same_photo(served):
    paths = [served.upload(Image.fromarray(noise(30, 40, seed=6))) for _ in range(2)]
    assert paths[0] == paths[1]
    visits = {served.call("open_photo", {"path": path})[1]["visit"] for path in paths}
    assert len(visits) == 2


def test_the_finished_photo_keeps_name_and_format_and_differs_only_under_the_stroke(served):
    pixels = noise(100, 150, seed=2)
    visit = open_photo(served, Image.fromarray(pixels), "my holiday.png")["visit"]
    served.call("paint", {"visit": visit, "strokes": [STROKE]})
    _, answer = served.call("finish", {"visit": visit})
    assert answer["name"].endswith("-filled.png") and "holiday" in answer["name"]
    with urllib.request.urlopen(file_url(served, answer)) as response:
        result = np.asarray(Image.open(io.BytesIO(response.read())))
    changed = (result != pixels).any(axis=2)
    assert changed[40, 40] and changed[60, 90] and not changed[:25].any() and not changed[75:].any()


def test_a_jpeg_is_finished_as_a_jpeg(served):
    visit = open_photo(served, Image.fromarray(noise(60, 90)), "photo.JPEG")["visit"]
    served.call("paint", {"visit": visit, "strokes": [STROKE]})
    _, answer = served.call("finish", {"visit": visit})
    assert answer["name"] == "photo-filled.JPEG"
    assert Image.open(answer["file"]["path"]).format == "JPEG"


def test_the_file_of_a_photo_is_kept_for_its_download_until_the_visit_ends(served, monkeypatch):
    """Saving edits the original file, which must be there after the upload was removed."""
    from page.editor import saving

    photo = open_photo(served, Image.fromarray(noise(100, 150)), "photo.jpg", quality=90)
    served.visits.purge_expired(max_age_s=0)
    folder = served.visits.get(photo["visit"]).folder
    seen = []

    def save_photo(result, target, format):
        seen.append(result.info["original"].read())
        return ("a sentence",)

    monkeypatch.setattr(saving, "save_photo", save_photo)
    served.call("paint", {"visit": photo["visit"], "strokes": [STROKE]})
    _, answer = served.call("finish", {"visit": photo["visit"]})
    assert seen[0].startswith(b"\xff\xd8") and answer["notes"] == ["a sentence"]
    served.call("leave_visit", {"visit": photo["visit"]})
    assert not folder.exists()


def test_a_mask_that_marks_nothing_is_declined_and_an_erased_copy_is_noted(served):
    picture = landscape()
    visit = open_photo(served, picture)["visit"]

    def add(mask):
        return served.call("add_mask", {"visit": visit, "path": served.upload(mask, "mask.png")})[1]

    assert add(Image.new("L", picture.size))["code"] == "mask_empty"
    alpha = Image.new("L", picture.size, 255)
    alpha.paste(0, (30, 40, 90, 80))
    picture.putalpha(alpha)
    answer = add(picture)
    assert answer["notes"] == ["mask_erased"]
    hole = np.zeros((192, 256), bool)
    for left, top, pixels in decode_patches(answer):
        hole[top : top + pixels.shape[0], left : left + pixels.shape[1]] |= pixels[..., 3] == 255
    assert (hole == (np.asarray(alpha) == 0)).all()


def test_an_ended_visit_leaves_no_files_and_cannot_be_used(served):
    visit = open_photo(served, Image.fromarray(noise(60, 90)))["visit"]
    _, answer = served.call("finish", {"visit": visit})
    served.call("leave_visit", {"visit": visit})
    assert not Path(answer["file"]["path"]).parent.exists()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(file_url(served, answer))
    assert served.call("paint", {"visit": visit, "strokes": [STROKE]})[1]["code"] == "gone"


def test_every_example_is_shown_filled_without_a_visit_and_opens_with_that_fill(served):
    for name in EXAMPLES:
        before = len(served.visits)
        _, shown = served.call("show_example", {"name": name})
        size = Image.open(io.BytesIO(base64.b64decode(shown["picture"]))).size
        assert size == (shown["width"], shown["height"])
        assert shown["painted"] and decode_patches(shown) and len(served.visits) <= before  # old ones may end
        _, opened = served.call("open_example", {"name": name})
        assert (opened["width"], opened["height"]) == size
        _, undone = served.call("undo_stroke", {"visit": opened["visit"]})
        assert decode_patches(undone) and not undone["painted"] and undone["redo"]


# --- calls that are declined


@pytest.mark.parametrize("name", ["photo.png", "photo.svg", "photo.jpg"])
def test_a_file_that_is_not_a_picture_is_declined_in_the_language_of_the_browser(served, name):
    path = served.upload(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", name)
    _, answer = served.call("open_photo", {"path": path}, language="zh-CN,zh;q=0.9")
    assert answer == {"error": translate("not_a_picture", "zh"), "code": "not_a_picture"}


@pytest.mark.parametrize(
    ("data", "name"), [(b"FUJIFILMCCD-RAW 0201" + bytes(200), "a.raf"), (b"\0\0\0\x18ftypcrx " + bytes(200), "a.cr3")]
)
def test_a_raw_photo_is_declined_with_the_next_step(served, data, name):
    _, answer = served.call("open_photo", {"path": served.upload(data, name)}, language="en")
    assert answer == {"error": translate("raw_photo", "en"), "code": "raw_photo"}
    assert "raw converter" in answer["error"]


def test_a_picture_with_too_many_pixels_is_declined(served):
    _, answer = served.call("open_photo", {"path": served.upload(Image.new("1", (20_000, 16_000)))})
    assert answer["code"] == "too_many_pixels" and str(MAX_MEGAPIXELS) in answer["error"]


@pytest.mark.parametrize("path", ["", "\0", "a" * 10_000, None, 3, ["x"], {}], ids=lambda path: repr(path)[:20])
def test_what_is_no_path_is_declined(served, path):
    assert served.call("open_photo", {"path": path})[1]["code"] == "upload_missing"


@pytest.mark.parametrize("action", ["open_photo", "add_mask"])
def test_a_file_that_is_not_an_upload_is_declined_and_stays(served, visit, tmp_path, action):
    photo = tmp_path / "photos" / "photo.png"
    photo.parent.mkdir()
    Image.fromarray(noise(60, 90)).save(photo)
    for path in (
        str(photo),
        os.path.relpath(photo),
        f"{served.visits.folder}/{os.path.relpath(photo, served.visits.folder)}",
    ):
        assert served.call(action, {"path": path, "visit": visit})[1]["code"] == "upload_missing"
        served.visits.purge_expired(max_age_s=0)
    assert photo.is_file()


POINT = [[1, 1]]
BAD_STROKES = [
    None, [], {}, "x", [None], [STROKE] * 65, [STROKE | {"points": []}], [STROKE | {"points": [[1]]}],
    [STROKE | {"points": [["a", 1]]}], [STROKE | {"points": [[True, 1]]}], [STROKE | {"points": [[1e300, 1]]}],
    [STROKE | {"points": [[10**400, 1]]}], [STROKE | {"brush": float("nan")}],
    [STROKE | {"points": [[float("nan"), 1]]}], [STROKE | {"points": [[float("inf"), 1]]}],
    [STROKE | {"points": POINT * 20_001}], [STROKE | {"brush": 0}], [STROKE | {"brush": -3}],
    [STROKE | {"brush": 1e9}], [STROKE | {"brush": None}], [STROKE | {"erase": "yes"}], [{"points": POINT}],
]  # fmt: skip


@pytest.fixture(scope="module")
def visit(served):
    return open_photo(served, Image.fromarray(noise(60, 90)))["visit"]


@pytest.mark.parametrize("strokes", BAD_STROKES, ids=lambda strokes: repr(strokes)[:30])
def test_malformed_strokes_are_declined_and_change_nothing(served, visit, strokes):
    status, answer = served.call("paint", {"visit": visit, "strokes": strokes})
    assert status == 200 and answer == {"error": translate("bad_request", "en"), "code": "bad_request"}
    assert served.call("clear_strokes", {"visit": visit})[1]["changed"] == [False]


@pytest.mark.parametrize("call", [None, [], "x", 3, {}, {"visit": None}, {"visit": {}}, {"visit": "x" * 32}])
@pytest.mark.parametrize("action", ["paint", "undo_stroke", "clear_strokes", "finish", "redo_stroke", "leave_visit"])
def test_a_call_without_a_valid_visit_is_declined(served, action, call):
    status, answer = served.call(action, call)
    assert status == 200 and set(answer) == {"error", "code"} and answer["code"] in ("gone", "bad_request")


def test_an_exception_is_answered_with_a_sentence_and_logged(served, monkeypatch, caplog):
    visit = open_photo(served, Image.fromarray(noise(60, 90)))["visit"]
    monkeypatch.setattr(served.visits.get(visit).session, "undo", lambda: 1 / 0)
    _, answer = served.call("undo_stroke", {"visit": visit})
    assert answer == {"error": translate("unexpected", "en"), "code": "unexpected"}
    assert "ZeroDivisionError" in caplog.text


# --- masks with a sentence of their own


def upload_mask(served, mask):
    visit = served.open(Image.fromarray(noise(60, 90)))
    return served.call("add_mask", {"visit": visit, "path": served.upload(mask)})[1]


@pytest.mark.parametrize(
    ("mask", "code", "says"),
    [
        (Image.new("L", (50, 40)), "mask_size", "50x40"),
        (Image.new("L", (60, 90)), "mask_rotated", "60x90"),
        (
            Image.fromarray(np.pad(np.zeros((1, 2), np.uint8), ((59, 0), (88, 0)), constant_values=255)),
            "mask_share",
            "100 %",
        ),
    ],
)
def test_a_mask_that_cannot_be_used_gets_a_sentence_without_words_of_the_command_line(served, mask, code, says):
    answer = upload_mask(served, mask)
    assert answer["code"] == code and says in answer["error"] and "--" not in answer["error"]
