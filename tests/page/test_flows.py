"""What the page is made for, by mouse, by touch and by keyboard, at four widths, in both schemes and languages."""

import io

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from inpaint import Inpainter
from page.server.texts import translate
from tests.page.browsing import Visitor, filled, open_tab, until
from tests.page.damaged import LEFT, RIGHT, faded, find_damage
from tests.page.hands import Fingers, Keys, Mouse
from tests.page.serving import GRADIO_WARNINGS, OWNER_KEY, noise

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
WAYS = [
    (Fingers, 390, 844, "light", "zh"),
    (Fingers, 768, 1024, "dark", "en"),
    (Keys, 1440, 900, "light", "en"),
    (Mouse, 1920, 1080, "dark", "zh"),
]


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0].__name__}-{way[1]}-{way[3]}-{way[4]}")
def hand(request, browser, served, monkeypatch):
    """A hand on the page, with nothing done yet; the page's scripts must not fail."""
    kind, width, height, scheme, language = request.param
    monkeypatch.setattr(Inpainter, "find_damage", find_damage)
    monkeypatch.setattr("page.retrain.signin.machine_token", lambda: None)
    options = {"has_touch": True, "is_mobile": width < 500} if kind is Fingers else {}
    tab = open_tab(browser, width, height, color_scheme=scheme, locale=LOCALES[language], **options)
    visitor = Visitor(tab, f"{served.url}?__theme={scheme}")
    assert visitor["open"].inner_text() == translate("open", language)
    yield kind(visitor)
    visitor.leave()


def settle(visitor):
    """Wait until nothing is computed."""
    visitor.wait("ready")
    visitor.page.wait_for_selector(".page[data-state=ready]:not([data-refining])")
    visitor.page.wait_for_function("document.querySelector('[data-testid=progress]').hidden")


def paste(visitor, photo):
    Image.fromarray(photo).save(file := io.BytesIO(), "PNG")
    visitor.page.evaluate(
        """(bytes) => {
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File([new Uint8Array(bytes)], "photo.png", { type: "image/png" }));
            document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }""",
        list(file.getvalue()),
    )
    visitor.page.wait_for_selector(".page[data-state=ready][data-has-file]")


def check_accessible(visitor):
    found = Axe().run(visitor.page, context=".page", options={"resultTypes": ["violations"]}).response["violations"]
    assert not [each["id"] for each in found if each["impact"] in ("serious", "critical")]
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= visitor.page.viewport_size["width"]


def check_restoring(hand, visitor):
    """Restoring fills the damage; a find is taken back, and the sensitivity and the divider are moved."""
    hand.press("restore")
    visitor["restoration"].wait_for()
    settle(visitor)
    assert filled(visitor.pixels(), LEFT, RIGHT)
    hand.slide("divider", 0.8)
    assert 70 < float(visitor["divider"].input_value()) < 90
    check_accessible(visitor)
    hand.press("marks")
    hand.point_at(*LEFT[::-1])
    until(lambda: not filled(visitor.pixels(), LEFT), "the find is taken back")
    settle(visitor)
    hand.slide("sensitivity", 0.9)
    until(lambda: visitor["found-count"].inner_text().startswith(("2", "找到 2")), "the faint speck counts")
    settle(visitor)
    hand.press("marks")
    hand.press("step-tone")
    settle(visitor)
    hand.press("step-fill")
    until(lambda: not filled(visitor.pixels(), RIGHT), "the fills are taken back")
    settle(visitor)


def check_tools(hand, visitor):
    """Brush, lasso and rectangle fill where they paint; undo, redo and another fill work."""
    photo = visitor.pixels()[..., :3].astype(int)
    hand.press("brush")
    hand.draw((60, 200), (150, 200))
    until(lambda: filled(visitor.pixels(), (200, 100)), "the stroke is filled")
    settle(visitor)
    hand.press("undo")
    until(lambda: not filled(visitor.pixels(), (200, 100)), "undone")
    settle(visitor)
    hand.press("redo")
    until(lambda: filled(visitor.pixels(), (200, 100)), "done again")
    settle(visitor)
    hand.press("lasso")
    hand.draw((260, 20), (340, 20), (340, 90), (260, 90))
    hand.press("rectangle")
    hand.draw((250, 200), (330, 270))
    assert visitor["held"].is_visible() and (visitor.pixels()[240, 290, :3] == photo[240, 290]).all()
    hand.press("fill")
    until(lambda: (visitor.pixels()[[55, 240], [300, 290], :3] != photo[[55, 240], [300, 290]]).all(1).all(), "filled")
    settle(visitor)
    hand.press("another_fill")
    visitor.page.wait_for_function("document.querySelector('.page').dataset.state === 'ready'")
    settle(visitor)
    hand.press("show_fills")
    assert visitor["show_fills"].get_attribute("aria-pressed") == "true"


def check_saving(hand, visitor):
    """The result is downloaded, and an example takes its place."""
    with visitor.page.expect_download() as download:
        hand.press("download")
    with Image.open(download.value.path()) as result:
        assert filled(np.asarray(result), (200, 100)) and result.size == (400, 300)
    visitor.wait("ready")
    hand.press("coffee")
    visitor.page.wait_for_function("document.querySelector('.page').editor.size[0] === 600")


def test_the_page_is_used_by_mouse_by_touch_and_by_keyboard(hand, served):
    visitor = hand.visitor
    paste(visitor, faded(noise(300, 400)))
    check_restoring(hand, visitor)
    check_tools(hand, visitor)
    check_saving(hand, visitor)
    hand.press("retrain")
    visitor.page.wait_for_url("**/retrain")
    visitor.page.goto(f"{served.url}retrain#key={OWNER_KEY}")
    visitor.page.reload()  # of the same page, which otherwise reads no key
    visitor["form"].wait_for()
    hand.press("back")
    visitor.wait("ready")
