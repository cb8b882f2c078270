"""The steps of a restoration as the browser calls them: each can be taken back, and keeps what else was painted."""

import io
import threading
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from inpaint import Inpainter
from inpaint.photos.tone import find_tone_curve
from page.server.texts import translate
from tests.page.serving import FILL, GRADIO_WARNINGS, OneColour, noise

pytestmark = GRADIO_WARNINGS
LINES = {"level": 3, "kinds": ["lines", "specks", "areas"], "left_out": []}
OFF = LINES | {"kinds": []}


@pytest.fixture
def searches(monkeypatch):
    """Every photo has a line of damage in rows 50 to 52, and a faint speck; how often they were looked for."""
    calls = []

    def find_damage(self, photo, **options):
        calls.append(photo.size)
        probability = np.zeros((photo.height, photo.width), np.float32)
        probability[50:53, 20:130] = 0.9
        probability[80:84, 60:64] = 0.3
        return None, probability

    monkeypatch.setattr(Inpainter, "find_damage", find_damage)
    return calls


def result(served, visit):
    _, answer = served.call("finish", {"visit": visit})
    with urllib.request.urlopen(urllib.parse.urljoin(served.url, answer["file"]["url"])) as response:
        return np.asarray(Image.open(io.BytesIO(response.read())))


def filled(pixels, photo):
    """Which pixels are filled; no other pixel has changed."""
    changed = (pixels != photo).any(axis=2)
    assert (np.abs(pixels[changed].astype(int) - FILL) <= 1).all()
    return changed


def test_what_was_found_is_filled_and_each_change_of_the_choice_replaces_the_last(served, searches):
    photo = noise(100, 150)
    visit = served.open(Image.fromarray(photo))
    status, answer = served.call("find", {"visit": visit})
    assert status == 200 and (answer["found"]["width"], answer["found"]["height"]) == (150, 100)
    _, answer = served.call("fill_found", {"visit": visit} | LINES)
    assert answer["changed"] == [True] and answer["undo"]
    holes = filled(result(served, visit), photo)
    assert holes[51, 25:125].all() and not holes[70:].any()
    served.call("fill_found", {"visit": visit} | LINES | {"level": 5})
    holes = filled(result(served, visit), photo)
    assert holes[51, 25:125].all() and holes[81, 61]
    served.call("fill_found", {"visit": visit} | LINES | {"level": 5, "left_out": [[70, 51]]})
    holes = filled(result(served, visit), photo)
    assert not holes[:70].any() and holes[81, 61]
    served.call("fill_found", {"visit": visit} | OFF)
    assert np.array_equal(result(served, visit), photo)
    served.call("undo_stroke", {"visit": visit})
    assert filled(result(served, visit), photo)[81, 61]
    assert len(searches) == 1


def test_taking_the_fills_back_keeps_what_was_painted(served, searches):
    photo = noise(100, 150)
    visit = served.open(Image.fromarray(photo))
    served.call("fill_found", {"visit": visit} | LINES)  # looks for damage itself, as after a reopening
    served.call("paint", {"visit": visit, "strokes": [{"points": [[30, 20], [90, 20]], "brush": 8, "erase": False}]})
    served.call("fill_found", {"visit": visit} | OFF)
    holes = filled(result(served, visit), photo)
    assert holes[20, 30:90].all() and not holes[40:].any()


def test_fills_that_were_taken_back_return_without_being_computed_again(served, searches, monkeypatch):
    predictions, forward = [], OneColour.forward
    monkeypatch.setattr(OneColour, "forward", lambda self, *given: (predictions.append(1), forward(self, *given))[1])
    photo = noise(100, 150)
    visit = served.open(Image.fromarray(photo))
    served.call("fill_found", {"visit": visit} | LINES)
    before = result(served, visit)
    served.call("fill_found", {"visit": visit} | OFF)
    computed = len(predictions)
    _, answer = served.call("fill_found", {"visit": visit} | LINES)
    assert answer["changed"] == [True] and np.array_equal(result(served, visit), before)
    assert computed and len(predictions) == computed
    served.call("fill_found", {"visit": visit} | OFF)
    served.call("use_model", {"visit": visit, "model": ""})
    served.call("fill_found", {"visit": visit} | LINES)  # another model may fill otherwise
    assert len(predictions) > computed


def test_after_undo_a_stroke_inside_a_former_find_stays_when_the_fills_are_taken_back(served, searches):
    photo = noise(100, 150)
    visit = served.open(Image.fromarray(photo))
    stroke = {"points": [[40, 51], [60, 51]], "brush": 4, "erase": False, "grow_px": 0}
    served.call("fill_found", {"visit": visit} | LINES)
    served.call("undo_stroke", {"visit": visit})
    served.call("paint", {"visit": visit, "strokes": [stroke]})
    served.call("fill_found", {"visit": visit} | OFF)
    holes = filled(result(served, visit), photo)
    assert holes[51, 40:60].all() and not holes[51, 70:].any()


def test_a_stroke_across_a_find_that_is_filled_stays_whole_and_redo_gives_the_find_back_to_the_switch(served, searches):
    photo = noise(100, 150)
    visit = served.open(Image.fromarray(photo))
    stroke = {"points": [[60, 40], [60, 62]], "brush": 6, "erase": False, "grow_px": 0}
    served.call("fill_found", {"visit": visit} | LINES)
    served.call("paint", {"visit": visit, "strokes": [stroke], "together": True})
    served.call("fill_found", {"visit": visit} | OFF)
    holes = filled(result(served, visit), photo)
    assert holes[41:61, 60].all() and not holes[51, 70:].any()
    for action in ("undo_stroke", "undo_stroke", "undo_stroke", "redo_stroke"):
        served.call(action, {"visit": visit})
    assert filled(result(served, visit), photo)[51, 25:125].all()
    served.call("fill_found", {"visit": visit} | OFF)
    assert np.array_equal(result(served, visit), photo)


def test_a_stroke_for_damage_only_fills_the_damage_under_it(served, searches):
    photo = noise(100, 150)
    visit = served.open(Image.fromarray(photo))
    stroke = {"points": [[40, 51], [60, 51]], "brush": 30, "erase": False, "only_damage": True}
    _, answer = served.call("paint", {"visit": visit, "strokes": [stroke]})
    assert answer["changed"] == [True]
    holes = filled(result(served, visit), photo)
    assert holes[51, 40:60].all() and not holes[51, 80:].any() and not holes[:46].any() and not holes[57:].any()
    _, answer = served.call("paint", {"visit": visit, "strokes": [stroke | {"points": [[40, 15]], "brush": 8}]})
    assert answer == {"error": translate("no_damage_here", "en"), "code": "no_damage_here"}
    erased = stroke | {"erase": True}
    served.call("paint", {"visit": visit, "strokes": [erased]})
    assert np.array_equal(result(served, visit), photo)


def faded():
    """A faded sepia photo."""
    grey = noise(100, 150)[..., :1].astype(float)
    return (grey * [0.4, 0.35, 0.25] + [90, 75, 60]).round().astype(np.uint8)


def test_tones_are_evened_out_in_the_download_and_for_the_browser_and_can_be_taken_back(served):
    photo = faded()
    visit = served.open(Image.fromarray(photo))
    _, answer = served.call("set_tone", {"visit": visit, "on": None})
    curve = find_tone_curve(Image.fromarray(photo))
    assert answer["faded"] and np.allclose(answer["tone"], curve.levels, atol=0.01)
    restored = result(served, visit)
    assert np.array_equal(restored, np.asarray(curve.apply(Image.fromarray(photo))))
    assert np.ptp(restored) > 200 > np.ptp(photo)
    assert served.call("set_tone", {"visit": visit, "on": False})[1]["tone"] is None
    assert np.array_equal(result(served, visit), photo)


def test_a_photo_with_full_contrast_stays_unless_the_visitor_wants_it(served):
    visit = served.open(Image.fromarray(noise(100, 150)))
    assert served.call("set_tone", {"visit": visit, "on": None})[1] == {"tone": None, "faded": False}
    assert np.array_equal(result(served, visit), noise(100, 150))
    assert served.call("set_tone", {"visit": visit, "on": True})[1]["tone"] is not None
    assert served.call("set_tone", {"visit": visit, "on": "yes"})[1]["code"] == "bad_request"


def test_damage_has_no_influence_on_the_tones(served, searches):
    photo = faded()
    photo[50:53, 20:130] = 255
    visit = served.open(Image.fromarray(photo))
    served.call("fill_found", {"visit": visit} | LINES)
    _, answer = served.call("set_tone", {"visit": visit, "on": True})
    rest = np.delete(photo, slice(47, 56), axis=0)
    assert np.allclose(answer["tone"], find_tone_curve(Image.fromarray(rest)).levels, atol=3)


@pytest.mark.parametrize("mode", ["P", "L", "CMYK", "RGBA"])
def test_photos_of_all_modes_can_be_evened_out(served, mode):
    picture = Image.fromarray(faded()).convert(mode)
    picture.save(file := io.BytesIO(), "TIFF")
    visit = served.open(file.getvalue(), "photo.tif")
    levels = served.call("set_tone", {"visit": visit, "on": True})[1]["tone"]
    assert [len(row) for row in levels] == [256] * 3
    assert np.ptp(np.asarray(result(served, visit))[..., 0]) > 150


def test_a_cancelled_search_ends_and_the_next_one_starts_anew(served, monkeypatch):
    begun, searches = threading.Event(), []

    def find_damage(self, photo, *, on_progress, **options):
        searches.append(photo.size)
        if len(searches) == 1:
            on_progress(0.4)
            begun.set()
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                on_progress(0.4)  # raises once the visitor has cancelled
                time.sleep(0.01)
        return None, np.zeros((photo.height, photo.width), np.float32)

    monkeypatch.setattr(Inpainter, "find_damage", find_damage)
    visit = served.open(Image.fromarray(noise(100, 150)))
    with ThreadPoolExecutor() as pool:
        search = pool.submit(served.call, "find", {"visit": visit})
        assert begun.wait(20)
        assert served.call("progress", {"visit": visit})[1] == {"stage": "find", "share": 0.4}
        served.call("cancel", {"visit": visit})
        assert search.result(20)[1] == {"error": translate("cancelled", "en"), "code": "cancelled"}
    assert served.call("progress", {"visit": visit})[1] == {}
    assert "found" in served.call("find", {"visit": visit})[1] and len(searches) == 2
