"""The page around the canvas in a real browser: widths, language, hosts, footer and banner."""

import urllib.parse

import pytest

from inpaint import ContextEncoderConfig, Inpainter
from inpaint.networks.generators import build_generator
from page.server.texts import translate
from tests.page.browsing import Visitor, brush_of, near, open_tab
from tests.page.serving import GRADIO_WARNINGS, noise, serving

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_the_page_does_not_scroll_sideways_at_any_width(visitor, width):
    visitor.page.set_viewport_size({"width": width, "height": 700})
    widths = [visitor.page.evaluate("document.documentElement.scrollWidth")]
    visitor.upload(noise(300, 900))
    widths.append(visitor.page.evaluate("document.documentElement.scrollWidth"))
    visitor.page.set_viewport_size({"width": 900, "height": 700})
    assert max(widths) <= width


def test_the_page_is_chinese_in_a_chinese_browser(browser, served):
    visitor = Visitor(open_tab(browser, locale="zh-CN"), served.url)
    assert visitor["open"].inner_text() == translate("open", "zh")
    visitor.leave()


def test_no_request_goes_to_another_host(visitor, served):
    visitor["coffee"].click()
    visitor.page.wait_for_selector("[data-testid=download]:enabled")
    hosts = {urllib.parse.urlparse(request.url).netloc for request in visitor.requests}
    assert hosts - {""} == {urllib.parse.urlparse(served.url).netloc}


@pytest.fixture(scope="module")
def paper(tmp_path_factory):
    """A page with a Context Encoder, in place of a model that could not be loaded."""
    generator = build_generator(ContextEncoderConfig(channels=2, bottleneck_channels=4))
    inpainter = Inpainter(generator, source="me/paper@abc123")
    notice = "me/none: there is no such repository: check <b>the name</b>"
    with serving(tmp_path_factory.mktemp("paper").resolve(), notice, inpainter) as running:
        yield running


def test_a_context_encoder_fills_and_its_limitations_are_shown(tab, paper):
    visitor = Visitor(tab, paper.url)
    assert visitor["about"].inner_text() == translate("about_center", "en")
    photo, points = noise(150, 220), [(20, 20), (200, 120)]
    visitor.upload(photo)
    visitor.paint(*points)
    changed = (visitor.pixels()[..., :3] != photo).any(-1)
    assert changed[near(photo.shape, points, 4)].mean() > 0.9
    assert not changed[~near(photo.shape, points, brush_of(visitor) / 2 + 2)].any()
    visitor.finish()


def test_weights_for_any_photo_have_no_limitations_shown(visitor):
    assert not visitor["about"].is_visible()


def test_a_banner_says_why_a_model_could_not_be_loaded(tab, paper):
    visitor = Visitor(tab, paper.url)
    assert visitor["banner"].is_visible()
    banner = visitor["banner"].inner_text()
    assert translate("fallback", "en") in banner and "check <b>the name</b>" in banner
    assert visitor["weights"].inner_text() == "me/paper@abc123"
    visitor.finish()
