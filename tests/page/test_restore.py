"""Restoring a photo with one click, in a real browser: every step can be taken back, and what was found is steered."""

import threading
import time

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageFilter

from inpaint import Inpainter
from inpaint.photos.tone import find_tone_curve
from page.editor.examples import example_files
from page.editor.restoring import RestoreActions
from page.server.texts import translate
from tests.page.browsing import Visitor, filled, open_tab, picture_of, until
from tests.page.damaged import LEFT, RIGHT, SPECK, faded, find_damage
from tests.page.serving import GRADIO_WARNINGS, noise

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]


@pytest.fixture(autouse=True)
def searches(monkeypatch):
    """The sizes of the photos that were searched for damage."""
    calls = []

    def search(self, photo, **options):
        calls.append(photo.size)
        return find_damage(self, photo, **options)

    monkeypatch.setattr(Inpainter, "find_damage", search)
    return calls


def settle(visitor):
    """Wait until nothing is computed."""
    visitor.wait("ready")
    visitor.page.wait_for_function("document.querySelector('[data-testid=progress]').hidden")


def restore(visitor):
    visitor["restore"].click()
    visitor["restoration"].wait_for()
    visitor.page.wait_for_selector("[data-testid=divider]", state="visible")
    settle(visitor)


def checked(visitor, *names):
    return [visitor[name].is_checked() for name in names]


STEPS = ("step-find", "step-fill", "step-tone")


def test_one_click_fills_the_damage_evens_out_the_tones_and_opens_the_divider_at_the_change(visitor, searches):
    photo = faded(noise(300, 400))
    visitor.upload(photo)
    assert "primary" in visitor["download"].get_attribute("class") and visitor["download"].is_disabled()
    restore(visitor)
    assert checked(visitor, *STEPS) == [True, True, True] and visitor["found-count"].inner_text() == "2 found"
    assert filled(visitor.pixels(), LEFT, RIGHT) and not filled(visitor.pixels(), SPECK)
    assert 40 < float(visitor["divider"].input_value()) < 60  # half of the change on each side
    download = np.asarray(Image.open(visitor.download().path()))
    curve = find_tone_curve(Image.fromarray(photo), (visitor.pixels()[..., :3] != photo).any(axis=2))
    expected = np.asarray(curve.apply(Image.fromarray(visitor.pixels()[..., :3])))
    assert np.abs(download.astype(int) - expected).max() <= 1 and np.ptp(download) > 200
    visitor["compare"].click()
    shown = visitor.colour_at(30, 200)
    around = expected[195:206, 25:36].reshape(-1, 3).astype(int)  # the stage may scale the photo
    assert (around.min(0) - 20 <= shown).all() and (shown <= around.max(0) + 20).all()
    assert len(searches) == 1


def test_a_version_is_shown_and_restored_with_its_tones(visitor, searches):
    photo = faded(noise(300, 400))
    visitor.upload(photo)
    restore(visitor)
    visitor.page.wait_for_selector("[data-testid=version]:nth-child(2)")
    spread = [np.std(picture_of(each.get_attribute("src"))) for each in visitor.page.locator(".thumbnails img").all()]
    assert spread[1] > 1.3 * spread[0]
    visitor["version"].nth(0).click()
    visitor.page.wait_for_function("!document.querySelector('[data-testid=step-tone]').checked")
    settle(visitor)
    assert (visitor.pixels()[..., :3] == photo).all()
    visitor["version"].nth(1).click()
    visitor.page.wait_for_function("document.querySelector('[data-testid=step-tone]').checked")
    settle(visitor)
    assert filled(visitor.pixels(), LEFT, RIGHT) and visitor["version"].count() == 2


@pytest.mark.parametrize("step", ["found", "_fill", "_tone"])
def test_a_reload_during_a_restoration_ends_with_its_result(visitor, searches, monkeypatch, step):
    run, has_begun, may_end = getattr(RestoreActions, step), threading.Event(), threading.Event()

    def run_later(*arguments):
        has_begun.set()
        assert may_end.wait(30)
        return run(*arguments)

    monkeypatch.setattr(RestoreActions, step, run_later)
    visitor.upload(faded(noise(300, 400)))
    visitor["restore"].click()
    until(has_begun.is_set, "the step has begun")
    visitor.page.reload(wait_until="commit")
    may_end.set()
    visitor.wait_for_status(translate("restored_both", "en", count=2))
    settle(visitor)
    assert checked(visitor, *STEPS) == [True, True, True] and filled(visitor.pixels(), LEFT, RIGHT)
    assert visitor["divider"].is_visible() and len(searches) == 1
    visitor["undo"].click()
    visitor.page.wait_for_function("!document.querySelector('[data-testid=step-tone]').checked")
    settle(visitor)
    assert not filled(visitor.pixels(), LEFT) and visitor["undo"].is_disabled()


def test_a_search_that_goes_on_after_a_reload_is_shown_and_can_be_cancelled(visitor, monkeypatch):
    def search(self, photo, on_progress, **options):
        while True:  # until it is cancelled
            on_progress(0.25)
            time.sleep(0.02)

    monkeypatch.setattr(Inpainter, "find_damage", search)
    photo = noise(300, 400)
    visitor.upload(photo)
    visitor["restore"].click()
    visitor["cancel"].wait_for()
    visitor.page.reload()
    visitor.wait_for_status(translate("stage_find", "en"))
    assert visitor["progress"].locator("output").inner_text() == "25 %"
    visitor["cancel"].click()
    visitor.wait_for_status(translate("cancelled", "en"))
    settle(visitor)
    assert (visitor.pixels()[..., :3] == photo).all() and not visitor["restoration"].is_visible()
    assert not visitor["error"].inner_text() and not visitor["undo"].is_enabled()


def test_each_step_is_taken_back_by_itself(visitor, searches):
    photo = faded(noise(300, 400))
    visitor.upload(photo)
    restore(visitor)
    visitor["step-tone"].click()
    settle(visitor)
    result = np.asarray(Image.open(visitor.download().path()))
    assert filled(result, LEFT, RIGHT) and (result[200:] == photo[200:]).all()
    visitor["step-fill"].click()
    settle(visitor)
    assert (visitor.pixels()[..., :3] == photo).all() and visitor["download"].is_disabled()
    assert visitor["found-count"].inner_text() == "2 found"
    visitor["step-fill"].click()
    settle(visitor)
    assert filled(visitor.pixels(), LEFT, RIGHT)
    visitor["step-find"].click()
    settle(visitor)
    assert (visitor.pixels()[..., :3] == photo).all() and not visitor["finds"].is_visible()
    visitor["step-tone"].click()
    visitor.page.wait_for_selector("[data-testid=download]:enabled")
    assert np.ptp(np.asarray(Image.open(visitor.download().path()))) > 200
    assert len(searches) == 1


def test_undo_and_redo_keep_the_switches_right(visitor):
    visitor.upload(faded(noise(300, 400)))
    restore(visitor)
    visitor["undo"].click()
    visitor.page.wait_for_function("!document.querySelector('[data-testid=step-tone]').checked")
    settle(visitor)
    assert checked(visitor, *STEPS) == [True, False, False] and not filled(visitor.pixels(), LEFT)
    visitor["redo"].click()
    visitor.page.wait_for_function("document.querySelector('[data-testid=step-tone]').checked")
    settle(visitor)
    assert checked(visitor, *STEPS) == [True, True, True] and filled(visitor.pixels(), LEFT, RIGHT)


def test_after_a_reload_the_page_says_what_was_restored_and_undo_takes_back_the_tones_too(visitor):
    visitor.upload(faded(noise(300, 400)))
    restore(visitor)
    settle(visitor)
    said, divider = visitor["status"].inner_text(), visitor["divider"].input_value()
    assert said == translate("restored_both", "en", count=2)
    visitor.page.reload()
    visitor.wait("ready")
    assert checked(visitor, *STEPS) == [True, True, True]
    visitor.wait_for_status(said)
    assert visitor["divider"].is_visible() and visitor["divider"].input_value() == divider
    visitor["undo"].click()
    visitor.page.wait_for_function("!document.querySelector('[data-testid=step-tone]').checked")


def overlay_at(visitor, row, column):
    """The alpha that the found damage is shown with at a pixel of the photo."""
    url = visitor.page.evaluate("document.querySelector('.found').toDataURL()")
    pixels, box = picture_of(url), visitor["canvas"].bounding_box()
    (left, top), scale = visitor.place(column + 0.5, row + 0.5), pixels.shape[1] / box["width"]
    return pixels[int((top - box["y"]) * scale), int((left - box["x"]) * scale), 3]


def test_the_slider_moves_the_marks_live_and_fills_when_it_is_let_go(visitor, searches):
    visitor.upload(noise(300, 400))
    restore(visitor)
    calls = len(visitor.calls("fill_found"))
    visitor.page.evaluate(
        """() => {
            const slider = document.querySelector("[data-testid=sensitivity]");
            slider.value = 6;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
        }"""
    )
    assert overlay_at(visitor, *SPECK) > 100 and overlay_at(visitor, *LEFT) > 100 and not overlay_at(visitor, 200, 200)
    assert visitor["found-count"].inner_text() == "3 found" and not visitor["divider"].is_visible()
    assert len(visitor.calls("fill_found")) == calls and not filled(visitor.pixels(), SPECK)
    visitor["sensitivity"].dispatch_event("change")
    settle(visitor)
    assert filled(visitor.pixels(), SPECK, LEFT, RIGHT) and len(searches) == 1
    visitor["kind-lines"].click()
    settle(visitor)
    assert filled(visitor.pixels(), SPECK) and not filled(visitor.pixels(), LEFT)
    assert not overlay_at(visitor, *LEFT) and visitor["found-count"].inner_text() == "1 found"


def test_a_click_on_a_mark_leaves_the_place_as_it_is_and_another_one_fills_it_again(visitor):
    photo = noise(300, 400)
    visitor.upload(photo)
    restore(visitor)
    visitor["marks"].click()
    for is_filled in (False, True):
        visitor.page.mouse.click(*visitor.place(LEFT[1], LEFT[0]))
        visitor.page.wait_for_function(
            f"document.querySelector('[data-testid=found-count]').value === '{1 + is_filled} found'"
        )
        settle(visitor)
        assert filled(visitor.pixels(), LEFT) == is_filled and filled(visitor.pixels(), RIGHT)
    assert not visitor.calls("paint")
    visitor.paint((200, 230))  # beside the marks the brush paints
    assert len(visitor.calls("paint")) == 1


def test_single_finds_are_left_out_with_the_keyboard(visitor):
    photo = noise(300, 400)
    visitor.upload(photo)
    restore(visitor)
    visitor["next-find"].focus()
    visitor.page.keyboard.press("Enter")
    visitor.page.keyboard.press("Enter")
    assert visitor["toggle-find"].inner_text() == translate("leave_find", "en", number=2, total=2)
    assert visitor.run("view.scale") > 1 and overlay_at(visitor, *RIGHT) > 100
    visitor["toggle-find"].focus()
    visitor.page.keyboard.press("Enter")
    settle(visitor)
    assert filled(visitor.pixels(), LEFT) and (visitor.pixels()[RIGHT][:3] == photo[RIGHT]).all()
    assert visitor["toggle-find"].inner_text() == translate("fill_find", "en", number=2, total=2)


def test_the_brush_fills_only_damage_if_that_is_wanted(visitor):
    photo = noise(300, 400)
    visitor.upload(photo)
    restore(visitor)
    visitor["step-fill"].click()
    settle(visitor)
    visitor["only-damage"].click()
    visitor.paint((60, 51), (90, 51))
    settle(visitor)
    changed = (visitor.pixels()[..., :3] != photo).any(axis=2)
    assert (
        changed[51, 60:90].all() and not changed[:46].any() and not changed[57:].any() and not changed[51, 130:].any()
    )
    visitor.paint((200, 230), (240, 230))
    visitor["error"].get_by_text("No damage was found where you painted").wait_for()


def test_a_sound_photo_stays_as_it_is_with_a_message(visitor):
    photo = noise(200, 300)
    visitor.upload(photo)
    visitor["restore"].click()
    visitor.wait_for_status(translate("restored_none", "en"))
    settle(visitor)
    assert (visitor.pixels()[..., :3] == photo).all() and visitor["download"].is_disabled()
    assert not visitor["divider"].is_visible() and visitor["found-count"].inner_text() == "0 found"
    visitor.page.reload()
    visitor.wait_for_status(translate("restored_none", "en"))
    assert not visitor["divider"].is_visible() and visitor["found-count"].inner_text() == "0 found"


def inside_crack():
    """Row and column of a pixel in the mask of the first example, away from its rim."""
    mask = Image.open(example_files("cracked")[1]).convert("L").filter(ImageFilter.MinFilter(9))
    return tuple(np.argwhere(np.asarray(mask) > 127)[0])


def test_restoring_an_example_starts_from_the_damaged_photo(visitor, searches):
    assert filled(visitor.pixels(), inside_crack())
    assert visitor["divider"].is_visible() and not visitor.page.locator(".page[data-changed]").count()
    visitor["restore"].click()
    visitor["restoration"].wait_for()
    settle(visitor)
    assert len(searches) == 1 and not filled(visitor.pixels(), inside_crack())  # nothing was found here


def test_an_example_that_the_server_has_opened_with_its_fill_is_restored_from_the_damaged_photo_too(visitor):
    for name in ("undo", "redo"):
        visitor[name].click()
        settle(visitor)
    assert filled(visitor.pixels(), inside_crack())
    visitor["restore"].click()
    visitor["restoration"].wait_for()
    settle(visitor)
    assert not filled(visitor.pixels(), inside_crack()) and visitor["found-count"].inner_text() == "0 found"
    visitor.wait_for_status(translate("restored_tone", "en"))


@pytest.mark.parametrize(("width", "height"), [(390, 844), (768, 1024), (1440, 900)])
def test_the_first_action_has_words_and_everything_fits_on_every_width(browser, served, width, height):
    visitor = Visitor(open_tab(browser, width, height, has_touch=width < 500, is_mobile=width < 500), served.url)
    visitor.upload(noise(300, 400))
    button = visitor.page.get_by_role("button", name=translate("restore", "en"))
    assert button.inner_text() == translate("restore", "en")
    box = button.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] >= 40
    assert button.evaluate("button => button.scrollWidth <= button.clientWidth")  # the words are not cut off
    button.tap() if width < 500 else button.click()
    visitor["restoration"].wait_for()
    settle(visitor)
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
    violations = Axe().run(visitor.page, context=".page").response["violations"]
    assert not [each["id"] for each in violations if each["impact"] in ("serious", "critical")]
    visitor["sensitivity"].scroll_into_view_if_needed()  # the photo stays in view beside the slider
    photo = visitor["stage"].bounding_box()
    assert photo["y"] >= 0 and photo["y"] + photo["height"] <= height
    visitor.leave()
