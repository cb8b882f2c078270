"""Layout and accessibility (axe) of the page at three widths, light and dark.

The screenshots are written to the folder named by the environment variable SCREENSHOTS; CI keeps them.
"""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from inpaint import Inpainter
from page.server.texts import translate
from tests.page.browsing import Visitor, open_tab
from tests.page.serving import GRADIO_WARNINGS, OWNER_KEY, serving

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


def check_layout(visitor, name, folder):
    """Save a screenshot; nothing is wider than the window, and axe finds nothing serious."""
    visitor.page.mouse.move(0, 0)
    visitor.page.screenshot(path=folder / f"{name}.png", full_page=True)
    width = visitor.page.evaluate("document.documentElement.scrollWidth")
    assert width <= visitor.page.viewport_size["width"], f"{name} is {width} px wide"
    options = {"resultTypes": ["violations"]}
    violations = Axe().run(visitor.page, context=".page", options=options).response["violations"]
    serious = [each for each in violations if each["impact"] in ("serious", "critical")]
    assert not serious, [(each["id"], each["help"], [node["html"][:120] for node in each["nodes"]]) for each in serious]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", SIZES)
def test_the_editor_fits_and_is_accessible_at_each_width_in_both_colour_schemes(browser, served, folder, width, scheme):
    phone = {"has_touch": True, "is_mobile": True} if width < 768 else {}
    tab = open_tab(browser, width=width, height=SIZES[width], color_scheme=scheme, **phone)
    visitor = Visitor(tab, f"{served.url}?__theme={scheme}")
    name = f"{width}-{scheme}"
    check_layout(visitor, f"{name}-1-example", folder)
    visitor.paint(*STROKE)
    visitor.page.wait_for_selector("[data-testid=version]:nth-child(2)")
    check_layout(visitor, f"{name}-2-painted", folder)
    visitor["options"].click()
    check_layout(visitor, f"{name}-3-options", folder)
    visitor["model"].fill("not a name")
    visitor["load_model"].click()
    visitor["error"].wait_for()
    visitor.page.keyboard.press("Escape")
    check_layout(visitor, f"{name}-4-error", folder)
    visitor.leave()


def test_the_editor_fits_and_is_accessible_in_chinese(browser, served, folder):
    visitor = Visitor(open_tab(browser, locale="zh-CN", width=768, height=1024), served.url)
    assert visitor["open"].inner_text() == translate("open", "zh")
    check_layout(visitor, "768-chinese", folder)
    visitor.leave()


@pytest.mark.parametrize(("width", "scheme", "locale"), [(390, "light", "en-GB"), (1440, "dark", "zh-CN")])
def test_the_form_for_retraining_fits_and_is_accessible(browser, served, folder, monkeypatch, width, scheme, locale):
    monkeypatch.setattr("page.retrain.signin.machine_token", lambda: None)
    tab = open_tab(browser, width=width, height=900, color_scheme=scheme, locale=locale)
    visitor = Visitor(tab, f"{served.url}retrain?__theme={scheme}#key={OWNER_KEY}")
    visitor["form"].wait_for()
    check_layout(visitor, f"{width}-{scheme}-retrain", folder)
    visitor.leave()


def test_every_control_can_be_focused_with_the_keyboard_and_shows_the_focus(browser, served):
    visitor = Visitor(open_tab(browser, width=1440, height=900), served.url)
    reached = []
    for _ in range(40):
        visitor.page.keyboard.press("Tab")
        focused = visitor.page.evaluate(
            """() => {
                const at = document.activeElement, style = getComputedStyle(at);
                const stage = at.matches(".overlay") ? getComputedStyle(at.parentElement).boxShadow : "none";
                const seen = style.outlineStyle !== "none" || stage !== "none" || at.matches(".divider");
                return at.closest(".page") && [at.dataset.testid || at.textContent, seen];
            }"""
        )
        if focused:
            reached.append(focused)
    assert all(seen for _, seen in reached), reached
    names = {name for name, _ in reached}
    assert names >= {
        "open", "brush", "eraser", "pan", "size", "undo", "clear", "options", "download", "canvas", "divider",
        "zoom_in", "zoom_out", "fit", "compare", "hold", "cracked", "otter", "coffee", "harbour", "card",
    }  # fmt: skip
    visitor.leave()
