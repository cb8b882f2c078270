"""Models by name, and versions of a session."""

import numpy as np
import pytest
from PIL import Image

from inpaint import FreeFormConfig, Inpainter, WeightsError
from inpaint.hub.weights import save_generator
from inpaint.networks.generators import build_generator
from inpaint.session import Session
from page.editor.card import rendered
from page.editor.versions import Versions
from page.server import model_files, models
from page.server.errors import PageError
from page.server.model_files import ModelFiles
from page.server.models import Models, describe, source_name
from page.server.texts import LANGUAGES, TEXTS
from tests.page.serving import OneColour, noise

TINY = FreeFormConfig(channels=(8, 8, 16), blocks=2)


@pytest.fixture
def default():
    return Inpainter(OneColour(), source="bundled")


@pytest.fixture
def files(tmp_path):
    """Downloaded weights in a folder of the test."""
    return ModelFiles(tmp_path / "models", min_free_bytes=0)


@pytest.fixture
def hub_folders(monkeypatch, tmp_path):
    """Stands in for the Hub: owner/one, owner/two and so on, each with a commit of its name. Lists what is asked."""
    calls = []

    def public_commit(repo_id, revision):
        calls.append((repo_id, revision))
        if repo_id == "owner/none":
            raise WeightsError("owner/none is missing: check the name.")
        return repo_id.partition("/")[2]

    def download_public(repo_id, sha, folder, limits):
        limits.check_space(10_000)
        calls.append(f"download {repo_id}")
        save_generator(build_generator(TINY), folder)

    monkeypatch.setattr(models, "public_commit", public_commit)
    monkeypatch.setattr(model_files, "download_public", download_public)
    return calls


def test_an_empty_name_is_the_default_model(default, files):
    assert Models(default, files=files).get("") is default and Models(default, files=files).get(None) is default


def test_a_repository_is_loaded_once_anonymously_and_named_with_its_commit(default, files, hub_folders):
    known = Models(default, files=files)
    first = known.get("owner/one@v2")
    assert first.source == "owner/one@one" and first.config == TINY
    assert known.get("owner/one@v2") is first and known.get("owner/one@one") is first
    assert hub_folders == [("owner/one", "v2"), "download owner/one", ("owner/one", "v2")]


def test_the_least_recently_loaded_model_is_dropped(default, files, hub_folders):
    known = Models(default, 2, files)
    one, two = known.get("owner/one"), known.get("owner/two")
    assert known.get("owner/one") is one
    known.get("owner/three")
    assert known.get("owner/one") is one and known.get("owner/two") is not two


NOT_REPOSITORIES = [
    "weights", "inpaint/weights/x", "/nowhere/w", "../page", "a b/c", "owner/one@../..", 3, ["a/b"], "x" * 300 + "/y",
    "~/weights", "owner\\one", "https://huggingface.co/owner/one",
]  # fmt: skip


@pytest.mark.parametrize("name", NOT_REPOSITORIES, ids=lambda name: repr(name)[:20])
def test_a_name_that_is_not_a_repository_is_declined_without_a_request(default, files, hub_folders, name):
    with pytest.raises(PageError, match="model_name"):
        Models(default, files=files).get(name)
    assert not hub_folders


def test_the_context_encoder_comes_with_the_page_and_is_loaded_without_a_request(default, files, hub_folders):
    known = Models(default, files=files)
    paper = known.get("context-encoder")
    assert paper.config.architecture == "context-encoder" and known.get("context-encoder") is paper
    assert not hub_folders and not any(files.folder.glob("*"))
    photo = noise(128, 128)
    mask = np.zeros((128, 128), bool)
    mask[40:80, 50:90] = True
    filled = np.asarray(paper(Image.fromarray(photo), Image.fromarray(mask)))
    assert (filled != photo).any(2)[mask].mean() > 0.9 and np.array_equal(filled[~mask], photo[~mask])
    description = describe(paper)
    assert description["weights"] == "context-encoder" and description["about"] == "about_center"
    for language in LANGUAGES:
        assert "2016" in TEXTS[language][description["name"]] and description["licence"] in TEXTS[language]
    assert description["card"] == "card"


def test_a_name_never_means_a_folder_of_the_server(default, files, hub_folders, monkeypatch):
    """inpaint/weights exists here; a visitor who names it gets the Hub's repository of that name, or none."""
    Models(default, files=files).get("inpaint/weights")
    assert hub_folders == [("inpaint/weights", "main"), "download inpaint/weights"]


def test_a_model_that_cannot_be_loaded_is_declined_with_the_reason(default, files, hub_folders):
    with pytest.raises(PageError, match="model_refused") as error:
        Models(default, files=files).get("owner/none")
    assert "check the name" in error.value.values["reason"]


def test_the_description_names_the_weights_their_licence_and_their_card(default, tmp_path):
    description = describe(default)
    assert description["weights"] == "bundled" and description["card"] == "card"
    for language in LANGUAGES:
        assert {description[name] for name in ("name", "licence", "runtime")} <= set(TEXTS[language])
    hosted = describe(Inpainter(OneColour(), source="me/weights@abc"))
    assert hosted["card"].endswith("/me/weights/tree/abc") and hosted["name"] == "me/weights@abc"
    assert describe(Inpainter(OneColour(), source="me/weights"))["card"].endswith("/me/weights")
    own = describe(Inpainter(OneColour(), source=str(tmp_path)))
    assert own["card"] == "" and own["name"] == "weights_own"
    (tmp_path / "README.md").write_text("# Mine")
    assert describe(Inpainter(OneColour(), source=str(tmp_path)))["card"] == "card"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("bundled", "bundled"),
        ("me/weights@abc", "me/weights@abc"),
        ("/srv/secret/mine", "mine"),
        ("~/mine", "mine"),
        ("../other/mine/", "mine"),
    ],
)
def test_of_a_folder_on_the_server_visitors_read_only_the_name(source, shown):
    assert source_name(source) == shown


def test_of_a_relative_folder_that_looks_like_a_repository_visitors_read_only_the_name(tmp_path, monkeypatch):
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert source_name("runs/mine") == "mine"
    assert describe(Inpainter(OneColour(), source="runs/mine"))["weights"] == "mine"


def test_a_card_is_shown_without_its_front_matter_and_with_its_pictures(tmp_path):
    Image.new("RGB", (2000, 40)).save(tmp_path / "samples.png")
    (tmp_path / "README.md").write_text("---\nlicense: other\n---\n# Mine\n\n![Sheet](samples.png) ![Lost](lost.png)\n")
    text = rendered(tmp_path / "README.md")
    assert "license" not in text and text.lstrip().startswith("# Mine")
    assert "![Sheet](data:image/jpeg;base64," in text and "![Lost]" not in text and "Lost" in text


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


def test_the_numbers_of_versions_go_on_from_those_that_the_browser_still_shows():
    versions, mine, reopened = Versions(), session(), session()
    mine.stroke([[10, 10]], 6)
    assert versions.save(mine) == 1
    mine.stroke([[30, 20]], 6)
    assert versions.save(mine, after=1) == 2
    reopened.stroke([[20, 10]], 6)
    number = versions.save(reopened, after=2)
    assert number == 3 and versions.get(reopened, 1) is versions.get(reopened, 2) is None
    assert versions.save(reopened, after=3) == number, "this state has a number"
    mine.stroke([[20, 10]], 6)
    assert versions.save(mine) == 3, "after those that are kept, even if the browser shows none"


def test_the_oldest_versions_are_dropped_when_there_are_too_many_or_they_are_too_large():
    mine, few, small = session(), Versions(max_versions=2), Versions(max_bytes=1)
    numbers = []
    for column in (10, 20, 30):
        mine.stroke([[column, 10]], 6)
        numbers.append((few.save(mine), small.save(mine)))
    assert [few.get(mine, number) is not None for number, _ in numbers] == [False, True, True]
    assert [small.get(mine, number) is not None for _, number in numbers] == [False, False, True]


def test_a_state_that_undo_or_redo_brings_back_is_the_version_that_it_was():
    mine, versions = session(), Versions()
    numbers = []
    for column in (10, 30):
        mine.stroke([[column, 10]], 6)
        numbers.append(versions.save(mine))
    mine.undo()
    assert versions.save(mine) == numbers[0]
    mine.redo()
    assert versions.save(mine) == numbers[1] != numbers[0]
    mine.use(
        lambda *arguments: (
            fill._replace(pixels=fill.pixels // 2) for fill in Inpainter(OneColour()).fill_holes(*arguments)
        )
    )
    mine.refill()
    assert versions.save(mine) not in numbers  # the same holes, filled differently
