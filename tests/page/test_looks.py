"""Layout and accessibility (axe) of the page on screens of five sizes, light and dark, in both languages.

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
SIZES = [(390, 844), (768, 1024), (1440, 900), (1920, 1080), (844, 390)]
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
STROKE = ((863, 503), (840, 560), (826, 605), (806, 680), (783, 762))


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("uploads").resolve(), inpainter=Inpainter.from_pretrained()) as running:
        yield running


@pytest.fixture(scope="module")
def folder():
    """The folder of the screenshots; None if they are not wanted."""
    chosen = os.getenv("SCREENSHOTS")
    if not chosen:
        return None
    Path(chosen).mkdir(parents=True, exist_ok=True)
    return Path(chosen)


def check_layout(visitor, name, folder):
    """Nothing is wider than the window, and axe finds nothing serious; save a screenshot where they are wanted."""
    visitor.page.mouse.move(0, 0)
    if folder:
        visitor.page.screenshot(path=folder / f"{name}.png", full_page=True)
    width = visitor.page.evaluate("document.documentElement.scrollWidth")
    assert width <= visitor.page.viewport_size["width"], f"{name} is {width} px wide"
    options = {"resultTypes": ["violations"]}
    violations = Axe().run(visitor.page, context=".page", options=options).response["violations"]
    serious = [each for each in violations if each["impact"] in ("serious", "critical")]
    assert not serious, [(each["id"], each["help"], [node["html"][:120] for node in each["nodes"]]) for each in serious]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_editor_fits_and_is_accessible_at_each_size_in_both_schemes_and_languages(
    browser, served, folder, size, scheme
):
    width, height = size
    language = ("en", "zh")[(SIZES.index(size) + (scheme == "dark")) % 2]
    options = {"has_touch": True, "is_mobile": True} if min(size) < 500 else {}
    tab = open_tab(browser, width=width, height=height, color_scheme=scheme, locale=LOCALES[language], **options)
    visitor = Visitor(tab, f"{served.url}?__theme={scheme}")
    assert visitor["open"].inner_text() == translate("open", language)
    name = f"{width}x{height}-{scheme}-{language}"
    check_layout(visitor, f"{name}-1-example", folder)
    visitor.paint(*STROKE)
    visitor.page.wait_for_selector("[data-testid=version]:nth-child(2)")
    visitor["lasso"].click()
    visitor.paint((200, 300), (300, 280), (320, 360), (210, 380))
    assert visitor["held"].is_visible()
    check_layout(visitor, f"{name}-2-painted", folder)
    visitor["discard"].click()
    visitor["options"].click()
    check_layout(visitor, f"{name}-3-options", folder)
    visitor["model"].fill("not a name")
    visitor["load_model"].click()
    visitor["error"].wait_for()
    visitor.page.keyboard.press("Escape")
    check_layout(visitor, f"{name}-4-error", folder)
    visitor["otter"].click()
    visitor["ask"].wait_for()
    check_layout(visitor, f"{name}-5-question", folder)
    visitor.leave()


def boxes_of_tools(tab):
    """Boxes of the visible controls of the toolbar: {name: {width, height, middle}}."""
    return tab.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".tools :is(button, select, summary, .size input)")]
            .filter((part) => part.checkVisibility() && !part.closest(".panel"))
            .map((part) => [part.dataset.testid, part.getBoundingClientRect()])
            .map(([name, { width, height, top }]) => [name, { width, height, middle: Math.round(top + height / 2) }])
        )"""
    )


@pytest.mark.parametrize(
    ("rows", "widths"),
    [
        (1, (1200, 1300, 1439, 1440, 1560, 1600, 1650, 1720, 1722, 1849, 1850, 2560)),
        (2, (701, 768, 900, 901, 1024, 1100)),
        (3, (320, 360, 390, 430)),
    ],
)
@pytest.mark.parametrize("language", LOCALES)
def test_the_tools_take_one_row_from_1200_px_on_two_on_tablets_and_three_on_phones(
    browser, served, rows, widths, language
):
    visitor = Visitor(open_tab(browser, width=widths[0], height=800, locale=LOCALES[language]), served.url)
    found = {}
    for width in widths:
        visitor.page.set_viewport_size({"width": width, "height": 800})
        found[width] = len({box["middle"] for box in boxes_of_tools(visitor.page).values()})
    assert set(found.values()) == {rows}, found
    visitor.leave()


@pytest.mark.parametrize(("width", "narrowest"), [(390, 41), (768, 44), (1024, 44)])
def test_tools_are_large_enough_for_fingers(browser, served, width, narrowest):
    visitor = Visitor(open_tab(browser, width=width, height=900, has_touch=True, is_mobile=True), served.url)
    small = {
        name: box
        for name, box in boxes_of_tools(visitor.page).items()
        if box["width"] < narrowest or box["height"] < 44
    }
    assert not small
    visitor.leave()


def test_every_control_has_a_name_and_those_without_words_a_tooltip(browser, served):
    visitor = Visitor(open_tab(browser, width=1440, height=900), served.url)
    visitor["options"].click()
    unnamed = visitor.page.evaluate(
        """() => [...document.querySelectorAll(".page :is(button, input, select, summary, a)")].filter((part) => {
            const words = part.innerText?.trim() || part.closest("label")?.innerText.trim();
            const isShown = part.checkVisibility({ visibilityProperty: true });
            return isShown && !words && !(part.title && part.ariaLabel);
        }).map((part) => part.outerHTML.slice(0, 120))"""
    )
    assert not unnamed
    visitor.leave()


@pytest.mark.parametrize("size", [(1920, 1080), (844, 390)], ids=["wide screen", "phone in landscape"])
def test_the_photo_gets_most_of_a_wide_screen_and_of_a_phone_in_landscape(browser, served, size):
    visitor = Visitor(open_tab(browser, width=size[0], height=size[1]), served.url)
    stage, zoom = visitor["stage"].bounding_box(), visitor["zoom_in"].bounding_box()
    assert stage["width"] * stage["height"] > 0.45 * size[0] * size[1]
    assert stage["y"] + stage["height"] <= size[1]  # all of it is seen at once
    inside = stage["x"] <= zoom["x"] < stage["x"] + stage["width"]
    assert not (inside and stage["y"] <= zoom["y"] < stage["y"] + stage["height"])
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
    for _ in range(55):
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
        "open", "brush", "lasso", "rectangle", "eraser", "fill_mode", "copy", "show_fills", "actual_size",
        "pan", "size", "undo", "clear", "options", "download", "canvas", "divider",
        "zoom_in", "zoom_out", "fit", "compare", "hold", "cracked", "otter", "coffee", "harbour", "card",
    }  # fmt: skip
    visitor.leave()
