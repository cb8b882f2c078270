"""Models that visitors name, and versions of a picture that they come back to."""

import numpy as np
import pytest
from huggingface_hub import HfApi

from inpaint import FreeFormConfig, Inpainter, WeightsError
from inpaint.hub.weights import save_generator
from inpaint.networks.generators import build_generator
from inpaint.session import Session
from page.editor.versions import Versions
from page.server import models
from page.server.models import Models, described
from page.server.refusal import Refusal
from tests.page.serving import OneColour, noise

TINY = FreeFormConfig(channels=(8, 8, 16), blocks=2)


@pytest.fixture
def own():
    return Inpainter(OneColour(), source="bundled")


@pytest.fixture
def hub_folders(monkeypatch, tmp_path):
    """Stands in for the Hub: owner/one, owner/two and so on, each with a commit of its name."""
    asked = []

    def download(repo_id, revision, *, anonymous):
        asked.append((repo_id, revision, anonymous))
        if repo_id == "owner/none":
            raise WeightsError("owner/none is missing: check the name.")
        folder = tmp_path / repo_id.partition("/")[2]
        if not folder.exists():
            save_generator(build_generator(TINY), folder)
        return folder

    monkeypatch.setattr(models, "download", download)
    return asked


def test_without_a_name_it_is_the_pages_own(own):
    assert Models(own).get("") is own and Models(own).get(None) is own


def test_a_repository_is_loaded_once_asked_for_without_our_token_and_named_with_its_commit(own, hub_folders):
    known = Models(own)
    first = known.get("owner/one@v2")
    assert first.source == "owner/one@one" and first.config == TINY
    assert known.get("owner/one@v2") is first and known.get("owner/one@one") is first
    assert set(hub_folders) == {("owner/one", "v2", True)}


def test_no_more_models_are_kept_than_allowed(own, hub_folders):
    known = Models(own, most=2)
    one, two = known.get("owner/one"), known.get("owner/two")
    assert known.get("owner/one") is one
    known.get("owner/three")
    assert known.get("owner/one") is one and known.get("owner/two") is not two


NO_REPOSITORIES = [
    "weights", "inpaint/weights/x", "/etc/passwd", "../page", "a b/c", "x" * 300 + "/y", "owner/one@../..", 3, ["a/b"],
    "~/weights", "owner\\one", "https://huggingface.co/owner/one",
]  # fmt: skip


@pytest.mark.parametrize("name", NO_REPOSITORIES, ids=lambda name: repr(name)[:20])
def test_what_is_no_repository_is_declined_before_anybody_is_asked(own, hub_folders, name):
    with pytest.raises(Refusal, match="model_name"):
        Models(own).get(name)
    assert not hub_folders


def test_a_folder_of_the_server_is_no_repository(own, hub_folders, monkeypatch):
    """inpaint/weights exists here; a visitor who names it gets the Hub's repository of that name, or none."""
    Models(own).get("inpaint/weights")
    assert hub_folders == [("inpaint/weights", "main", True)]


def test_a_model_that_cannot_be_had_is_declined_with_the_reason(own, hub_folders):
    with pytest.raises(Refusal, match="model_refused") as refused:
        Models(own).get("owner/none")
    assert "check the name" in refused.value.values["reason"]


def test_a_strangers_request_does_not_get_what_our_token_may_read(hub, client, tmp_path):
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


def test_the_last_lines_of_the_page_say_what_runs(own, monkeypatch):
    said = described(own)
    assert said["weights"] == "bundled" and said["runtime"] == "PyTorch, cpu" and "license" in said["card_text"]
    monkeypatch.setenv("SPACE_ID", "me/space")
    assert described(own)["card"].endswith("/spaces/me/space/blob/main/inpaint/weights/README.md")
    hosted = Inpainter(OneColour(), source="me/weights@abc")
    assert described(hosted)["card"].endswith("/me/weights")


# --- versions


def session(width=40):
    return Session(Inpainter(OneColour()).open(noise(30, width)).photo, Inpainter(OneColour()).fills)


def test_a_version_is_the_state_at_its_time_and_only_of_its_own_session():
    kept, mine, other = Versions(), session(), session()
    mine.stroke([[10, 10]], 6)
    before = np.asarray(mine.result())
    number = kept.keep(mine)
    mine.stroke([[30, 20]], 6)
    mine.restore(kept.get(mine, number))
    assert (np.asarray(mine.result()) == before).all()
    assert kept.get(other, number) is None and kept.get(mine, 99) is None and kept.get(mine, "1") is None


def test_the_oldest_versions_go_when_there_are_too_many_or_they_are_too_large():
    mine = session()
    mine.stroke([[10, 10]], 6)
    few = Versions(most=2)
    numbers = [few.keep(mine) for _ in range(3)]
    assert [few.get(mine, number) is not None for number in numbers] == [False, True, True]
    small = Versions(most_bytes=1)
    numbers = [small.keep(mine) for _ in range(3)]
    assert [small.get(mine, number) is not None for number in numbers] == [False, False, True]
