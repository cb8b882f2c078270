import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from inpaint.photos.errors import PhotoError
from inpaint.photos.modes import Patch, write_patches
from inpaint.photos.opening import open_photo
from inpaint.photos.saving import save_photo
from inpaint.photos.sixteen_bit import to_array
from inpaint.photos.tone import restore_tone
from tests.inpaint.photos.tiff.files import COLUMNS, HEIGHT, ROWS, WIDTH, ramp, several, tiff_bytes

HOLE = (ROWS >= 12) & (ROWS < 21) & (COLUMNS >= 18) & (COLUMNS < 30)
FILL = Patch(0, 0, np.broadcast_to(np.array([210, 40, 90], np.uint8), (HEIGHT, WIDTH, 3)))
LAYOUTS = (
    {},
    {"rowsperstrip": 7, "byteorder": ">"},
    {"tile": (16, 32)},
    {"bigtiff": True, "rowsperstrip": 1},
    {"planarconfig": "separate", "rowsperstrip": 11},
)
PACKINGS = (
    {},
    {"compression": "lzw", "predictor": True},
    {"compression": "zlib"},
    {"compression": "zstd", "predictor": True},
    {"compression": "packbits"},
    {"compression": "lzma"},
)


def edited(data, page=None, hole=HOLE, notes=()):
    """The bytes of a TIFF after its photo was filled, with the sentences that are expected."""
    photo = open_photo(data, page=page)
    if hole.shape != (photo.height, photo.width):
        hole = np.zeros((photo.height, photo.width), bool)
        hole[photo.height // 3 : photo.height // 2, photo.width // 3 : photo.width // 2] = True
    fill = Patch(0, 0, np.broadcast_to(FILL.pixels[0, 0], (*hole.shape, 3)))
    said = save_photo(write_patches(photo, [fill], hole), file := io.BytesIO())
    assert len(said) == len(notes)
    assert all(part in sentence for part, sentence in zip(notes, said, strict=True))
    return file.getvalue()


def samples(data, page=0):
    """The samples of a page as tifffile reads them, (H, W) or (H, W, samples)."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        found = file.pages[page]
        return np.moveaxis(found.asarray(), 0, 2) if found.planarconfig == 2 and found.ndim == 3 else found.asarray()


def tags(data, page=0):
    """Code and value of a page's tags, without places and lengths of strips and tiles."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        return {tag.code: tag.value for tag in file.pages[page].tags if tag.code not in (273, 279, 324, 325, 330)}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_samples_outside_the_hole_stay_to_the_bit_in_each_layout_and_compression(dtype, layout, packing):
    pixels = ramp(dtype, 3)
    before = tiff_bytes(pixels, **layout, **packing)
    after = edited(before)
    assert np.array_equal(samples(after)[~HOLE], pixels[~HOLE])
    assert np.array_equal(to_array(open_photo(after)) >> (0 if dtype == "uint8" else 8), np.where(
        HOLE[..., None], FILL.pixels, to_array(open_photo(before)) >> (0 if dtype == "uint8" else 8)))  # fmt: skip
    assert tags(after) == tags(before)
    assert after[:4] == before[:4]


@pytest.mark.parametrize(
    "dtype", ["uint8", "uint16", "uint32", "int8", "int16", "int32", "float16", "float32", "float64"]
)
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_grey_of_each_type_is_filled_within_its_range(dtype, photometric):
    pixels = ramp(dtype, low=0.1, high=0.9)
    after = samples(edited(tiff_bytes(pixels, photometric=photometric)))
    assert after.dtype == pixels.dtype
    assert np.array_equal(after[~HOLE], pixels[~HOLE])
    grey = FILL.pixels[0, 0] @ np.array([0.299, 0.587, 0.114]) / 255
    low, high = float(pixels.min()), float(pixels.max())
    if dtype in ("uint8", "int8"):
        low, high = (0, 255) if dtype == "uint8" else (-128, 127)
    grey = 1 - grey if photometric == "miniswhite" else grey
    assert np.allclose(after[HOLE].astype(float), low + grey * (high - low), atol=(high - low) / 100)


def test_twelve_bits_stay_twelve_bits():
    pixels = (ramp("float64") * 4095).round().astype("uint16")
    before = tiff_bytes(pixels, bitspersample=12, rowsperstrip=9)
    after = edited(before)
    assert len(after) == len(before)
    assert np.array_equal(samples(after)[~HOLE], pixels[~HOLE])
    assert (samples(after)[HOLE] != pixels[HOLE]).mean() > 0.9
    assert tags(after)[258] == 12


@pytest.mark.parametrize("planarconfig", ["contig", "separate"])
@pytest.mark.parametrize("declared", [["unspecified"], ["unassalpha"], ["unspecified", "unassalpha"]])
def test_samples_that_are_not_colour_stay(declared, planarconfig):
    pixels = np.dstack([ramp("uint16", 4), ramp("uint16", 1)[::-1]])[..., : 3 + len(declared)]
    data = tiff_bytes(pixels, extrasamples=declared, planarconfig=planarconfig, compression="lzw")
    after = samples(edited(data))
    assert np.array_equal(after[..., 3:], pixels[..., 3:])
    assert np.array_equal(after[~HOLE], pixels[~HOLE])
    assert (after[HOLE][:, :3] != pixels[HOLE][:, :3]).any(axis=1).all()


def test_premultiplied_colours_are_filled_times_their_alpha():
    pixels = np.dstack([ramp("uint8", 3) // 4, np.full((HEIGHT, WIDTH), 128, np.uint8)])
    after = samples(edited(tiff_bytes(pixels, extrasamples=["assocalpha"])))
    assert np.array_equal(after[~HOLE], pixels[~HOLE])
    assert abs(after[15, 20].astype(int) - [210 * 128 / 255, 40 * 128 / 255, 90 * 128 / 255, 128]).max() <= 1


@pytest.mark.parametrize("photometric", ["cielab", "icclab"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_lab_samples_outside_the_hole_stay_and_the_fill_has_its_colour(dtype, photometric):
    pixels = ramp(dtype, 3, low=0.4, high=0.6)
    after = edited(tiff_bytes(pixels, photometric=photometric))
    assert np.array_equal(samples(after)[~HOLE], pixels[~HOLE])
    shown = to_array(open_photo(after))[HOLE] / 257
    assert abs(shown - FILL.pixels[0, 0]).max() < (3 if dtype == "uint8" else 0.1)


def test_palette_indices_outside_the_hole_stay():
    indices = (COLUMNS % 7).astype(np.uint8)
    table = np.random.default_rng(0).integers(0, 65536, (3, 256), dtype=np.uint16)
    after = edited(tiff_bytes(indices, photometric="palette", colormap=table))
    assert np.array_equal(samples(after)[~HOLE], indices[~HOLE])
    assert np.array_equal(tags(after)[320], table.ravel()) or np.array_equal(tags(after)[320], table)


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
def test_a_fax_page_is_filled_in_its_compression(compression):
    dots = (COLUMNS // 5 + ROWS // 3) % 2 == 0
    Image.fromarray(dots).save(file := io.BytesIO(), "TIFF", compression=compression)
    after = edited(file.getvalue())
    with Image.open(io.BytesIO(after)) as read:
        assert read.info["compression"] == compression
        assert np.array_equal(np.asarray(read)[~HOLE], dots[~HOLE])
        assert (np.asarray(read) != dots)[HOLE].mean() > 0.2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_tag_stays_and_pixels_are_stored_by_it(orientation):
    pixels = ramp("uint16", 3)
    data = tiff_bytes(pixels, extratags=[(274, "H", 1, orientation, True)])
    photo = open_photo(data)
    hole = np.zeros((photo.height, photo.width), bool)
    hole[5:9, 3:20] = True
    fill = Patch(0, 0, np.zeros((photo.height, photo.width, 3), np.uint8))
    save_photo(filled := write_patches(photo, [fill], hole), file := io.BytesIO())
    assert tags(file.getvalue())[274] == orientation
    assert np.array_equal(to_array(open_photo(file.getvalue())), to_array(filled))
    assert (samples(file.getvalue()) != pixels).any(axis=2).sum() == hole.sum()


def test_all_pages_and_tags_stay_when_one_page_is_filled():
    text = {"description": "page of a boat", "software": "scanner", "metadata": None, "resolution": (300, 300)}
    private = [(33723, "B", 6, b"\x1c\2\5\0\1x", True), (65001, "H", 3, (1, 2, 3), True), (285, "s", 0, "p. 7", True)]
    pages = [ramp("uint8", 3), ramp("uint16", 3), ramp("uint16")]
    before = several([(page, {**text, "extratags": private, "compression": "zlib"}) for page in pages])
    after = edited(before, page=2)
    for index in range(3):
        assert tags(after, index) == tags(before, index)
        assert np.array_equal(samples(after, index), pages[index]) == (index != 1)
    assert np.array_equal(samples(after, 1)[~HOLE], pages[1][~HOLE])


def test_an_unedited_photo_gives_the_same_file():
    data = tiff_bytes(ramp("uint16", 3), compression="lzw", tile=(16, 16))
    save_photo(open_photo(data), file := io.BytesIO())
    assert file.getvalue() == data


def test_nothing_of_a_replaced_strip_stays_in_the_file():
    generator = np.random.default_rng(0)
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[HOLE] = secret = generator.integers(0, 256, (HOLE.sum(), 3), dtype=np.uint8)
    flat = tiff_bytes(pixels)
    assert secret[:8].tobytes() in flat
    assert secret[:8].tobytes() not in edited(flat)
    packed = tiff_bytes(pixels, compression="zlib", rowsperstrip=HEIGHT)
    with tifffile.TiffFile(io.BytesIO(packed)) as file:
        strip = packed[file.pages[0].dataoffsets[0] :][: file.pages[0].databytecounts[0]]
    after = edited(packed)
    assert not any(strip[at : at + 12] in after for at in range(40, len(strip) - 12))


def test_a_strip_that_grows_out_of_16_bit_offsets_is_found_again():
    pixels = np.zeros((200, 400, 3), np.uint8)
    pixels[100:] = 9
    raw = [bytes(pixels[:100].tobytes()), bytes(pixels[100:].tobytes())]
    import zlib

    strips = [zlib.compress(strip) for strip in raw]
    offsets = [8, 8 + len(strips[0])]
    data = b"".join(strips)
    data += bytes(65000 - len(data))  # so that what is appended lies beyond 65535
    entries = [(256, 3, 1, 400), (257, 3, 1, 200), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 2)]
    entries += [(273, 3, 2, offsets[0] | offsets[1] << 16), (277, 3, 1, 3), (278, 3, 1, 100)]
    entries += [(279, 3, 2, len(strips[0]) | len(strips[1]) << 16)]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<2H2I", *entry) for entry in entries)
    before = b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory + bytes(600)
    photo = open_photo(before)
    noise = np.random.default_rng(0).integers(0, 256, (200, 400, 3), dtype=np.uint8)
    hole = np.zeros((200, 400), bool)
    hole[10:190, 20:380] = True
    save_photo(filled := write_patches(photo, [Patch(0, 0, noise)], hole), file := io.BytesIO())
    assert np.array_equal(samples(file.getvalue()), np.asarray(filled))


def test_five_edits_of_a_file_of_one_strip_leave_no_gaps():
    data = tiff_bytes(np.zeros((HEIGHT, WIDTH, 3), np.uint8), photometric="rgb", compression="deflate")
    lengths = []
    for number in range(5):
        photo = open_photo(data)
        noise = np.random.default_rng(number).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
        hole = np.zeros((HEIGHT, WIDTH), bool)
        hole[: 4 * number + 4] = True
        save_photo(write_patches(photo, [Patch(0, 0, noise)], hole), file := io.BytesIO())
        data = file.getvalue()
        with tifffile.TiffFile(io.BytesIO(data)) as read:
            assert (read.pages[0].asarray()[hole] == noise[hole]).all()
            lengths.append(len(data) - read.pages[0].databytecounts[0])
    assert len(set(lengths[1:])) == 1  # the strip is the end of the file from the first edit on


def test_a_strip_that_has_grown_takes_the_place_of_one_that_has_moved():
    quarter = HEIGHT // 4
    random = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
    pixels[:quarter] = random[:quarter, :, 0] // 16
    data = tiff_bytes(pixels, rowsperstrip=quarter, compression="deflate")
    random[:, :, 1:] = random[:, :, :1]
    random[quarter:] //= 64  # the first strip grows and moves away, the second one takes its place
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[: 2 * quarter] = True
    save_photo(write_patches(open_photo(data), [Patch(0, 0, random)], hole), file := io.BytesIO())
    result = file.getvalue()
    with tifffile.TiffFile(io.BytesIO(result)) as read, tifffile.TiffFile(io.BytesIO(data)) as before:
        assert (read.pages[0].asarray()[hole] == random[..., 0][hole]).all()
        assert not read.pages[0].asarray()[~hole].any()
        assert read.pages[0].dataoffsets[1] == before.pages[0].dataoffsets[0]
        assert len(result) - len(data) <= read.pages[0].databytecounts[0] + 1


def without_lengths(data):
    """A little-endian file that does not state how long its strips are, as tags StripByteCounts become others."""
    directories = [page.tags[279].offset for page in tifffile.TiffFile(io.BytesIO(data)).pages]
    changed = bytearray(data)
    for at in directories:
        changed[at : at + 2] = struct.pack("<H", 280)  # MinSampleValue
    return bytes(changed)


def test_strips_without_lengths_are_written_where_they_are():
    pixels = ramp("uint8", 3)
    data = tiff_bytes(pixels, rowsperstrip=8)
    start = tifffile.TiffFile(io.BytesIO(data)).pages[0].dataoffsets[0]
    result = edited(without_lengths(data))
    assert len(result) == len(data)
    after = np.frombuffer(result[start : start + pixels.size], np.uint8).reshape(pixels.shape)
    assert (after == pixels)[~HOLE].all()
    assert (after != pixels)[HOLE].any()


def test_compressed_strips_without_lengths_are_encoded_anew_and_that_is_told():
    data = without_lengths(tiff_bytes(ramp("uint8", 3), compression="deflate"))
    assert (samples(edited(data, notes=["the lengths of its strips are missing"])) == ramp("uint8", 3))[~HOLE].all()


def test_a_reduced_copy_without_lengths_is_removed():
    pages = [(ramp("uint8", 3), {}), (ramp("uint8", 3)[::2, ::2], {"subfiletype": 1, "compression": "deflate"})]
    data = bytearray(several(pages))
    at = tifffile.TiffFile(io.BytesIO(data)).pages[1].tags[279].offset
    data[at : at + 2] = struct.pack("<H", 280)
    result = edited(bytes(data))
    assert len(tifffile.TiffFile(io.BytesIO(result)).pages) == 1


def test_strips_that_share_their_bytes_are_parted():
    data = bytearray(tiff_bytes(np.full((40, 52), 77, np.uint8), rowsperstrip=10))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        tag = file.pages[0].tags[273]
        first = tag.value[0]
        data[tag.valueoffset : tag.valueoffset + 16] = struct.pack("<4I", first, first, first, first)
    after = samples(edited(bytes(data)))
    assert (after[~HOLE] == 77).all()
    assert (after[HOLE] != 77).all()


@pytest.mark.parametrize("photometric", ["rgb", "ycbcr", "minisblack", "separated"])
@pytest.mark.parametrize("layout", [{"tile": (16, 16)}, {"rowsperstrip": HEIGHT}])
def test_only_the_jpeg_blocks_of_the_hole_change(photometric, layout):
    pixels = ramp("uint8", {"minisblack": 1, "separated": 4}.get(photometric, 3))
    before = tiff_bytes(pixels, photometric=photometric, compression="jpeg", **layout)
    after = edited(before)
    old, new = samples(before).astype(int), samples(after).astype(int)
    around = np.zeros_like(HOLE)
    around[8:24, 16:32] = True  # the blocks that the hole touches
    if photometric in ("rgb", "ycbcr"):  # blocks of chroma cover 16 pixels, and are smoothed into the next ones
        around[0:33, 15:33] = True
    assert np.array_equal(old[~around], new[~around])
    assert abs(old - new)[around & ~HOLE].mean() < 6
    assert abs(old - new)[HOLE].mean() > 10


def test_jpeg_tiles_that_cannot_be_edited_are_compressed_again_and_that_is_told(monkeypatch):
    monkeypatch.setattr("inpaint.photos.rewriting.jpeg.is_available", lambda: False)
    before = tiff_bytes(ramp("uint8", 3), compression="jpeg", tile=(16, 16))
    after = edited(before, notes=["JPEG strips or tiles"])
    old, new = samples(before).astype(int), samples(after).astype(int)
    around = np.zeros_like(HOLE)
    around[0:32, 16:32] = True  # the tiles that the hole touches
    assert np.array_equal(old[~around], new[~around])
    assert abs(old - new)[HOLE].mean() > 10


@pytest.mark.parametrize("compression", ["webp", "jpeg2000"])
def test_webp_and_jpeg_2000_tiles_are_compressed_without_loss(compression):
    before = tiff_bytes(ramp("uint8", 3), compression=compression, tile=(16, 16))
    after = edited(before)
    assert np.array_equal(samples(before)[~HOLE], samples(after)[~HOLE])
    assert (samples(after)[HOLE] == FILL.pixels[0, 0]).all()


def test_reduced_copies_are_filled_too():
    large = ramp("uint8", 3)
    small = np.asarray(Image.fromarray(large).resize((26, 20), Image.Resampling.BOX))
    chained = several([(small, {"subfiletype": 1}), (large, {"subifds": 1}), (small, {"subfiletype": 1})])
    after = edited(chained)
    with tifffile.TiffFile(io.BytesIO(after)) as file:
        copies = [file.pages[0].asarray(), file.pages[1].pages[0].asarray()]
        assert np.array_equal(file.pages[1].asarray()[~HOLE], large[~HOLE])
    for copy in copies:
        assert (copy[7:10, 10:14] == FILL.pixels[0, 0]).all()
        assert np.array_equal(copy[:5], small[:5])


def test_a_reduced_copy_of_another_page_stays():
    first, second = ramp("uint8", 3), ramp("uint8", 3)[::-1, ::-1]
    copies = [np.asarray(Image.fromarray(page).resize((26, 20))) for page in (first, second)]
    data = several([(first, {}), (copies[0], {"subfiletype": 1}), (second, {}), (copies[1], {"subfiletype": 1})])
    after = edited(data, page=2)
    assert np.array_equal(samples(after, 1), copies[0])
    assert (samples(after, 3)[7:10, 10:14] == FILL.pixels[0, 0]).all()


def test_a_copy_of_another_shape_is_removed_with_its_bytes():
    large, small = ramp("uint8", 3), np.random.default_rng(0).integers(0, 256, (9, 31, 3), dtype=np.uint8)
    options = {"subfiletype": 1, "metadata": None}
    for pages in ([(large, {"subifds": 2}), (small, options), (small, options)], [(large, {}), (small, options)] * 1):
        data = several(
            [*pages, (ramp("uint16"), {"metadata": None, "subfiletype": 4, "photometric": "mask"})][: len(pages)]
        )
        assert small.tobytes() in data
        after = edited(data)
        assert small.tobytes()[:30] not in after
        with tifffile.TiffFile(io.BytesIO(after)) as file:
            assert len(file.pages) == 1
            assert file.pages[0].subifds is None
            assert np.array_equal(file.pages[0].asarray()[~HOLE], large[~HOLE])


def test_a_thumbnail_as_in_exif_data_is_unlinked():
    Image.fromarray(ramp("uint8", 3)).resize((16, 12)).save(file := io.BytesIO(), "JPEG")
    jpeg = file.getvalue()
    data = tiff_bytes(ramp("uint8", 3), metadata=None)
    with tifffile.TiffFile(io.BytesIO(data)) as read:
        link = read.pages[0].offset + 2 + 12 * len(read.pages[0].tags)
    entries = [(259, 3, 1, 6), (513, 4, 1, len(data) + 42), (514, 4, 1, len(jpeg))]
    directory = struct.pack("<H", 3) + b"".join(struct.pack("<2H2I", *entry) for entry in entries) + bytes(4)
    before = data[:link] + struct.pack("<I", len(data)) + data[link + 4 :] + directory + jpeg
    after = edited(before)
    assert jpeg[20:60] in before
    assert jpeg[20:60] not in after
    with tifffile.TiffFile(io.BytesIO(after)) as read:
        assert len(read.pages) == 1
        assert np.array_equal(read.pages[0].asarray()[~HOLE], ramp("uint8", 3)[~HOLE])


def test_a_photo_that_is_changed_as_a_whole_keeps_its_type_and_tags():
    pixels = (ramp("float64", 3) * 4095).round().astype("uint16")
    before = tiff_bytes(pixels, planarconfig="separate", compression="lzw", predictor=True, description="a boat")
    photo, _ = restore_tone(open_photo(before))
    assert save_photo(photo, file := io.BytesIO()) == ()
    assert samples(file.getvalue()).dtype == np.uint16
    assert (samples(file.getvalue()) != pixels).mean() > 0.9
    assert tags(file.getvalue()) == tags(before)


def _photoshop_thumbnail(jpeg):
    data = bytes(28) + jpeg
    block = b"8BIM" + struct.pack(">H", 1036) + b"\0\0" + struct.pack(">I", len(data)) + data
    return block + bytes(len(data) % 2)


def test_previews_layers_and_signatures_in_tags_are_removed():
    Image.fromarray(ramp("uint8", 3)).resize((16, 12)).save(file := io.BytesIO(), "JPEG")
    jpeg = file.getvalue()
    resources = b"8BIM\x04\x04\0\0\0\0\0\x06\x1c\x02\x05\0\x01x" + _photoshop_thumbnail(jpeg)
    private = [
        (34377, "B", len(resources), resources, True),
        (37724, "B", 64, b"Adobe Photoshop Document Data Block".ljust(64, b"L"), True),
        (52545, "B", 40, b"jumb" * 10, True),
        (65002, "B", len(jpeg) + 8, b"NOTE" + jpeg + b"NOTE", True),
    ]
    before = tiff_bytes(ramp("uint8", 3), extratags=private, metadata=None, software="scanner", compression="zlib")
    after = edited(before, notes=["Content Credentials", "layers"])
    assert jpeg[20:60] not in after
    assert b"Document Data" not in after
    found, old = tags(after), tags(before)
    assert found.keys() == old.keys() - {37724, 52545}
    assert bytes(found[34377]) == resources[:18]
    assert bytes(found[65002]) == b"NOTE" + bytes(len(jpeg)) + b"NOTE"
    assert {tag: found[tag] for tag in (256, 257, 305, 262)} == {tag: old[tag] for tag in (256, 257, 305, 262)}


def test_a_tiff_that_cannot_be_changed_in_part_is_encoded_anew_and_that_is_told():
    Image.fromarray(ramp("uint8", 3)).convert("YCbCr").save(file := io.BytesIO(), "TIFF", compression="tiff_lzw")
    after = edited(file.getvalue(), notes=["is a TIFF of YCbCr"])
    assert open_photo(after).size == (WIDTH, HEIGHT)


def test_damaged_files_are_encoded_anew_or_changed_and_raise_nothing_else():
    generator = np.random.default_rng(0)
    bases = [
        tiff_bytes(ramp("uint8", 3), **options)
        for options in ({}, {"compression": "zlib", "tile": (16, 16)}, {"compression": "jpeg"}, {"bigtiff": True})
    ]
    bases.append(several([(ramp("uint8", 3), {"subifds": 1}), (ramp("uint8", 3)[::2, ::2], {"subfiletype": 1})]))
    saved = 0
    for turn in range(400):
        data = bytearray(bases[turn % len(bases)])
        for place in generator.integers(0, min(len(data), 400), 1 + turn % 3):
            data[place] = generator.choice([0, 1, 255, generator.integers(256)])
        try:
            photo = open_photo(bytes(data))
        except ValueError:
            continue
        hole = np.zeros((photo.height, photo.width), bool)
        hole[: photo.height // 2] = True
        fill = Patch(0, 0, np.full((*hole.shape, 3), 9, np.uint8))
        try:
            save_photo(write_patches(photo, [fill], hole), io.BytesIO())
        except PhotoError:  # no encoder takes what the file says, say a resolution that is no number
            continue
        saved += 1
    assert saved > 100
