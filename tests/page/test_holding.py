"""Objects in a real browser: outlines, straight lines, strokes held back, fitted to the object with its shadow."""

import numpy as np
import pytest
from PIL import Image

from page.server.texts import translate
from tests.page.browsing import Visitor, brush_of, check_filled_stroke, filled, near, open_tab, until
from tests.page.editor.test_objects import BALL, ellipse, scene
from tests.page.serving import GRADIO_WARNINGS, noise

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]
LOOP = [(185, 165), (200, 110), (245, 100), (290, 110), (306, 165), (290, 220), (245, 232), (200, 220)]


def fill(visitor):
    visitor["fill"].click()
    visitor.page.wait_for_selector("[data-testid=held]", state="hidden")
    visitor.wait("ready")


def changed(visitor, photo, *places):
    """Whether the pixels at (row, column) are not the photo's; the fill of a large area is of several colours."""
    return all((visitor.pixels()[place][:3] != photo[place]).any() for place in places)


def is_held(visitor):
    return visitor["held"].is_visible() and not visitor.calls("paint")


# --- tools


def test_a_lasso_and_a_rectangle_are_held_back_and_then_filled_as_one_change(visitor):
    photo = noise(360, 480)
    visitor.upload(photo)
    visitor["lasso"].click()
    visitor.paint(*LOOP)
    assert is_held(visitor) and (visitor.pixels()[..., :3] == photo).all()
    visitor["rectangle"].click()
    visitor.paint((350, 40), (420, 90))
    fill(visitor)
    assert changed(visitor, photo, (165, 245), (65, 385), (45, 355), (85, 415)) and len(visitor.calls("paint")) == 1
    assert not any(changed(visitor, photo, place) for place in ((100, 385), (65, 340), (95, 190)))
    visitor["undo"].click()
    visitor.wait("ready")
    assert (visitor.pixels()[..., :3] == photo).all()


def test_shift_draws_straight_lines_and_joins_clicks(visitor):
    photo = noise(300, 400)
    visitor.upload(photo)
    visitor.page.keyboard.down("Shift")
    visitor.paint((60, 60), (120, 200), (300, 60))
    visitor.page.keyboard.up("Shift")
    check_filled_stroke(visitor.pixels()[..., :3], photo, [(60, 60), (300, 60)], brush_of(visitor))
    visitor["undo"].click()
    visitor.wait("ready")
    visitor.paint((60, 240))
    visitor.page.keyboard.down("Shift")
    visitor.paint((340, 240))
    visitor.page.keyboard.up("Shift")
    check_filled_stroke(visitor.pixels()[..., :3], photo, [(60, 240), (340, 240)], brush_of(visitor))


def test_the_right_mouse_button_erases(visitor):
    photo = noise(300, 400)
    visitor.upload(photo)
    visitor.paint((100, 100), (300, 100))
    visitor.draw(visitor.place(200, 60), visitor.place(200, 140), button="right")
    visitor.wait("ready")
    erased = near(photo.shape, [(200, 60), (200, 140)], brush_of(visitor) / 2 - 2)
    until(lambda: (visitor.pixels()[..., :3][erased] == photo[erased]).all(), "the original pixels")
    assert visitor["brush"].get_attribute("aria-pressed") == "true" and filled(visitor.pixels(), (100, 120))


# --- when strokes are filled


def test_a_wide_brush_is_held_back_by_itself_and_a_fine_one_is_not(visitor):
    visitor.upload(noise(600, 800))
    visitor.paint((100, 100))
    assert len(visitor.calls("paint")) == 1 and not visitor["held"].is_visible()
    visitor["size"].fill("120")
    visitor.paint((400, 300), (500, 300))
    assert visitor["held"].is_visible() and visitor["status"].inner_text() == translate("held", "en")
    visitor["size"].fill("10")
    visitor.paint((700, 500))  # goes on with it
    assert len(visitor.calls("paint")) == 1
    visitor.page.keyboard.press("f")
    visitor.page.wait_for_selector("[data-testid=held]", state="hidden")
    visitor.wait("ready")
    assert filled(visitor.pixels(), (300, 450), (500, 700), (100, 100))


def test_a_stroke_over_the_one_before_it_is_held_back(visitor):
    visitor.upload(noise(600, 800))
    visitor["size"].fill("40")
    visitor.paint((200, 300), (500, 300))
    visitor.paint((300, 310), (480, 310))
    assert len(visitor.calls("paint")) == 1 and visitor["held"].is_visible()


def test_what_is_held_can_be_undone_stroke_by_stroke_and_discarded(visitor):
    photo = noise(300, 400)
    visitor.upload(photo)
    visitor["fill_mode"].select_option("on_request")
    for x in (60, 160, 260):
        visitor.paint((x, 100))
    visitor.page.keyboard.press("Control+z")
    fill(visitor)
    assert filled(visitor.pixels(), (100, 60), (100, 160)) and not filled(visitor.pixels(), (100, 260))
    visitor.paint((260, 200))
    visitor["discard"].click()
    assert not visitor["held"].is_visible() and len(visitor.calls("paint")) == 1


def test_a_download_fills_what_is_held_first(visitor):
    visitor.upload(noise(300, 400))
    visitor["fill_mode"].select_option("on_request")
    visitor.paint((60, 100))
    with Image.open(visitor.download().path()) as result:
        assert filled(np.asarray(result), (100, 60))


# --- objects


def outline_and_fit(visitor):
    """Outline the object loosely, and fit the outline to it."""
    visitor["lasso"].click()
    visitor.paint(*LOOP)
    visitor.page.wait_for_selector("[data-testid=fit_object]:enabled")
    visitor["fit_object"].click()
    visitor.page.wait_for_selector("[data-testid=fit_object]:disabled")


def test_a_loose_outline_is_fitted_to_the_object_and_joined_by_its_shadow(visitor):
    photo = np.asarray(scene(0.6))
    visitor.upload(photo)
    outline_and_fit(visitor)
    visitor["include_shadow"].click()
    visitor["include_shadow"].wait_for(state="hidden")
    fill(visitor)
    changed = (visitor.pixels()[..., :3] != photo).any(axis=2)
    ball, shadow = ellipse(*BALL)[..., 0] > 0.5, ellipse(250, 190, 390, 225)[..., 0] > 0.5
    assert changed[ball].mean() > 0.98 and changed[shadow].mean() > 0.95
    assert not changed[105, 245] and not changed[165, 190]  # inside the outline, beside the object


def test_undo_returns_from_the_object_to_the_stroke(visitor):
    photo = noise(360, 480)
    photo[ellipse(*BALL)[..., 0] > 0.5] = (255, 0, 0)
    visitor.upload(photo)
    outline_and_fit(visitor)
    visitor.page.keyboard.press("Control+z")
    fill(visitor)
    assert changed(visitor, photo, (165, 190), (165, 245))


def test_filled_areas_can_be_shown(visitor):
    visitor.upload(np.full((300, 400, 3), 90, np.uint8))
    visitor.paint((100, 100), (200, 100))
    before = visitor.shown()
    visitor.page.keyboard.press("v")
    after = visitor.shown()
    changed = np.abs(after - before).max(axis=2) > 20
    x, y = visitor.place(150, 100)
    box = visitor["stage"].bounding_box()
    assert changed[round(y - box["y"]), round(x - box["x"])] and changed.mean() < 0.2
    visitor["undo"].click()
    visitor.wait("ready")
    visitor.page.wait_for_timeout(200)
    plain = visitor.shown()
    visitor["show_fills"].click()
    assert (visitor.shown() == plain).all()


# --- touch and keyboard


def test_an_object_is_outlined_and_filled_by_touch(browser, served):
    visitor = Visitor(open_tab(browser, width=390, height=844, has_touch=True, is_mobile=True), served.url)
    photo = noise(360, 480)
    visitor.upload(photo)
    visitor["lasso"].tap()
    visitor["canvas"].scroll_into_view_if_needed()
    session = visitor.page.context.new_cdp_session(visitor.page)
    for number, point in enumerate(LOOP):
        x, y = visitor.place(*point)
        touch = {"type": "touchMove" if number else "touchStart", "touchPoints": [{"x": x, "y": y}]}
        session.send("Input.dispatchTouchEvent", touch)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    visitor["held"].wait_for()
    visitor["fill"].tap()  # at once: no fling of the finger may swallow it
    visitor.page.wait_for_selector("[data-testid=held]", state="hidden")
    visitor.wait("ready")
    until(lambda: changed(visitor, photo, (165, 245)), "the fill")
    visitor.leave()


def test_a_rectangle_is_drawn_and_filled_with_the_keyboard_alone(visitor):
    visitor.upload(noise(300, 400))
    keys = visitor.page.keyboard
    keys.press("r")
    while visitor.page.evaluate("document.activeElement.dataset.testid") != "canvas":
        keys.press("Tab")
    assert visitor["status"].inner_text() == translate("keys", "en")
    for key in ("Enter", *["Shift+ArrowRight"] * 2, *["Shift+ArrowDown"] * 2, "Enter", "f"):
        keys.press(key)
    visitor.page.wait_for_selector("[data-testid=undo]:enabled")
    visitor.page.wait_for_selector("[data-testid=held]", state="hidden")
    visitor.wait("ready")
    side = 64 / visitor.run("view.scale")
    hole = np.abs(visitor.pixels()[..., :3].astype(int) - [0, 200, 80]).max(axis=2) <= 2
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    assert abs(np.ptp(rows) - side) < 8 and abs(np.ptp(columns) - side) < 8
    assert abs(rows[0] - 150) < 8 and abs(columns[0] - 200) < 8


def test_a_line_is_painted_with_the_keyboard_and_escape_gives_it_up(visitor):
    photo = noise(300, 400)
    visitor.upload(photo)
    visitor["canvas"].focus()
    keys = visitor.page.keyboard
    for key in ("Enter", "ArrowLeft", "ArrowLeft", "Escape"):
        keys.press(key)
    assert not visitor.calls("paint")
    for key in ("Enter", *["Shift+ArrowRight"] * 3, "Enter"):
        keys.press(key)
    visitor.page.wait_for_selector("[data-testid=undo]:enabled")
    visitor.wait("ready")
    assert filled(visitor.pixels(), (150, 200), (150, 240))


# --- zoom


def test_the_percentage_is_shown_and_leads_to_actual_size(visitor):
    visitor.upload(noise(1100, 1500))
    scale = visitor.run("view.scale")
    assert visitor["actual_size"].inner_text() == f"{round(100 * scale)} %"
    visitor["actual_size"].click()
    assert visitor["actual_size"].inner_text() == "100 %" and visitor.run("view.scale") == 1
    visitor["fit"].click()
    assert visitor.run("view.scale") == scale
    stage, zoom = visitor["stage"].bounding_box(), visitor["zoom_in"].bounding_box()
    assert zoom["y"] >= stage["y"] + stage["height"]  # never over the photo
