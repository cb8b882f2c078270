"""Drafts and final fills over HTTP: they come in two answers, and a stroke never waits for the second one."""

import threading

import numpy as np
import pytest
from PIL import Image

from inpaint import Inpainter
from page.server.texts import translate
from tests.inpaint.sessions import TIMEOUT_S, Gate, TwoPhases
from tests.page.editor.test_actions import decode_patches, file_url
from tests.page.serving import GRADIO_WARNINGS, OneColour, noise, serving

pytestmark = GRADIO_WARNINGS
THICK = {"points": [[40, 40], [90, 60]], "brush": 20, "erase": False}
ELSEWHERE = {"points": [[200, 100]], "brush": 20, "erase": False}
THIN = {"points": [[200, 20]], "brush": 5, "erase": False}
GATE = Gate(is_open=True)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    inpainter = Inpainter(OneColour()).with_fills(TwoPhases(before_final=GATE))
    with serving(tmp_path_factory.mktemp("uploads").resolve(), inpainter=inpainter) as running:
        yield running


@pytest.fixture(autouse=True)
def gate():
    GATE.reached.clear()
    yield GATE
    GATE.opened.set()


class Browser:
    """What a browser shows that draws the answers which it gets.

    Args:
        served: the page.
        draws: whether it sends the revision of what it has drawn.
    """

    def __init__(self, served):
        self.served, self.photo, self.revision = served, noise(150, 250), None
        self.visit, self.pixels = served.open(Image.fromarray(self.photo)), self.photo.copy()

    def call(self, action, **arguments):
        status, answer = self.served.call(action, {"visit": self.visit, "revision": self.revision, **arguments})
        assert status == 200
        return answer

    def draw(self, answer):
        for left, top, patch in decode_patches(answer):
            area = np.s_[top : top + patch.shape[0], left : left + patch.shape[1]]
            hole = patch[..., 3] > 0
            self.pixels[area] = np.where(hole[..., None], patch[..., :3], self.photo[area])
        self.revision = answer["revision"]
        return answer

    def paint(self, *strokes):
        return self.draw(self.call("paint", strokes=list(strokes)))

    @property
    def session(self):
        return self.served.visits._visits[self.visit].session

    def shows_the_canvas(self):
        return np.array_equal(self.pixels, self.session._canvas.pixels)


def in_thread(function, *arguments, **options):
    results = []
    thread = threading.Thread(target=lambda: results.append(function(*arguments, **options)))
    thread.start()

    def join():
        thread.join(TIMEOUT_S)
        return results[0]

    return join


def test_a_stroke_is_answered_with_its_draft_and_finish_fill_with_the_final_fill(served):
    browser = Browser(served)
    answer = browser.paint(THICK)
    assert answer["draft"] and not answer["pause"] and browser.shows_the_canvas()
    drafts = browser.pixels.copy()
    answer = browser.draw(browser.call("finish_fill"))
    assert not answer["draft"] and "changed" not in answer and browser.shows_the_canvas()
    assert (browser.pixels != drafts).any()
    browser.draw(browser.call("undo_stroke"))
    assert np.array_equal(browser.pixels, browser.photo)


def test_a_thin_hole_has_no_draft(served):
    answer = Browser(served).paint(THIN)
    assert answer["patches"] and not answer["draft"] and not answer["pause"]


def test_a_thick_brush_asks_for_a_pause(served):
    answer = Browser(served).paint(THICK | {"brush": 60})
    assert answer["draft"] and answer["pause"]


@pytest.mark.parametrize("action", ["add_mask", "fill_found", "grow_mask", "use_model"])
def test_other_changes_of_the_mask_come_as_drafts_too(served, action, monkeypatch):
    browser = Browser(served)
    arguments = {}
    if action == "add_mask":
        mask = Image.new("L", (250, 150))
        mask.paste(255, (20, 20, 60, 60))
        arguments = {"path": served.upload(mask)}
    elif action == "fill_found":
        damage = np.pad(np.ones((40, 40), np.float32), ((50, 60), (100, 110)))
        monkeypatch.setattr(Inpainter, "find_damage", lambda *_, **__: (None, damage))
        arguments = {"level": 3, "kinds": ["areas"], "left_out": []}
    else:
        browser.paint(THICK)
        browser.draw(browser.call("finish_fill"))
        arguments = {"grow_px": 5} if action == "grow_mask" else {}
    assert browser.draw(browser.call(action, **arguments))["draft"] and browser.shows_the_canvas()
    assert not browser.draw(browser.call("finish_fill"))["draft"] and browser.shows_the_canvas()


def test_a_stroke_does_not_wait_for_the_final_fill_of_the_previous_one(served, gate):
    browser = Browser(served)
    browser.paint(THICK)
    gate.close()
    finish = in_thread(browser.call, "finish_fill")
    assert gate.reached.wait(TIMEOUT_S)
    answer = browser.paint(ELSEWHERE)  # the browser ignores the other answer from now on
    assert answer["draft"] and browser.shows_the_canvas()
    gate.opened.set()
    assert finish()["draft"] and browser.shows_the_canvas()
    browser.draw(browser.call("finish_fill"))
    assert not browser.session.has_drafts and browser.shows_the_canvas()


def test_many_final_fills_leave_the_workers_to_strokes(served, gate):
    browsers = [Browser(served) for _ in range(4)]
    for browser in browsers:
        browser.paint(THICK)
    gate.close()
    finishes = [in_thread(browser.call, "finish_fill") for browser in browsers]
    assert gate.reached.wait(TIMEOUT_S)
    assert Browser(served).paint(THICK)["draft"]
    gate.opened.set()
    assert [finish()["draft"] for finish in finishes] == [False] * 4


def test_what_an_ignored_answer_would_have_shown_comes_with_the_next_one(served):
    browser = Browser(served)
    browser.paint(THICK)
    browser.call("finish_fill")  # its answer is lost
    assert not browser.shows_the_canvas()
    assert not browser.paint(THIN)["draft"] and browser.shows_the_canvas()
    browser.paint(ELSEWHERE)
    browser.call("finish_fill")
    assert not browser.draw(browser.call("finish_fill"))["draft"] and browser.shows_the_canvas()


def test_final_fills_of_an_earlier_revision_are_not_computed(served):
    browser = Browser(served)
    browser.paint(THICK)
    first = browser.revision
    browser.paint(ELSEWHERE)
    GATE.reached.clear()
    answer = browser.call("finish_fill", revision=first)
    assert answer["draft"] and not GATE.reached.is_set()
    for unknown in (None, "1", True, -5, 1.5, 10**9):
        assert browser.call("finish_fill", revision=unknown)["patches"] == []


def test_a_download_and_a_version_hold_no_draft(served):
    browser = Browser(served)
    browser.paint(THICK)
    status, answer = served.call("finish", {"visit": browser.visit})
    assert status == 200
    from urllib.request import urlopen

    with urlopen(file_url(served, answer)) as file:
        downloaded = np.asarray(Image.open(file).convert("RGB"))
    browser.draw(browser.call("finish_fill"))
    assert browser.shows_the_canvas() and np.array_equal(downloaded, browser.pixels)
    browser.paint(ELSEWHERE)
    version = browser.call("keep_version")["version"]
    browser.draw(browser.call("clear_strokes"))
    assert not browser.draw(browser.call("restore_version", version=version))["draft"] and browser.shows_the_canvas()


def test_another_fill_is_of_the_last_stroke_and_can_be_undone(served):
    browser = Browser(served)
    browser.paint(THICK)
    browser.paint(ELSEWHERE)
    browser.draw(browser.call("finish_fill"))
    before = browser.pixels.copy()
    answer = browser.draw(browser.call("another_fill"))
    assert answer["changed"] == [True] and browser.shows_the_canvas()
    changed = (browser.pixels != before).any(axis=2)
    assert changed[100, 200] and not changed[:, :150].any()
    browser.draw(browser.call("undo_stroke"))
    assert np.array_equal(browser.pixels, before)


def test_another_fill_of_a_hole_that_has_only_one_is_declined(served):
    browser = Browser(served)
    browser.paint(THIN)
    answer = browser.call("another_fill")
    assert answer == {"error": translate("only_fill", "en"), "code": "only_fill"}
    assert browser.draw(browser.call("undo_stroke"))["painted"] is False


def test_a_stroke_drops_another_fill_that_is_computed(served, gate):
    browser = Browser(served)
    browser.paint(THICK)
    browser.draw(browser.call("finish_fill"))
    gate.close()
    another = in_thread(browser.call, "another_fill")
    assert gate.reached.wait(TIMEOUT_S)
    browser.paint(ELSEWHERE)
    gate.opened.set()
    assert another()["changed"] == [False] and browser.shows_the_canvas()
    assert browser.session.seed == 0
