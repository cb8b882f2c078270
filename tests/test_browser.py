"""The page in a real browser: what a visitor does, and what the visitor then sees."""

import asyncio
import base64
import io
import os
import shutil
import threading
import time
import urllib.parse
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint import ContextEncoderConfig, Inpainter
from inpaint.generators import build_generator
from page.texts import sentence
from tests.serving import FILL, GRADIO_WARNINGS, noise, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE_MS = 60_000
pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM:
        if os.getenv("REQUIRE_BROWSER"):
            pytest.fail("no chromium was found: install one, or unset REQUIRE_BROWSER")
        pytest.skip("no chromium was found")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("uploads").resolve(), patience_s=0.2) as running:
        yield running


@pytest.fixture
def visitor(browser, served):
    with_page = Visitor(browser, served.url)
    yield with_page
    with_page.page.context.close()
    assert not with_page.problems


class Visitor:
    """Somebody in front of the page: uploads, paints with the mouse, and looks at the pixels."""

    def __init__(self, browser, url, width=900, height=700, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(PATIENCE_MS)
        self.page, self.requests, self.problems = context.new_page(), [], []
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.goto(url)
        self["choose"].wait_for()

    def __getitem__(self, name):
        return self.page.get_by_test_id(name)

    def wait(self, state):
        self.page.wait_for_selector(f".page[data-state={state}]")

    def upload(self, pixels, name="photo.png"):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, Path(name).suffix[1:])
        self["file"].set_input_files({"name": name, "mimeType": "image/png", "buffer": file.getvalue()})
        self.wait("ready")

    def paint(self, *points, wait=True):
        """Draw with the mouse through points of the photo."""
        box, (width, height) = self["canvas"].bounding_box(), self.run("size")
        places = [(box["x"] + x / width * box["width"], box["y"] + y / height * box["height"]) for x, y in points]
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=3)
        self.page.mouse.up()
        if wait:
            self.wait("ready")

    def run(self, code):
        return self.page.evaluate(f"document.querySelector('.page').painter.{code}")

    def pixels(self):
        """The finished picture as the browser holds it, at full size."""
        width, height = self.run("size")
        return np.array(self.run("pixels().data.join()").split(","), np.uint8).reshape(height, width, 4)

    def shown(self):
        """What the canvas on the screen shows: (H, W, 4)."""
        picture = self.page.evaluate("document.querySelector('.view').toDataURL()").partition(",")[2]
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture)))).astype(int)

    def calls(self, function):
        """How often a server function was called."""
        return sum(f'"fn_name":"{function}"' in (request.post_data or "") for request in self.requests
                   if "component_server" in request.url)  # fmt: skip

    def download(self):
        with self.page.expect_download() as download:
            self["download"].click()
        self.wait("ready")
        return download.value


def until(condition, what):
    """Wait for something on the server's side."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)


def near(shape, points, radius):
    """Pixels within a distance of a polyline, bool (H, W)."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    result = np.zeros(shape[:2], bool)
    for (x0, y0), (x1, y1) in zip(points, points[1:] or points, strict=False):
        length = max((x1 - x0) ** 2 + (y1 - y0) ** 2, 1e-9)
        t = np.clip(((columns - x0) * (x1 - x0) + (rows - y0) * (y1 - y0)) / length, 0, 1)
        result |= np.hypot(columns - x0 - t * (x1 - x0), rows - y0 - t * (y1 - y0)) <= radius
    return result


def check_painted(result, photo, points, brush):
    """The fill is under the stroke, and nothing else has changed."""
    inside, outside = near(photo.shape, points, brush / 2 - 2), ~near(photo.shape, points, brush / 2 + 2)
    assert (result[outside] == photo[outside]).all()
    assert inside.sum() > 100 and (np.abs(result[inside].astype(int) - FILL) <= 40).all()  # enlarging may overshoot


def brush_of(visitor):
    """The brush's diameter in photo pixels."""
    return float(visitor["size"].input_value()) / visitor.run("scale")


def test_a_stroke_is_filled_and_every_other_pixel_is_the_photos(visitor):
    photo, points = noise(300, 400), [(80, 90), (250, 180)]
    visitor.upload(photo)
    assert (visitor.pixels()[..., :3] == photo).all()
    visitor.paint(*points)
    check_painted(visitor.pixels()[..., :3], photo, points, brush_of(visitor))
    download = visitor.download()
    assert download.suggested_filename == "photo-filled.png"
    check_painted(np.asarray(Image.open(download.path())), photo, points, brush_of(visitor))


def test_a_photo_larger_than_the_window_keeps_its_full_resolution(visitor):
    photo, points = noise(1500, 2000), [(400, 400), (900, 700)]
    visitor.upload(photo)
    assert visitor.run("scale") < 0.5
    visitor.paint(*points)
    download = visitor.download()
    check_painted(np.asarray(Image.open(download.path())), photo, points, brush_of(visitor))


def test_the_photo_is_uploaded_once_and_strokes_are_small(visitor):
    visitor.upload(noise(300, 400))
    visitor.paint((80, 90), (250, 180))
    visitor.paint((300, 90))
    uploads = [request for request in visitor.requests if urllib.parse.urlparse(request.url).path.endswith("/upload")]
    strokes = [request for request in visitor.requests if '"fn_name":"paint"' in (request.post_data or "")]
    assert len(uploads) == 1 and len(strokes) == 2
    assert max(len(request.post_data) for request in strokes) < 2000


def test_undo_takes_back_one_stroke_and_clear_all_of_them(visitor):
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


def test_the_eraser_brings_the_photo_back_where_it_goes(visitor):
    photo = noise(300, 400)
    visitor.upload(photo)
    visitor.paint((100, 100), (300, 100))
    visitor["eraser"].click()
    visitor.paint((200, 60), (200, 140))
    result, brush = visitor.pixels()[..., :3], brush_of(visitor)
    erased = near(photo.shape, [(200, 60), (200, 140)], brush / 2 - 2)
    assert (result[erased] == photo[erased]).all()
    assert (np.abs(result[100, [110, 290]].astype(int) - FILL) <= 2).all()


def test_a_smaller_brush_paints_a_thinner_line(visitor):
    photo, points = noise(300, 400), [(80, 90), (250, 90)]
    visitor.upload(photo)
    visitor["size"].fill("12")
    visitor.paint(*points)
    brush = 12 / visitor.run("scale")
    check_painted(visitor.pixels()[..., :3], photo, points, brush)


def test_an_example_is_filled_with_one_click_and_can_be_compared_and_downloaded(visitor):
    visitor["farmhouse"].click()
    visitor.wait("ready")
    visitor.page.wait_for_selector("[data-testid=download]:enabled")
    after = visitor.shown()
    visitor["before"].click()
    before = visitor.shown()
    assert np.abs(before - after).max() > 50 and visitor.page.locator(".tag").is_visible()
    visitor["after"].click()
    assert np.abs(visitor.shown() - after).max() <= 2  # scaled in one piece instead of patch by patch
    visitor["hold"].hover()
    visitor.page.mouse.down()
    assert (visitor.shown() == before).all()
    visitor.page.mouse.up()
    assert np.abs(visitor.shown() - after).max() <= 2
    assert visitor.download().suggested_filename == "farmhouse-filled.jpg"


def test_strokes_drawn_while_the_server_works_go_together_and_all_are_filled(visitor, served):
    photo = noise(300, 400)
    visitor.upload(photo)
    visit = next(iter(served.visits._visits.values()))
    with visit.lock:  # the first stroke is on the server and waits; the others pile up in the browser
        visitor.paint((60, 60), wait=False)
        for x in (120, 180, 240, 300):
            visitor.paint((x, 60), wait=False)
        assert visitor.page.locator(".page").get_attribute("data-state") == "filling"
    visitor.wait("ready")
    result = visitor.pixels()[..., :3]
    assert (np.abs(result[60, [60, 120, 180, 240, 300]].astype(int) - FILL) <= 2).all()
    answered = [r for r in visitor.requests if '"fn_name":"paint"' in (r.post_data or "")]
    assert max(request.post_data.count('"points"') for request in answered) == 4


def test_a_busy_server_says_so_and_the_stroke_is_filled_when_it_is_free(visitor, served):
    visitor.upload(noise(300, 400))
    free = threading.Event()
    threading.Thread(target=asyncio.run, args=[served.visits.turns.run(free.wait)]).start()
    visitor.paint((60, 60), wait=False)
    visitor.page.wait_for_function(
        "text => document.querySelector('[data-testid=status]').innerText.includes(text)", arg=sentence("busy", "en")
    )
    free.set()
    visitor.wait("ready")
    assert (np.abs(visitor.pixels()[60, 60, :3].astype(int) - FILL) <= 2).all()


def test_a_photo_that_the_server_let_go_of_is_opened_again_with_its_strokes(visitor, served):
    photo = noise(300, 400)
    visitor.upload(photo)
    visitor.paint((60, 60))
    served.visits.end_all()
    visitor.paint((200, 200))
    assert (np.abs(visitor.pixels()[[60, 200], [60, 200], :3].astype(int) - FILL) <= 2).all()
    result = np.asarray(Image.open(visitor.download().path()))
    assert (np.abs(result[[60, 200], [60, 200]].astype(int) - FILL) <= 2).all()


def test_painting_over_everything_is_declined_with_a_sentence_and_can_go_on(visitor):
    visitor.upload(noise(40, 40))
    visitor["size"].fill("120")
    visitor.paint((20, 20))
    assert visitor["trouble"].inner_text() == sentence("all_painted", "en")
    visitor["size"].fill("10")
    visitor.paint((20, 20))
    assert (np.abs(visitor.pixels()[20, 20, :3].astype(int) - FILL) <= 2).all()


def test_a_file_that_is_no_picture_is_declined_and_another_can_be_chosen(visitor):
    visitor["file"].set_input_files({"name": "notes.png", "mimeType": "image/png", "buffer": b"just words"})
    visitor["trouble"].wait_for()
    assert visitor["trouble"].inner_text() == sentence("unreadable", "en")
    visitor.upload(noise(100, 120))
    assert not visitor["trouble"].is_visible() and visitor.run("size") == [120, 100]


def test_a_new_photo_starts_from_nothing(visitor):
    visitor.upload(noise(100, 120))
    visitor.paint((60, 60))
    visitor["new"].click()
    visitor["drop"].wait_for()
    photo = noise(90, 80, seed=3)
    visitor.upload(photo)
    assert (visitor.pixels()[..., :3] == photo).all()
    assert visitor["undo"].is_disabled() and visitor["download"].is_disabled()


def test_a_dropped_and_a_pasted_photo_are_opened(visitor):
    photo = noise(90, 80, seed=4)
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "PNG")
    for kind, target in (("drop", ".page"), ("paste", "body")):
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
        visitor.wait("ready")
        assert (visitor.pixels()[..., :3] == photo).all()
        visitor["new"].click()
        visitor["drop"].wait_for()


def test_a_visit_ends_when_the_tab_is_closed(browser, served):
    served.visits.end_all()
    visitor = Visitor(browser, served.url)
    visitor.upload(noise(100, 120))
    assert len(served.visits) == 1
    until(lambda: served.visits._of_tab, "the server knows whose tab it is")
    visitor.page.context.close()
    until(lambda: len(served.visits) == 0, "the visit has ended")


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_sticks_out_at_any_width(browser, served, width):
    visitor = Visitor(browser, served.url, width=width)
    widths = [visitor.page.evaluate("document.documentElement.scrollWidth")]
    visitor.upload(noise(300, 900))
    widths.append(visitor.page.evaluate("document.documentElement.scrollWidth"))
    visitor.page.context.close()
    assert max(widths) <= width


def test_a_finger_paints_too(browser, served):
    visitor = Visitor(browser, served.url, width=390, has_touch=True, is_mobile=True)
    visitor.upload(noise(300, 400))
    box = visitor["canvas"].bounding_box()
    visitor.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    visitor.page.wait_for_selector("[data-testid=download]:enabled")
    visitor.wait("ready")
    assert (np.abs(visitor.pixels()[150, 200, :3].astype(int) - FILL) <= 2).all()
    visitor.page.context.close()


def test_the_page_speaks_chinese_to_those_who_do(browser, served):
    visitor = Visitor(browser, served.url, locale="zh-CN")
    assert visitor["choose"].inner_text() == sentence("choose", "zh")
    visitor.page.context.close()


def test_no_other_host_is_asked_for_anything(visitor, served):
    visitor["coffee"].click()
    visitor.page.wait_for_selector("[data-testid=download]:enabled")
    hosts = {urllib.parse.urlparse(request.url).netloc for request in visitor.requests}
    assert hosts - {""} == {urllib.parse.urlparse(served.url).netloc}


def test_the_page_says_what_a_context_encoder_is_good_for_and_fills_with_it(browser, tmp_path):
    generator = build_generator(ContextEncoderConfig(channels=2, bottleneck_channels=4))
    with serving(tmp_path.resolve(), inpainter=Inpainter(generator, source="me/paper")) as other:
        visitor = Visitor(browser, other.url)
        assert visitor["about"].inner_text() == sentence("about_center", "en")
        photo, points = noise(150, 220), [(20, 20), (200, 120)]
        visitor.upload(photo)
        visitor.paint(*points)
        changed = (visitor.pixels()[..., :3] != photo).any(-1)
        assert changed[near(photo.shape, points, 4)].mean() > 0.9
        assert not changed[~near(photo.shape, points, brush_of(visitor) / 2 + 2)].any()
        visitor.page.context.close()


def test_a_page_for_any_photo_says_nothing_about_its_weights(visitor):
    assert not visitor["about"].is_visible()


def test_a_model_that_could_not_be_loaded_is_said_in_a_banner_and_the_page_works(browser, tmp_path):
    with serving(tmp_path.resolve(), notice="me/none: there is no such repository: check <b>the name</b>") as other:
        visitor = Visitor(browser, other.url)
        assert visitor["banner"].is_visible()
        banner = visitor["banner"].inner_text()
        assert sentence("fallback", "en") in banner and "check <b>the name</b>" in banner
        assert visitor["weights"].inner_text() == "me/weights@abc123"
        visitor.upload(noise(100, 120))
        visitor.paint((60, 60))
        assert (np.abs(visitor.pixels()[60, 60, :3].astype(int) - FILL) <= 2).all()
        visitor.page.context.close()
