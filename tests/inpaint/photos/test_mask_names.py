"""Which mask belongs to which photo: letter case, accents, the forms of names, and what is left out."""

import os
import unicodedata
from pathlib import Path

import pytest

from inpaint.photos.left_out import told
from inpaint.photos.pairing import find_left_out, find_tasks, no_mask_sentence


def masks_of(photos, mask):
    return {str(task.photo): task.mask and str(task.mask) for task in find_tasks([photos], mask, "out")}


@pytest.mark.parametrize(
    "name",
    [
        "cat.png", "CAT.PNG", "cat-mask.png", "cat_mask.png", "cat.mask.png", "cat mask.png", "cat (mask).png",
        "cat(mask).png", "cat_[mask].png", "cat_Mask.webp", "cat_mask001.png", "cat-mask-2.png", "mask_cat.png",
        "mask-cat.png", "Mask cat.png", "cat_masks.npz", "cat.json", "cat.npy", "cat.jpg.png", "cat.hif", "cat.pnm",
    ],
)  # fmt: skip
def test_a_mask_is_found_under_every_usual_form_of_its_name(folder, name):
    folder("in/cat.jpg", "in/dog.jpg", f"m/{name}", "m/unmask.png", "m/catmask.png", "m/cathedral_mask.png")
    assert masks_of("in", "m") == {"in/cat.jpg": f"m/{name}", "in/dog.jpg": None}


@pytest.mark.parametrize(("of_photo", "of_mask"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_accents_of_their_own_and_of_the_letter_are_the_same(folder, of_photo, of_mask):
    photo, mask = (unicodedata.normalize(form, "Café Straße") for form in (of_photo, of_mask))
    folder(f"in/sub/{photo}.jpg", f"m/sub/{mask}_mask.png")
    assert masks_of("in/**/*.jpg", "m") == {f"in/sub/{photo}.jpg": f"m/sub/{mask}_mask.png"}


def test_the_exact_name_comes_before_other_cases_and_forms(folder):
    folder("in/a.jpg", "in/A.jpg", "m/a.png", "m/A.png", "m/a-mask.png", "m/mask_a.png")
    assert masks_of("in", "m") == {"in/a.jpg": "m/a.png", "in/A.jpg": "m/A.png"}


def test_masks_beside_the_photos_are_not_photos_and_further_ones_are_told(folder):
    folder("lama/a.png", "lama/a_mask001.png", "lama/a_mask002.png", "lama/b.png", "lama/b_mask001.png")
    tasks = find_tasks(["lama"], "lama", "out")
    assert [(str(task.photo), str(task.mask)) for task in tasks] == [
        ("lama/a.png", "lama/a_mask001.png"),
        ("lama/b.png", "lama/b_mask001.png"),
    ]
    left_out = find_left_out(["lama"], "lama", "out", tasks)
    assert told(left_out) == "1 left out: a_mask002.png (a further mask of a.png)"


def test_a_photo_whose_name_has_the_word_mask_is_filled_if_the_masks_lie_elsewhere(folder):
    folder("in/party.jpg", "in/party mask.jpg", "m/party.png", "m/party mask.png")
    assert masks_of("in", "m") == {"in/party.jpg": "m/party.png", "in/party mask.jpg": "m/party mask.png"}


def test_the_only_dataset_of_a_folder_serves_photos_without_a_mask_of_their_own(folder):
    folder("in/a.jpg", "in/b.jpg", "in/b-mask.png", "in/_annotations.coco.json")
    assert masks_of("in", "in") == {"in/a.jpg": "in/_annotations.coco.json", "in/b.jpg": "in/b-mask.png"}
    folder("in/instances_val.json")
    assert masks_of("in", "in")["in/a.jpg"] is None


def test_brackets_of_folders_that_exist_are_no_pattern(folder):
    folder("in [1950]/a.jpg", "in [1950]/b[1].jpg", "m [x]/a.png", "m [x]/b[1].png")
    expected = {"in [1950]/a.jpg": "m [x]/a.png", "in [1950]/b[1].jpg": "m [x]/b[1].png"}
    assert masks_of("in [1950]", "m [x]") == expected
    assert masks_of("in [1950]/*.jpg", "m [x]/*.png") == expected
    assert set(masks_of("in [[]1950]/*.jpg", "m [x]")) == set(expected)  # brackets that are escaped


def test_the_sentence_for_a_missing_mask_names_what_was_looked_for_and_what_nearly_fits(folder):
    folder("in/holiday.jpg", "m/holidays.png", "m/holiday2_mask.png", "m/other.png")
    sentence = no_mask_sentence(Path("in/holiday.jpg"), "m")
    assert "it has no mask in m: looked for holiday, holiday-mask, " in sentence
    assert "holidays.png and holiday2_mask.png nearly fit" in sentence and "other.png" not in sentence


def test_what_is_left_out_of_a_folder_is_counted_and_named(folder):
    folder("in/a.jpg", "in/b.jfif", "in/c.jpe", "in/1950/d.jpg", "in/raw.CR2", "in/f.tga", "in/notes.txt", "in/.x.nef")
    folder("in/masks/a.png", "in/out/a.jpg", "m.png")
    Path("in/empty").mkdir()
    Path("in/scan").write_bytes(b"\xff\xd8\xff\xe0")
    os.symlink("gone.jpg", "in/e.jpg")
    os.symlink("a.jpg", "in/link.jpg")
    tasks = find_tasks(["in"], "in/masks", "in/out")
    assert [task.photo.name for task in tasks] == ["a.jpg", "b.jfif", "c.jpe", "link.jpg"]
    left_out = find_left_out(["in"], "in/masks", "in/out", tasks)
    assert told(left_out) == (
        "5 left out: 1950/ (a subfolder), e.jpg (a link to nothing), f.tga (.tga cannot be read), "
        "raw.CR2 (a raw photo), scan (a picture without the suffix of one)"
    )
    assert [each.path.name for each in find_left_out(["in/*.jpg"], "m.png", "out", tasks)] == ["e.jpg"]
    folder(*(f"many/{number}.nef" for number in range(7)), "many/a.jpg")
    assert told(find_left_out(["many"], "m.png", "out", [])).endswith("4.nef (a raw photo) and 2 more")
    folder("raws/x.dng")
    with pytest.raises(ValueError, match="holds no photo.*1 left out: x.dng"):
        find_tasks(["raws"], "m.png", "out")
