"""Saved photos keep their format, quality and metadata."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from inpaint.photos.formats import register_heic
from inpaint.photos.opening import PhotoError, open_photo
from inpaint.photos.saving import format_of, save_photo
from tests.pictures import file_bytes, picture


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif", ".heic"])
def test_metadata_survives_a_save(tmp_path, suffix):
    assert register_heic()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010E] = "a boat"
    picture("RGB", (64, 64)).save(tmp_path / f"in{suffix}", exif=exif.tobytes(), icc_profile=profile, dpi=(300, 300))
    save_photo(open_photo(tmp_path / f"in{suffix}"), tmp_path / f"out{suffix}")
    saved = open_photo(tmp_path / f"out{suffix}")
    assert saved.info["icc_profile"] == profile
    assert saved.getexif()[0x010E] == "a boat"
    if suffix in (".jpg", ".png", ".tif"):  # the others have no such field
        assert tuple(round(float(value)) for value in saved.info["dpi"]) == (300, 300)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_a_photo_with_an_orientation_tag_is_saved_upright(format):
    assert register_heic()
    rotated = Image.new("RGB", (64, 48))
    rotated.paste((255, 255, 255), (0, 0, 16, 16))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right
    save_photo(open_photo(file_bytes(rotated, format, exif=exif.tobytes())), file := io.BytesIO())
    with Image.open(file) as saved:
        assert saved.size == (48, 64)
        assert saved.getexif().get(0x0112, 1) == 1
        assert saved.convert("RGB").getpixel((43, 4))[0] > 240
        assert saved.convert("RGB").getpixel((4, 4))[0] < 15


@pytest.mark.parametrize("quality", [40, 95])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_jpeg_keeps_its_quality_and_subsampling(quality, subsampling):
    photo = open_photo(file_bytes(picture("RGB", (64, 64)), "JPEG", quality=quality, subsampling=subsampling))
    file = io.BytesIO()
    save_photo(photo, file)
    saved = open_photo(file.getvalue())
    assert saved.info["qtables"] == photo.info["qtables"]
    assert saved.info["subsampling"] == subsampling
    plain = picture("RGB", (64, 64))
    save_photo(plain, file := io.BytesIO(), "JPEG")
    assert open_photo(file.getvalue()).info["qtables"][0][0] <= 2  # quality 95


def test_a_mode_that_the_format_does_not_support_is_rejected(tmp_path):
    with pytest.raises(PhotoError, match="RGBA photo cannot be saved as JPEG"):
        save_photo(picture("RGBA"), tmp_path / "out.jpg")
    with pytest.raises(PhotoError, match="does not end like the name of an image file"):
        save_photo(picture("RGB"), tmp_path / "out.xyz")


MODES_OF = {
    "PNG": ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"],
    "TIFF": ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I;16B", "I", "F"],
    "BMP": ["1", "L", "P", "RGB"],
    "GIF": ["L", "P"],
    "WEBP": ["RGB", "RGBA"],
}


@pytest.mark.parametrize(("format", "mode"), [(format, mode) for format, modes in MODES_OF.items() for mode in modes])
def test_a_lossless_file_is_saved_value_for_value(format, mode):
    options = {"lossless": True, "exact": True} if format == "WEBP" else {}
    photo = open_photo(file_bytes(picture(mode, (41, 33)), format, **options))
    save_photo(photo, file := io.BytesIO())
    saved = open_photo(file.getvalue())
    assert (saved.format, saved.mode, saved.size) == (format, photo.mode, photo.size)
    if mode == "P":
        photo, saved = photo.convert("RGB"), saved.convert("RGB")
    assert np.array_equal(np.asarray(saved), np.asarray(photo))


def smooth(size=(400, 300)):
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    noise = rng.normal(0, 4, (size[1], size[0], 1))
    return Image.fromarray((np.asarray(coarse.resize(size)) + noise).clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("format", ["WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("quality", [40, 80])
def test_a_lossy_file_is_saved_with_about_its_own_size(format, quality):
    assert register_heic()
    data = file_bytes(smooth(), format, quality=quality)
    save_photo(open_photo(data), file := io.BytesIO())
    assert 0.7 < len(file.getvalue()) / len(data) < 1.4


def test_the_quality_can_be_chosen_within_its_range():
    photo = open_photo(file_bytes(smooth(), "JPEG", quality=30))
    sizes = []
    for quality in (None, 60, 95):
        save_photo(photo, file := io.BytesIO(), quality=quality)
        sizes.append(len(file.getvalue()))
    assert sizes[0] < sizes[1] < sizes[2]
    with pytest.raises(PhotoError, match="quality is 101"):
        save_photo(photo, io.BytesIO(), quality=101)


def test_a_palette_photo_can_be_saved_as_jpeg():
    save_photo(picture("P"), file := io.BytesIO(), "JPEG")
    assert open_photo(file.getvalue()).mode == "RGB"


def test_the_format_follows_from_the_file_name():
    assert [format_of(name) for name in ("a.JPG", "jpeg", "b/c.tif", "heic", "avif")] == [
        *("JPEG", "JPEG", "TIFF", "HEIF", "AVIF")
    ]
    with pytest.raises(PhotoError, match=r"a\.psd does not end"):
        format_of("a.psd")


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "AVIF", "HEIF"])
def test_xmp_is_kept(format):
    assert register_heic()
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>"
    save_photo(open_photo(file_bytes(picture("RGB", (64, 64)), format, xmp=xmp)), file := io.BytesIO())
    assert open_photo(file.getvalue()).info["xmp"] == xmp


def test_the_gamma_of_a_png_is_kept():
    options = PngImagePlugin.PngInfo()
    options.add(b"gAMA", (50_000).to_bytes(4, "big"))
    save_photo(open_photo(file_bytes(picture("RGB"), pnginfo=options)), file := io.BytesIO())
    assert open_photo(file.getvalue()).info["gamma"] == 0.5
