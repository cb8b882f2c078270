"""The object removals of docs/removals: masks from outlines, photos from datasets, the part that is shown."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from docs.removals.__main__ import main
from docs.removals.pairs import ROOT, Removal, load_pairs, load_removals, paint_mask
from docs.removals.sheet import CELL, OUTLINE, hole_view, outlined, removal_sheet
from inpaint import open_photo
from inpaint.engine.regions import dilate
from inpaint.photos.masks import to_mask
from tests.datasets import png, write_parquet
from tests.pictures import random_rectangles

DOT = {"stroke": [[6, 5]], "brush_px": 4}


def test_a_polygon_reaches_its_margin_in_all_directions():
    mask = paint_mask([{"polygon": [[10, 12], [20, 12], [20, 15], [10, 15]]}], (40, 30), margin_px=5)
    y, x = np.mgrid[:30, :40]
    distance = np.hypot(x - x.clip(10, 20), y - y.clip(12, 15))
    assert np.array_equal(mask, distance <= 5)


def test_a_stroke_is_as_wide_as_its_brush_whatever_the_margin():
    mask = paint_mask([{"stroke": [[10, 15], [30, 15]], "brush_px": 6}], (40, 30), margin_px=9)
    y, x = np.mgrid[:30, :40] + 0.5
    assert np.array_equal(mask, np.hypot(x - x.clip(10, 30), y - 15) <= 3)


def test_shapes_are_united_and_cut_at_the_border():
    shapes = [{"polygon": [[-9, -9], [3, -9], [3, 3], [-9, 3]]}, DOT]
    assert np.array_equal(
        paint_mask(shapes, (12, 9), 0), paint_mask(shapes[:1], (12, 9), 0) | paint_mask([DOT], (12, 9), 0)
    )


def test_every_entry_has_a_name_of_its_own_and_one_source():
    removals = load_removals()
    assert len({removal.name for removal in removals}) == len(removals)
    for removal in removals:
        assert bool(removal.photo) != bool(removal.dataset), removal.name
        assert not removal.photo or (ROOT / removal.photo).exists()


def test_a_photo_of_the_repository_keeps_the_marks_of_its_mask_file():
    hut = next(removal for removal in load_removals() if removal.name == "hut")
    ((_, photo, mask),) = load_pairs([hut], ROOT)
    marks = to_mask(ROOT / hut.mask, photo.size)
    assert mask.shape == photo.size[::-1] and photo.mode == "RGB"
    assert mask[marks].all() and mask.sum() > marks.sum()


def test_photos_of_a_dataset_are_found_by_row_and_cropped_before_they_are_reduced(tmp_path):
    write_parquet(tmp_path / "grey", [png(value) for value in (10, 20, 30)], rows_per_file=2)
    removals = [
        Removal("last", [DOT], dataset="grey", row=2),
        Removal("part", [DOT], dataset="grey", row=0, crop=(2, 0, 22, 16), scale=0.5),
    ]
    pairs = {removal.name: (photo, mask) for removal, photo, mask in load_pairs(removals, tmp_path)}
    assert {name: (photo.getpixel((0, 0))[0], photo.size) for name, (photo, _) in pairs.items()} == {
        "last": (30, (24, 20)),
        "part": (10, (10, 8)),
    }
    assert pairs["part"][1].sum() == pairs["last"][1].sum() > 0


def test_a_row_beyond_the_end_of_a_dataset_is_named(tmp_path):
    write_parquet(tmp_path / "grey", [png(10)])
    with pytest.raises(ValueError, match="has no row 4 in its split 'train'"):
        list(load_pairs([Removal("late", [DOT], dataset="grey", row=4)], tmp_path))


@pytest.mark.parametrize("seed", range(8))
def test_the_view_lies_in_the_photo_and_holds_the_largest_region_of_the_hole(seed):
    mask = random_rectangles(90, 160, seed)
    view = hole_view(mask, cell=(48, 40))
    assert view.left >= 0 and view.top >= 0 and view.right <= 160 and view.bottom <= 90
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    largest = labels == np.bincount(labels[mask]).argmax()
    assert largest[view.slices].sum() == largest.sum()


def test_a_small_hole_is_shown_at_twice_the_size_in_the_middle_of_its_view():
    mask = np.zeros((300, 300), bool)
    mask[140:160, 145:155] = True
    assert hole_view(mask, cell=(120, 100)) == (120, 125, 180, 175)


def test_the_view_of_a_hole_at_the_border_is_shifted_into_the_photo():
    mask = np.zeros((300, 300), bool)
    mask[280:, :10] = True
    assert hole_view(mask, cell=(120, 100)) == (0, 250, 60, 300)


def test_specks_far_from_the_object_do_not_widen_the_view():
    mask = np.zeros((300, 300), bool)
    mask[140:160, 140:160] = True
    without = hole_view(mask)
    mask[5:8, 5:8] = True
    assert hole_view(mask) == without


def test_a_mask_without_a_hole_has_no_view():
    with pytest.raises(ValueError, match="at least one"):
        hole_view(np.zeros((20, 20), bool))


def test_the_outline_is_drawn_inside_the_hole_only():
    mask = np.zeros((30, 30), bool)
    mask[10:20, 10:20] = True
    drawn = (np.asarray(outlined(Image.new("RGB", (30, 30)), mask)) == OUTLINE).all(2)
    core = np.zeros((30, 30), bool)
    core[12:18, 12:18] = True
    assert np.array_equal(drawn, mask & ~core) and not (drawn & ~dilate(core, 3)).any()


def test_pairs_and_a_sheet_are_written(tmp_path):
    fills = tmp_path / "fills"
    fills.mkdir()
    Image.new("RGB", (1024, 819), (0, 255, 0)).save(fills / "boatman.png")
    main([*f"--data {tmp_path} --out {tmp_path} --only boatman --sheet {tmp_path / 'sheet.png'}".split(),
          "--column", f"green={fills}", "--column", f"none={tmp_path.parent}"])  # fmt: skip
    photo = open_photo(tmp_path / "boatman.png")
    assert photo.size == (1024, 819) and to_mask(tmp_path / "boatman-mask.png", photo.size).any()
    pixels = np.asarray(open_photo(tmp_path / "sheet.png"))
    assert (pixels == (0, 255, 0)).all(2).any() and (pixels == OUTLINE).all(2).any()


def test_blocks_put_the_rows_of_a_sheet_side_by_side(tmp_path):
    colours = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
    for name, colour in colours.items():
        Image.new("RGB", (90, 60), colour).save(tmp_path / f"{name}.png")
        Image.fromarray(paint_mask([DOT], (90, 60), 0)).save(tmp_path / f"{name}-mask.png")
    pixels = np.asarray(removal_sheet(list(colours), tmp_path, {"fills": tmp_path}, scale=0.25, blocks=2))
    places = {name: np.argwhere((pixels == colour).all(2)).mean(0) for name, colour in colours.items()}
    assert places["red"][1] == places["green"][1] < places["blue"][1] - CELL[0] / 4
    assert places["red"][0] == places["blue"][0] < places["green"][0] - CELL[1] / 4 + 1


def test_an_unknown_name_is_answered_with_those_that_exist(tmp_path):
    with pytest.raises(SystemExit, match=r"no boatwoman; it has .*boatman"):
        main(["--data", str(tmp_path), "--out", str(tmp_path), "--only", "boatwoman"])
