"""The gallery of a model card: examples that are cut out of the sample sheet, and their metadata."""

import numpy as np
import pytest
import torch
from huggingface_hub import ModelCard
from PIL import Image

from train.publish.card import write_card
from train.publish.card_merge import merge
from train.publish.gallery import FILES, write_examples
from train.run.progress import save_rows, save_sheet

SIDE = 16


@pytest.fixture
def sheet(run_dir):
    """The last sample sheet of the run: six photos of different grey with a hole, each filled with white."""
    image = (torch.arange(6) / 10 - 0.5).view(6, 1, 1, 1).expand(6, 3, SIDE, SIDE)
    mask = torch.zeros(6, 1, SIDE, SIDE)
    mask[..., 4:8] = 1
    path = run_dir / "samples" / "images-000012345.png"
    save_sheet(path, image, mask, torch.ones_like(image))
    return path


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture)[..., 0].astype(int)


def card_of(run_dir, repo_id="me/weights", **options):
    write_card(run_dir, run_dir / "weights", repo_id, **options)
    return (run_dir / "weights" / "README.md").read_text()


def test_an_example_is_a_photo_with_its_hole_beside_its_fill(sheet, tmp_path):
    write_examples(sheet, tmp_path, is_damage=False)
    assert sorted(path.name for path in tmp_path.glob("*.png")) == list(FILES)
    for number, name in enumerate(FILES):
        given, filled = np.split(pixels(tmp_path / name)[2:-2, 2:].reshape(SIDE, 2, SIDE + 2)[..., :SIDE], 2, axis=1)
        known = np.ones(SIDE, bool)
        known[4:8] = False
        assert abs(given[:, 0, known] - 255 * (number / 10 + 0.5) / 2).max() < 1
        assert abs(given[:, 0, ~known] - 127.5).max() < 1
        assert np.array_equal(filled[:, 0, known], given[:, 0, known])
        assert (filled[:, 0, ~known] == 255).all()


def test_an_example_of_damage_is_the_photo_beside_the_mask_that_was_found(tmp_path):
    rows = [torch.full((2, 1, SIDE, SIDE), value) for value in (0.2, 1.0, 0.6)]
    save_rows(tmp_path / "sheet.png", rows)
    write_examples(tmp_path / "sheet.png", tmp_path, is_damage=True)
    found = pixels(tmp_path / FILES[1])
    assert (found[SIDE // 2, 4], found[SIDE // 2, SIDE + 8]) == (51, 153)
    assert not (tmp_path / FILES[2]).exists()


def test_a_picture_that_is_no_sheet_has_no_examples_and_removes_earlier_ones(sheet, tmp_path):
    write_examples(sheet, tmp_path, is_damage=False)
    Image.new("RGB", (8, 8)).save(tmp_path / "other.png")
    write_examples(tmp_path / "other.png", tmp_path, is_damage=False)
    assert not any((tmp_path / name).exists() for name in FILES)


def test_the_card_of_a_repository_has_a_gallery_whose_pictures_are_beside_it(sheet, run_dir):
    card = card_of(run_dir)
    entries = ModelCard(card).data.to_dict()["widget"]
    assert [entry["output"]["url"] for entry in entries] == list(FILES)
    assert all(entry["text"] and (run_dir / "weights" / entry["output"]["url"]).exists() for entry in entries)
    assert card.index("<Gallery />") < card.index("![Sample sheet]")


def test_bundled_weights_and_a_run_without_a_sheet_have_no_gallery(sheet, run_dir):
    assert "<Gallery />" not in card_of(run_dir, None)
    sheet.unlink()
    card = card_of(run_dir, existing="")
    assert "<Gallery />" not in card and "widget" not in card


def test_entries_of_a_person_stay_and_ours_are_replaced(sheet, run_dir):
    card = card_of(run_dir)
    theirs = {"text": "My cat", "output": {"url": "cat.png"}}
    edited = ModelCard(card)
    edited.data.widget = [theirs, *edited.data.widget]
    merged = ModelCard(merge(str(edited), card).text).data.to_dict()["widget"]
    assert [entry["output"]["url"] for entry in merged] == [*FILES, "cat.png"]
    sheet.unlink()
    without = card_of(run_dir, existing=str(edited))
    assert ModelCard(without).data.to_dict()["widget"] == [theirs]
    assert "widget" not in ModelCard(card_of(run_dir, existing=card)).data.to_dict()
