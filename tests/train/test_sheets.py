"""Picture sheets: where the pictures stand, and what stands around them."""

import numpy as np
import pytest
from PIL import Image

from train.sheets import picture_sheet, stack_sheets

RED, BLUE = np.full((20, 30, 3), (200, 0, 0), np.uint8), np.full((20, 30, 3), (0, 0, 200), np.uint8)


def colours(sheet):
    """All colours of a sheet but white."""
    return {tuple(colour) for colour in np.asarray(sheet).reshape(-1, 3).tolist()} - {(255, 255, 255)}


def test_a_plain_sheet_is_the_pictures_with_white_gaps():
    pixels = np.asarray(picture_sheet([[RED, BLUE], [BLUE, None]], gap_px=2, frame=False, missing=""))
    expected = np.full((2 + 2 * 22, 2 + 2 * 32, 3), 255, np.uint8)
    expected[2:22, 2:32], expected[2:22, 34:64], expected[24:44, 2:32] = RED, BLUE, BLUE
    assert np.array_equal(pixels, expected)


@pytest.mark.parametrize("around", [{"headings": ["a", "b"]}, {"labels": ["a\nb"]}, {"captions": [["a", "b"]]}])
def test_text_makes_the_sheet_larger_and_leaves_the_pictures_alone(around):
    plain = picture_sheet([[RED, BLUE]], frame=False)
    with_text = picture_sheet([[RED, BLUE]], frame=False, **around)
    assert with_text.width * with_text.height > plain.width * plain.height
    for colour in (RED[0, 0], BLUE[0, 0]):
        assert (np.asarray(with_text) == colour).all(2).sum() == 20 * 30
    assert colours(plain) < colours(with_text)


def test_pictures_are_fitted_into_the_middle_of_their_cells():
    pixels = np.asarray(picture_sheet([[RED]], cell=(60, 60), gap_px=10, frame=False))
    rows, columns = np.nonzero((pixels == RED[0, 0]).all(2))
    assert pixels.shape == (80, 80, 3)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (20, 59, 10, 69)


def test_headings_wrap_to_the_width_of_their_column():
    one_line, wrapped = (picture_sheet([[RED]], headings=[text], cell=(64, 20)) for text in ("one", "one two three"))
    assert wrapped.height > one_line.height and wrapped.width == one_line.width


def test_greyscale_pictures_are_shown_in_rgb():
    assert colours(picture_sheet([[Image.new("L", (5, 5), 7)]], frame=False)) == {(7, 7, 7)}


def test_stacked_sheets_keep_their_pixels():
    sheets = [picture_sheet([[RED]], frame=False), picture_sheet([[BLUE, BLUE]], frame=False)]
    stacked = np.asarray(stack_sheets(sheets, ["first", "second"]))
    assert stacked.shape[1] == sheets[1].width
    assert (stacked == RED[0, 0]).all(2).sum() == 600 and (stacked == BLUE[0, 0]).all(2).sum() == 1200


def test_a_sheet_without_pictures_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        picture_sheet([[None]])
