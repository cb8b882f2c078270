"""What a card inherits from the weights that a run started from."""

import json

import pytest

from inpaint.hub.weights import bundled_folder
from train.publish.card import write_card
from train.publish.card_merge import split_card
from train.publish.lineage import Parent, find_parent, parent_of, record_parent, strictness, terms_of, with_parent


def parent(licence="cc-by-nc-4.0", name=None, datasets=("a/photos",)):
    return Parent("me/base", "me/base", licence, name, datasets)


@pytest.mark.parametrize(
    ("milder", "stricter"),
    [("mit", "cc-by-sa-4.0"), ("cc-by-sa-4.0", "cc-by-nc-4.0"), ("cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0"), ("mit", None)],
)
def test_the_strictest_terms_win(milder, stricter):
    assert strictness(milder) < strictness(stricter)
    assert terms_of([(milder, None), (stricter, None)])[0] == (stricter or "other")


def test_terms_can_only_become_stricter():
    assert with_parent({"license": "mit"}, parent())["license"] == "cc-by-nc-4.0"
    assert with_parent({"license": "cc-by-nc-nd-4.0"}, parent())["license"] == "cc-by-nc-nd-4.0"
    own = {"license": "other", "license_name": "house-rules", "license_link": "LICENSE"}
    assert with_parent(own, parent()).items() >= own.items()
    generated = {"license": "other", "license_name": "terms-of-the-training-data"}
    assert with_parent(generated, parent("other", "research"))["license_name"] == "research"
    assert with_parent(generated, parent("mit"))["license"] == "other"
    assert with_parent({"license": "mit"}, None) == {"license": "mit"}


def test_a_card_names_the_base_model_and_all_datasets(run_dir):
    write_card(run_dir, run_dir / "weights", "me/fine", {"a/photos": "cc-by-nc-4.0"}, None, parent())
    text = (run_dir / "weights" / "README.md").read_text()
    metadata, body = split_card(text)
    assert metadata["base_model"] == "me/base"
    assert set(metadata["datasets"]) == {"me/photos", "a/photos"}
    assert "[a/photos](https://huggingface.co/datasets/a/photos): cc-by-nc-4.0" in body
    milder = text.replace("license: other", "license: mit")
    write_card(run_dir, run_dir / "weights", "me/fine", {}, milder, parent())
    metadata, _ = split_card((run_dir / "weights" / "README.md").read_text())
    assert metadata["license"] == "cc-by-nc-4.0", "a person may not make the terms milder"


@pytest.mark.parametrize("name", ["bundled", "bundled-thin", "context-encoder"])
def test_bundled_weights_hand_on_their_terms(name):
    found, (metadata, _) = find_parent(name), split_card((bundled_folder(name) / "README.md").read_text())
    assert (found.licence_name, list(found.datasets)) == (metadata["license_name"], metadata["datasets"])
    assert strictness(found.licence) == 3


def test_a_run_from_the_weights_of_a_run_inherits_from_both(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, dataset, init_from in ((first, "a/one", "bundled"), (second, "a/two", str(first / "weights"))):
        (folder / "weights").mkdir(parents=True)
        config = {"data": {"dataset": [dataset]}, "init_from": init_from}
        (folder / "config.json").write_text(json.dumps(config))
        record_parent(folder, init_from)
    inherited = parent_of(second)
    assert inherited.licence_name == "non-commercial-research"
    assert inherited.datasets[0] == "a/one" and "frgfm/imagenette" in inherited.datasets
    assert parent_of(tmp_path) is None
