"""A run starts from the weights that the visitor's editor uses, if the preset has a network of their kind."""

import json

import pytest

from inpaint import ContextEncoderConfig, Inpainter
from inpaint.networks.generators import build_generator
from page.retrain.actions import RetrainActions
from page.retrain.signin import Caller
from page.retrain.start_weights import start_weights
from page.server.errors import PageError
from page.server.models import Models
from page.server.uploads import Uploads
from train.config_file import read_config
from train.presets import PRESETS


@pytest.fixture(scope="module")
def models():
    return Models(Inpainter.from_pretrained())


@pytest.fixture(scope="module")
def paper_models():
    generator = build_generator(ContextEncoderConfig(channels=2, bottleneck_channels=4))
    return Models(Inpainter(generator, source="me/paper@abc123"))


@pytest.mark.parametrize(("preset", "start"), [("photos", "bundled"), ("context-encoder", None), ("tiny", None)])
def test_only_presets_with_the_network_of_the_weights_start_from_them(models, preset, start):
    assert start_weights({}, preset, models, None, False) == start
    assert start_weights({"start": "nothing"}, preset, models, None, False) is None


def test_weights_of_the_hub_are_named_with_their_revision(paper_models):
    assert start_weights({}, "context-encoder", paper_models, None, False) == "me/paper@abc123"
    assert start_weights({}, "photos", paper_models, None, False) is None


def test_weights_of_a_run_on_this_machine_are_read_from_its_folder_and_by_no_other_machine(models, tmp_path):
    (tmp_path / "weights").mkdir()
    name = models.register(Inpainter.from_pretrained(source="me/own"))
    assert start_weights({"model": name}, "photos", models, tmp_path, True) == str(tmp_path / "weights")
    with pytest.raises(PageError, match="retrain_start_is_here"):
        start_weights({"model": name}, "photos", models, tmp_path, False)


def test_a_folder_is_no_state_of_a_run_although_it_has_a_name_of_one(tmp_path):
    folder = tmp_path / "old-checkpoint"
    folder.mkdir()
    models = Models(Inpainter.from_pretrained(source=str(folder)))
    assert start_weights({}, "photos", models, None, True) == str(folder)
    kept = models.register(Inpainter.from_pretrained(source="me/old-checkpoint"))
    with pytest.raises(PageError, match="retrain_start_unpublished"):
        start_weights({"model": kept}, "photos", models, None, True)


def test_weights_that_are_no_longer_loaded_and_unknown_starts_are_declined(models):
    with pytest.raises(PageError, match="model_gone"):
        start_weights({"model": "retrained/nothing"}, "photos", models, None, False)
    with pytest.raises(PageError, match="bad_request"):
        start_weights({"start": "over"}, "photos", models, None, False)


def test_the_page_is_told_which_presets_can_start_from_the_weights_in_use(models, paper_models, tmp_path):
    for each, weights, presets in (
        (models, "bundled", {"photos"}),
        (paper_models, "me/paper@abc123", {"context-encoder"}),
    ):
        actions = RetrainActions(each, Uploads(tmp_path), tmp_path)
        start = actions.load_page({}, Caller(None, owner=True))["start"]
        assert start["weights"] == weights
        assert set(start["presets"]) & {"photos", "context-encoder", "tiny"} == presets
        assert actions.load_page({"model": "retrained/x"}, Caller(None, owner=True))["start"] == start


def test_of_weights_in_a_folder_of_the_server_the_page_is_told_only_the_name(tmp_path):
    (tmp_path / "mine").mkdir()
    models = Models(Inpainter.from_pretrained(source=str(tmp_path / "mine")))
    start = RetrainActions(models, Uploads(tmp_path), tmp_path).load_page({}, Caller(None, owner=False))["start"]
    assert start["weights"] == "mine" and "photos" in start["presets"]


def test_the_config_of_a_run_names_what_it_starts_from(models, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr("train.jobs.local.subprocess.Popen", lambda *arguments, **_: started.append(arguments) or 1 / 0)
    (tmp_path / "photos").mkdir()
    run = {"dataset": str(tmp_path / "photos"), "preset": "photos", "images": 40, "repo": "me/w", "flavor": "here"}
    actions = RetrainActions(models, Uploads(tmp_path), tmp_path)
    for start, expected in (("in_use", "bundled"), ("nothing", None)):
        with pytest.raises(ZeroDivisionError):
            actions.start_run(run | {"start": start}, Caller(None, owner=True))
        file = started[-1][0][-1]
        assert read_config(file, PRESETS).init_from == expected, json.dumps(started[-1][0])
