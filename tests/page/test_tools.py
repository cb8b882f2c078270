"""The editor's tools in a real browser: shortcuts, zoom, pan, touch, comparison."""

import numpy as np
import pytest

from tests.page.browsing import Visitor, filled, near, open_tab
from tests.page.serving import FILL, GRADIO_WARNINGS, noise

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]


def press(visitor, *keys):
    for key in keys:
        visitor.page.keyboard.press(key)
    visitor.wait("ready")


# --- keys


def test_shortcuts_choose_the_tool_and_the_brush_size(visitor):
    press(visitor, "e")
    assert visitor["eraser"].get_attribute("aria-pressed") == "true"
    press(visitor, "b")
    assert visitor["brush"].get_attribute("aria-pressed") == "true"
    size = float(visitor["size"].input_value())
    press(visitor, "]", "]", "]")
    assert float(visitor["size"].input_value()) > 1.3 * size
    press(visitor, "[", "[", "[")
    assert float(visitor["size"].input_value()) == pytest.approx(size, abs=1)


def test_shortcuts_undo_and_redo(visitor):
    visitor.upload(noise(300, 400))
    visitor.paint((60, 60))
    visitor.paint((200, 200))
    press(visitor, "Control+z")
    assert filled(visitor.pixels(), (60, 60)) and not filled(visitor.pixels(), (200, 200))
    press(visitor, "Control+z", "Control+y")
    assert filled(visitor.pixels(), (60, 60)) and not filled(visitor.pixels(), (200, 200))
    press(visitor, "Control+Shift+z")
    assert filled(visitor.pixels(), (60, 60), (200, 200)) and visitor["redo"].is_disabled()


def test_keys_in_a_text_field_are_not_shortcuts(visitor):
    visitor["options"].click()
    visitor["model"].press_sequentially("be[0")
    assert visitor["model"].input_value() == "be[0"
    assert visitor["brush"].get_attribute("aria-pressed") == "true"


# --- zoom and pan


def photo_point(visitor, x, y):
    """The photo point under a point of the window."""
    box, view = visitor["canvas"].bounding_box(), visitor.run("view")
    return np.array([(x - box["x"] - view["x"]) / view["scale"], (y - box["y"] - view["y"]) / view["scale"]])


def test_the_wheel_zooms_at_the_pointer_and_strokes_are_filled_where_they_are_drawn(visitor):
    photo = noise(600, 800)
    visitor.upload(photo)
    place, before = visitor.place(500, 300), visitor.run("view.scale")
    visitor.page.mouse.move(*place)
    visitor.page.mouse.wheel(0, -600)
    visitor.page.wait_for_function(f"document.querySelector('.page').editor.view.scale > {2 * before}")
    assert np.abs(photo_point(visitor, *place) - [500, 300]).max() < 1
    visitor.draw(place, (place[0] + 30, place[1]))
    visitor.wait("ready")
    result, scale = visitor.pixels()[..., :3], visitor.run("view.scale")
    painted = [(500, 300), (500 + 30 / scale, 300)]
    assert filled(result, (300, 500)) and abs(visitor.colour_at(500, 300) - FILL).max() < 40
    assert (
        result[~near(photo.shape, painted, 14 / scale + 4)] == photo[~near(photo.shape, painted, 14 / scale + 4)]
    ).all()
    visitor.page.mouse.move(*place)
    visitor.page.mouse.wheel(0, 3000)
    visitor.page.wait_for_function("document.querySelector('.page').editor.fitted")


def test_nothing_of_a_larger_view_is_left_around_the_photo_when_it_is_fitted_again(visitor):
    visitor.upload(noise(600, 300))
    before = visitor.shown()
    press(visitor, "+", "+", "+", "+", "+", "+")
    assert (visitor.shown() != before).any(-1).mean() > 0.5
    press(visitor, "0")
    visitor.page.wait_for_timeout(300)  # for the drawing in high quality
    assert (visitor.shown() == before).all()


def test_the_space_bar_the_middle_button_the_pan_tool_and_arrow_keys_pan(visitor):
    visitor.upload(noise(600, 800))
    press(visitor, "+", "+", "+", "+")
    middle = (450, 300)

    def moved(act):
        before = visitor.run("view")
        act()
        after = visitor.run("view")
        assert after["scale"] == before["scale"]
        return after["x"] - before["x"], after["y"] - before["y"]

    def with_space():
        visitor.page.mouse.move(*middle)
        visitor.page.keyboard.down(" ")
        visitor.draw(middle, (410, 280))
        visitor.page.keyboard.up(" ")

    def with_tool():
        visitor["pan"].click()
        visitor.draw(middle, (430, 330))
        visitor["brush"].click()

    assert moved(with_space) == (-40, -20)
    assert moved(lambda: visitor.draw(middle, (470, 310), button="middle")) == (20, 10)
    assert moved(with_tool) == (-20, 30)
    assert moved(lambda: press(visitor, "ArrowLeft")) == (60, 0)
    assert not visitor.calls("paint")
    press(visitor, "0")
    assert visitor.run("fitted")


def test_two_fingers_zoom_and_pan_and_one_finger_paints(browser, served):
    visitor = Visitor(open_tab(browser, width=390, height=800, has_touch=True, is_mobile=True), served.url)
    visitor.upload(noise(300, 400))
    before, (x, y) = visitor.run("view.scale"), visitor.place(200, 150)
    session = visitor.page.context.new_cdp_session(visitor.page)

    def touch(kind, *points):
        fingers = [{"x": left, "y": top, "id": number} for number, (left, top) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    touch("touchStart", (x - 20, y))
    touch("touchStart", (x - 20, y), (x + 20, y))
    for step in range(1, 6):
        touch("touchMove", (x - 20 - 8 * step, y), (x + 20 + 8 * step, y))
    touch("touchEnd")
    assert visitor.run("view.scale") == pytest.approx(3 * before, rel=0.05)
    assert np.abs(photo_point(visitor, x, y) - [200, 150]).max() < 3
    assert not visitor.calls("paint")
    touch("touchStart", (x, y))
    touch("touchMove", (x + 10, y))
    touch("touchEnd")
    visitor.page.wait_for_selector("[data-testid=undo]:enabled")
    assert len(visitor.calls("paint")) == 1 and filled(visitor.pixels(), (150, 200))
    visitor.leave()


def test_strokes_can_begin_and_end_outside_the_photo(visitor):
    photo = noise(300, 400)
    visitor.upload(photo)
    visitor.paint((-12, 100), (30, 100))
    visitor.paint((380, 250), (409, 305))
    assert filled(visitor.pixels(), (100, 0), (100, 30), (299, 399))


# --- comparing


def test_the_comparison_slider_moves_with_the_mouse_and_the_keys(visitor):
    photo = noise(300, 400)
    visitor.upload(photo)
    visitor.paint((100, 150), (300, 150))
    press(visitor, "c")
    assert visitor["divider"].is_visible()
    assert abs(visitor.colour_at(120, 150) - FILL).max() > 40 and abs(visitor.colour_at(280, 150) - FILL).max() < 30
    x, y = visitor.place(200, 150)
    visitor.draw((x, y), (x - 120 * visitor.run("view.scale"), y))
    assert abs(visitor.colour_at(120, 150) - FILL).max() < 30
    assert not visitor.calls("paint")[1:]  # the line was moved, and nothing painted
    visitor["divider"].focus()
    press(visitor, "End")
    assert abs(visitor.colour_at(280, 150) - FILL).max() > 40
    visitor.paint((200, 50))
    assert not visitor["divider"].is_visible()  # who paints wants to see the fill
