"""Photos and masks at the boundary: every mode, damaged files, what a photo carries."""

import io
import warnings

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from inpaint.image import (
    MaskError,
    PhotoError,
    composite,
    open_photo,
    reflect_indices,
    save_photo,
    to_mask,
    to_pixels,
    to_tensor,
)
from inpaint.modes import to_rgb
from tests.pictures import picture


def file_bytes(image, format="PNG", **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def test_pixels_survive_the_way_through_a_tensor():
    pixels = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    tensor = to_tensor(pixels)
    assert tensor.shape == (1, 3, 16, 16)
    assert tensor.min() == -1
    assert tensor.max() == 1
    assert np.array_equal(to_pixels(tensor), pixels)
    assert np.array_equal(to_pixels(torch.tensor([-9.0, 9.0, float("nan")]).view(1, 3, 1, 1)), [[[0, 255, 128]]])


def test_a_composite_is_the_prediction_in_the_hole_and_the_image_outside():
    image, prediction = torch.rand(2, 3, 4, 5), torch.full((2, 3, 4, 5), float("nan"))
    mask = torch.zeros(2, 1, 4, 5)
    mask[:, :, 1] = 1
    result = composite(image, prediction, mask)
    assert torch.equal(result[:, :, 2:], image[:, :, 2:])
    assert result[:, :, 1].isnan().all()


@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_reflection_agrees_with_numpy_for_any_overhang(size):
    line = np.arange(size)
    expected = np.pad(line, 23, mode="reflect") if size > 1 else np.zeros(47, int)
    assert np.array_equal(line[reflect_indices(-23, size + 23, size)], expected)


def test_the_orientation_is_applied_and_its_tag_is_gone():
    pixels = np.arange(6 * 4 * 3, dtype=np.uint8).reshape(4, 6, 3)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right
    exif[0x010E] = "a boat"
    photo = open_photo(file_bytes(Image.fromarray(pixels), exif=exif.tobytes()))
    assert np.array_equal(np.asarray(photo), np.rot90(pixels, -1))
    kept = open_photo(file_bytes(photo, exif=photo.info["exif"])).getexif()
    assert 0x0112 not in kept
    assert kept[0x010E] == "a boat"


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_what_a_photo_carries_survives_a_save(tmp_path, suffix):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010E] = "a boat"
    picture("RGB", (64, 64)).save(tmp_path / f"in{suffix}", exif=exif.tobytes(), icc_profile=profile, dpi=(300, 300))
    save_photo(open_photo(tmp_path / f"in{suffix}"), tmp_path / f"out{suffix}")
    saved = open_photo(tmp_path / f"out{suffix}")
    assert saved.info["icc_profile"] == profile
    assert saved.getexif()[0x010E] == "a boat"
    if suffix != ".webp":  # has no such field
        assert tuple(round(float(value)) for value in saved.info["dpi"]) == (300, 300)


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


def test_a_photo_that_a_format_cannot_hold_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(PhotoError, match="RGBA photo cannot be saved as JPEG"):
        save_photo(picture("RGBA"), tmp_path / "out.jpg")
    with pytest.raises(PhotoError, match="does not end like a picture's name"):
        save_photo(picture("RGB"), tmp_path / "out.xyz")


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"])
def test_damaged_files_give_a_picture_or_a_photo_error(format):
    rng = np.random.default_rng(0)
    good = file_bytes(picture("RGB", (24, 24)), format)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns about some damage before it fails
        for _ in range(40):
            data = bytearray(good[: rng.integers(1, len(good) + 1)] if rng.random() < 0.5 else good)
            for position in rng.integers(0, len(data), rng.integers(0, 8)):
                data[position] = rng.integers(256)
            try:
                photo = open_photo(bytes(data))
            except PhotoError:
                continue
            assert to_rgb(photo).shape == (photo.height, photo.width, 3)


def test_a_truncated_photo_is_refused():
    good = file_bytes(picture("RGB", (90, 90)), "JPEG")
    with pytest.raises(PhotoError, match="damaged"):
        open_photo(good[: len(good) // 2])


def test_a_decompression_bomb_is_refused_and_the_limit_can_be_raised(monkeypatch):
    data = file_bytes(Image.new("L", (1000, 1000)))
    for limit in (900_000, 100):  # Pillow itself only warns up to twice its limit
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(PhotoError, match="too many pixels"):
                open_photo(data)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)
    assert open_photo(data).size == (1000, 1000)


def test_what_is_not_a_photo_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(PhotoError, match="no such file"):
        open_photo(tmp_path / "absent.png")
    with pytest.raises(PhotoError, match="not a picture"):
        open_photo(b"GIF? no")
    with pytest.raises(PhotoError, match="must be uint8"):
        open_photo(np.zeros((4, 4, 3)))
    with pytest.raises(PhotoError, match="mode LAB"):
        open_photo(Image.new("LAB", (3, 3)))
    with pytest.raises(PhotoError, match="no pixels"):
        open_photo(Image.new("RGB", (0, 3)))


def test_damaged_exif_does_not_spoil_a_good_photo():
    photo = picture("RGB")
    photo.info["exif"] = b"Exif\x00\x00MM\x00*\xff\xff\xff\xff"
    assert open_photo(photo).tobytes() == photo.tobytes()


def test_an_animation_is_read_as_its_first_frame():
    frames = [Image.new("L", (5, 5), value) for value in (10, 200)]
    photo = open_photo(file_bytes(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert to_rgb(photo).max() == 10


def test_white_is_the_hole_from_128_on():
    grey = np.array([[0, 127, 128, 255]], np.uint8)
    expected = [[False, False, True, True]]
    for mask in (
        grey,
        grey[..., None].repeat(3, 2),
        Image.fromarray(grey),
        file_bytes(Image.fromarray(grey)),
        grey > 127,
    ):
        assert to_mask(mask, (4, 1)).tolist() == expected
    deep = Image.frombytes("I;16", (4, 1), (grey.astype("<u2") * 256).tobytes())
    assert to_mask(deep, (4, 1)).tolist() == expected


def test_a_sketch_is_painted_where_alpha_is_above_zero_whatever_its_colour():
    sketch = np.zeros((2, 3, 4), np.uint8)
    sketch[0, 1, 3] = 1
    assert to_mask(sketch, (3, 2)).tolist() == [[False, True, False], [False, False, False]]
    assert to_mask(Image.fromarray(sketch).convert("LA"), (3, 2)).sum() == 1
    empty = np.full((2, 3, 4), 255, np.uint8)
    empty[..., 3] = 0
    assert to_mask(empty, (3, 2)).sum() == 0


def test_an_opaque_alpha_channel_leaves_the_colours_to_say_where_the_hole_is():
    mask = np.zeros((2, 3, 4), np.uint8)
    mask[..., 3] = 255
    mask[1, 2] = 255
    assert to_mask(mask, (3, 2)).tolist() == [[False] * 3, [False, False, True]]


def test_a_mask_that_does_not_fit_is_refused_with_a_sentence():
    with pytest.raises(MaskError, match="mask is 3x2 and the photo is 4x2"):
        to_mask(np.zeros((2, 3), bool), (4, 2))
    with pytest.raises(MaskError, match="largest value is 1"):
        to_mask(np.ones((2, 3), np.uint8), (3, 2))
    with pytest.raises(MaskError, match="float64"):
        to_mask(np.zeros((2, 3)), (3, 2))


def test_the_mask_that_is_returned_may_be_changed():
    mask = np.zeros((2, 3), bool)
    to_mask(mask, (3, 2))[0, 0] = True
    assert not mask.any()
    to_mask(mask.astype(np.uint8), (3, 2))[0, 0] = True
