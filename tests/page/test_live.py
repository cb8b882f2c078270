"""Drafts and final fills in a real browser: both are shown, and painting goes on meanwhile."""

import numpy as np
import pytest

from inpaint import Inpainter
from page.server.texts import translate
from tests.inpaint.sessions import TIMEOUT_S, Gate, TwoPhases
from tests.page.browsing import open_tab, until
from tests.page.serving import GRADIO_WARNINGS, OneColour, serving

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]
GATE = Gate(is_open=True)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    inpainter = Inpainter(OneColour()).with_fills(TwoPhases(before_final=GATE))
    with serving(tmp_path_factory.mktemp("uploads").resolve(), inpainter=inpainter, timeout_s=0.2) as running:
        yield running


@pytest.fixture
def gate():
    GATE.close()
    yield GATE
    GATE.opened.set()


def open_photo(visitor, served):
    """Upload a photo; the session that the server has opened for it."""
    visitor.upload(np.full((300, 400, 3), 90, np.uint8))
    return next(reversed(served.visits._visits.values())).session


def shows_the_canvas(visitor, session):
    return np.abs(visitor.pixels()[..., :3].astype(int) - session._canvas.pixels).max() <= 1


def refining(visitor, is_refining):
    visitor.page.wait_for_selector(f".page{'[data-refining]' if is_refining else ':not([data-refining])'}")


def test_the_draft_of_a_stroke_is_shown_and_then_the_final_fill(visitor, served, gate):
    session = open_photo(visitor, served)
    visitor.paint((80, 90), (250, 180))
    refining(visitor, True)
    assert visitor["status"].inner_text() == translate("refining", "en") and visitor["download"].is_enabled()
    assert session.has_drafts and shows_the_canvas(visitor, session)
    draft = visitor.pixels()
    gate.opened.set()
    refining(visitor, False)
    visitor.wait_for_status(translate("filled", "en")[:4])
    assert not session.has_drafts and shows_the_canvas(visitor, session)
    assert (visitor.pixels() != draft).any()
    visitor["undo"].click()
    visitor.wait_for_status(translate("hint", "en"))
    assert (visitor.pixels()[..., :3] == 90).all()


def test_a_stroke_during_the_final_fill_is_filled_at_once_and_both_are_finished_later(visitor, served, gate):
    session = open_photo(visitor, served)
    visitor.paint((80, 90), (150, 90))
    assert gate.reached.wait(TIMEOUT_S)
    visitor.paint((300, 200), (320, 220))
    assert session.mask[200, 300] and session.has_drafts and shows_the_canvas(visitor, session)
    gate.opened.set()
    until(lambda: not session.has_drafts, "final fills of both strokes")
    visitor.wait_for_status(translate("filled", "en")[:4])
    refining(visitor, False)
    assert shows_the_canvas(visitor, session)


def test_strokes_of_a_thick_brush_are_finished_together_after_a_pause(visitor, served):
    session = open_photo(visitor, served)
    visitor["fill_mode"].select_option("each_stroke")
    visitor["size"].fill("100")
    visitor.paint((80, 90), (150, 90))
    assert visitor["status"].inner_text() == translate("draft", "en")
    visitor.paint((120, 150), (190, 150))
    assert session.has_drafts and not visitor.calls("finish_fill")
    until(lambda: not session.has_drafts, "final fills")
    refining(visitor, False)
    assert len(visitor.calls("finish_fill")) == 1 and shows_the_canvas(visitor, session)


def test_a_photo_that_is_opened_during_the_final_fill_of_another_one_is_not_refined(visitor, served, gate):
    open_photo(visitor, served)
    visitor.paint((80, 90), (250, 180))
    refining(visitor, True)
    visitor.upload(np.full((90, 80, 3), 90, np.uint8))
    visitor.page.wait_for_function("document.querySelector('.page').editor.size[0] === 80")
    refining(visitor, False)
    gate.opened.set()
    visitor.paint((40, 45))
    session = next(reversed(served.visits._visits.values())).session
    until(lambda: not session.has_drafts, "final fills")
    refining(visitor, False)
    assert shows_the_canvas(visitor, session)


@pytest.mark.parametrize(("name", "height", "drafts"), [("otter", 772, 1), ("harbour", 819, 2)])
def test_an_example_shown_while_kernels_are_compiled_is_refined(visitor, served, monkeypatch, name, height, drafts):
    compiling = iter([True] * drafts)  # when it is shown, and when it is opened on the server
    monkeypatch.setattr("page.editor.examples.is_compiling", lambda: next(compiling, False))
    visitor[name].click()
    visitor.page.wait_for_function(f"document.querySelector('.page').editor.size[1] === {height}")
    visitor.wait_for_status(translate("filled", "en")[:4])
    session = next(reversed(served.visits._visits.values())).session
    assert session.painted and not session.has_drafts and shows_the_canvas(visitor, session)


def test_another_fill_follows_the_button_and_the_key_and_can_be_undone(visitor, served):
    session = open_photo(visitor, served)
    assert visitor["another_fill"].is_disabled()
    visitor.paint((80, 90), (250, 180))
    until(lambda: not session.has_drafts, "final fills")
    refining(visitor, False)
    pictures = [visitor.pixels()]
    for press in (visitor["another_fill"].click, lambda: visitor.page.keyboard.press("a")):
        press()
        visitor.wait("ready")
        assert shows_the_canvas(visitor, session)
        pictures.append(visitor.pixels())
    assert session.seed == 2 and (pictures[0] != pictures[1]).any() and (pictures[1] != pictures[2]).any()
    visitor["undo"].click()
    visitor.wait("ready")
    assert (visitor.pixels() == pictures[1]).all()


def test_a_hole_without_another_fill_gets_a_message(visitor, served):
    open_photo(visitor, served)
    visitor["size"].fill("4")
    visitor.paint((80, 90))
    visitor["another_fill"].click()
    visitor.wait("ready")
    assert visitor["error"].inner_text() == translate("only_fill", "en")


def test_a_version_is_kept_of_the_final_fill_only(visitor, served, gate):
    session = open_photo(visitor, served)
    visitor.paint((80, 90), (250, 180))
    visitor.page.wait_for_timeout(1500)
    assert not visitor.calls("keep_version")
    gate.opened.set()
    visitor.page.wait_for_selector("[data-testid=version]:nth-child(2)")
    assert not session.has_drafts


def test_the_download_during_the_final_fill_waits_for_it(browser, served, gate):
    from tests.page.browsing import Visitor

    visitor = Visitor(open_tab(browser), served.url)
    session = open_photo(visitor, served)
    visitor.paint((80, 90), (250, 180))
    assert gate.reached.wait(TIMEOUT_S)
    with visitor.page.expect_download() as download:
        visitor["download"].click()
        gate.opened.set()
    assert download.value.suggested_filename == "photo-filled.png"
    assert not session.has_drafts and shows_the_canvas(visitor, session)
    visitor.leave()
