"""BMP files of every depth keep their header, palette and every byte of unchanged pixels."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from inpaint.photos.modes import Patch, write_patches
from inpaint.photos.opening import open_photo
from inpaint.photos.saving import save_photo

SIZE = WIDTH, HEIGHT = 37, 23
HOLE = np.zeros((HEIGHT, WIDTH), bool)
HOLE[5:15, 10:30] = True
GREEN_OF_6_BITS = (0xF800, 0x7E0, 0x1F)


def bmp_file(bits, masks=(), top_down=False, size=SIZE):
    """A file of random pixels, and its pixel bytes: uint8 (H, bytes per row), from the first stored row."""
    width, height = size
    palette = b""
    if bits <= 8:
        colours = np.random.default_rng(5).permutation(256)[: 2**bits]
        palette = np.stack([colours, 255 - colours, colours, 0 * colours], axis=1).astype(np.uint8).tobytes()
    extra = struct.pack("<3I", *masks) if masks else palette
    start = 54 + len(extra)
    row = (width * bits + 31) // 32 * 4
    pixels = np.random.default_rng(0).integers(0, 256, (height, row)).astype(np.uint8)
    head = b"BM" + struct.pack("<IHHI", start + pixels.size, 0, 0, start)
    info = struct.pack(
        "<I2i2H6I", 40, width, -height if top_down else height, 1, bits, 3 if masks else 0, 0, 2835, 2835, 0, 0
    )
    return head + info + extra + pixels.tobytes(), start, pixels


@pytest.mark.parametrize("top_down", [False, True])
@pytest.mark.parametrize(
    ("bits", "masks"),
    [(1, ()), (4, ()), (8, ()), (16, ()), (16, GREEN_OF_6_BITS), (24, ()), (32, ()), (32, (0xFF0000, 0xFF00, 0xFF))],
)
def test_only_the_bytes_of_filled_pixels_change(bits, masks, top_down):
    data, start, pixels = bmp_file(bits, masks, top_down)
    photo = open_photo(data)
    fill = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    filled = write_patches(photo, [Patch(0, 0, fill)], HOLE)
    notes = save_photo(filled, file := io.BytesIO())
    result = file.getvalue()
    assert notes == ()
    assert result[:start] == data[:start]
    assert len(result) == len(data)
    after = np.frombuffer(result[start:], np.uint8).reshape(pixels.shape)
    changed = np.unpackbits(after ^ pixels, axis=1)[:, : WIDTH * bits].reshape(HEIGHT, WIDTH, bits).any(axis=2)
    assert not changed[~(HOLE if top_down else HOLE[::-1])].any()
    assert changed.any()
    shown = np.asarray(open_photo(result).convert("RGB")).astype(int)
    wanted = np.asarray(filled.convert("RGB")).astype(int)
    assert np.abs(shown - wanted).max() <= (8 if bits == 16 else 0)


def test_a_grey_bmp_stays_so():
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8))
    photo.save(file := io.BytesIO(), "BMP")
    opened = open_photo(file.getvalue())
    save_photo(write_patches(opened, [Patch(0, 0, np.zeros((HEIGHT, WIDTH, 3), np.uint8))], HOLE), out := io.BytesIO())
    after = np.asarray(open_photo(out.getvalue()))
    assert np.array_equal(after[~HOLE], np.asarray(photo)[~HOLE])
    assert (after[HOLE] == 0).all()


def test_a_compressed_bmp_is_written_anew():
    data, start, _ = bmp_file(8, size=(4, 1))
    rle = data[:30] + struct.pack("<I", 1) + data[34:start] + bytes([4, 9, 0, 1])
    opened = open_photo(rle)
    save_photo(opened, out := io.BytesIO())
    assert np.array_equal(np.asarray(open_photo(out.getvalue()).convert("RGB")), np.asarray(opened.convert("RGB")))
