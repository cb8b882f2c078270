"""`python -m inpaint --page`: one page of a TIFF, or all of them."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from inpaint.__main__ import main
from tests.inpaint.photos.tiff.files import COLUMNS, HEIGHT, ROWS, WIDTH, ramp, several

HOLE = (ROWS >= 12) & (ROWS < 21) & (COLUMNS >= 18) & (COLUMNS < 30)
PAGES = [ramp("uint8", 3), ramp("uint16", 3), ramp("uint8")[:20], ramp("uint8")]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "book.tif").write_bytes(several([(page, {"compression": "zlib"}) for page in PAGES]))
    Image.fromarray(HOLE).save(tmp_path / "mask.png")
    return tmp_path


def run(folder, *options, mask="mask.png", out="out.tif", model):
    paths = [str(folder / "book.tif"), *([str(folder / mask)] if mask else []), "-o", str(folder / out)]
    return main([*paths, *options, "--model", model])


def pages_of(path):
    with tifffile.TiffFile(path) as file:
        return [page.asarray() for page in file.pages]


def changed(path):
    """Where each page differs from the original, bool (H, W); None if its shape or type does."""
    found = pages_of(path)
    assert len(found) == len(PAGES)
    different = [
        (after != before) if (after.shape, after.dtype) == (before.shape, before.dtype) else None
        for before, after in zip(PAGES, found, strict=True)
    ]
    return [page.any(axis=2) if page is not None and page.ndim == 3 else page for page in different]


@pytest.mark.parametrize(("options", "filled"), [((), 0), (("--page", "2"), 1), (("--page", "4"), 3)])
def test_one_page_is_filled_and_the_others_stay(folder, model, options, filled):
    assert run(folder, *options, model=model) == 0
    for index, page in enumerate(changed(folder / "out.tif")):
        assert page.any() == (index == filled)
        assert index != filled or not page[~HOLE].any()


def test_all_pages_of_a_size_are_filled_with_one_mask(folder, model, capsys):
    assert run(folder, "--page", "all", model=model) == 0
    for index, page in enumerate(changed(folder / "out.tif")):
        assert page.any() == (index != 2)
        assert index == 2 or not page[~HOLE].any()
    assert f"page 3 stays as it is: it is {WIDTH}x20" in capsys.readouterr().err


def test_each_page_has_a_mask_of_its_own(folder, model):
    holes = [np.roll(HOLE, shift, axis=1)[: len(page)] for shift, page in zip((-9, 0, 9, 18), PAGES, strict=True)]
    (folder / "masks.tif").write_bytes(several([((hole * 255).astype(np.uint8), {}) for hole in holes]))
    assert run(folder, "--page", "all", mask="masks.tif", model=model) == 0
    for hole, page in zip(holes, changed(folder / "out.tif"), strict=True):
        assert page[hole].any()
        assert not page[~hole].any()


def test_overwriting_a_file_of_several_pages_keeps_them(folder, model):
    assert run(folder, "--overwrite", out="book.tif", model=model) == 0
    assert [page.any() for page in changed(folder / "book.tif")] == [True, False, False, False]


def test_a_photo_of_one_page_is_filled_whatever_its_format(folder, model):
    Image.fromarray(PAGES[0]).save(folder / "book.tif", "PNG")
    assert run(folder, "--page", "all", out="out.png", model=model) == 0
    with Image.open(folder / "out.png") as image:
        assert np.array_equal(np.asarray(image)[~HOLE], PAGES[0][~HOLE])


def test_what_cannot_be_done_with_pages_is_told(folder, model, capsys):
    assert run(folder, "--page", "9", model=model) == 1
    assert "it has 4 pages" in capsys.readouterr().err
    assert run(folder, "--page", "all", out="out.png", model=model) == 1
    assert "all 4 pages cannot be written as PNG" in capsys.readouterr().err
    assert run(folder, "--page", "all", "--find-damage", "--mask-only", mask=None, model=model) == 1
    assert "--mask-only" in capsys.readouterr().err
    for page in ("0", "first"):
        with pytest.raises(SystemExit):
            run(folder, "--page", page, model=model)
        assert f"'{page}' is no page" in capsys.readouterr().err


def test_pages_are_read_from_standard_input(folder, model, monkeypatch):
    class Stream:
        buffer = io.BytesIO((folder / "book.tif").read_bytes())

    monkeypatch.setattr("sys.stdin", Stream)
    arguments = ["-", str(folder / "mask.png"), "-o", str(folder / "out.tif"), "--page", "all", "--model", model]
    assert main(arguments) == 0
    assert [page.any() for page in changed(folder / "out.tif")] == [True, True, False, True]


def test_a_page_that_the_mask_leaves_alone_stays_to_the_byte(folder, model):
    Image.new("1", (WIDTH, HEIGHT)).save(folder / "mask.png")
    before = (folder / "book.tif").read_bytes()
    run(folder, "--page", "all", model=model)
    assert (folder / "out.tif").read_bytes() == before
