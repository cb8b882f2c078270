"""How the page looks: at three widths, light and dark; for everybody, as far as axe can tell.

The screenshots are written to the folder that SCREENSHOTS names; in CI they are kept.
"""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from inpaint import Inpainter
from page.server.texts import sentence
from tests.page.browsing import Visitor
from tests.page.serving import GRADIO_WARNINGS, serving

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]
SIZES = {360: 740, 768: 1024, 1440: 900}
STROKE = ((863, 503), (840, 560), (826, 605), (806, 680), (783, 762))


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("uploads").resolve(), inpainter=Inpainter.from_pretrained()) as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    chosen = os.getenv("SCREENSHOTS")
    path = Path(chosen) if chosen else tmp_path_factory.mktemp("screenshots")
    path.mkdir(parents=True, exist_ok=True)
    return path


def check(visitor, name, folder):
    """Photograph the whole page; nothing sticks out, and axe finds nothing serious."""
    visitor.page.mouse.move(0, 0)
    visitor.page.screenshot(path=folder / f"{name}.png", full_page=True)
    width = visitor.page.evaluate("document.documentElement.scrollWidth")
    assert width <= visitor.page.viewport_size["width"], f"{name} is {width} px wide"
    violations = Axe().run(visitor.page, context=".page").response["violations"]
    serious = [each for each in violations if each["impact"] in ("serious", "critical")]
    assert not serious, [(each["id"], each["help"], [node["html"][:120] for node in each["nodes"]]) for each in serious]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", SIZES)
def test_the_page_is_sound_at_any_width_and_in_both_schemes(browser, served, folder, width, scheme):
    phone = {"has_touch": True, "is_mobile": True} if width < 768 else {}
    visitor = Visitor(
        browser, f"{served.url}?__theme={scheme}", width=width, height=SIZES[width], color_scheme=scheme, **phone
    )
    name = f"{width}-{scheme}"
    check(visitor, f"{name}-1-first-look", folder)
    visitor.paint(*STROKE)
    visitor.page.wait_for_selector("[data-testid=version]:nth-child(2)")
    check(visitor, f"{name}-2-painted", folder)
    visitor["options"].click()
    check(visitor, f"{name}-3-options", folder)
    visitor["model"].fill("not a name")
    visitor["use_model"].click()
    visitor["trouble"].wait_for()
    visitor.page.keyboard.press("Escape")
    check(visitor, f"{name}-4-trouble", folder)
    visitor.leave()


def test_the_page_looks_right_in_chinese(browser, served, folder):
    visitor = Visitor(browser, served.url, locale="zh-CN", width=768, height=1024)
    assert visitor["choose"].inner_text() == sentence("choose", "zh")
    check(visitor, "768-chinese", folder)
    visitor.leave()


def test_everything_is_reached_with_the_keyboard_and_shows_that_it_is(browser, served):
    visitor = Visitor(browser, served.url, width=1440, height=900)
    reached = []
    for _ in range(40):
        visitor.page.keyboard.press("Tab")
        focused = visitor.page.evaluate(
            """() => {
                const at = document.activeElement, style = getComputedStyle(at);
                const stage = at.matches(".ink") ? getComputedStyle(at.parentElement).boxShadow : "none";
                const seen = style.outlineStyle !== "none" || stage !== "none" || at.matches(".divider");
                return at.closest(".page") && [at.dataset.testid || at.textContent, seen];
            }"""
        )
        if focused:
            reached.append(focused)
    assert all(seen for _, seen in reached), reached
    names = {name for name, _ in reached}
    assert names >= {
        "choose", "brush", "eraser", "move", "size", "undo", "clear", "options", "download", "canvas", "divider",
        "zoom_in", "zoom_out", "whole", "compare", "hold", "farmhouse", "coffee", "harbour", "card",
    }  # fmt: skip
    visitor.leave()
