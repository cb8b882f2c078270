"""What is written beside the results: a card that is true of them, and a manifest; neither shows private folders."""

import json
import shutil

import pytest

from inpaint.archive import parts
from inpaint.archive.card import card
from inpaint.archive.manifest import model_name, place_name
from inpaint.archive.parts import left_out_sentence
from inpaint.archive.run import open_destination, start
from inpaint.hub.weights import bundled_folder
from tests.inpaint.archive.test_archive import PHOTOS, cells, restore, write_parquet


@pytest.fixture
def private(tmp_path):
    """A folder whose path nobody else needs to know, with a parquet file."""
    folder = tmp_path / "alice" / "divorce" / "scans"
    folder.mkdir(parents=True)
    write_parquet(folder / "d30.parquet", cells(PHOTOS[1:2]))
    return folder


@pytest.mark.parametrize(("given", "shown"), [(".", "scans"), ("d30.parquet", "d30.parquet")])
def test_card_and_manifest_name_the_source_without_the_folders_above_it(private, tmp_path, given, shown):
    assert restore(private / given, "-o", tmp_path / "out") == 0
    readme = (tmp_path / "out" / "README.md").read_text()
    manifest = (tmp_path / "out" / "archive.json").read_text()
    assert f"from `{shown}`:" in readme and json.loads(manifest)["source"] == shown
    assert "divorce" not in readme + manifest


def test_a_place_on_the_hub_is_named_as_a_whole():
    assert "from `hf://datasets/me/scans@v1/box`:" in card("hf://datasets/me/scans@v1/box", {"find_damage": True})


def test_a_folder_of_weights_is_named_by_its_content(private, tmp_path, model):
    copy = shutil.copytree(model, private / "weights")
    other = shutil.copytree(model, tmp_path / "weights")
    (other / "model.safetensors").write_bytes(b"other")
    assert model_name(str(copy)).startswith("weights (") and model_name(str(copy)) != model_name(str(other))
    assert model_name(str(copy)) == model_name(str(shutil.copytree(model, tmp_path / "again" / "weights")))
    assert model_name("me/weights@v1") == "me/weights@v1" and model_name(None) is None


def test_other_photos_of_the_same_names_are_not_taken_for_those_that_are_done(private, tmp_path, capsys):
    other = shutil.copytree(private, tmp_path / "bob" / "scans")
    assert restore(private, "-o", tmp_path / "out") == 0
    assert restore(f"{private}/", "-o", tmp_path / "out") == 0
    assert restore(other, "-o", tmp_path / "out") == 1
    assert "another place that is called scans" in capsys.readouterr().err


def test_an_archive_of_an_earlier_version_is_continued(private, tmp_path):
    assert restore(private, "-o", tmp_path / "out") == 0
    manifest = json.loads((tmp_path / "out" / "archive.json").read_text())
    del manifest["place"]
    (tmp_path / "out" / "archive.json").write_text(json.dumps({**manifest, "source": str(private)}))
    assert restore(private, "-o", tmp_path / "out") == 0
    (tmp_path / "out" / "archive.json").write_text(json.dumps({**manifest, "source": str(tmp_path)}))
    assert restore(private, "-o", tmp_path / "out") == 1


def test_an_archive_of_an_earlier_version_with_masks_and_a_model_is_continued(tmp_path, monkeypatch):
    scans, model, destination = tmp_path / "scans", tmp_path / "model", open_destination(str(tmp_path / "out"), False)
    scans.mkdir(), shutil.copytree(bundled_folder("bundled"), model)
    (scans / "a.jpg").write_bytes(PHOTOS[1]), (scans / "a-mask.jpg").write_bytes(PHOTOS[1])
    settings = {"options": {"find_damage": True}, "model": model_name(str(model)), "column": None}
    with monkeypatch.context() as earlier:
        earlier.setattr(parts, "_masks", lambda names: {})
        start(str(scans), destination, settings)
    manifest = destination.manifest()
    del manifest["place"]
    destination.put({"archive.json": json.dumps({**manifest, "source": str(scans), "model": str(model)}).encode()}, "")
    source, planned = start(str(scans), destination, settings)
    assert [part.files for part in planned] == [("a-mask.jpg", "a.jpg")] and not left_out_sentence(source, planned)
    _, planned = start(str(scans), open_destination(str(tmp_path / "new"), False), settings)
    assert [part.files for part in planned] == [("a.jpg",)]


@pytest.mark.parametrize(
    ("options", "says", "does_not_say"),
    [
        ({}, ["Restored photos", "found by a network and filled", "bytes of their files"], ["Nothing was filled"]),
        ({"mask_only": True}, ["Nothing was filled", "photos have the bytes"], ["and filled", "Restored photos"]),
        ({"mask_only": True, "restore_tone": True}, ["photos have the bytes"], ["contrast"]),
        ({"mask_only": True, "format": "PNG"}, ["Nothing was filled", "photos have the pixels"], ["bytes"]),
        ({"quality": 80}, ["without damage have the pixels"], ["bytes"]),
        ({"restore_tone": True}, ["in photos without damage as well"], ["bytes"]),
        ({"kinds": ["lines", "specks"]}, ["damage of the kinds lines and specks was"], ["stains"]),
    ],
)
def test_the_card_is_true_of_what_was_done(options, says, does_not_say):
    text = " ".join(card("SCANS", {"find_damage": True, **options}).split())
    assert [words for words in says if words not in text] == []
    assert [words for words in does_not_say if words in text] == []


def test_a_pattern_is_named_from_its_first_folder_on(private):
    assert place_name(str(private / "**" / "*.jpg")) == "scans/**/*.jpg"
