"""Memory of photos on the page: what is reckoned before one is opened, and what is declined."""

import io
import zlib

import pytest
from PIL import Image

from page.server.checks import MAX_METADATA_BYTES, memory_of_upload, open_upload
from page.server.errors import PageError
from page.server.machine import DESIGNED_BYTES, memory_bytes, scaled_to_machine
from tests.page.serving import noise


def photo_with(tmp_path, name, **metadata):
    file = tmp_path / name
    Image.fromarray(noise(8, 8)).save(file, **metadata)
    return file


def metadata(key, size):
    if key != "exif":
        return {key: bytes(size)}
    exif = Image.Exif()
    exif[0x9286] = bytes(size)  # UserComment
    return {key: exif.tobytes()}


@pytest.mark.parametrize("key", ["icc_profile", "xmp", "exif"])
def test_more_metadata_than_the_limit_is_declined_with_its_size(tmp_path, key):
    most = MAX_METADATA_BYTES - 1000
    assert open_upload(photo_with(tmp_path, "a.webp", **metadata(key, most))).size == (8, 8)
    with pytest.raises(PageError, match="too_much_metadata") as declined:
        open_upload(photo_with(tmp_path, "a.webp", **metadata(key, MAX_METADATA_BYTES + 1_000_000)))
    assert declined.value.values == {"size": 33, "limit": 32}


def test_a_photo_that_takes_too_much_memory_is_declined_before_a_pixel_is_decoded(tmp_path, monkeypatch):
    file = photo_with(tmp_path, "a.png")
    assert memory_of_upload(file) == 8 * 8 * (4 + 4)
    monkeypatch.setattr("page.server.checks.MAX_OPENING_BYTES", 10_000_000)
    monkeypatch.setattr("page.server.checks.open_photo", lambda *_, **__: pytest.fail("it was decoded"))
    with pytest.raises(PageError, match="too_much_memory") as declined:
        open_upload(file)
    assert declined.value.values["size"] == "0.1" and float(declined.value.values["limit"]) <= 0.01


def test_a_header_of_too_many_pixels_is_declined_before_a_pixel_is_decoded(tmp_path):
    header = io.BytesIO()
    Image.new("1", (8, 8)).save(header, "PNG")
    png = bytearray(header.getvalue())
    png[16:24] = (20_000).to_bytes(4, "big") + (20_000).to_bytes(4, "big")
    png[29:33] = zlib.crc32(png[12:29]).to_bytes(4, "big")
    file = tmp_path / "a.png"
    file.write_bytes(png)
    with pytest.raises(PageError, match="too_many_pixels"):
        memory_of_upload(file)
    with pytest.raises(PageError, match="upload_missing"):
        memory_of_upload(tmp_path / "missing.png")


def test_limits_shrink_with_the_memory_of_the_machine_or_its_container(tmp_path, monkeypatch):
    limit, none = tmp_path / "memory.max", tmp_path / "none"
    none.write_text("max\n")
    whole = memory_bytes((str(none), str(tmp_path / "missing")))
    limit.write_text("2000000000\n")
    assert memory_bytes((str(none), str(limit))) == 2_000_000_000 < whole
    for memory, expected in ((DESIGNED_BYTES // 4, 1000), (DESIGNED_BYTES * 4, 4000)):
        monkeypatch.setattr("page.server.machine.memory_bytes", lambda memory=memory: memory)
        assert scaled_to_machine(4000) == expected
