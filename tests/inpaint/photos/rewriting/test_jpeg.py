"""A JPEG keeps every coefficient outside the blocks that an edit touches."""

import io

import numpy as np
import piexif
import pytest
from PIL import Image, ImageOps

from inpaint.photos.opening import open_photo
from inpaint.photos.saving import save_photo
from tests.inpaint.photos.rewriting.jpegs import (
    NAMES,
    SIZE,
    coefficients,
    factors,
    jpeg,
    markers,
    smooth,
    touched_blocks,
)

BOX = (21, 13, 47, 38)


def edited(data, box=BOX, seed=7):
    """Paste another picture into a box of a photo and save it: the saved bytes, the photo, and what is told."""
    photo = open_photo(data)
    box = (
        min(box[0], photo.width - 1),
        min(box[1], photo.height - 1),
        min(box[2], photo.width),
        min(box[3], photo.height),
    )
    photo.paste(smooth(photo.mode, photo.size, seed).crop(box), box)
    notes = save_photo(photo, file := io.BytesIO())
    return file.getvalue(), photo, notes


def changed_pixels(data, photo):
    with Image.open(io.BytesIO(data)) as stored:
        before = np.asarray(ImageOps.exif_transpose(stored))
    return (before != np.asarray(photo)).reshape(*before.shape[:2], -1).any(axis=2)


@pytest.mark.parametrize("name", NAMES)
def test_coefficients_outside_the_touched_blocks_stay_and_so_do_tables_sampling_and_scans(name):
    before = jpeg(name, comment=b"a comment") if name in ("baseline", "progressive", "grey", "CMYK") else jpeg(name)
    after, photo, notes = edited(before)
    assert notes == () and after != before
    changed = changed_pixels(before, photo)
    assert markers(after) == markers(before)
    for was, now, factor in zip(coefficients(before), coefficients(after), factors(before), strict=True):
        differs = (was != now).any(axis=(2, 3))
        touched = touched_blocks(changed, differs.shape, factor)
        assert not (differs & ~touched).any()
        assert differs[touched].any()


@pytest.mark.parametrize("name", NAMES)
def test_the_touched_blocks_show_the_edited_photo(name):
    before = jpeg(name)
    after, photo, _ = edited(before)
    changed = changed_pixels(before, photo)
    with Image.open(io.BytesIO(before)) as stored, Image.open(io.BytesIO(after)) as saved:
        distance, error = (difference(image, photo)[changed].mean() for image in (stored, saved))
        luma = difference(saved.convert("L"), photo.convert("L"))[changed].mean()
    assert error < distance / 3
    assert luma < {"coarse": 15, "16-bit tables": 25, "fine": 1}.get(name, 6)


def difference(first, second):
    """The absolute difference of two pictures of one size and mode, float."""
    return np.abs(np.asarray(first).astype(float) - np.asarray(second))


@pytest.mark.parametrize("name", ["baseline", "progressive", "restarts", "4:4:4", "grey", "CMYK"])
def test_five_edits_one_after_the_other_leave_the_rest_identical(name):
    first = data = jpeg(name)
    for step in range(5):
        data, _, notes = edited(data, seed=step)
        assert notes == ()
    for was, now, factor in zip(coefficients(first), coefficients(data), factors(first), strict=True):
        box = np.zeros(SIZE[::-1], bool)
        box[BOX[1] : BOX[3], BOX[0] : BOX[2]] = True
        assert not ((was != now).any(axis=(2, 3)) & ~touched_blocks(box, was.shape[:2], factor)).any()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["baseline", "4:2:2", "grey"])
def test_a_turned_photo_stays_turned_and_is_edited_in_place(orientation, name):
    exif = piexif.dump({"0th": {piexif.ImageIFD.Orientation: orientation, piexif.ImageIFD.Make: b"Maker"}})
    file = io.BytesIO()
    piexif.insert(exif, jpeg(name), file)
    before = file.getvalue()
    after, photo, notes = edited(before)
    assert notes == () and markers(after) == markers(before)
    with Image.open(io.BytesIO(after)) as saved, Image.open(io.BytesIO(before)) as stored:
        assert (saved.size, saved.getexif()[0x0112]) == (SIZE, orientation)
        upright, was = (ImageOps.exif_transpose(image) for image in (saved, stored))
    assert difference(upright.convert("L"), photo.convert("L"))[BOX[1] : BOX[3], BOX[0] : BOX[2]].mean() < 6
    far = np.ones(np.asarray(upright).shape[:2], bool)
    far[: BOX[3] + 20, : BOX[2] + 20] = False
    assert not difference(upright, was)[far].any() and far.sum() > 500


def test_without_an_edit_the_file_stays_byte_for_byte():
    data = jpeg("progressive") + b"after the end"
    save_photo(open_photo(data), file := io.BytesIO())
    assert file.getvalue() == data


def test_pixels_outside_the_touched_blocks_and_their_chroma_neighbours_are_identical():
    before = jpeg("baseline")
    after, _, _ = edited(before)
    was, now = (np.asarray(Image.open(io.BytesIO(data))) for data in (before, after))
    outside = np.ones(was.shape[:2], bool)
    outside[0 : 48 + 1, 16 - 1 : 48 + 1] = False  # units of 16 pixels, and the pixel beside them
    assert np.array_equal(was[outside], now[outside])


def test_restoring_all_pixels_keeps_tables_and_sampling():
    before = jpeg("4:1:1")
    photo = open_photo(before)
    photo.paste(smooth(seed=9))
    notes = save_photo(photo, file := io.BytesIO())
    assert notes == ()
    assert markers(file.getvalue()) == markers(before)
    with Image.open(file) as saved:
        assert difference(saved.convert("L"), photo.convert("L")).mean() < 6
