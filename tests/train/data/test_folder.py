"""All pictures of a folder are used; those left out are counted, and the splits of real datasets are kept."""

import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from tests.datasets import png, write_parquet
from train.data.datasets import iter_photos
from train.data.folder import list_pictures
from train.data.stream import PhotoStream

from .streams import config, shades, take

WORDS = ("train", "training", "test", "testing", "eval", "evaluation", "dev", "val", "valid", "validation")


def write(folder, names):
    """Write a picture to each path in a folder, in the grey values 0, 10, ..."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(10 * number))
    return str(folder)


def greys(dataset, split="train"):
    return sorted(photo.getpixel((0, 0))[0] for photo in iter_photos(dataset, split))


@pytest.mark.parametrize("word", WORDS)
def test_words_in_the_names_of_files_and_of_some_subfolders_leave_no_picture_out(tmp_path, word, caplog):
    folder = write(tmp_path, ["a.png", "b.png", f"{word}.png", f"my_{word}.jpg", f"{word} 1/c.png", f"c/{word}/d.png"])
    assert greys(folder) == [0, 10, 20, 30, 40, 50]
    assert not caplog.text


def test_a_training_stream_uses_all_pictures_of_a_folder_with_such_names(tmp_path):
    names = ["beach_1.jpg", "beach_2.jpg", "train_station.jpg", "test_shot.jpg", "dev_house.jpg", "valid_ticket.jpg"]
    stream = PhotoStream(config(write(tmp_path, names), batch_size=3), seed=0)
    assert sorted(shades(take(stream, 2))) == [0, 10, 20, 30, 40, 50]


def test_pictures_in_subfolders_with_any_suffix_are_used(tmp_path):
    folder = write(tmp_path, ["A.JPG", "b.jfif", "c/d.JPE", "c/e/f.Png", "IMG_0001", "a [1] (2).png", "x::y.png"])
    assert greys(folder) == [0, 10, 20, 30, 40, 50, 60]


def test_a_folder_with_brackets_in_its_name_is_read(tmp_path):
    assert greys(write(tmp_path / "me [2024]*", ["a.png", "test [b].png"])) == [0, 10]


def test_parquet_files_in_a_folder_with_brackets_are_read(tmp_path):
    folder = write_parquet(tmp_path / "me [2024]", [png(10), png(20)])
    assert greys(folder) == [10, 20]
    assert greys(f"{folder}/data/train-00000.parquet") == [10, 20]
    with pytest.raises(ValueError, match="no split 'test'"):
        greys(folder, "test")


@pytest.mark.parametrize("table", ["metadata.csv", "metadata.jsonl"])
def test_a_table_that_lists_some_pictures_leaves_no_picture_out(tmp_path, table):
    folder = write(tmp_path, ["a.png", "b.png", "c.png"])
    row = {"file_name": "a.png", "text": "a sentence, with a comma"}
    lines = ['file_name,text\na.png,"a sentence, with a comma"\n', json.dumps(row) + "\n"]
    (tmp_path / table).write_text(lines[table.endswith("jsonl")])
    assert greys(folder) == [0, 10, 20]


@pytest.mark.parametrize("table", ["metadata.csv", "prices.csv", "notes.jsonl", "a.png.json"])
@pytest.mark.parametrize("text", ["name,price\nx,3\n", '{"title": "x"}\n', "\0\xff", ""])
def test_an_unrelated_table_does_not_matter(tmp_path, table, text):
    folder = write(tmp_path, ["a.png", "b.png"])
    (tmp_path / table).write_text(text)
    assert greys(folder) == [0, 10]


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (["train/a.png", "train/b.png", "test/c.png"], {"train": [0, 10], "test": [20]}),
        (["train/cat/test 1.png", "val/cat/b.png", "val/dog/c.png"], {"train": [0], "val": [10, 20]}),
        (["images/train2017/a.png", "images/val2017/b.png"], {"train": [0], "validation": [10]}),
    ],
)  # fmt: skip
def test_subfolders_named_for_splits_are_splits_where_they_hold_all_pictures(tmp_path, names, splits, caplog):
    folder = write(tmp_path, names)
    for split, expected in splits.items():
        assert greys(folder, split) == expected
    assert f"{len(splits['train'])} of {len(names)} files are used" in caplog.text
    with pytest.raises(ValueError, match=r"no split 'extra': use another one, of .*train"):
        greys(folder, "extra")


def test_a_picture_outside_of_the_splits_makes_all_of_them_one_folder(tmp_path):
    folder = write(tmp_path, ["train/a.png", "test/b.png", "c.png"])
    assert greys(folder) == [0, 10, 20]
    with pytest.raises(ValueError, match="has no split 'test': its pictures do not lie"):
        greys(folder, "test")


def test_files_left_out_are_counted_by_their_kind(tmp_path, caplog):
    folder = write(tmp_path, ["a.png", "b.nef", "c.NEF", ".hidden.png", "__MACOSX/d.png", "notes.txt"])
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    assert greys(folder) == [0]
    assert "1 of 4 files are used. Left out: 2 of the kind .nef, 1 links to nothing." in caplog.text


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode on Windows")
def test_a_name_that_is_not_utf_8_is_counted(tmp_path):
    write(tmp_path, ["a.png"])
    with open(os.path.join(os.fsencode(tmp_path), b"\xe9t\xe9.png"), "wb") as file:
        file.write(png(50))
    listed = list_pictures(tmp_path, "train")
    assert listed.left_out == {"with a name that is not UTF-8": 1}
    assert len(listed.pictures) == 1


def test_links_to_folders_are_followed_once(tmp_path):
    folder = write(tmp_path / "all", ["a/b.png"])
    (tmp_path / "all" / "again").symlink_to(tmp_path / "all")
    write(tmp_path / "other", ["c.png"])
    (tmp_path / "all" / "other").symlink_to(tmp_path / "other")
    assert greys(folder) == [0, 0]


def test_captions_of_several_pictures_a_row_stay_a_dataset(tmp_path, caplog):
    folder = write(tmp_path, ["a.png", "a-mask.png", "b.png", "b-mask.png"])
    rows = [{"photo_file_name": f"{name}.png", "mask_file_name": f"{name}-mask.png"} for name in "ab"]
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert greys(folder) == [0, 20]
    assert "metadata.jsonl says which of its 4 pictures are used" in caplog.text


def test_a_readme_that_states_splits_is_followed(tmp_path):
    folder = write(tmp_path, ["one/a.png", "two/b.png"])
    (tmp_path / "README.md").write_text(
        "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: one/*\n---\n"
    )
    assert greys(folder) == [0]


def test_parquet_files_with_images_are_the_dataset_and_other_tables_are_not(tmp_path):
    folder = write_parquet(tmp_path / "a", [png(100)])
    write(tmp_path / "a", ["example.png"])
    assert greys(folder) == [100]
    folder = write(tmp_path / "b", ["a.png", "b.png"])
    pq.write_table(pa.table({"score": [0.5, 0.25]}), tmp_path / "b" / "scores.parquet")
    assert greys(folder) == [0, 10]


@pytest.mark.parametrize(
    ("names", "warning"), [(["a", "b", "train_c", "test_d"], "1 of the 4 pictures"), (["a", "b"], "")]
)
def test_pictures_of_a_hub_repository_that_a_split_leaves_out_are_counted(hub, client, names, warning):
    api = HfApi(endpoint=hub.url, token="hf_me")
    api.create_repo("me/pictures", repo_type="dataset")
    files = [CommitOperationAdd(f"{name}.png", png(10)) for name in names]
    api.create_commit("me/pictures", files, commit_message="add", repo_type="dataset")
    code = "from train.data.datasets import iter_photos; print(len(list(iter_photos('me/pictures'))))"
    done = client.run("-c", code)
    assert int(done.stdout) == (1 if warning else 2)
    assert warning in done.stderr
    assert warning or "pictures of the repository" not in done.stderr
