"""The editor in a real browser."""

import asyncio
import io
import threading
import urllib.parse

import numpy as np
import pytest
from PIL import Image, ImageFilter

from inpaint.photos.tone import find_tone_curve
from page.editor.examples import Examples, example_files
from page.server.texts import translate
from tests.page.browsing import Visitor, brush_of, check_filled_stroke, filled, near, open_tab, until
from tests.page.serving import FILL, GRADIO_WARNINGS, noise, serving

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("uploads").resolve(), timeout_s=0.2) as running:
        yield running


def test_a_stroke_is_filled_and_all_other_pixels_stay(visitor):
    photo, points = noise(300, 400), [(80, 90), (250, 180)]
    visitor.upload(photo)
    assert (visitor.pixels()[..., :3] == photo).all()
    visitor.paint(*points)
    check_filled_stroke(visitor.pixels()[..., :3], photo, points, brush_of(visitor))
    download = visitor.download()
    assert download.suggested_filename == "photo-filled.png"
    check_filled_stroke(np.asarray(Image.open(download.path())), photo, points, brush_of(visitor))


def test_a_photo_larger_than_the_window_keeps_its_resolution(visitor):
    photo, points = noise(1100, 1500), [(400, 400), (900, 700)]
    visitor.upload(photo)
    assert visitor.run("view.scale") < 0.5
    visitor.paint(*points)
    download = visitor.download()
    check_filled_stroke(np.asarray(Image.open(download.path())), photo, points, brush_of(visitor))


def test_the_photo_is_uploaded_once_and_requests_of_strokes_are_small(visitor):
    visitor.upload(noise(300, 400))
    visitor.paint((80, 90), (250, 180))
    visitor.paint((300, 90))
    uploads = [request for request in visitor.requests if urllib.parse.urlparse(request.url).path.endswith("/upload")]
    strokes = [request for request in visitor.requests if '"fn_name":"paint"' in (request.post_data or "")]
    assert len(uploads) == 1 and len(strokes) == 2
    assert max(len(request.post_data) for request in strokes) < 2000


def test_undo_removes_one_stroke_and_clear_removes_all(visitor):
    photo = noise(300, 400)
    visitor.upload(photo)
    visitor.paint((80, 90), (150, 120))
    one = visitor.pixels()
    visitor.paint((300, 200))
    two = visitor.pixels()
    visitor["undo"].click()
    visitor.wait("ready")
    assert (two != one).any() and (visitor.pixels() == one).all()
    visitor.paint((300, 200))
    visitor["clear"].click()
    visitor.wait("ready")
    assert (visitor.pixels()[..., :3] == photo).all()
    assert visitor["clear"].is_disabled() and visitor["download"].is_disabled() and visitor["undo"].is_enabled()


def test_the_eraser_restores_the_original_pixels(visitor):
    photo = noise(300, 400)
    visitor.upload(photo)
    visitor.paint((100, 100), (300, 100))
    visitor["eraser"].click()
    visitor.paint((200, 60), (200, 140))
    result, brush = visitor.pixels()[..., :3], brush_of(visitor)
    erased = near(photo.shape, [(200, 60), (200, 140)], brush / 2 - 2)
    assert (result[erased] == photo[erased]).all()
    assert (np.abs(result[100, [110, 290]].astype(int) - FILL) <= 2).all()


def test_a_smaller_brush_fills_a_thinner_stroke(visitor):
    photo, points = noise(300, 400), [(80, 90), (250, 90)]
    visitor.upload(photo)
    visitor["size"].fill("12")
    visitor.paint(*points)
    brush = 12 / visitor.run("view.scale")
    check_filled_stroke(visitor.pixels()[..., :3], photo, points, brush)


def test_a_new_visitor_can_repair_the_example_and_download_it(visitor):
    assert not visitor.calls("open_example")  # looking at the example opens no visit
    assert visitor["divider"].is_visible() and visitor.page.locator(".label.before").is_visible()
    photo, mask = (np.asarray(Image.open(path)) for path in example_files("cracked"))
    toned = find_tone_curve(Image.fromarray(photo), mask > 0).levels[[0, 1, 2], list(FILL)]
    rows, columns = np.nonzero(eroded(mask > 0))
    left, right = ((columns[k], rows[k]) for k in (columns.argmin(), columns.argmax()))
    assert abs(visitor.colour_at(*left) - toned).max() > 40 > abs(visitor.colour_at(*right) - toned).max()
    visitor.paint((150, 600), (350, 620))
    visitor.wait("ready")
    assert abs(visitor.colour_at(250, 610) - toned).max() < 40
    assert not visitor["divider"].is_visible()
    download = visitor.download()
    assert download.suggested_filename == "cracked-filled.jpg"
    result = np.asarray(Image.open(download.path())).astype(int)
    assert result.shape == (788, 1024, 3)
    assert all(np.abs(result[y, x] - toned).max() < 40 for x, y in [left, right, (250, 610)])


def eroded(mask):
    """Pixels whose neighbours up to five pixels away are all set."""
    return np.asarray(Image.fromarray(mask).convert("L").filter(ImageFilter.MinFilter(11))) > 0


def test_an_example_can_be_opened_compared_and_downloaded(visitor):
    visitor["harbour"].click()
    visitor.page.wait_for_function("document.querySelector('.page').editor.size[1] === 819")
    visitor["compare"].click()
    assert not visitor["divider"].is_visible()
    after = visitor.shown()
    visitor["hold"].hover()
    visitor.page.mouse.down()
    assert np.abs(visitor.shown() - after).max() > 50 and visitor.page.locator(".label.before").is_visible()
    visitor.page.mouse.up()
    assert np.abs(visitor.shown() - after).max() <= 2
    assert visitor.download().suggested_filename == "harbour-filled.jpg"


def test_another_example_can_be_opened_while_a_stroke_opens_the_first_one_on_the_server(visitor, served, monkeypatch):
    free, shown, get = threading.Event(), threading.Event(), Examples.get
    monkeypatch.setattr(Examples, "get", lambda self, name: (name == "harbour" and shown.wait(60), get(self, name))[1])
    served.visits.end_all()
    threading.Thread(target=asyncio.run, args=[served.visits.queue.run(free.wait)]).start()
    visitor.paint((200, 200), wait=False)
    visitor["harbour"].click()
    visitor["discard_work"].click()
    free.set()
    until(lambda: len(served.visits) == 1, "the first example is open on the server")
    visitor.page.wait_for_timeout(300)
    assert not visitor["error"].inner_text()
    shown.set()
    visitor.page.wait_for_function("document.querySelector('.page').editor.size[1] === 819")
    visitor.paint((200, 200))
    assert visitor.pixels()[200, 200, :3].tolist() == list(FILL) and not visitor["error"].inner_text()


def test_the_fill_of_an_example_can_be_undone_and_redone(visitor):
    photo, mask = (Image.open(path) for path in example_files("cracked"))
    inside = np.asarray(mask.convert("L").filter(ImageFilter.MinFilter(9))) > 0
    filled_at = tuple(np.argwhere(inside)[0].tolist())
    assert filled(visitor.pixels(), filled_at)
    visitor["undo"].click()
    visitor.wait("ready")
    shown = visitor.pixels()[filled_at][:3].astype(int)
    assert np.abs(shown - photo.convert("RGB").getpixel(filled_at[::-1])).max() <= 8
    visitor["redo"].click()
    visitor.wait("ready")
    assert filled(visitor.pixels(), filled_at)


def test_strokes_painted_during_a_request_are_sent_together_and_filled(visitor, served):
    photo = noise(300, 400)
    visitor.upload(photo)
    visit = next(reversed(served.visits._visits.values()))  # earlier ones end some time after their tabs
    with visit.lock:  # the first stroke waits on the server, the others in the browser
        visitor.paint((60, 60), wait=False)
        for x in (120, 180, 240, 300):
            visitor.paint((x, 60), wait=False)
        assert visitor.page.locator(".page").get_attribute("data-state") == "filling"
    visitor.wait("ready")
    result = visitor.pixels()[..., :3]
    assert (np.abs(result[60, [60, 120, 180, 240, 300]].astype(int) - FILL) <= 2).all()
    answered = [r for r in visitor.requests if '"fn_name":"paint"' in (r.post_data or "")]
    assert max(request.post_data.count('"points"') for request in answered) == 4


def test_the_place_in_the_queue_of_a_busy_server_is_shown_and_the_stroke_is_filled_later(visitor, served):
    visitor.upload(noise(300, 400))
    free = threading.Event()
    threading.Thread(target=asyncio.run, args=[served.visits.queue.run(free.wait)]).start()
    visitor.paint((60, 60), wait=False)
    visitor.wait_for_status(translate("queue_place", "en", place=1))
    visitor.paint((160, 60), wait=False)  # painting is possible meanwhile
    free.set()
    visitor.wait("ready")
    assert filled(visitor.pixels(), (60, 60), (60, 160))


def test_an_expired_photo_is_reopened_with_its_strokes(visitor, served):
    photo = noise(300, 400)
    visitor.upload(photo)
    visitor.paint((60, 60))
    served.visits.end_all()
    visitor.paint((200, 200))
    assert (np.abs(visitor.pixels()[[60, 200], [60, 200], :3].astype(int) - FILL) <= 2).all()
    result = np.asarray(Image.open(visitor.download().path()))
    assert (np.abs(result[[60, 200], [60, 200]].astype(int) - FILL) <= 2).all()


def test_a_mask_of_the_whole_photo_is_declined_and_painting_can_continue(visitor):
    visitor.upload(noise(40, 40))
    visitor["fill_mode"].select_option("each_stroke")
    visitor["size"].fill("120")
    visitor.paint((20, 20))
    assert visitor["error"].inner_text() == translate("all_painted", "en")
    visitor["size"].fill("10")
    visitor.paint((20, 20))
    assert (np.abs(visitor.pixels()[20, 20, :3].astype(int) - FILL) <= 2).all()


def test_a_file_that_is_not_a_picture_is_declined_and_another_can_be_opened(visitor):
    visitor["file"].set_input_files({"name": "notes.png", "mimeType": "image/png", "buffer": b"plain text"})
    visitor["error"].wait_for()
    assert visitor["error"].inner_text() == translate("not_a_picture", "en")
    visitor.upload(noise(100, 120))
    assert not visitor["error"].is_visible() and visitor.run("size") == [120, 100]


def test_a_new_photo_starts_with_an_empty_mask_and_history(visitor):
    visitor.upload(noise(100, 120))
    visitor.paint((60, 60))
    photo = noise(90, 80, seed=3)
    visitor.upload(photo)
    visitor.page.wait_for_function("document.querySelector('.page').editor.size[0] === 80")
    assert (visitor.pixels()[..., :3] == photo).all()
    assert visitor["undo"].is_disabled() and visitor["download"].is_disabled()


def test_dropped_and_pasted_photos_are_opened(visitor):
    for width, kind, target in ((70, "drop", ".page"), (80, "paste", "body")):
        photo, file = noise(90, width, seed=4), io.BytesIO()
        Image.fromarray(photo).save(file, "PNG")
        visitor.page.evaluate(
            """([kind, target, bytes]) => {
                const data = new DataTransfer();
                data.items.add(new File([new Uint8Array(bytes)], "photo.png", { type: "image/png" }));
                const init = { bubbles: true, cancelable: true };
                const event = kind === "drop" ? new DragEvent(kind, { ...init, dataTransfer: data })
                                              : new ClipboardEvent(kind, { ...init, clipboardData: data });
                document.querySelector(target).dispatchEvent(event);
            }""",
            [kind, target, list(file.getvalue())],
        )
        visitor.page.wait_for_function(f"document.querySelector('.page').editor.size[0] === {width}")
        assert (visitor.pixels()[..., :3] == photo).all()


def test_closing_the_tab_ends_the_visit_and_an_open_tab_keeps_it(browser, served, monkeypatch):
    served.visits.end_all()
    monkeypatch.setattr(served.visits, "away_s", 1.0)
    visitor = Visitor(open_tab(browser), served.url)
    visitor.upload(noise(100, 120))
    assert len(served.visits) == 1
    until(lambda: all(visit.tab for visit in served.visits._visits.values()), "the server knows whose tab it is")
    visitor.page.wait_for_timeout(2000)
    served.visits.purge()
    assert len(served.visits) == 1
    visitor.leave()
    until(lambda: served.visits.purge() or len(served.visits) == 0, "the visit has ended")


def test_a_tap_paints(browser, served):
    visitor = Visitor(open_tab(browser, width=390, has_touch=True, is_mobile=True), served.url)
    visitor.upload(noise(300, 400))
    visitor.page.touchscreen.tap(*visitor.place(200, 150))
    visitor.page.wait_for_selector("[data-testid=download]:enabled")
    visitor.wait("ready")
    assert (np.abs(visitor.pixels()[150, 200, :3].astype(int) - FILL) <= 2).all()
    visitor.leave()
