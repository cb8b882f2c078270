"""For programs: what docs/api.md promises about the API and the MCP tools, done with real clients."""

import asyncio
import base64
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from page.server.checks import MAX_MEGAPIXELS
from page.server.texts import sentence
from tests.page.serving import FILL, GRADIO_WARNINGS, noise

pytestmark = GRADIO_WARNINGS
API_DOCS = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
ADDRESS = "http://localhost:7860"


@pytest.fixture
def files(tmp_path, monkeypatch):
    """photo.jpg and mask.png in the current folder; the photo's pixels, and the mask."""
    mask = np.zeros((64, 96), bool)
    mask[20:40, 30:60] = True
    Image.fromarray(noise(64, 96)).save(tmp_path / "photo.jpg", quality=80)
    Image.fromarray(mask).save(tmp_path / "mask.png")
    monkeypatch.chdir(tmp_path)
    with Image.open("photo.jpg") as photo:
        return np.asarray(photo), mask


def snippet(language, word):
    """The example of docs/api.md in this language that contains this word."""
    return next(code for code in re.findall(rf"```{language}\n(.*?)```", API_DOCS, re.DOTALL) if word in code)


def check(file, files):
    """A finished photo: the mask is filled, and everything else is as it was."""
    pixels, mask = files
    with Image.open(file) as opened:
        result = np.asarray(opened)
    assert (result[~mask] == pixels[~mask]).all()
    assert (np.abs(result[mask].astype(int) - FILL) <= 1).all()


def test_the_python_example_of_the_readme_fills_a_photo_and_tells_the_status(served, files, capsys):
    code = (
        snippet("python", "gradio_client").replace(ADDRESS, served.url).replace("Client(", "Client(verbose=False, src=")
    )
    names = {}
    exec(compile(code, "docs/api.md", "exec"), names)
    names["client"].close()
    check(names["path"], files)
    assert "'weights': 'me/weights', 'revision': 'abc123'" in capsys.readouterr().out


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_curl_example_of_the_readme_fills_a_photo(served, files):
    code = snippet("sh", "curl -sF").replace(ADDRESS + "/", served.url)
    subprocess.run(["bash", "-euc", code], check=True, timeout=120)
    check("filled.png", files)


def in_session(served, scene):
    """Run a scene with an MCP client that is connected to the address that docs/api.md gives."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    address = json.loads(snippet("json", "mcpServers"))["mcpServers"]["inpaint"]["url"].replace(
        ADDRESS + "/", served.url
    )

    async def connected():
        async with streamable_http_client(address) as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            return await scene(session)

    return asyncio.run(connected())


def as_uri(file):
    return "data:image/png;base64," + base64.b64encode(Path(file).read_bytes()).decode()


def test_an_mcp_client_finds_two_tools_that_say_what_they_do_and_what_they_take(served):
    tools = {tool.name: tool for tool in in_session(served, lambda session: session.list_tools()).tools}
    assert set(tools) == {"inpaint", "status"}
    inpaint = tools["inpaint"]
    assert "Remove things from a photo" in inpaint.description and "outside the mask stays" in inpaint.description
    assert inpaint.inputSchema["required"] == ["photo", "mask"]
    described = {name: field["description"] for name, field in inpaint.inputSchema["properties"].items()}
    assert f"{MAX_MEGAPIXELS} megapixels" in described["photo"] and "white where to fill" in described["mask"]


def test_an_mcp_client_gets_a_finished_picture_and_the_status(served, files):
    async def scene(session):
        pictures = {"photo": as_uri("photo.jpg"), "mask": as_uri("mask.png")}
        return await session.call_tool("inpaint", pictures), await session.call_tool("status", {})

    filled, status = in_session(served, scene)
    assert not filled.isError
    check(io.BytesIO(base64.b64decode(filled.content[0].data)), files)
    assert "'runtime': 'PyTorch'" in status.content[0].text


def test_an_mcp_client_is_told_in_a_sentence_what_is_wrong(served, files):
    Image.new("L", (8, 8)).save("small.png")
    Path("drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    photo, mask = as_uri("photo.jpg"), as_uri("mask.png")
    wrong = {
        "they must have the same size": {"photo": photo, "mask": as_uri("small.png")},
        "it is an SVG drawing": {"photo": as_uri("drawing.svg"), "mask": mask},
        "provide a url": {"photo": "/etc/passwd", "mask": mask},
        "'mask' is a required property": {"photo": photo},
        "failed validation": {"photo": "http://127.0.0.1:22/", "mask": mask},
    }

    async def scene(session):
        return [await session.call_tool("inpaint", pictures) for pictures in wrong.values()]

    for words, answer in zip(wrong, in_session(served, scene), strict=True):
        text = answer.content[0].text
        assert answer.isError and words in text and "Traceback" not in text


def test_a_failure_inside_the_api_is_told_in_a_sentence_without_a_trace(served, files, monkeypatch, caplog):
    monkeypatch.setattr("page.server.api.save_photo", lambda *_: 1 / 0)
    from gradio_client import Client, handle_file

    client = Client(served.url, verbose=False)
    with pytest.raises(Exception, match=re.escape(sentence("unexpected", "en"))) as error:
        client.predict(handle_file("photo.jpg"), handle_file("mask.png"), api_name="/inpaint")
    client.close()
    assert "ZeroDivisionError" in caplog.text and "ZeroDivision" not in str(error.value)


@pytest.mark.parametrize("name", ["../../x.jpg", "a" * 300 + ".jpg", "<b>.jpg", "..", "a\nb.jpg", ""])
def test_a_program_may_give_a_photo_any_name_and_the_result_stays_in_its_own_folder(served, files, name):
    import httpx

    uploads = [served.upload(Path(file).read_bytes(), file) for file in ("photo.jpg", "mask.png")]
    photo, mask = ({"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}} for path in uploads)
    event = httpx.post(served.url + "gradio_api/call/inpaint", json={"data": [photo, mask]}).json()["event_id"]
    answer = httpx.get(served.url + f"gradio_api/call/inpaint/{event}", timeout=60).text
    result = Path(json.loads(answer.rpartition("data: ")[2])[0]["path"])
    assert result.parent.parent == served.visits.folder and result.name.endswith("-filled.png")
    check(result, files)
