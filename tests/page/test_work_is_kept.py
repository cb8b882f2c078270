"""Nothing is lost: the question before work is thrown away, reloads of the page, and the clipboard."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from page.server.texts import translate
from tests.page.browsing import Visitor, filled, open_tab
from tests.page.serving import GRADIO_WARNINGS, noise

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]


def choose_file(visitor, pixels):
    Image.fromarray(pixels).save(file := io.BytesIO(), "PNG")
    visitor["file"].set_input_files({"name": "other.png", "mimeType": "image/png", "buffer": file.getvalue()})


def reload(visitor):
    visitor.page.reload()
    visitor.wait("ready")


# --- the question


def test_another_photo_asks_before_it_takes_the_place_of_work(visitor):
    visitor.upload(noise(100, 120))
    visitor.paint((60, 60))
    choose_file(visitor, noise(90, 80))
    visitor["keep_work"].click()
    assert visitor.run("size") == [120, 100] and filled(visitor.pixels(), (60, 60))
    choose_file(visitor, noise(90, 80))
    visitor["discard_work"].click()
    visitor.page.wait_for_function("document.querySelector('.page').editor.size[0] === 80")


def test_an_example_asks_too_and_the_work_can_be_downloaded_first(visitor):
    visitor.upload(noise(100, 120))
    visitor.paint((60, 60))
    visitor["coffee"].click()
    with visitor.page.expect_download():
        visitor["download_work"].click()
    assert visitor.run("size") == [120, 100]
    visitor.page.wait_for_selector(".page:not([data-unsaved])")
    visitor["coffee"].click()  # what is downloaded is not lost
    visitor.page.wait_for_function("document.querySelector('.page').editor.size[0] === 600")


def test_escape_answers_the_question_with_going_on(visitor):
    visitor.upload(noise(100, 120))
    visitor.paint((60, 60))
    visitor["coffee"].click()
    visitor["ask"].wait_for()
    visitor.page.keyboard.press("Escape")
    assert not visitor["ask"].is_visible() and visitor.run("size") == [120, 100]


def test_nothing_is_asked_without_work(visitor):
    visitor["coffee"].click()
    visitor.page.wait_for_function("document.querySelector('.page').editor.size[0] === 600")
    visitor.upload(noise(100, 120))
    visitor.paint((60, 60))
    visitor["undo"].click()
    visitor.page.wait_for_selector(".page:not([data-unsaved])")
    visitor["coffee"].click()
    visitor.page.wait_for_function("document.querySelector('.page').editor.size[0] === 600")


def test_strokes_that_wait_are_work(visitor, served):
    visitor.upload(noise(100, 120))
    visitor["fill_mode"].select_option("on_request")
    visitor.paint((60, 60))
    assert not visitor.calls("paint")
    visitor["coffee"].click()
    visitor["keep_work"].click()
    visitor["discard"].click()
    visitor["coffee"].click()
    visitor.page.wait_for_function("document.querySelector('.page').editor.size[0] === 600")


def test_the_browser_asks_before_the_page_is_left_with_work(browser, served):
    visitor = Visitor(open_tab(browser), served.url)
    asked = []
    visitor.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    visitor.upload(noise(100, 120))
    visitor.page.mouse.click(*visitor.place(60, 60))
    visitor.page.wait_for_selector(".page[data-unsaved]")
    reload(visitor)
    assert asked == ["beforeunload"]
    visitor.download()
    reload(visitor)
    assert asked == ["beforeunload"]
    visitor.leave()


# --- reloads


def test_the_photo_its_fills_and_their_history_survive_a_reload(visitor):
    photo = noise(300, 400)
    visitor.upload(photo, "holiday.png")
    visitor.paint((60, 60))
    visitor.paint((200, 200))
    before = visitor.pixels()
    reload(visitor)
    assert visitor.page.locator(".page[data-changed]").count()  # Download stands out as before
    assert (visitor.pixels() == before).all() and not visitor["divider"].is_visible()
    visitor["undo"].click()
    visitor.wait("ready")
    assert filled(visitor.pixels(), (60, 60)) and (visitor.pixels()[200, 200, :3] == photo[200, 200]).all()
    visitor.paint((100, 250))
    assert filled(visitor.pixels(), (60, 60), (250, 100))
    assert visitor.download().suggested_filename == "holiday-filled.png"


def test_strokes_that_wait_for_their_fill_and_the_versions_survive_a_reload(visitor):
    photo = noise(300, 400)
    visitor.upload(photo)
    visitor.paint((60, 60))
    visitor.page.wait_for_selector("[data-testid=version]:nth-child(2)")
    visitor["lasso"].click()
    visitor.paint((150, 150), (250, 150), (250, 200), (150, 200))
    pictures = visitor.page.eval_on_selector_all("[data-testid=version] img", "all => all.map((each) => each.src)")
    reload(visitor)
    visitor["held"].wait_for()
    shown = visitor.page.eval_on_selector_all("[data-testid=version] img", "all => all.map((each) => each.src)")
    assert shown == pictures and len(pictures) == 2
    visitor["fill"].click()
    visitor.page.wait_for_selector("[data-testid=held]", state="hidden")
    visitor.wait("ready")
    assert (visitor.pixels()[[160, 190], [160, 240], :3] != photo[[160, 190], [160, 240]]).any(axis=1).all()
    visitor["version"].nth(1).click()
    visitor.wait("ready")
    assert filled(visitor.pixels(), (60, 60)) and (visitor.pixels()[175, 200, :3] == photo[175, 200]).all()


def test_strokes_that_wait_on_an_example_survive_a_reload(visitor):
    visitor["coffee"].click()
    visitor.page.wait_for_function("document.querySelector('.page').editor.size[0] === 600")
    visitor["lasso"].click()
    visitor.paint((450, 30), (560, 30), (560, 90))
    reload(visitor)
    visitor["held"].wait_for()
    assert visitor.run("size")[0] == 600


def test_a_photo_that_expires_after_a_reload_is_opened_again_with_all_its_strokes(visitor, served):
    visitor.upload(noise(300, 400))
    visitor.paint((60, 60))
    reload(visitor)
    visitor.paint((200, 200))
    served.visits.end_all()
    visitor.paint((300, 100))
    assert filled(visitor.pixels(), (60, 60), (200, 200), (100, 300))
    visitor["undo"].click()
    visitor.wait("ready")
    assert filled(visitor.pixels(), (60, 60), (200, 200)) and not filled(visitor.pixels(), (100, 300))


def test_an_example_survives_a_reload_with_what_was_painted(visitor):
    visitor["coffee"].click()
    visitor.page.wait_for_function("document.querySelector('.page').editor.size[0] === 600")
    visitor.paint((550, 40))
    before = visitor.pixels()
    reload(visitor)
    assert visitor.run("size")[0] == 600 and (visitor.pixels() == before).all()


def test_a_reload_after_the_photo_has_expired_shows_the_first_example(visitor, served):
    first = visitor.run("size")
    visitor.upload(noise(100, 120))
    served.visits.end_all()
    reload(visitor)
    visitor.page.wait_for_function(f"document.querySelector('.page').editor.size[0] === {first[0]}")
    assert not visitor["error"].is_visible()


def test_a_photo_that_the_browser_cannot_decode_survives_a_reload(visitor):
    Image.fromarray(noise(60, 80)).save(file := io.BytesIO(), "TIFF")
    visitor.upload(file.getvalue(), "scan.tif")
    visitor.paint((40, 30))
    before = visitor.pixels()
    reload(visitor)
    assert (visitor.pixels() == before).all()
    assert visitor.download().suggested_filename == "scan-filled.tif"


def test_strokes_that_the_server_has_not_answered_survive_a_reload(visitor):
    visitor.upload(noise(300, 400))
    lost, is_over = [], []

    def lose_strokes(route):
        is_stroke = '"fn_name":"paint"' in (route.request.post_data or "")
        lost.append(route) if is_stroke and not is_over else route.continue_()

    visitor["fill_mode"].select_option("each_stroke")
    visitor.page.route("**/component_server/**", lose_strokes)
    visitor.paint((60, 60), wait=False)
    visitor.paint((200, 200), wait=False)
    until_asked = "JSON.parse(sessionStorage['inpaint-visit']).unanswered.queue.length === 1"
    visitor.page.wait_for_function(until_asked)
    is_over.append(True)
    reload(visitor)
    visitor.page.wait_for_function("!JSON.parse(sessionStorage['inpaint-visit']).unanswered.sent.length")
    visitor.wait("ready")
    assert lost and filled(visitor.pixels(), (60, 60), (200, 200))
    reload(visitor)
    assert filled(visitor.pixels(), (60, 60), (200, 200))
    assert len(json.loads(visitor.page.evaluate("sessionStorage['inpaint-visit']"))["changes"]["applied"]) == 2
    visitor.page.unroute("**/component_server/**", lose_strokes)


def remember(visitor, **entries):
    """Put other things into the tab's memory."""
    stored = {name.replace("_", "-"): json.dumps(entry) for name, entry in entries.items()}
    visitor.page.evaluate("(stored) => Object.assign(sessionStorage, stored)", stored)


def test_what_is_broken_in_the_tabs_memory_is_left_out_and_the_rest_is_shown(visitor):
    visitor.upload(noise(100, 120))
    visitor.paint((60, 60))
    before = visitor.pixels()
    kept = json.loads(visitor.page.evaluate("sessionStorage['inpaint-visit']"))
    junk = [None, 5, {"brush": 20, "erase": False}, {"shape": "mask", "erase": False, "left": 0, "top": 0, "png": "!"}]
    broken = kept | {"held": junk, "changes": {"applied": 5}, "name": {}}
    remember(visitor, inpaint_visit=broken, inpaint_versions={"visit": kept["visit"], "kept": [None], "current": "x"})
    reload(visitor)
    assert (visitor.pixels() == before).all() and not visitor["error"].inner_text()
    assert not visitor["held"].is_visible() and not visitor["ask"].is_visible()
    visitor["undo"].click()
    visitor.page.wait_for_selector(".page:not([data-unsaved])")


def test_an_example_that_there_is_no_longer_gives_way_to_the_first_one(visitor):
    first = visitor.run("size")
    remember(visitor, inpaint_visit={"example": "of-another-release"})
    reload(visitor)
    assert visitor.run("size") == first and not visitor["error"].inner_text()


def test_a_photo_that_is_filled_with_another_model_is_ready_after_a_reload_and_goes_on_with_it(visitor):
    visitor.upload(noise(100, 120))
    visitor["options"].click()
    visitor["model_choice"].select_option("context-encoder")
    visitor.wait("ready")
    visitor.page.wait_for_function("document.querySelector('[data-testid=weights]')?.textContent.startsWith('2016')")
    visitor.paint((60, 60))
    before = visitor.pixels()
    visitor.page.wait_for_selector("[data-testid=version]:nth-child(2)")  # then nothing else asks the server
    visitor.page.reload()
    visitor.page.wait_for_function("document.querySelector('[data-testid=weights]')?.textContent.startsWith('2016')")
    visitor.wait("ready")
    visitor.wait_for_status(translate("filled", "en"))
    assert (visitor.pixels() == before).all()
    visitor.paint((30, 30))
    assert not filled(visitor.pixels(), (30, 30)) and visitor.calls("paint")


def test_a_chosen_model_that_can_never_be_loaded_is_reported_once(visitor):
    visitor.page.evaluate("localStorage['inpaint-model'] = 'retrained/of-the-server-before'")
    reload(visitor)
    visitor.page.wait_for_function("document.querySelector('[data-testid=error]')?.textContent")
    reload(visitor)
    visitor.page.wait_for_timeout(300)
    assert not visitor["error"].inner_text() and not visitor.calls("load_model")[1:]


# --- the clipboard


def test_the_result_is_copied_to_the_clipboard_and_can_be_pasted(browser, served):
    tab = open_tab(browser, permissions=["clipboard-read", "clipboard-write"])
    visitor = Visitor(tab, served.url)
    photo = noise(100, 120)
    visitor.upload(photo)
    assert visitor["copy"].is_disabled()
    visitor.paint((60, 60))
    visitor["copy"].click()
    visitor.wait_for_status(translate("copied", "en"))
    png = visitor.page.evaluate(
        """async () => {
            const [item] = await navigator.clipboard.read();
            return [...new Uint8Array(await (await item.getType("image/png")).arrayBuffer())];
        }"""
    )
    copied = np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGB"))
    assert (copied == visitor.pixels()[..., :3]).all() and filled(copied, (60, 60))
    visitor.leave()


def test_a_browser_that_does_not_allow_copying_gets_a_message(visitor):
    visitor.upload(noise(100, 120))
    visitor.paint((60, 60))
    visitor.page.evaluate("() => { navigator.clipboard.write = () => Promise.reject(new Error('no')); }")
    visitor["copy"].click()
    visitor["error"].wait_for()
    assert visitor["error"].inner_text() == translate("copy_failed", "en")
