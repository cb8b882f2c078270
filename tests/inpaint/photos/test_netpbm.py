"""PBM, PGM, PPM and PAM files are read and written with any largest value, and their headers stay."""

import io

import cv2
import numpy as np
import pytest

from inpaint.photos.errors import PhotoError
from inpaint.photos.modes import Patch, write_patches
from inpaint.photos.opening import open_photo
from inpaint.photos.saving import save_photo
from inpaint.photos.sixteen_bit import to_array
from tests.pictures import deep_pixels, picture

SIZE = WIDTH, HEIGHT = 37, 23
HOLE = np.zeros((HEIGHT, WIDTH), bool)
HOLE[5:15, 10:30] = True
HIGHEST = (1, 3, 15, 100, 254, 255, 256, 1000, 4095, 65534, 65535)


def values_to(highest, channels):
    return np.random.default_rng(0).integers(0, highest + 1, (HEIGHT, WIDTH, channels))


def file_of(kind, values, highest):
    """A file, written here: (bytes, length of its header)."""
    channels = values.shape[2]
    if kind == 7:
        head = f"P7\n# a boat\nWIDTH {WIDTH}\nHEIGHT {HEIGHT}\nDEPTH {channels}\nMAXVAL {highest}\nENDHDR\n".encode()
    else:
        largest = "" if kind in (1, 4) else f"\n{highest}"
        head = f"P{kind}\n# a boat\n{WIDTH} {HEIGHT}{largest}\n".encode()
    if kind < 4:
        return head + b"\n".join(b" ".join(b"%d" % value for value in row) for row in values.reshape(HEIGHT, -1)), len(
            head
        )
    if kind == 4:
        return head + np.packbits(values[..., 0].astype(np.uint8), axis=1).tobytes(), len(head)
    return head + values.astype(">u2" if highest > 255 else np.uint8).tobytes(), len(head)


def values_of(data, start, kind, shape, highest):
    if kind < 4:
        return np.array(data[start:].split()).astype(int).reshape(shape)
    if kind == 4:
        return np.unpackbits(np.frombuffer(data[start:], np.uint8).reshape(HEIGHT, -1), axis=1)[:, :WIDTH, None]
    return np.frombuffer(data[start:], ">u2" if highest > 255 else np.uint8).reshape(shape)


KINDS = [
    *((kind, channels, highest) for kind, channels in ((2, 1), (3, 3), (5, 1), (6, 3)) for highest in HIGHEST),
    *((7, channels, highest) for channels in (1, 2, 3, 4) for highest in (255, 1000, 65535)),
    (1, 1, 1),
    (4, 1, 1),
]


@pytest.mark.parametrize(("kind", "channels", "highest"), KINDS)
def test_header_and_all_values_outside_the_hole_stay(kind, channels, highest):
    values = values_to(highest, channels)
    data, start = file_of(kind, values, highest)
    photo = open_photo(data)
    pixels = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    notes = save_photo(write_patches(photo, [Patch(0, 0, pixels)], HOLE), file := io.BytesIO())
    result = file.getvalue()
    assert notes == ()
    assert result[:start] == data[:start]
    after = values_of(result, start, kind, values.shape, highest)
    assert np.array_equal(after[~HOLE], values[~HOLE])
    assert not np.array_equal(after[HOLE], values[HOLE])


@pytest.mark.parametrize("suffix", [".ppm", ".pgm", ".pbm"])
def test_files_of_opencv_are_read_as_opencv_reads_them(suffix):
    pixels = deep_pixels() if suffix == ".ppm" else deep_pixels(1)[..., 0]
    pixels = (pixels >> 8).astype(np.uint8) if suffix == ".pbm" else pixels
    data = cv2.imencode(suffix, pixels)[1].tobytes()
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    ours = to_array(open_photo(data))
    assert np.array_equal(
        ours * np.uint8(255) if ours.dtype == bool else ours, read[..., ::-1] if read.ndim == 3 else read
    )


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "I;16"])
def test_photos_of_other_formats_are_written_value_for_value(mode):
    photo = picture(mode, SIZE)
    save_photo(photo, file := io.BytesIO(), "PPM")
    after = open_photo(file.getvalue())
    assert after.mode == mode
    assert np.array_equal(np.asarray(after), np.asarray(photo))
    save_photo(open_photo(deep_pixels()), file := io.BytesIO(), "PPM")
    assert np.array_equal(cv2.imdecode(np.frombuffer(file.getvalue(), np.uint8), -1)[..., ::-1], deep_pixels())


def test_further_pictures_are_removed_and_told():
    data, _ = file_of(5, values_to(255, 1), 255)
    notes = save_photo(open_photo(data + data), file := io.BytesIO())
    assert file.getvalue() == data
    assert "further pictures" in notes[0]


@pytest.mark.parametrize(
    "data",
    [
        b"P6\n10 10\n255\n" + bytes(20),
        b"P6\n10",
        b"P5\n10 10\n70000\n" + bytes(200),
        b"P7\nWIDTH 3\nENDHDR\n",
        b"P2\n2 2\n9\n1 2 x 4",
        b"P5\n0 5\n255\n",
        b"P5 99999999999999999999 1 255 ",
        b"P1\n3 3\n0 1",
    ],
)
def test_damaged_files_are_refused(data):
    with pytest.raises(PhotoError, match="damaged or cannot be read|has no pixels"):
        open_photo(data)


def test_the_size_is_checked_before_the_pixels_are_read():
    with pytest.raises(PhotoError, match="too many pixels"):
        open_photo(b"P6 100000 100000 255\n", max_pixels=1000)


@pytest.mark.parametrize("kind", range(1, 7))
def test_blocks_of_rows_and_parts_of_a_text_meet_without_a_gap(kind, monkeypatch):
    highest = 1 if kind in (1, 4) else 700
    values = values_to(highest, 3 if kind in (3, 6) else 1)
    data, _ = file_of(kind, values, highest)
    before = to_array(open_photo(data))
    monkeypatch.setattr("inpaint.photos.netpbm._BLOCK_VALUES", 100)
    for part_bytes in (1, 2, 3, 50):
        monkeypatch.setattr("inpaint.photos.netpbm._PART_BYTES", part_bytes)
        assert np.array_equal(to_array(open_photo(data)), before)
