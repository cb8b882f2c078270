"""Photos that are encoded anew keep what their new format can hold, and the rest is told."""

import io

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from inpaint.photos.opening import open_photo
from inpaint.photos.saving import save_photo
from inpaint.photos.sixteen_bit import to_array
from tests.inpaint.photos.rewriting.png_reference import chunks_of, png_file, samples
from tests.pictures import file_bytes, picture

P3 = bytes([12, 13, 0, 1])


def converted(data, format):
    notes = save_photo(open_photo(data), file := io.BytesIO(), format)
    return file.getvalue(), notes


def avif_file(**options):
    return bytes(imagecodecs.avif_encode(np.asarray(picture("RGB", (64, 64))), 90, speed=9, **options))


@pytest.mark.parametrize("depth", [8, 16])
def test_a_png_that_is_resized_keeps_colour_space_texts_and_xmp(depth):
    chunks = [(b"cICP", P3), (b"gAMA", (50_000).to_bytes(4, "big")), (b"tEXt", b"Title\0a boat")]
    xmp = b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    photo = open_photo(png_file(samples(depth, 2), depth, 2, [*chunks, (b"iTXt", xmp)]))
    half = photo.resize((10, 10))
    half.info |= photo.info
    assert save_photo(half, file := io.BytesIO(), "PNG") == ()
    assert {pair for pair in chunks_of(file.getvalue()) if pair[0] != b"IDAT"} >= {*chunks, (b"iTXt", xmp)}


def test_an_avif_becomes_a_png_with_its_colour_codes():
    result, notes = converted(avif_file(primaries=12, transfer=13, matrix=6), "PNG")
    assert (b"cICP", P3) in chunks_of(result)
    assert notes == ()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (avif_file(primaries=12, transfer=13, matrix=6), "Display P3"),
        (avif_file(primaries=9, transfer=16, matrix=9), "BT.2020 PQ (HDR)"),
        (png_file(samples(8, 2), 8, 2, [(b"cICP", P3)]), "Display P3"),
        (png_file(samples(8, 2), 8, 2, [(b"gAMA", (100_000).to_bytes(4, "big"))]), "those of a gamma of 1"),
    ],
)
def test_a_colour_space_that_is_lost_is_told(data, name):
    notes = converted(data, "JPEG")[1]
    assert len(notes) == 1
    assert f"its colours are {name}, which the JPEG file does not say" in notes[0]


def test_nothing_is_told_of_srgb():
    srgb = [(b"sRGB", b"\0"), (b"gAMA", (45_455).to_bytes(4, "big"))]
    for data in (avif_file(primaries=1, transfer=13, matrix=6), png_file(samples(8, 2), 8, 2, srgb)):
        assert converted(data, "JPEG")[1] == ()


def test_a_profile_and_bits_that_a_format_cannot_hold_are_told():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    notes = converted(file_bytes(picture("RGB"), icc_profile=profile), "BMP")[1]
    assert "its colour profile was left out, as a BMP file holds none" in notes[0]
    notes = converted(png_file(samples(16, 2), 16, 2), "WEBP")[1]
    assert "its 16 bits per sample became 8, as a WEBP file holds no more" in notes[0]


@pytest.mark.parametrize("format", ["GIF", "PNG"])
def test_the_pictures_of_an_animation_that_are_removed_are_told(format):
    frames = [picture("P", (40, 30), seed) for seed in range(3)]
    data = file_bytes(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert "it is an animation: only its first picture was filled" in converted(data, format)[1][0]
    assert converted(file_bytes(frames[0], "GIF"), format)[1] == ()


@pytest.mark.parametrize("format", ["WEBP", "TIFF", "PNG", "JPEG2000", "PPM"])
@pytest.mark.parametrize(("depth", "colour_type"), [(1, 0), (2, 0), (8, 0), (8, 2), (4, 3)])
def test_a_transparent_colour_stays_transparent_in_every_format(format, depth, colour_type):
    values = samples(depth, colour_type)
    key = b"\xff\0" if colour_type == 3 else b"".join(int(value).to_bytes(2, "big") for value in values[3, 4])
    clear = values[..., 0] == 1 if colour_type == 3 else (values == values[3, 4]).all(axis=2)
    result, _ = converted(png_file(values, depth, colour_type, [(b"tRNS", key)]), format)
    photo = open_photo(result)
    alpha = np.asarray(photo.convert("RGBA").getchannel("A"))
    assert np.array_equal(alpha == 0, clear)


def test_a_transparent_colour_of_16_bits_becomes_alpha():
    values = samples(16, 2)
    key = b"".join(int(value).to_bytes(2, "big") for value in values[3, 4])
    data = png_file(values, 16, 2, [(b"tRNS", key)])
    pixels = to_array(open_photo(converted(data, "TIFF")[0]))
    assert np.array_equal(pixels[..., :3], values)
    assert np.array_equal(pixels[..., 3] == 0, (values == values[3, 4]).all(axis=2))


def test_one_bit_with_a_transparent_colour_is_valid_when_written_anew():
    photo = open_photo(png_file(samples(1, 0), 1, 0, [(b"tRNS", b"\0\1")]))
    turned = photo.transpose(Image.Transpose.ROTATE_90)
    save_photo(turned, file := io.BytesIO(), "PNG")
    assert (b"tRNS", b"\0\1") in chunks_of(file.getvalue())


CAPTIONS = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\0\x08" + b"\x1c\x02\x05\0\x03cap"
GAIN_MAP = (
    b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    b"<rdf:Description xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/' hdrgm:Version='1.0'/>"
    b"</rdf:RDF></x:xmpmeta>"
)


def jpeg_with(marker, payload):
    data = file_bytes(picture("RGB"), "JPEG")
    return data[:2] + bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2, "big") + payload + data[2:]


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_captions_and_gain_maps_that_another_format_does_not_get_are_told(format):
    assert "captions and keywords (IPTC)" in converted(jpeg_with(0xED, CAPTIONS), format)[1][0]
    assert "HDR gain map" in converted(jpeg_with(0xE1, GAIN_MAP), format)[1][0]
    assert converted(jpeg_with(0xFE, b"a comment"), format)[1] == ()


def test_captions_of_a_tiff_that_another_format_does_not_get_are_told():
    pixels = np.asarray(picture("RGB"))
    tifffile.imwrite(file := io.BytesIO(), pixels, photometric="rgb", extratags=[(33723, 7, 8, CAPTIONS[-8:], True)])
    assert "captions and keywords (IPTC)" in converted(file.getvalue(), "PNG")[1][0]
    assert converted(file.getvalue(), "TIFF")[1] == ()
