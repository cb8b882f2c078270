"""AVIF and HEIC files keep depth, subsampling, colour space, metadata and orientation; what cannot be kept is told."""

import io

import imagecodecs
import numpy as np
import piexif
import pillow_heif
import pytest
from PIL import Image, ImageCms

from inpaint.photos import avif
from inpaint.photos.coded import coding_of
from inpaint.photos.errors import PhotoError
from inpaint.photos.isobmff import Item, ItemFile, Property, Reference, parse
from inpaint.photos.isobmff_writing import serialise
from inpaint.photos.modes import Patch, write_patches
from inpaint.photos.opening import open_photo
from inpaint.photos.saving import save_photo
from inpaint.photos.sixteen_bit import to_array

SIZE = WIDTH, HEIGHT = 96, 72
HOLE = np.zeros((HEIGHT, WIDTH), bool)
HOLE[20:40, 30:60] = True


def smooth(channels=3, depth=8):
    """A smooth picture: (H, W, channels), at full depth."""
    rng = np.random.default_rng(0)
    bands = [
        Image.fromarray(rng.uniform(0.1, 0.9, (6, 8)).astype(np.float32)).resize(SIZE, Image.Resampling.BICUBIC)
        for _ in range(channels)
    ]
    values = np.stack([np.asarray(band) for band in bands], axis=2) * (2**depth - 1)
    return np.ascontiguousarray(values.round().astype(np.uint8 if depth == 8 else np.uint16))


def avif_file(values, depth=8, subsampling="444", matrix=6, quality=80, primaries=12, transfer=13):
    return bytes(
        imagecodecs.avif_encode(
            values,
            quality,
            speed=9,
            bitspersample=depth,
            pixelformat=subsampling,
            primaries=primaries,
            transfer=transfer,
            matrix=matrix,
        )
    )


def heic_file(values, depth=8, chroma="444", quality=90, **options):
    picture = pillow_heif.HeifFile()
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[values.shape[2] if values.ndim == 3 else 1]
    shifted = values if depth == 8 else values << (16 - depth)
    picture.add_frombytes(mode + (";16" if depth > 8 else ""), SIZE, shifted.tobytes())
    picture.save(file := io.BytesIO(), quality=quality, chroma=chroma, bit_depth=depth, **options)
    return file.getvalue()


def saved(data, quality=None):
    """The file of a photo whose hole is red, and the notes."""
    photo = open_photo(data)
    red = np.zeros((HEIGHT, WIDTH, 3), np.uint8) + np.array([255, 0, 0], np.uint8)
    hole = HOLE if photo.size == SIZE else np.zeros((photo.height, photo.width), bool)
    filled = write_patches(photo, [Patch(0, 0, np.resize(red, (photo.height, photo.width, 3)))], hole)
    notes = save_photo(filled, file := io.BytesIO(), quality=quality)
    return file.getvalue(), notes


def saved_grey(data):
    """The file of a photo whose hole is grey, and the notes."""
    photo = open_photo(data)
    filled = write_patches(photo, [Patch(0, 0, np.full((HEIGHT, WIDTH, 3), 99, np.uint8))], HOLE)
    notes = save_photo(filled, file := io.BytesIO())
    return file.getvalue(), notes


@pytest.mark.parametrize("subsampling", ["444", "422", "420"])
@pytest.mark.parametrize(
    ("depth", "matrix", "colour"), [(8, 6, (12, 13)), (10, 9, (9, 16)), (12, 9, (9, 18)), (8, 1, (1, 1))]
)
def test_an_avif_keeps_depth_subsampling_and_colour_codes(subsampling, depth, matrix, colour):
    values = smooth(depth=depth)
    data = avif_file(values, depth, subsampling, matrix, primaries=colour[0], transfer=colour[1])
    result, notes = saved(data)
    assert notes == ()
    assert coding_of(parse(result)) == coding_of(parse(data))
    before, after = (imagecodecs.avif_decode(file).astype(int) for file in (data, result))
    assert np.abs(after - before)[~HOLE].mean() < 0.01 * 2**depth
    assert np.abs(after[30, 45] - (2**depth - 1, 0, 0)).max() < 0.3 * 2**depth  # red


def test_a_lossless_avif_stays_equal_outside_the_hole():
    values = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    data = avif_file(values, matrix=0, quality=100)
    result, notes = saved(data)
    after = imagecodecs.avif_decode(result)
    assert notes == ()
    assert np.array_equal(after[~HOLE], values[~HOLE])
    assert (after[HOLE] == (255, 0, 0)).all()
    assert not coding_of(parse(saved(data, quality=50)[0])).lossless


@pytest.mark.parametrize("depth", [10, 12])
def test_a_deep_avif_is_read_and_written_at_full_depth(depth):
    values = np.random.default_rng(0).integers(0, 2**depth, (HEIGHT, WIDTH, 4)).astype(np.uint16)
    data = avif_file(values, depth, matrix=0, quality=100)
    assert np.array_equal(to_array(open_photo(data)) >> (16 - depth), imagecodecs.avif_decode(data))
    result, _ = saved(data)
    assert np.array_equal(imagecodecs.avif_decode(result)[~HOLE], imagecodecs.avif_decode(data)[~HOLE])


def test_a_grey_avif_stays_grey():
    data = avif_file(np.ascontiguousarray(smooth()[..., 0]), subsampling="400")
    assert coding_of(parse(saved(data)[0])) == coding_of(parse(data))


@pytest.mark.parametrize("depth", [8, 10])
def test_a_grey_avif_keeps_its_length(depth):
    noise = np.random.default_rng(0).integers(-(2 ** (depth - 4)), 2 ** (depth - 4), (HEIGHT, WIDTH, 1))
    values = (smooth(1, depth) * 0.8 + 2**depth / 10 + noise).astype(np.uint8 if depth == 8 else np.uint16)
    data = avif_file(values.repeat(3, axis=2), depth, subsampling="400", quality=60)
    result, _ = saved_grey(data)
    assert coding_of(parse(result)).subsampling == "4:0:0"
    assert 0.8 * len(data) < len(result) < 1.2 * len(data)


def test_a_lossless_grey_avif_stays_equal_outside_the_hole():
    data = avif_file(np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH), np.uint8), subsampling="400")
    result, _ = saved_grey(data)
    before, after = imagecodecs.avif_decode(data), imagecodecs.avif_decode(result)
    assert (before[~HOLE] == after[~HOLE]).all()
    assert (before[HOLE] != after[HOLE]).any()


def test_a_grey_avif_with_alpha_stays_grey():
    data = avif_file(smooth(1).repeat(3, axis=2).repeat(2, axis=2)[..., :4], subsampling="400")
    assert coding_of(parse(data)).subsampling == "4:0:0"
    assert coding_of(parse(saved_grey(data)[0])).subsampling == "4:0:0"


def test_without_imagecodecs_what_is_lost_is_told(monkeypatch):
    monkeypatch.setattr(avif, "has_full_codec", lambda: False)
    deep, notes = saved(avif_file(smooth(depth=10), 10, "420", 9, primaries=9, transfer=16))
    assert notes == ("it has 10 bits per sample, and was saved with 8: run  pip install imagecodecs  to keep it",)
    assert coding_of(parse(deep))[:4] == (8, "4:2:0", 9, 16)
    _, notes = saved(avif_file(smooth(), matrix=0, quality=100))
    assert "it is lossless, and was saved with small losses" in notes[0]


@pytest.mark.parametrize("chroma", ["444", "422", "420"])
@pytest.mark.parametrize("depth", [8, 10])
def test_a_heic_keeps_depth_subsampling_and_colour_codes(depth, chroma):
    data = heic_file(smooth(depth=depth), depth, chroma, color_primaries=12, transfer_characteristic=13)
    result, notes = saved(data)
    assert notes == ()
    assert coding_of(parse(result)) == coding_of(parse(data))
    assert coding_of(parse(result)).depth == depth
    before, after = (
        np.asarray(pillow_heif.open_heif(file, convert_hdr_to_8bit=False)).astype(int) for file in (data, result)
    )
    assert np.abs(after - before)[~HOLE].mean() < 0.01 * (256 if depth == 8 else 65536)


def exif_with_preview(orientation=1):
    Image.new("RGB", (16, 16)).save(file := io.BytesIO(), "JPEG")
    tags = {"0th": {piexif.ImageIFD.Make: b"Camera", piexif.ImageIFD.Orientation: orientation}, "1st": {}}
    return piexif.dump({**tags, "thumbnail": file.getvalue()})


@pytest.mark.parametrize("depth", [8, 10])
def test_a_lossless_heic_stays_equal_outside_the_hole(depth):
    data = heic_file(smooth(3, depth), depth, quality=-1, matrix_coefficients=0)
    result, notes = saved(data)
    before, after = (
        np.asarray(pillow_heif.open_heif(io.BytesIO(file), convert_hdr_to_8bit=False)) for file in (data, result)
    )
    assert not notes
    assert before.dtype == after.dtype
    assert (before[~HOLE] == after[~HOLE]).all()
    assert (before[HOLE] != after[HOLE]).any()


@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_metadata_profile_and_alpha_stay_and_previews_go(format):
    pillow_heif.register_heif_opener()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>"
    picture = Image.fromarray(smooth(4))
    picture.save(file := io.BytesIO(), format, exif=exif_with_preview(), xmp=xmp, icc_profile=profile, quality=90)
    result, notes = saved(file.getvalue())
    assert notes == ()
    with Image.open(io.BytesIO(result)) as after:
        assert after.mode == "RGBA"
        assert after.info["icc_profile"] == profile
        assert after.info["xmp"] == xmp
        tags = piexif.load(after.info["exif"])
        assert tags["0th"][piexif.ImageIFD.Make] == b"Camera"
        assert tags["thumbnail"] is None
        alpha = np.asarray(after.getchannel("A")).astype(int)
    assert np.abs(alpha - smooth(4)[..., 3]).mean() < 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_pixels_are_stored_turned_as_before(format, orientation):
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(smooth()).save(file := io.BytesIO(), format, exif=exif.tobytes(), quality=95)
    before = open_photo(file.getvalue())
    save_photo(before, result := io.BytesIO())
    after = open_photo(result.getvalue())
    turns = [
        {kind: content for kind, content, _ in parse(data).items[1].properties if kind in (b"irot", b"imir")}
        for data in (file.getvalue(), result.getvalue())
    ]
    assert turns[0] == turns[1]
    assert after.size == before.size
    assert np.abs(np.asarray(after).astype(int) - np.asarray(before)).mean() < 3


def test_other_pictures_of_the_file_are_removed_and_told():
    file = parse(avif_file(smooth()))
    coded = file.items[1]
    depth = Property(b"auxC", bytes(4) + b"urn:mpeg:hevc:2015:auxid:2\0")
    items = {
        1: coded,
        2: coded,  # a thumbnail
        3: Item(b"av01", coded.payload, (*coded.properties, depth)),
        4: coded,  # another picture
        5: Item(b"mime", b"<x/>", (), b"\0application/rdf+xml\0"),
    }
    references = (
        Reference(b"thmb", 2, (1,)),
        Reference(b"auxl", 3, (1,)),
        Reference(b"cdsc", 5, (1,)),
    )
    result, notes = saved(serialise(ItemFile(file.brands, 1, items, references)))
    assert {item.kind for item in parse(result).items.values()} == {b"av01", b"mime"}
    assert len(notes) == 1
    assert "depth map was removed" in notes[0]


def test_a_picture_made_of_tiles_becomes_one():
    values = np.repeat(smooth(), 2, axis=1)
    tile = parse(avif_file(np.ascontiguousarray(values[:, :WIDTH]))).items[1]
    other = parse(avif_file(np.ascontiguousarray(values[:, WIDTH:]))).items[1]
    size = Property(b"ispe", bytes(4) + (2 * WIDTH).to_bytes(4, "big") + HEIGHT.to_bytes(4, "big"))
    colour = next(entry for entry in tile.properties if entry.kind == b"colr")
    pixels = next(entry for entry in tile.properties if entry.kind == b"pixi")
    grid = Item(
        b"grid",
        bytes([0, 0, 0, 1]) + (2 * WIDTH).to_bytes(2, "big") + HEIGHT.to_bytes(2, "big"),
        (size, colour, pixels),
    )
    brands = parse(avif_file(values)).brands
    file = ItemFile(brands, 1, {1: grid, 2: tile, 3: other}, (Reference(b"dimg", 1, (2, 3)),))
    result, notes = saved(serialise(file))
    assert notes == ()
    assert [item.kind for item in parse(result).items.values()] == [b"av01"]
    assert np.abs(np.asarray(open_photo(result)).astype(int) - values).mean() < 5


def test_damaged_boxes_give_a_value_error_or_items():
    data = avif_file(smooth())
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(data[: rng.integers(8, len(data))] if rng.random() < 0.3 else data)
        for place in rng.integers(0, min(len(damaged), 320), 3):
            damaged[place] = rng.integers(0, 256)
        try:
            file = parse(bytes(damaged))
        except ValueError:
            continue
        assert sum(len(item.payload) for item in file.items.values()) <= 4 * len(damaged)


def test_a_damaged_deep_avif_is_a_photo_error():
    data = bytearray(avif_file(smooth(depth=10), 10))
    start = data.index(b"mdat") + 4
    data[start:] = bytes(len(data) - start)
    with pytest.raises(PhotoError, match="is damaged or cannot be read"):
        open_photo(bytes(data))


def test_content_credentials_are_removed_and_told():
    data = avif_file(smooth())
    box = bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + b"manifest"
    result, notes = saved(data + (len(box) + 8).to_bytes(4, "big") + b"uuid" + box)
    assert b"manifest" not in result
    assert len(notes) == 1
    assert "Content Credentials (C2PA) were removed" in notes[0]


@pytest.mark.parametrize("kind", ["tone map", "Apple"])
def test_a_gain_map_is_removed_and_told(kind):
    file = parse(avif_file(smooth()))
    coded = file.items[1]
    apple = Property(b"auxC", bytes(4) + b"urn:com:apple:photo:2020:aux:hdrgainmap\0")
    if kind == "Apple":
        items = {1: coded, 2: Item(b"av01", coded.payload, (*coded.properties, apple))}
        references = (Reference(b"auxl", 2, (1,)),)
    else:
        items = {1: coded, 2: coded, 3: Item(b"tmap", bytes(60), coded.properties[:2])}
        references = (Reference(b"dimg", 3, (1, 2)),)
    result, notes = saved(serialise(ItemFile(file.brands, 1, items, references)))
    assert list(parse(result).items) == [1]
    assert len(notes) == 1
    assert "HDR gain map was removed" in notes[0]


def test_a_heic_of_tiles_becomes_one_picture():
    values = np.tile(smooth(), (3, 3, 1))
    height, width = values.shape[:2]
    picture = pillow_heif.HeifFile()
    picture.add_frombytes("RGB", (width, height), values.tobytes())
    picture.save(file := io.BytesIO(), quality=90, chroma="444", tile_size=128)
    before = parse(file.getvalue())
    assert before.items[before.primary].kind == b"grid"
    result, notes = saved(file.getvalue())
    assert notes == ()
    assert [item.kind for item in parse(result).items.values()] == [b"hvc1"]
    assert coding_of(parse(result)) == coding_of(before)
    assert np.abs(np.asarray(open_photo(result)).astype(int) - values).mean() < 3
