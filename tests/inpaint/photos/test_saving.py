"""Saved photos keep their format, quality and metadata."""

import io

import numpy as np
import piexif
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from inpaint.photos.errors import PhotoError
from inpaint.photos.formats import register_heic
from inpaint.photos.opening import open_photo
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


@pytest.mark.parametrize("format", ["JPEG", "HEIF"])
def test_a_photo_with_an_orientation_tag_is_saved_upright(format):
    assert register_heic()
    rotated = Image.new("RGB", (64, 48))
    rotated.paste((255, 255, 255), (0, 0, 16, 16))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right
    quality = 90 if format == "JPEG" else None  # otherwise a JPEG stays turned, as most of it stays as it is
    save_photo(open_photo(file_bytes(rotated, format, exif=exif.tobytes())), file := io.BytesIO(), quality=quality)
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


@pytest.mark.parametrize(
    ("suffixes", "format"),
    [
        (".jpg .jpeg .jpe .jfif .jif .mpo", "JPEG"),
        (".png .apng", "PNG"),
        (".tif .tiff", "TIFF"),
        (".bmp .dib", "BMP"),
        (".ppm .pgm .pbm .pnm .pam", "PPM"),
        (".jp2 .j2k .jpx .jpf .j2c .jpc", "JPEG2000"),
        (".avif .avifs", "AVIF"),
        (".heic .heif .hif", "HEIF"),
    ],
)
def test_every_suffix_of_a_format_is_written_and_read(tmp_path, suffixes, format):
    assert register_heic()
    for suffix in suffixes.split():
        save_photo(picture("RGB", (64, 64)), tmp_path / f"out{suffix.upper()}")
        assert open_photo(tmp_path / f"out{suffix.upper()}").format == format


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


EXIF_WITH_PREVIEW = piexif.dump(
    {
        "0th": {piexif.ImageIFD.Make: b"Maker"},
        "1st": {259: 6},
        "thumbnail": file_bytes(picture("RGB", (64, 48)), "JPEG"),
    }
)


@pytest.mark.parametrize("quality", [None, 80])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_an_edited_photo_has_no_preview_of_what_it_was(format, quality):
    assert register_heic()
    photo = open_photo(file_bytes(picture("RGB", (64, 48)), format, exif=EXIF_WITH_PREVIEW))
    photo.paste((9, 9, 9), (8, 8, 24, 24))
    save_photo(photo, file := io.BytesIO(), quality=quality)
    saved = open_photo(file.getvalue())
    assert piexif.load(saved.info["exif"])["thumbnail"] is None
    assert saved.getexif()[piexif.ImageIFD.Make] == "Maker"


def test_a_jpeg_that_is_encoded_anew_keeps_iptc_and_makers_segments_and_tells_of_pictures_that_go():
    resources = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + b"\0\0\0\x0a" + b"\x1c\x02\x78\0\x05Boat!"
    segments = [(0xED, resources), (0xE5, b"MAKER\0data"), (0xEB, b"JP\0\x01\0\0\0\1jumb..c2pa"), (0xFE, b"a comment")]
    extra = b"".join(bytes([255, marker]) + (len(data) + 2).to_bytes(2) + data for marker, data in segments)
    photo = open_photo(file_bytes(picture("RGB", (64, 48)), "JPEG", extra=extra))
    notes = save_photo(photo.resize((32, 24)), file := io.BytesIO(), "JPEG", quality=70)
    assert notes == ("the Content Credentials (C2PA) were removed, because they no longer hold for the edited photo",)
    data = file.getvalue()
    assert [data.count(part) for _, part in segments] == [1, 1, 0, 1]
    assert Image.open(file).info["photoshop"][0x0404] == resources[-10:]


def test_a_sampling_that_pillow_cannot_write_becomes_full_when_a_jpeg_is_encoded_anew():
    photo = open_photo(file_bytes(picture("RGB", (64, 64)), "JPEG", subsampling=0))
    photo.info["subsampling"] = -1  # what Pillow says of a file of 4:1:1, say
    save_photo(photo, file := io.BytesIO(), quality=80)
    assert open_photo(file.getvalue()).info["subsampling"] == 0


def test_saving_over_the_original_again_and_again_changes_that_file_only_where_it_was_edited(tmp_path):
    path = tmp_path / "a.jpg"
    smooth((160, 120)).save(path, quality=70)
    before, photo = np.asarray(Image.open(path)), open_photo(path)
    for step in range(3):
        photo.paste((60 * step, 9, 9), (8, 8, 24, 24))
        notes = save_photo(photo, path)
        assert notes == ()
    changed = (np.asarray(Image.open(path)) != before).any(axis=2)
    assert changed[8:24, 8:24].all() and not changed[34:].any() and not changed[:, 34:].any()


def test_what_png_has_no_place_for_is_to_be_saved_as_tiff():
    with pytest.raises(PhotoError, match="F photo cannot be saved as PNG .*; save it as TIFF"):
        save_photo(Image.new("F", (5, 5)), io.BytesIO(), "PNG")


@pytest.mark.parametrize("format", ["GIF", "JPEG", "WEBP", "TIFF", "PNG"])
def test_a_photo_that_is_too_wide_for_a_format_is_a_photo_error(format):
    photo = Image.new("L", (70_000, 1), 90)
    if format in ("TIFF", "PNG"):
        save_photo(photo, io.BytesIO(), format)
    else:
        with pytest.raises(PhotoError, match="save it as PNG"):
            save_photo(photo, io.BytesIO(), format)
