"""The memory that a photo takes while it opens is at most what is reckoned from its header."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from inpaint.photos.errors import PhotoError
from inpaint.photos.memory import bytes_held, reckon
from inpaint.photos.opening import open_photo
from inpaint.photos.sixteen_bit import from_deep_array, save_deep

HEIGHT, WIDTH = 1760, 2640
SCRIPT = """
import sys

from inpaint.photos.memory import reckon
from inpaint.photos.opening import open_photo
from inpaint.runtime.malloc import trim_memory
from inpaint.session import Session


def status(name):
    return 1024 * int(open("/proc/self/status").read().split(name + ":")[1].split()[0])


def opened(path):
    with open(path, "rb") as file:
        return Session(open_photo(file), lambda *_: [])


for name in sys.argv[1:]:
    opened(f"small-{name}")  # loads what is loaded once
    trim_memory()
    open("/proc/self/clear_refs", "w").write("5")  # the peak is counted from now on
    before = status("VmRSS")
    session = opened(name)
    with open(name, "rb") as file:
        reckoned = reckon(file, name)
    print(name, status("VmHWM") - before, reckoned.opening, session.size_bytes, flush=True)
    del session
"""


def write_photos(folder, prefix, height, width):
    """Write a photo of each kind whose pixels take an amount of memory of their own while they are decoded."""
    coarse = np.random.default_rng(0).integers(0, 256, (height // 8, width // 8, 4), np.uint8)
    pixels = coarse.repeat(8, 0).repeat(8, 1)
    colour, deep = Image.fromarray(pixels).convert("RGB"), pixels.astype(np.uint16) * 257
    floats = (pixels[..., :3] / 255).astype(np.float32)
    Image.fromarray(floats[..., 0]).save(folder / f"{prefix}grey-float.tif")
    tifffile.imwrite(folder / f"{prefix}float.tif", floats, photometric="rgb", rowsperstrip=height)
    options = {"photometric": "rgb", "rowsperstrip": height, "compression": "zlib"}
    tifffile.imwrite(folder / f"{prefix}one-strip-float.tif", floats, **options)
    tifffile.imwrite(folder / f"{prefix}one-strip-differences.tif", floats, predictor=True, **options)
    tifffile.imwrite(folder / f"{prefix}one-strip-lzw.tif", floats, **options | {"compression": "lzw"})
    with (folder / f"{prefix}deep.png").open("wb") as file:
        save_deep(from_deep_array(deep), file, "PNG")
    Image.fromarray(deep[..., 0].copy()).save(folder / f"{prefix}grey-deep.png")
    (folder / f"{prefix}deep.ppm").write_bytes(
        b"P6 %d %d 65535\n" % (width, height) + deep[..., :3].astype(">u2").tobytes()
    )
    colour.quantize(200).save(folder / f"{prefix}palette.png", transparency=bytes(range(200)))
    colour.convert("CMYK").save(folder / f"{prefix}cmyk.jpg", progressive=True, subsampling=0)
    Image.fromarray(pixels).save(folder / f"{prefix}alpha.png", compress_level=1)
    colour.save(folder / f"{prefix}photo.webp", quality=50, method=0)


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """{name: (most bytes while it opened, reckoned bytes, bytes of the session)} of photos, in a process of its own."""
    folder = tmp_path_factory.mktemp("photos")
    write_photos(folder, "", HEIGHT, WIDTH)
    names = [file.name for file in folder.iterdir()]
    write_photos(folder, "small-", 64, 96)
    command = [sys.executable, "-c", SCRIPT, *names]
    environment = {"PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = (line.split() for line in done.stdout.splitlines())
    return {name: tuple(map(int, numbers)) for name, *numbers in lines}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak is read from /proc")
@pytest.mark.parametrize(
    ("name", "most_per_pixel"),
    [
        ("grey-float.tif", 10),
        ("float.tif", 15),
        ("one-strip-float.tif", 15),
        ("one-strip-differences.tif", 20),
        ("one-strip-lzw.tif", 60),
        ("deep.png", 20),
        ("grey-deep.png", 10),
        ("deep.ppm", 22),
        ("palette.png", 10),
        ("cmyk.jpg", 16),
        ("alpha.png", 13),
        ("photo.webp", 20),
    ],
)
def test_no_kind_of_photo_takes_more_than_is_reckoned_nor_more_than_before(taken, name, most_per_pixel):
    peak, reckoned, held = taken[name]
    slack = 16 << 20  # strips, blocks of rows and of the allocator
    assert held * 0.8 < peak < min(reckoned, most_per_pixel * HEIGHT * WIDTH + slack)


@pytest.mark.parametrize(
    ("mode", "format", "stored"),
    [("RGB", "JPEG", 4), ("L", "PNG", 1), ("P", "GIF", 1), ("CMYK", "TIFF", 4), ("I;16", "PNG", 2), ("F", "TIFF", 4)],
)
def test_an_open_photo_takes_what_pillow_has_for_its_pixels(tmp_path, mode, format, stored):
    file = tmp_path / "photo"
    Image.new(mode, (40, 30)).save(file, format)
    with file.open("rb") as opened:
        reckoned = reckon(opened, "photo")
        assert opened.tell() == 0
    photo = open_photo(file)
    photo.info.clear()
    assert bytes_held(photo) == 1200 * stored and reckoned.pixels == 1200
    assert 1200 * (stored + 4) <= reckoned.open <= 1200 * 8 < reckoned.opening


@pytest.mark.parametrize("data", [b"", b"no picture", b"II*\0\x08\0\0\0", b"P6 5", b"\x89PNG\r\n\x1a\n", b"P7\n"])
def test_files_without_a_header_are_a_photo_error(tmp_path, data):
    (tmp_path / "photo").write_bytes(data)
    with (tmp_path / "photo").open("rb") as file, pytest.raises(PhotoError):
        reckon(file, "photo")
