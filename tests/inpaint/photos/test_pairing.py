"""Which photos are filled, which mask belongs to each, where results go."""

from pathlib import Path

import pytest

from inpaint.photos.left_out import told
from inpaint.photos.pairing import Task, find_left_out, find_tasks


def plain(tasks):
    return [tuple(task and str(task) for task in row) for row in tasks]


def test_a_mask_has_the_name_of_its_photo_and_any_suffix(folder):
    folder("in/a.jpg", "in/b.tif", "in/c.png", "in/.hidden.png", "in/notes.txt", "m/a.png", "m/b_mask.bmp")
    assert plain(find_tasks(["in"], "m", "out")) == [
        ("in/a.jpg", "m/a.png", "out/a.jpg"),
        ("in/b.tif", "m/b_mask.bmp", "out/b.tif"),
        ("in/c.png", None, "out/c.png"),
    ]


def test_photos_and_masks_may_be_in_one_folder(folder):
    folder("in/a.jpg", "in/a-mask.png", "in/b.png", "in/b-mask.png")
    for photos, masks in (("in", "in"), ("in/*", "in/*-mask.png"), ("in/*.*", "in")):
        assert plain(find_tasks([photos], masks, "out")) == [
            ("in/a.jpg", "in/a-mask.png", "out/a.jpg"),
            ("in/b.png", "in/b-mask.png", "out/b.png"),
        ]


def test_a_pattern_keeps_the_folders_below_its_fixed_part(folder):
    folder("in/x/a.jpg", "in/y/z/a.jpg", "m/x/a.png", "m/y/z/a.png")
    assert plain(find_tasks(["in/**/*.jpg"], "m", "out")) == [
        ("in/x/a.jpg", "m/x/a.png", "out/x/a.jpg"),
        ("in/y/z/a.jpg", "m/y/z/a.png", "out/y/z/a.jpg"),
    ]


def test_one_photo_finds_its_mask_in_a_folder(folder):
    folder("a.jpg", "m/a.png")
    assert plain(find_tasks(["a.jpg"], "m", "out.png")) == [("a.jpg", "m/a.png", "out.png")]


def test_an_existing_file_with_brackets_is_not_a_pattern(folder):
    folder("a[1].jpg", "m.png")
    assert plain(find_tasks(["a[1].jpg"], "m.png", "out")) == [("a[1].jpg", "m.png", "out/a[1].jpg")]


def test_the_format_decides_the_suffix_of_the_results(folder):
    folder("in/a.jpg", "in/b.jpeg", "m.png")
    tasks = find_tasks(["in"], "m.png", "out", "TIFF")
    assert [str(task.output) for task in tasks] == ["out/a.tif", "out/b.tif"]
    assert [str(task.output) for task in find_tasks(["in"], "m.png", "out", "JPEG")] == ["out/a.jpg", "out/b.jpeg"]


def test_a_hyphen_is_standard_input_or_output(folder):
    folder("a.jpg", "m.png", "in/a.jpg")
    assert find_tasks(["-"], "m.png", "-") == [Task("-", Path("m.png"), "-")]
    assert find_tasks(["a.jpg"], "-", "out.png") == [Task(Path("a.jpg"), "-", Path("out.png"))]


@pytest.mark.parametrize(
    ("photos", "mask", "output", "message"),
    [
        (["-", "a.jpg"], "m.png", "out", "holds one picture"),
        (["-"], "-", "out.png", "holds one picture"),
        (["-"], "in", "out.png", "must be a file"),
        (["-"], "m.png", "out", "no name"),
        (["in"], "-", "out", "holds one mask"),
        (["in"], "m.png", "a.jpg", "must be a folder"),
        (["in"], "m.png", "out.jpg", "must be a folder"),
        (["in"], None, "-", "must be a folder"),
        (["in/a.jpg", "in/b.jpg"], None, "out.TIFF", "must be a folder"),
        (["in/*.jpg"], None, "out.jpg", "must be a folder"),
        (["in/a.jpg", "a.jpg"], "m.png", "out", "both be written to out/a.jpg"),
        (["m.png", "m.png"], "m.png", "out", "every photo is the mask"),
    ],
)
def test_arguments_that_contradict_each_other_are_refused(folder, photos, mask, output, message):
    folder("a.jpg", "m.png", "in/a.jpg", "in/b.jpg")
    with pytest.raises(ValueError, match=message):
        find_tasks(photos, mask, output)


def test_a_link_to_a_folder_above_does_not_repeat_the_photos_of_a_pattern(tmp_path):
    (tmp_path / "scans" / "old").mkdir(parents=True)
    for name in ("a.jpg", "old/b.jpg"):
        (tmp_path / "scans" / name).write_bytes(b"")
    (tmp_path / "scans" / "old" / "again").symlink_to(tmp_path / "scans", target_is_directory=True)
    tasks = find_tasks([str(tmp_path / "scans" / "**" / "*.jpg")], None, str(tmp_path / "out"))
    assert [task.photo for task in tasks] == [tmp_path / "scans" / "a.jpg", tmp_path / "scans" / "old" / "b.jpg"]


@pytest.mark.parametrize("mask", [None, "glass.png"])
@pytest.mark.parametrize("name", ["a-mask.png", "a_mask.tif", "a (mask).jpg", "A_MASK001.png", "mask_a.png"])
def test_a_mask_beside_its_photo_is_no_photo(folder, mask, name):
    folder("in/a.jpg", "in/b-mask.png", f"in/{name}", "glass.png")
    tasks = find_tasks(["in"], mask, "out")
    assert [str(task.photo) for task in tasks] == ["in/a.jpg", "in/b-mask.png"], "b-mask.png has no photo"
    assert told(find_left_out(["in"], mask, "out", tasks)) == f"1 left out: {name} (by its name a mask of a.jpg)"


def test_a_photo_is_written_to_a_file_though_its_mask_is_named_as_well(folder):
    folder("a.jpg", "a-mask.png")
    photos = ["a.jpg", "a-mask.png"]
    assert plain(tasks := find_tasks(photos, None, "out.jpg")) == [("a.jpg", None, "out.jpg")]
    assert told(find_left_out(photos, None, "out.jpg", tasks)) == (
        "1 left out: a-mask.png (by its name a mask of a.jpg)"
    )
    assert plain(find_tasks(["a-mask.png"], None, "out.png")) == [("a-mask.png", None, "out.png")]


@pytest.mark.parametrize("output", ["scans.2024", "out.jpg/", "there.jpg"])
def test_a_folder_may_have_a_dot_in_its_name(folder, output):
    folder("in/a.jpg", "in/b.jpg", "there.jpg/x.txt")
    assert [str(task.output) for task in find_tasks(["in"], None, output)] == [
        str(Path(output) / "a.jpg"),
        str(Path(output) / "b.jpg"),
    ]
    assert str(find_tasks(["in/a.jpg"], None, "out.jpg/")[0].output) == "out.jpg/a.jpg"
