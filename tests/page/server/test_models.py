"""Models by name, and versions of a session."""

import numpy as np
import pytest
from huggingface_hub import HfApi

from inpaint import FreeFormConfig, Inpainter, WeightsError
from inpaint.hub.weights import save_generator
from inpaint.networks.generators import build_generator
from inpaint.session import Session
from page.editor.versions import Versions
from page.server import models
from page.server.errors import PageError
from page.server.models import Models, describe
from tests.page.serving import OneColour, noise

TINY = FreeFormConfig(channels=(8, 8, 16), blocks=2)


@pytest.fixture
def default():
    return Inpainter(OneColour(), source="bundled")


@pytest.fixture
def hub_folders(monkeypatch, tmp_path):
    """Stands in for the Hub: owner/one, owner/two and so on, each with a commit of its name."""
    calls = []

    def download(repo_id, revision, *, anonymous):
        calls.append((repo_id, revision, anonymous))
        if repo_id == "owner/none":
            raise WeightsError("owner/none is missing: check the name.")
        folder = tmp_path / repo_id.partition("/")[2]
        if not folder.exists():
            save_generator(build_generator(TINY), folder)
        return folder

    monkeypatch.setattr(models, "download", download)
    return calls


def test_an_empty_name_is_the_default_model(default):
    assert Models(default).get("") is default and Models(default).get(None) is default


def test_a_repository_is_loaded_once_anonymously_and_named_with_its_commit(default, hub_folders):
    known = Models(default)
    first = known.get("owner/one@v2")
    assert first.source == "owner/one@one" and first.config == TINY
    assert known.get("owner/one@v2") is first and known.get("owner/one@one") is first
    assert set(hub_folders) == {("owner/one", "v2", True)}


def test_the_least_recently_loaded_model_is_dropped(default, hub_folders):
    known = Models(default, max_loaded=2)
    one, two = known.get("owner/one"), known.get("owner/two")
    assert known.get("owner/one") is one
    known.get("owner/three")
    assert known.get("owner/one") is one and known.get("owner/two") is not two


NOT_REPOSITORIES = [
    "weights", "inpaint/weights/x", "/nowhere/w", "../page", "a b/c", "owner/one@../..", 3, ["a/b"], "x" * 300 + "/y",
    "~/weights", "owner\\one", "https://huggingface.co/owner/one",
]  # fmt: skip


@pytest.mark.parametrize("name", NOT_REPOSITORIES, ids=lambda name: repr(name)[:20])
def test_a_name_that_is_not_a_repository_is_declined_without_a_request(default, hub_folders, name):
    with pytest.raises(PageError, match="model_name"):
        Models(default).get(name)
    assert not hub_folders


def test_a_name_never_means_a_folder_of_the_server(default, hub_folders, monkeypatch):
    """inpaint/weights exists here; a visitor who names it gets the Hub's repository of that name, or none."""
    Models(default).get("inpaint/weights")
    assert hub_folders == [("inpaint/weights", "main", True)]


def test_a_model_that_cannot_be_loaded_is_declined_with_the_reason(default, hub_folders):
    with pytest.raises(PageError, match="model_refused") as error:
        Models(default).get("owner/none")
    assert "check the name" in error.value.values["reason"]


def test_an_anonymous_download_does_not_use_the_servers_token(hub, client, tmp_path):
    api = HfApi(endpoint=hub.url, token="hf_me")
    save_generator(build_generator(TINY), tmp_path / "weights")
    for name, private in (("me/open", False), ("me/private", True)):
        api.create_repo(name, private=private)
        api.upload_folder(repo_id=name, folder_path=tmp_path / "weights")
    code = """
from inpaint.hub.download import WeightsError, download
answer = []
for name, anonymous in (("me/open", True), ("me/private", True), ("me/private", False)):
    try:
        answer.append(len(download(name, "main", anonymous=anonymous).name))
    except WeightsError as error:
        answer.append(str(error))
"""
    public, refused, ours = client.evaluate(code)
    assert public == ours == 40 and "missing or private" in refused


def test_the_description_names_the_weights_the_runtime_and_the_model_card(default, monkeypatch):
    description = describe(default)
    assert description["weights"] == "bundled" and description["runtime"] == "PyTorch, cpu"
    assert "license" in description["card_text"]
    monkeypatch.setenv("SPACE_ID", "me/space")
    assert describe(default)["card"].endswith("/spaces/me/space/blob/main/inpaint/weights/README.md")
    hosted = Inpainter(OneColour(), source="me/weights@abc")
    assert describe(hosted)["card"].endswith("/me/weights")


# --- versions


def session(width=40):
    return Session(Inpainter(OneColour()).open(noise(30, width)).photo, Inpainter(OneColour()).fill_holes)


def test_a_version_restores_the_state_at_its_time_in_its_own_session_only():
    versions, mine, other = Versions(), session(), session()
    mine.stroke([[10, 10]], 6)
    before = np.asarray(mine.result())
    number = versions.save(mine)
    mine.stroke([[30, 20]], 6)
    mine.restore(versions.get(mine, number))
    assert (np.asarray(mine.result()) == before).all()
    assert versions.get(other, number) is None and versions.get(mine, 99) is None and versions.get(mine, "1") is None


def test_the_oldest_versions_are_dropped_when_there_are_too_many_or_they_are_too_large():
    mine = session()
    mine.stroke([[10, 10]], 6)
    few = Versions(max_versions=2)
    numbers = [few.save(mine) for _ in range(3)]
    assert [few.get(mine, number) is not None for number in numbers] == [False, True, True]
    small = Versions(max_bytes=1)
    numbers = [small.save(mine) for _ in range(3)]
    assert [small.get(mine, number) is not None for number in numbers] == [False, False, True]
