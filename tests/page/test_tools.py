"""The editor's tools in a real browser: shortcuts, zoom, pan, touch, comparison, masks, versions, models."""

import io

import numpy as np
import pytest
from PIL import Image

from inpaint import FreeFormConfig
from inpaint.hub.weights import save_generator
from inpaint.networks.generators import build_generator
from inpaint.photos.formats import register_heic
from page.server import models
from page.server.texts import translate
from tests.page.browsing import Visitor, filled, near, open_tab, picture_of
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


# --- masks


def upload_mask(visitor, mask):
    file = io.BytesIO()
    Image.fromarray(mask).save(file, "PNG")
    visitor["mask-file"].set_input_files({"name": "mask.png", "mimeType": "image/png", "buffer": file.getvalue()})
    visitor.wait("ready")


def test_an_uploaded_mask_is_filled_undilated_and_downloads_unchanged(visitor):
    photo, mask = noise(300, 400), np.zeros((300, 400), bool)
    mask[50:90, 100:220], mask[200, 300] = True, True
    visitor.upload(photo, "holiday.png")
    upload_mask(visitor, mask)
    result = visitor.pixels()[..., :3]
    assert (result[~mask] == photo[~mask]).all() and (result[mask] != photo[mask]).any(-1).all()
    visitor["options"].click()
    download = visitor.download("download_mask")
    assert download.suggested_filename == "holiday-mask.png"
    assert (np.asarray(Image.open(download.path())) == mask).all()
    visitor["undo"].click()
    visitor.wait("ready")
    assert (visitor.pixels()[..., :3] == photo).all()


def test_a_mask_of_another_size_is_declined_with_both_sizes(visitor):
    visitor.upload(noise(300, 400))
    upload_mask(visitor, np.ones((30, 40), bool))
    assert "40x30" in visitor["error"].inner_text() and "400x300" in visitor["error"].inner_text()


def test_the_current_mask_is_expanded_by_the_chosen_number_of_pixels(visitor):
    mask = np.zeros((300, 400), bool)
    mask[100:140, 100:180] = True
    visitor.upload(noise(300, 400))
    upload_mask(visitor, mask)
    visitor["options"].click()
    visitor["expand"].fill("5")
    visitor["apply_expansion"].click()
    visitor.wait("ready")
    assert filled(visitor.pixels(), (96, 120), (120, 183)) and not filled(visitor.pixels(), (93, 120), (120, 187))


# --- versions


def versions(visitor, count):
    visitor.page.wait_for_function("n => document.querySelectorAll('[data-testid=version]').length === n", arg=count)
    return visitor["version"]


def test_versions_are_restored_in_any_order_and_a_restore_can_be_undone(visitor, served):
    visitor.upload(noise(300, 400))
    visitor.paint((60, 60))
    versions(visitor, 2)
    visitor.paint((200, 200))
    strip = versions(visitor, 3)
    thumbnail = picture_of(strip.nth(2).locator("img").get_attribute("src"))
    assert thumbnail.shape[0] < thumbnail.shape[1] < 200
    strip.nth(1).click()
    visitor.wait("ready")
    assert filled(visitor.pixels(), (60, 60)) and not filled(visitor.pixels(), (200, 200))
    strip.nth(2).click()
    visitor.wait("ready")
    assert filled(visitor.pixels(), (60, 60), (200, 200))
    visitor["undo"].click()  # a restore is an undo step
    visitor.wait("ready")
    assert not filled(visitor.pixels(), (200, 200))


def test_a_version_is_restored_even_if_the_visit_has_expired_on_the_server(visitor, served):
    visitor.upload(noise(300, 400))
    visitor.paint((60, 60))
    versions(visitor, 2)
    visitor["clear"].click()
    versions(visitor, 3)
    served.visits.end_all()
    visitor["version"].nth(1).click()
    visitor.wait("ready")
    assert filled(visitor.pixels(), (60, 60))


# --- models


def test_another_model_fills_the_mask_anew_and_is_named_in_the_footer(visitor, tmp_path, monkeypatch):
    folder = tmp_path / "abc123"
    save_generator(build_generator(FreeFormConfig(channels=(8, 8, 16), blocks=2)), folder)
    monkeypatch.setattr(models, "download", lambda repo_id, revision, anonymous: folder)
    photo = noise(300, 400)
    visitor.upload(photo)
    visitor.paint((100, 100))
    assert filled(visitor.pixels(), (100, 100))
    visitor["options"].click()
    visitor["model"].fill("owner/weights")
    visitor["load_model"].click()
    visitor.page.wait_for_function(
        "document.querySelector('[data-testid=weights]').textContent === 'owner/weights@abc123'"
    )
    visitor.wait("ready")
    assert not filled(visitor.pixels(), (100, 100)) and (visitor.pixels()[100, 100, :3] != photo[100, 100]).any()
    assert visitor["card"].get_attribute("href").endswith("/owner/weights")
    visitor["default_model"].click()
    visitor.page.wait_for_function("document.querySelector('[data-testid=weights]').textContent.startsWith('me/')")
    visitor.wait("ready")
    assert filled(visitor.pixels(), (100, 100))


def test_an_invalid_model_name_is_declined_and_the_model_stays(visitor):
    visitor["options"].click()
    visitor["model"].fill("../secret")
    visitor["load_model"].click()
    visitor.page.wait_for_function("document.querySelector('[data-testid=error]').textContent")
    assert visitor["error"].inner_text() == translate("model_name", "en")
    assert visitor["weights"].inner_text() == "me/weights@abc123"


# --- formats that a browser cannot show


@pytest.mark.parametrize("suffix", ["tif", "heic"])
def test_a_format_that_browsers_cannot_decode_is_shown_and_downloads_in_that_format(visitor, suffix):
    photo = np.broadcast_to(np.linspace(30, 220, 200, dtype=np.uint8)[None, :, None], (150, 200, 3)).copy()
    photo[..., 2] //= 2  # a photo without colour would get a fill without colour
    register_heic()
    visitor.upload(photo, f"scan.{suffix}")
    assert np.abs(visitor.pixels()[..., :3].astype(int) - photo).max() < 12
    visitor.paint((60, 60))
    download = visitor.download()
    assert download.suggested_filename == f"scan-filled.{suffix}"
    result = np.asarray(Image.open(download.path())).astype(int)
    outside = ~near(photo.shape, [(60, 60)], 30)
    assert np.abs(result[60, 60] - FILL).max() < 20
    assert np.abs(result[outside] - photo[outside]).max() <= (0 if suffix == "tif" else 12)
