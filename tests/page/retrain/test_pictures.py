"""Pictures that a visitor drops become a private dataset, or a folder of this machine."""

import io
from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi
from PIL import Image

from page.retrain.pictures import MAX_PICTURES
from page.server.texts import TEXTS
from tests.hub.seeds import seed_pictures
from tests.page.retrain.test_retrain import RUN, call_action, site  # noqa: F401 - a fixture
from tests.page.serving import GRADIO_WARNINGS, noise

pytestmark = GRADIO_WARNINGS


def jpeg(seed, exif=b""):
    Image.fromarray(noise(90, 120, seed)).save(file := io.BytesIO(), "JPEG", exif=exif)
    return file.getvalue()


def send(site, *files):  # noqa: F811
    return [site.served.upload(content, name) for name, content in files]


def test_dropped_pictures_become_a_private_dataset_that_can_be_trained_on(site):  # noqa: F811
    first, second = jpeg(1), jpeg(2)
    paths = send(site, ("Strand 1.JPG", first), ("strand.jpg", second), ("notes.jpg", b"no picture"))
    answer = call_action(site, "add_pictures", {"name": "Summer & Sea", "paths": paths})
    assert answer == {"dataset": "me/inpaint-pictures-summer-sea", "added": 2, "refused": ["notes.jpg"]}
    api = HfApi(endpoint=site.hub.url, token="hf_me")
    assert api.dataset_info(answer["dataset"]).private
    stored = [name for name in api.list_repo_files(answer["dataset"], repo_type="dataset") if name.startswith("train/")]
    assert len(stored) == 2 and all(name.endswith(".jpg") and " " not in name for name in stored)
    address = f"{site.hub.url}/datasets/{answer['dataset']}/resolve/main/"
    headers = {"Authorization": "Bearer hf_me"}
    read = {httpx.get(address + name, headers=headers, follow_redirects=True).content for name in stored}
    assert read == {first, second}, "the files are the visitor's own, byte for byte"
    checked = call_action(site, "check_dataset", {"dataset": answer["dataset"]})
    assert checked["private"] and checked["files"] == 2


def test_the_same_picture_sent_twice_is_one_and_further_ones_are_added(site):  # noqa: F811
    for files in ([("a.jpg", jpeg(3))], [("a.jpg", jpeg(3)), ("b.jpg", jpeg(4))]):
        answer = call_action(site, "add_pictures", {"name": "again", "paths": send(site, *files)})
    assert call_action(site, "check_dataset", {"dataset": answer["dataset"]})["files"] == 2


def test_pictures_are_not_added_to_a_public_dataset(site):  # noqa: F811
    seed_pictures(site.hub, "me/inpaint-pictures-public")
    answer = call_action(site, "add_pictures", {"name": "public", "paths": send(site, ("a.jpg", jpeg(5)))})
    assert "is a public dataset" in answer["error"]
    api = HfApi(endpoint=site.hub.url, token="hf_me")
    assert not any(
        name.endswith(".jpg") for name in api.list_repo_files("me/inpaint-pictures-public", repo_type="dataset")
    )


def test_the_owner_can_keep_pictures_on_this_machine_and_train_on_them(site):  # noqa: F811
    paths = send(site, *((f"{number}.jpg", jpeg(number)) for number in range(9)))
    calls = len(site.hub.calls)
    answer = call_action(site, "add_pictures", {"name": "home", "paths": paths, "here": True})
    assert len(site.hub.calls) - calls <= 1, "no more than the account's name was asked for"
    folder = site.folder / "pictures" / "home"
    assert Path(answer["dataset"]) == folder and len(list((folder / "train").iterdir())) == 9
    assert call_action(site, "check_dataset", {"dataset": answer["dataset"]})["local"]
    preview = call_action(site, "preview_masks", {"dataset": answer["dataset"], "preset": "photos"})
    assert len(preview["pictures"]) == 9, preview


@pytest.mark.parametrize("name", ["../../x", "..", "", "a/b", "x" * 500, "\0", "ä ö", "-"])
def test_any_name_of_a_folder_gives_a_dataset_inside_the_folder_of_pictures(site, name):  # noqa: F811
    answer = call_action(site, "add_pictures", {"name": name, "paths": send(site, ("a.jpg", jpeg(6))), "here": True})
    assert Path(answer["dataset"]).parent == site.folder / "pictures" and answer["added"] == 1


@pytest.mark.parametrize(
    "call",
    [
        {"paths": []}, {"paths": None}, {"paths": "x"}, {"paths": ["x"] * (MAX_PICTURES + 1)}, {"paths": [7]},
        {"paths": ["/etc/passwd"]}, {"paths": ["../../etc/passwd"]}, {"name": None}, {"name": ["x"]},
    ],
    ids=str,
)  # fmt: skip
def test_false_uploads_are_declined(site, call):  # noqa: F811
    valid = {"name": "x", "paths": send(site, ("a.jpg", jpeg(7)))}
    answer = call_action(site, "add_pictures", valid | call)
    assert answer["code"] in ("bad_request", "upload_missing"), answer


def test_a_failed_upload_says_why_and_what_to_do(site):  # noqa: F811
    site.hub.fail(path="/commit/", status=403, times=1, message="quota exceeded")
    answer = call_action(site, "add_pictures", {"name": "full", "paths": send(site, ("a.jpg", jpeg(8)))})
    assert "could not be uploaded to me/inpaint-pictures-full" in answer["error"] and "quota" in answer["error"]


def test_a_run_of_the_hub_does_not_take_pictures_that_are_here_only(site):  # noqa: F811
    answer = call_action(site, "add_pictures", {"name": "mine", "paths": send(site, ("a.jpg", jpeg(9))), "here": True})
    started = call_action(site, "start_run", RUN | {"dataset": answer["dataset"]})
    assert "on this machine only" in started["error"] and started["error"] not in TEXTS["en"].values()
