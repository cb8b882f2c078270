"""Every link of the page leads to something, also the one to the API, which Gradio can switch off."""

import json
import re
import urllib.parse

import httpx
import pytest

from inpaint.photos.formats import readable_formats
from page.server.agents import agents_text
from page.server.checks import MAX_JSON_MB, MAX_MEGAPIXELS
from page.server.comparison import COMPARISON_PATH, comparison_routes, without_dead_link
from page.server.texts import translate
from tests.page.browsing import Visitor
from tests.page.serving import GRADIO_WARNINGS, noise

pytestmark = GRADIO_WARNINGS
FOUND_ELSEWHERE = ("https://huggingface.co/",)
"""Addresses of other sites that the page may link to. The tests have no network."""


@pytest.mark.browser
@pytest.mark.parametrize("path", ["", "retrain"])
def test_every_link_of_the_page_leads_to_something(tab, served, path):
    tab.goto(served.url + path)
    tab.wait_for_selector(".page[data-state=ready]")
    anchors = tab.evaluate("[...document.querySelectorAll('.page a[href]')].map((a) => a.href)")
    assert len(anchors) >= 2
    for url in set(anchors):
        if not url.startswith(served.url):
            assert url.startswith(FOUND_ELSEWHERE), url
            continue
        without_hash = urllib.parse.urldefrag(url).url
        if "login/huggingface" in url:  # only on a Space, where tests/page/retrain/test_circle.py clicks it
            continue
        answer = httpx.get(without_hash, follow_redirects=True)
        assert answer.status_code == 200, url
        view = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query).get("view")
        assert view in (None, ["api"]), f"{url} opens a view of Gradio that no test knows"


def test_the_comparison_is_served_with_all_that_it_shows_and_nothing_else(served):
    url = f"{served.url}{COMPARISON_PATH}"
    index, pictures = httpx.get(url).text, httpx.get(f"{url}pictures.js").text
    entries = json.loads(pictures.partition("=")[2].rstrip().rstrip(";"))
    files = re.findall(r'(?:src|href)="([\w./]+)"', index)
    files += [f"pictures/{each['name']}{end}.webp" for each in entries for end in ("", "-hole")]
    assert {"compare.css", "compare.js", "pictures/otter.webp"} <= set(files)
    assert [file for file in files if httpx.get(url + file).status_code != 200] == []
    for other in ("__main__.py", "../../README.md", "%2e%2e/%2e%2e/app.py", "pictures"):
        assert httpx.get(url + other).status_code == 404, other


def test_a_page_without_the_documentation_has_no_link_to_the_comparison(monkeypatch, tmp_path):
    template = f'<p>\n<a href="{COMPARISON_PATH}">Compare</a>\n</p>'
    assert without_dead_link(template) == template
    monkeypatch.setattr("page.server.comparison.FOLDER", tmp_path)
    assert not comparison_routes() and without_dead_link(template) == "<p>\n</p>"


def check_api_is_shown(tab):
    """The dialog about the API names the endpoints, their parameters, and how to call them by name."""
    dialog = tab.locator(".api-docs")
    dialog.get_by_text("/remove").first.wait_for()
    text = dialog.inner_text()
    for name in ("/restore", "/find_damage", "/remove", "/inpaint", "/status", "point_radius", "boxes", "threshold"):
        assert name in text
    dialog.get_by_text("cURL", exact=True).click()
    dialog.get_by_text("call/v2/remove").first.wait_for()


@pytest.mark.browser
def test_use_it_from_a_program_shows_each_endpoint_and_keeps_the_photo(visitor):
    visitor.upload(noise(40, 60))
    link = visitor["api"]
    assert link.inner_text() == translate("api", "en")
    link.press("Enter")
    check_api_is_shown(visitor.page)
    assert not visitor.page.locator("footer[aria-label='Gradio footer navigation']").is_visible()
    assert visitor.run("size") == [60, 40]


@pytest.mark.browser
@pytest.mark.parametrize("search", ["?view=api", "?view=api&lang=bash"])
def test_the_address_of_the_api_shows_it(tab, served, search):
    visitor = Visitor(tab, served.url + search)
    tab.locator(".api-docs").wait_for()
    if "lang" in search:
        tab.locator(".api-docs").get_by_text("call/v2/remove").first.wait_for()
    else:
        check_api_is_shown(tab)
    visitor.finish()


def test_the_address_for_agents_tells_how_to_call_this_page(served):
    answer = httpx.get(served.url + "agents.md")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/markdown")
    assert answer.text == agents_text(served.url)
    assert not re.search(r"\{[a-z]+\}", answer.text), "every placeholder is filled in"
    assert f"{MAX_MEGAPIXELS} megapixels, 65,535 pixels along a side" in answer.text
    assert f"{MAX_JSON_MB} MB for a mask" in answer.text and "{" + "side" not in answer.text
    assert f"; {readable_formats()}; the result" in answer.text
    for path in re.findall(rf"{re.escape(served.url)}(gradio_api/[a-z]+)`", answer.text):
        assert httpx.get(f"{served.url}{path}").status_code == 200, path


def test_what_agents_are_told_names_each_endpoint_and_each_parameter_as_the_api_does(served):
    text = agents_text(served.url)
    endpoints = httpx.get(served.url + "gradio_api/info").json()["named_endpoints"]
    assert all(f"`{name.removeprefix('/')}`" in text for name in endpoints)
    parameters = {each["parameter_name"] for endpoint in endpoints.values() for each in endpoint["parameters"]}
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", text))
    assert named - {"path"} <= parameters | {name.removeprefix("/") for name in endpoints}  # "path" is a part of a file
