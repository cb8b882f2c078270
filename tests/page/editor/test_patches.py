"""Patches for the browser are transparent outside the holes, and where the photo is."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

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
    grey = photo.mode in ("LA", "L")
    assert grey or (shown[hole][:, :3] == (255, 0, 0)).all()
