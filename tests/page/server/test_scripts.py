"""The ES modules of the page as the server delivers them."""

import os

import httpx
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from page.server.scripts import STATIC, script_route
from tests.page.serving import GRADIO_WARNINGS

pytestmark = GRADIO_WARNINGS


@pytest.mark.parametrize("path", sorted(str(path.relative_to(STATIC)) for path in STATIC.rglob("*.js")))
def test_every_module_is_served_as_javascript_that_browsers_revalidate(served, path):
    answer = httpx.get(f"{served.url}scripts/{path}")
    assert answer.status_code == 200 and answer.content == (STATIC / path).read_bytes()
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-cache"
    again = httpx.get(f"{served.url}scripts/{path}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304 and not again.content and again.headers["cache-control"] == "no-cache"


def test_a_changed_module_has_another_etag(tmp_path):
    client = TestClient(Starlette(routes=[script_route(tmp_path)]))
    (tmp_path / "a.js").write_text("old")
    old = client.get("/scripts/a.js").headers["etag"]
    (tmp_path / "a.js").write_text("new")
    os.utime(tmp_path / "a.js", (1, 1))
    answer = client.get("/scripts/a.js", headers={"If-None-Match": old})
    assert answer.status_code == 200 and answer.text == "new"


@pytest.mark.parametrize(
    "path",
    [
        "", "editor", "editor/", "editor/editor.html", "editor/editor.css", "icon.svg", "examples/README.md",
        "../server/texts.py", "%2e%2e/server/texts.py", "..%2fserver%2ftexts.py", "editor/..%2f..%2fserver/scripts.py",
        "%2fserver/texts.py", "/server/texts.py", "editor.js%00.py", "a" * 5000 + ".js",
    ],
)  # fmt: skip
def test_no_other_file_is_served(served, path):
    assert httpx.get(f"{served.url}scripts/{path}").status_code == 404


def test_a_link_to_a_script_elsewhere_is_not_followed(tmp_path):
    folder = tmp_path / "static"
    folder.mkdir()
    (tmp_path / "secret.js").write_text("secret")
    (folder / "link.js").symlink_to(tmp_path / "secret.js")
    client = TestClient(Starlette(routes=[script_route(folder)]))
    for path in ("/scripts/link.js", "/scripts/..%2fsecret.js"):
        assert client.get(path).status_code == 404


def test_modules_can_only_be_read(served):
    assert httpx.post(f"{served.url}scripts/editor/editor.js", content=b"x").status_code == 405


@pytest.mark.parametrize("path", ["/scripts/editor/editor.js", "/tools/inpaint/scripts/editor/editor.js"])
def test_modules_are_served_behind_a_proxy_whether_or_not_it_strips_the_prefix(path):
    client = TestClient(Starlette(routes=[script_route()]), root_path="/tools/inpaint")
    assert client.get(path).content == (STATIC / "editor" / "editor.js").read_bytes()
