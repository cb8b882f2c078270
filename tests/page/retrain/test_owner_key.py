"""The owner's key in a real browser: asked for once, by a link or a field."""

import pytest

from page.server.texts import translate
from tests.page.browsing import Visitor, open_tab
from tests.page.serving import GRADIO_WARNINGS, OWNER_KEY

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]


@pytest.fixture
def visitor(browser, served, monkeypatch):
    monkeypatch.setattr("page.retrain.signin.machine_token", lambda: None)
    visitor = Visitor(open_tab(browser), f"{served.url}retrain")
    yield visitor
    visitor.leave()


def test_the_key_is_asked_for_and_kept_by_the_browser(visitor):
    visitor["owner-key"].wait_for()
    assert not visitor["form"].is_visible()
    visitor["owner-key"].fill("wrong")
    visitor["unlock"].click()
    visitor["error"].wait_for()
    assert visitor["error"].inner_text() == translate("retrain_key_wrong", "en")
    visitor["owner-key"].fill(OWNER_KEY)
    visitor["owner-key"].press("Enter")
    visitor["form"].wait_for()
    assert not visitor["owner-key"].is_visible() and not visitor["error"].is_visible()
    visitor.page.reload()
    visitor["form"].wait_for()


def test_the_printed_link_brings_the_key_and_the_address_does_not_keep_it(visitor):
    url = visitor.page.url
    visitor.page.goto("about:blank")
    visitor.page.goto(f"{url}#key={OWNER_KEY}")
    visitor["form"].wait_for()
    assert OWNER_KEY not in visitor.page.url
