"""Calls that name a wrong endpoint, argument or file over HTTP: a sentence, without folders of the server or noise."""

import json

import httpx
import pytest
from PIL import Image

from inpaint.photos.opening import open_photo
from page.server import checks
from page.server.api_calls import without_folders
from tests.page.serving import GRADIO_WARNINGS, noise, serving

pytestmark = GRADIO_WARNINGS


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("uploads").resolve()) as running:
        yield running


def file_data(path):
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def error_of(served, endpoint, arguments):
    """Call an endpoint by name over HTTP; the error of the call, or of its job."""
    url = f"{served.url}gradio_api/call"
    started = httpx.post(
        f"{url}/v2/{endpoint}", content=json.dumps(arguments), headers={"Content-Type": "application/json"}
    )
    if started.status_code != 200:
        return started.status_code, started.json()["error"]
    return 200, httpx.get(f"{url}/{endpoint}/{started.json()['event_id']}", timeout=60).text


@pytest.mark.parametrize(
    ("endpoint", "arguments", "status", "words"),
    [
        ("remove", {"boxes": [[1, 1, 9, 9]]}, 422, "remove needs the argument photo"),
        ("restore", {"photo": None, "strength": 1}, 422, "restore has no argument 'strength'"),
        ("restore", {"photo": None, "x" * 5000: 1}, 422, "restore has no argument 'xxx"),
        ("find-damage", {"photo": None}, 404, "no endpoint find-damage"),
    ],
    ids=["missing", "unknown", "long", "endpoint"],
)
def test_wrong_names_in_a_call_are_told_and_are_no_errors_of_the_server(
    served, capfd, endpoint, arguments, status, words
):
    answered, message = error_of(served, endpoint, arguments)
    assert answered == status and words in message and "gradio_api/info" in message
    assert len(message) < 300
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("argument", ["seed", "threshold", "grow_px", "unit"])
def test_no_message_repeats_a_value_of_any_length(served, argument):
    photo = file_data(served.upload(Image.fromarray(noise(40, 60))))
    endpoint = "restore" if argument == "threshold" else "remove"
    given = {"photo": photo} | ({"boxes": [[1, 1, 9, 9]]} if endpoint == "remove" else {})
    status, message = error_of(served, endpoint, given | {argument: "x" * 3000 if argument == "unit" else 10**4000})
    assert status == 200 and f"{argument} is" in message and len(message) < 500


def test_a_wrong_number_is_told_without_quotes_around_the_sentence(served):
    photo = file_data(served.upload(Image.fromarray(noise(40, 60))))
    _, message = error_of(served, "restore", {"photo": photo, "threshold": "high"})
    assert '"error": "threshold is \'high\'; it must be a number"' in message


@pytest.mark.parametrize("path", ["elsewhere.png", "/etc/hostname", "HTTP://127.0.0.1/x.png", "\0", "\ud800", None, 7])
def test_files_that_were_not_uploaded_are_refused_without_a_path_of_the_server(served, path, capfd):
    _, message = error_of(served, "restore", {"photo": file_data(path)})
    assert "event: error" in message and "surrogate" not in message
    assert "Traceback" not in capfd.readouterr().err
    assert "gradio cache" not in message and "/elsewhere.png" not in message and "/HTTP:" not in message


@pytest.mark.parametrize("wrong", [{"size": "x"}, {"orig_name": 7}, {"mime_type": []}, {"url": 7, "is_stream": "z"}])
def test_a_field_of_a_file_of_another_type_is_named_in_a_sentence(served, wrong, capfd):
    photo = file_data(served.upload(Image.fromarray(noise(40, 60))))
    _, message = error_of(served, "find_damage", {"photo": photo | wrong})
    assert f"not of their type: {', '.join(sorted(wrong))}. Its path is enough" in message
    assert "pydantic" not in message and "Traceback" not in capfd.readouterr().err


def test_an_upload_is_named_without_the_folders_that_it_lies_in(served):
    photo = file_data(served.upload(Image.fromarray(noise(40, 60))))
    mask = file_data(served.upload(b"no mask", "mask.txt"))
    _, message = error_of(served, "inpaint", {"photo": photo, "mask": mask})
    assert "mask.txt is not an image" in message and str(served.visits.folder) not in message


def test_messages_without_a_folder_of_the_uploads_stay_as_they_are(tmp_path):
    (tmp_path / "x.txt").write_text("no picture")
    with pytest.raises(ValueError, match="is not an image") as raised:
        open_photo(tmp_path / "x.txt")
    assert without_folders(str(raised.value)) == str(raised.value)


def test_annotations_of_many_megabytes_are_declined_and_smaller_ones_are_filled(served, monkeypatch):
    monkeypatch.setattr(checks, "MAX_JSON_MB", 0.01)
    photo = served.upload(Image.fromarray(noise(40, 60)))
    box = {"bbox": [5, 5, 20, 10], "segmentation": []}
    for count, status in ((1, "complete"), (1000, "error")):
        mask = file_data(served.upload(json.dumps([box] * count).encode(), "mask.json"))
        _, message = error_of(served, "remove", {"photo": file_data(photo), "mask": mask})
        assert f"event: {status}" in message and ("0.01 MB of annotations" in message) == (status == "error"), message
        visit = served.open(Image.fromarray(noise(40, 60)))
        path = served.upload(json.dumps([box] * count).encode(), "mask.json")
        code = served.call("add_mask", {"visit": visit, "path": path})[1].get("code")
        assert code == ("mask_too_long" if status == "error" else None)


@pytest.mark.parametrize("size", [(checks.MAX_SIDE + 1, 1), (1, checks.MAX_SIDE + 1)], ids=str)
def test_a_line_of_pixels_is_declined_by_the_page_and_by_its_tools(served, size):
    file = served.upload(Image.new("RGB", size))
    _, message = error_of(served, "find_damage", {"photo": file_data(file)})
    assert "65536 pixels long" in message and "at most 65535" in message
    assert served.call("open_photo", {"path": file})[1]["code"] == "too_long_side"


def test_the_longest_photo_is_opened(served):
    assert served.open(Image.new("RGB", (checks.MAX_SIDE, 1)))
