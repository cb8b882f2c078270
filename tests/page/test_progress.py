"""Progress of what takes long, and its cancel button, in a real browser."""

import time

import numpy as np
import pytest

from inpaint import Inpainter
from inpaint.engine.fills import Fill
from inpaint.engine.regions import find_regions
from page.server.texts import translate
from tests.page.browsing import Visitor, open_tab, until
from tests.page.serving import FILL, GRADIO_WARNINGS, OneColour, noise, serving

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]


class SlowFills:
    """Fills row by row; in photos of 300 rows, holes of more than 60 rows are filled to the half until cancelled."""

    def __init__(self):
        self.ended = 0

    def __call__(self, pixels, mask, within, options, cancelled):
        for box, hole in find_regions(mask, within):
            if len(mask) != 300:
                yield Fill(box.left, box.top, np.broadcast_to(np.uint8(FILL), (*hole.shape, 3)), hole)
                continue
            for row in range(box.height):
                while row > 60 and row > box.height // 2 and not cancelled():
                    time.sleep(0.01)
                if cancelled():
                    self.ended += 1
                    return
                fill = np.broadcast_to(np.uint8(FILL), (1, box.width, 3))
                yield Fill(box.left, box.top + row, fill, hole[row : row + 1])


@pytest.fixture(scope="module")
def fills():
    return SlowFills()


@pytest.fixture(scope="module")
def served(tmp_path_factory, fills):
    inpainter = Inpainter(OneColour(), source="me/weights@abc123").with_fills(fills)
    with serving(tmp_path_factory.mktemp("uploads").resolve(), inpainter=inpainter) as running:
        yield running


WIDE = [(200, 60), (200, 240)]


@pytest.mark.parametrize("how", ["button", "key"])
def test_a_long_fill_shows_how_far_it_is_and_can_be_cancelled(visitor, fills, how):
    photo, ended = noise(300, 400), fills.ended
    visitor.upload(photo)
    visitor.paint(*WIDE, wait=False)
    visitor["progress"].wait_for()
    visitor.page.wait_for_function("document.querySelector('.progress output').textContent === '50 %'")
    bar = visitor["progress"].locator("progress")
    assert 0.4 < float(bar.get_attribute("value")) < 0.6 and bar.get_attribute("aria-label") == "Progress"
    assert translate("stage_fill", "en") in visitor["status"].inner_text()
    visitor.page.keyboard.press("Escape") if how == "key" else visitor["cancel"].click()
    visitor.wait_for_status(translate("cancelled", "en"))
    visitor.wait("ready")
    assert not visitor["progress"].is_visible()
    until(lambda: fills.ended == ended + 1, "the fill ends on the server too")
    assert (visitor.pixels()[..., :3] == photo).all() and visitor["undo"].is_disabled()
    visitor.paint((60, 60), (90, 60))  # the next one is filled
    assert (visitor.pixels()[60, 75, :3] == FILL).all() and visitor["undo"].is_enabled()


def test_strokes_that_wait_are_dropped_with_the_cancelled_one_and_other_visitors_go_on(visitor, browser, served):
    photo = noise(300, 400)
    other = Visitor(open_tab(browser), served.url)
    other.upload(photo)
    visitor.upload(photo)
    visitor.paint(*WIDE, wait=False)
    visitor["progress"].wait_for()
    visitor.paint((60, 60), (90, 60), wait=False)
    other.paint((60, 60), (90, 60), wait=False)  # waits, as there is one worker
    visitor["cancel"].click()
    visitor.wait("ready")
    other.wait("ready")
    assert (other.pixels()[60, 75, :3] == FILL).all()
    assert (visitor.pixels()[..., :3] == photo).all() and len(visitor.calls("paint")) == 1
    other.leave()


def test_what_is_done_in_a_moment_shows_no_progress(visitor):
    visitor.upload(noise(300, 400))
    visitor.page.evaluate(
        """() => {
            window.seen = 0;
            const row = document.querySelector("[data-testid=progress]");
            new MutationObserver(() => (window.seen += !row.hidden)).observe(row, { attributes: true });
        }"""
    )
    visitor.paint((60, 60), (90, 60))
    assert visitor.page.evaluate("window.seen") == 0


def test_an_upload_shows_how_much_was_sent_and_a_cancelled_one_keeps_the_open_photo(visitor):
    photo = noise(300, 400)
    visitor.upload(photo)
    session = visitor.page.context.new_cdp_session(visitor.page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", slow)
    visitor["file"].set_input_files({"name": "b.png", "mimeType": "image/png", "buffer": bytes(3_000_000)})
    visitor.page.wait_for_function(
        "/^[1-9]/.test(document.querySelector('.progress:not([hidden]) output')?.textContent)"
    )
    assert translate("stage_upload", "en") in visitor["status"].inner_text()
    visitor["cancel"].click()
    visitor.wait_for_status(translate("cancelled", "en"))
    session.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    session.detach()
    visitor.paint((60, 60), (90, 60))
    assert (visitor.pixels()[60, 75, :3] == FILL).all() and (visitor.pixels()[200:, :, :3] == photo[200:]).all()
