"""The API and the MCP tools with real clients, and the examples of docs/api.md."""

import asyncio
import base64
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from inpaint import Inpainter
from inpaint.photos.formats import readable_formats
from page.server.checks import MAX_JSON_MB, MAX_MEGAPIXELS, MAX_SIDE
from page.server.texts import translate
from tests.page.serving import FILL, GRADIO_WARNINGS, noise
from tests.pictures import landscape

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


def check_filled(file, files):
    """The masked pixels of a file are filled, and all others are the photo's."""
    pixels, mask = files
    with Image.open(file) as opened:
        result = np.asarray(opened)
    assert (result[~mask] == pixels[~mask]).all()
    assert (np.abs(result[mask].astype(int) - FILL) <= 1).all()


def call_inpaint(served, *files, **options):
    """Call /inpaint with files and options as a Python program does; the path of the result."""
    client = Client(served.url, verbose=False)
    try:
        return Path(client.predict(*map(handle_file, files), **options, api_name="/inpaint"))
    finally:
        client.close()


def post_inpaint(served, photo, mask):
    """Call /inpaint over HTTP with file data; the text of the event stream."""
    url = served.url + "gradio_api/call/inpaint"
    event = httpx.post(url, json={"data": [photo, mask]}).json()["event_id"]
    return httpx.get(f"{url}/{event}", timeout=60).text


def test_a_jpeg_is_filled_into_a_lossless_file_with_its_name(served, files):
    result = call_inpaint(served, "photo.jpg", "mask.png")
    assert result.name == "photo-filled.png"
    check_filled(result, files)


def test_seed_and_texture_strength_are_optional_and_reach_the_fill(served, files, monkeypatch):
    options, call = [], Inpainter.__call__

    def recording(*arguments, seed, texture_strength):
        options.append((seed, texture_strength))
        return call(*arguments)

    monkeypatch.setattr(Inpainter, "__call__", recording)
    call_inpaint(served, "photo.jpg", "mask.png")
    call_inpaint(served, "photo.jpg", "mask.png", seed=7, texture_strength=0.5)
    assert options == [(0, 1.0), (7, 0.5)]
    with pytest.raises(Exception, match="seed is -1; it must be a whole number from 0 to"):
        call_inpaint(served, "photo.jpg", "mask.png", seed=-1)


def test_a_mask_that_marks_nothing_is_declined(served, files):
    Image.new("L", (96, 64)).save("black.png")
    with pytest.raises(Exception, match="marks nothing"):
        call_inpaint(served, "photo.jpg", "black.png")


def test_notes_are_messages_of_the_job(served, files):
    photo = landscape((96, 64))
    photo.save("land.png")
    alpha = Image.new("L", (96, 64), 255)
    alpha.paste(0, (30, 20, 60, 40))
    photo.putalpha(alpha)
    photo.save("erased.png")
    client = Client(served.url, verbose=False)
    try:
        job = client.submit(handle_file("land.png"), handle_file("erased.png"), api_name="/inpaint")
        job.result()
        updates = [job.communicator.updates.get_nowait() for _ in range(job.communicator.updates.qsize())]
    finally:
        client.close()
    logs = [update.log for update in updates if getattr(update, "log", None)]
    assert len(logs) == 1 and "erased to transparency" in logs[0][0] and logs[0][1] == "info"


def test_a_mask_of_another_size_is_declined_with_both_sizes(served, files):
    Image.new("L", (60, 64)).save("small.png")
    with pytest.raises(Exception, match="mask is 60x64 and the photo is 96x64"):
        call_inpaint(served, "photo.jpg", "small.png")


def test_a_file_outside_the_uploads_is_not_read(served, files, tmp_path):
    outside = {"path": str(tmp_path / "photo.jpg"), "meta": {"_type": "gradio.FileData"}}
    answer = post_inpaint(served, outside, outside)
    assert "event: error" in answer and "event: complete" not in answer


def test_the_python_example_of_the_docs_fills_a_photo_and_returns_the_status(served, files, capsys):
    code = (
        snippet("python", "gradio_client").replace(ADDRESS, served.url).replace("Client(", "Client(verbose=False, src=")
    )
    names = {}
    exec(compile(code, "docs/api.md", "exec"), names)
    names["client"].close()
    for name in ("path", "without"):
        check_filled(names[name], files)
    with Image.open(names["restored"]) as restored:
        assert restored.size == (96, 64)
    status = capsys.readouterr().out
    assert "'weights': 'me/weights', 'revision': 'abc123'" in status
    assert f"'max_side': {MAX_SIDE}" in status and f"'max_json_megabytes': {MAX_JSON_MB}" in status


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_curl_example_of_the_docs_fills_a_photo(served, files):
    code = snippet("sh", "curl -sF").replace(ADDRESS + "/", served.url)
    subprocess.run(["bash", "-euc", code], check=True, timeout=120)
    check_filled("filled.png", files)


def with_mcp_session(served, scene):
    """Run a coroutine with an MCP client that is connected to the address that docs/api.md gives."""
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


def data_uri(file):
    return "data:image/png;base64," + base64.b64encode(Path(file).read_bytes()).decode()


def test_mcp_clients_list_all_tools_with_descriptions_and_schemas(served):
    tools = {tool.name: tool for tool in with_mcp_session(served, lambda session: session.list_tools()).tools}
    assert set(tools) == {"inpaint", "restore", "find_damage", "find_object", "remove", "status"}
    inpaint = tools["inpaint"]
    assert "Remove things from a photo" in inpaint.description and "outside the mask stays" in inpaint.description
    assert inpaint.inputSchema["required"] == ["photo", "mask"]
    assert inpaint.inputSchema["properties"]["seed"]["type"] == "integer"
    described = {name: field["description"] for name, field in inpaint.inputSchema["properties"].items()}
    limits = f"a {readable_formats()} of at most {MAX_MEGAPIXELS} megapixels"
    assert limits in described["photo"] and "white where to fill" in described["mask"]
    for name in ("restore", "find_damage", "find_object", "remove"):
        properties = tools[name].inputSchema["properties"]
        assert tools[name].inputSchema["required"] == ["photo"]
        assert all(each["description"] for each in properties.values()), "each argument is described"
        assert limits in properties["photo"]["description"]
    assert tools["remove"].inputSchema["properties"]["unit"]["enum"] == ["pixels", "fractions", "thousandths"]


def test_mcp_tools_return_the_filled_photo_and_the_status(served, files):
    async def scene(session):
        pictures = {"photo": data_uri("photo.jpg"), "mask": data_uri("mask.png")}
        return await session.call_tool("inpaint", pictures), await session.call_tool("status", {})

    filled, status = with_mcp_session(served, scene)
    assert not filled.isError
    check_filled(io.BytesIO(base64.b64decode(filled.content[0].data)), files)
    assert "'runtime': 'PyTorch'" in status.content[0].text


def test_mcp_tools_answer_errors_with_a_sentence(served, files):
    Image.new("L", (8, 8)).save("small.png")
    Path("drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    photo, mask = data_uri("photo.jpg"), data_uri("mask.png")
    wrong = {
        "they must have the same size": {"photo": photo, "mask": data_uri("small.png")},
        "it is an SVG drawing": {"photo": data_uri("drawing.svg"), "mask": mask},
        "provide a url": {"photo": str(Path("photo.jpg").absolute()), "mask": mask},
        "'mask' is a required property": {"photo": photo},
        "failed validation": {"photo": "http://127.0.0.1:22/", "mask": mask},
    }

    async def scene(session):
        return [await session.call_tool("inpaint", pictures) for pictures in wrong.values()]

    for words, answer in zip(wrong, with_mcp_session(served, scene), strict=True):
        text = answer.content[0].text
        assert answer.isError and words in text and "Traceback" not in text


def test_an_exception_in_the_api_is_answered_with_a_sentence_and_logged(served, files, monkeypatch, caplog):
    monkeypatch.setattr("page.server.api_calls.save_photo", lambda *_: 1 / 0)
    with pytest.raises(Exception, match=re.escape(translate("unexpected", "en"))) as error:
        call_inpaint(served, "photo.jpg", "mask.png")
    assert "ZeroDivisionError" in caplog.text and "ZeroDivision" not in str(error.value)


@pytest.mark.parametrize("name", ["../../x.jpg", "a" * 300 + ".jpg", "<b>.jpg", "..", "a\nb.jpg", ""])
def test_a_photo_of_any_name_gives_a_result_inside_the_download_folder(served, files, name):
    uploads = [served.upload(Path(file).read_bytes(), file) for file in ("photo.jpg", "mask.png")]
    photo, mask = ({"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}} for path in uploads)
    answer = post_inpaint(served, photo, mask)
    result = Path(json.loads(answer.rpartition("data: ")[2])[0]["path"])
    assert result.parent.parent == served.visits.folder and result.name.endswith("-filled.png")
    check_filled(result, files)
