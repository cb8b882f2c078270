"""The comparison with IOPaint in docs/from_iopaint: its files, what it notices, and what our batch keeps of them."""

import pytest
from PIL import Image

from docs.from_iopaint.files import FILES, write_files
from docs.from_iopaint.kept import PROPERTIES, kept
from inpaint.__main__ import main

pytest.importorskip("pillow_heif")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder with the photos and masks, and the paths of the photos."""
    folder = tmp_path_factory.mktemp("files")
    for name in ("photos", "masks"):
        (folder / name).mkdir()
    return folder, write_files(folder / "photos", folder / "masks")


def lost(before, after):
    answers = kept(before, after)
    return {name for name in PROPERTIES if answers[name] is False}


def test_a_batch_keeps_everything_but_the_known_pixels_of_lossy_formats_that_are_coded_as_a_whole(written, capsys):
    folder, photos = written
    assert main([str(folder / "photos"), str(folder / "masks"), "-o", str(folder / "filled")]) == 0
    by_name = {photo.name[3:]: lost(photo, folder / "filled" / photo.name) for photo in photos}
    lossy = {"web.webp", "phone.heic", "web.avif"}
    assert by_name == {name: {"known pixels"} if name in lossy else set() for name in FILES}


def test_a_copy_lacks_the_fill_alone_and_a_missing_result_has_nothing(written):
    for photo in written[1]:
        assert lost(photo, photo) == {"hole filled"}
        assert lost(photo, None) >= {"written", "format", "size", "known pixels", "hole filled"}


@pytest.mark.parametrize(
    ("name", "missed"),
    [
        ("phone-upright.jpg", {"EXIF", "size", "resolution", "known pixels"}),
        ("adobe-rgb.jpg", {"EXIF", "colour space", "resolution"}),
        ("captions.jpg", {"captions"}),
        ("alpha.png", {"alpha", "mode and depth"}),
        ("palette-transparent.png", {"alpha", "mode and depth"}),
        ("colour-16.png", {"mode and depth", "known pixels"}),
        ("texts.png", {"EXIF", "captions", "colour space", "resolution"}),
        ("pages.tif", {"pages", "resolution"}),
        ("cmyk.tif", {"mode and depth", "resolution"}),
    ],
)
def test_what_a_plain_conversion_to_png_loses_is_noticed(name, missed, written, tmp_path):
    photo = next(path for path in written[1] if path.name[3:] == name)
    with Image.open(photo) as file:
        pixels = file.convert("RGBA").convert("RGB")
    pixels.info.clear()  # Pillow would write the profile that is in it
    pixels.save(tmp_path / "converted.png")
    assert lost(photo, tmp_path / "converted.png") - {"format", "hole filled"} == missed
