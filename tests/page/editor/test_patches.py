"""Patches for the browser are transparent outside the holes, and where the photo is."""

import base64
import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from inpaint.engine.fills import Fill
from inpaint.photos.opening import open_photo
from inpaint.session import Session
from page.editor.patches import encode_patches
from tests.inpaint.photos.rewriting.png_reference import png_file, samples


def photos():
    rgba = np.random.default_rng(0).integers(0, 256, (23, 37, 4)).astype(np.uint8)
    yield "RGBA", Image.fromarray(rgba), rgba[..., 3]
    yield "LA", Image.fromarray(rgba[..., [0, 3]]), rgba[..., 3]
    for depth, colour_type in ((2, 0), (8, 2), (16, 2)):
        values = samples(depth, colour_type)
        key = b"".join(int(value).to_bytes(2, "big") for value in values[3, 4])
        photo = open_photo(png_file(values, depth, colour_type, [(b"tRNS", key)]))
        yield f"{depth} bits", photo, np.where((values == values[3, 4]).all(axis=2), 0, 255)
    values = samples(4, 3)
    alphas = bytes(range(0, 240, 15))
    photo = open_photo(png_file(values, 4, 3, [(b"PLTE", bytes(range(48))), (b"tRNS", alphas)]))
    yield "palette", photo, np.frombuffer(alphas, np.uint8)[values[..., 0]]


@pytest.mark.parametrize(("photo", "alpha"), [pair[1:] for pair in photos()], ids=[pair[0] for pair in photos()])
def test_a_patch_has_the_alpha_of_the_photo_in_the_hole_and_is_transparent_elsewhere(photo, alpha):
    def red(pixels, mask, *_):
        yield Fill(0, 0, np.broadcast_to(np.array([255, 0, 0], np.uint8), pixels.shape).copy(), mask.copy())

    session = Session(photo, red)
    hole = np.zeros((23, 37), bool)
    hole[5:15, 10:30] = True
    (patch,) = encode_patches(session, session.add_mask(hole))["patches"]
    with Image.open(io.BytesIO(base64.b64decode(patch["png"]))) as picture:
        shown = np.asarray(picture)
    assert (patch["left"], patch["top"], shown.shape) == (0, 0, (23, 37, 4))
    assert np.array_equal(shown[..., 3], np.where(hole, alpha, 0))
    grey = photo.mode in ("LA", "L", "P")  # the colours of the palette are nearly grey
    assert grey or (shown[hole][:, :3] == (255, 0, 0)).all()


def patches_with_profile(profile):
    """Patches of a red fill in a photo with this profile: their opened pictures."""

    def red(pixels, mask, *_):
        yield Fill(0, 0, np.broadcast_to(np.array([200, 30, 30], np.uint8), pixels.shape).copy(), mask.copy())

    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (23, 37, 3)).astype(np.uint8))
    photo.info["icc_profile"] = profile
    session = Session(photo, red)
    hole = np.zeros((23, 37), bool)
    hole[5:15, 10:30] = True
    encoded = encode_patches(session, session.add_mask(hole))["patches"]
    return [Image.open(io.BytesIO(base64.b64decode(patch["png"]))) for patch in encoded], encoded


def test_a_small_colour_profile_is_sent_with_the_patch_and_its_pixels_are_as_they_are():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    (picture,), _ = patches_with_profile(profile)
    assert picture.info["icc_profile"] == profile and picture.getpixel((15, 10)) == (200, 30, 30, 255)


def test_a_large_colour_profile_is_not_sent_but_applied():
    small = swapped_profile()
    large = with_padding(small, 4_000_000)
    (picture,), encoded = patches_with_profile(large)
    assert "icc_profile" not in picture.info and len(encoded[0]["png"]) < 5_000
    expected = ImageCms.profileToProfile(
        Image.new("RGB", (1, 1), (200, 30, 30)),
        ImageCms.ImageCmsProfile(io.BytesIO(small)),
        ImageCms.createProfile("sRGB"),
    ).getpixel((0, 0))
    assert expected[1] > 150 > expected[0], "the profile exchanges red and green"
    assert np.abs(np.subtract(picture.getpixel((15, 10))[:3], expected)).max() <= 2


@pytest.mark.parametrize("start", [b"", b"no profile"])
def test_a_large_profile_that_is_damaged_is_left_out(start):
    (picture,), _ = patches_with_profile(start + bytes(100_000))
    assert "icc_profile" not in picture.info and picture.getpixel((15, 10)) == (200, 30, 30, 255)


def swapped_profile():
    """The sRGB profile with the colorants of red and green exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ", 128), profile.index(b"gXYZ", 128)
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


def with_padding(profile, size):
    """The profile with zeros after its last table, up to a size."""
    padded = bytearray(profile + bytes(size - len(profile)))
    padded[:4] = size.to_bytes(4, "big")
    return bytes(padded)
