import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from inpaint.photos.errors import PhotoError, PhotoTooLargeError
from inpaint.photos.masks import to_mask
from inpaint.photos.opening import open_photo
from inpaint.photos.saving import save_photo
from inpaint.photos.sixteen_bit import to_array
from inpaint.photos.tiff.packing import unpack

from .files import COLUMNS, HEIGHT, ROWS, WIDTH, ramp, several, tiff_bytes

LAYOUTS = (
    {},
    {"rowsperstrip": 7},
    {"tile": (16, 32)},
    {"planarconfig": "separate"},
    {"planarconfig": "separate", "tile": (16, 16)},
    {"byteorder": ">"},
    {"bigtiff": True, "byteorder": ">"},
)
PACKINGS = (
    {},
    {"compression": "lzw", "predictor": True},
    {"compression": "zlib", "predictor": True},
    {"compression": "zstd"},
    {"compression": "packbits"},
    {"compression": "lzma"},
)


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_colour_of_8_and_16_bits_is_read_to_the_bit_in_each_layout_and_compression(dtype, layout, packing):
    pixels = ramp(dtype, 3)
    photo = open_photo(tiff_bytes(pixels, **layout, **packing))
    assert photo.mode == "RGB"
    assert np.array_equal(to_array(photo), pixels)


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("layout", [{}, {"rowsperstrip": 12}, {"planarconfig": "separate"}, {"byteorder": ">"}])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_large_strips_are_read_a_few_rows_at_a_time(dtype, layout, packing, monkeypatch):
    layout = layout | packing
    pixels, rows_of = ramp(dtype, 3), []
    before = to_array(open_photo(tiff_bytes(pixels, **layout)))
    monkeypatch.setattr("inpaint.photos.tiff.rendition._ROWS_PIXELS", 5 * WIDTH)

    def counted(layout, data, rows):
        rows_of.append(rows)
        return unpack(layout, data, rows)

    monkeypatch.setattr("inpaint.photos.tiff.segments.unpack", counted)
    assert np.array_equal(to_array(open_photo(tiff_bytes(pixels, **layout))), before)
    assert 1 <= max(rows_of) <= 5


@pytest.mark.parametrize("packing", [{"compression": "zlib"}, {"compression": "lzma"}])
@pytest.mark.parametrize("chunk_bytes", [1, 50, 1 << 16])
def test_compressed_strips_are_read_to_the_bit_wherever_their_data_are_cut(packing, chunk_bytes, monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    pixels[4:20] = 7  # few bytes that become many
    monkeypatch.setattr("inpaint.photos.tiff.rendition._ROWS_PIXELS", 2 * WIDTH)
    monkeypatch.setattr("inpaint.photos.tiff.segments._CHUNK_BYTES", chunk_bytes)
    data = tiff_bytes(pixels, rowsperstrip=HEIGHT, **packing)
    assert np.array_equal(to_array(open_photo(data)), pixels)
    with pytest.raises(PhotoError, match="damaged"):
        open_photo(with_strip_of(data, 100))


def test_a_strip_that_is_shorter_than_its_rows_is_still_damaged_if_it_is_read_in_parts(monkeypatch):
    data = with_strip_of(tiff_bytes(ramp("uint8", 3)), WIDTH * 3 * 10)
    monkeypatch.setattr("inpaint.photos.tiff.rendition._ROWS_PIXELS", 5 * WIDTH)
    with pytest.raises(PhotoError, match="damaged"):
        open_photo(data)


def with_strip_of(data, count):
    """A TIFF of one strip that claims to have this number of bytes."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        place = file.pages[0].tags[279].valueoffset
    return data[:place] + struct.pack("<I", count) + data[place + 4 :]


@pytest.mark.parametrize("compression", ["lzw", "zstd", "packbits"])
def test_a_strip_of_more_bytes_than_pillow_has_pixels_is_read(compression, monkeypatch):
    pixels = ramp("uint8", 3)
    data = tiff_bytes(pixels, rowsperstrip=HEIGHT, compression=compression)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", WIDTH * HEIGHT)
    assert np.array_equal(to_array(open_photo(data)), pixels)


@pytest.mark.parametrize(
    "dtype", ["uint8", "uint16", "int8", "int16", "int32", "uint32", "float16", "float32", "float64"]
)
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite", "rgb"])
def test_brighter_samples_are_brighter_in_the_photo_whatever_their_type(dtype, photometric):
    pixels = ramp(dtype, 3 if photometric == "rgb" else 1)
    for options in ({}, {"byteorder": ">", "compression": "zlib", "predictor": True}):
        shown = to_array(open_photo(tiff_bytes(pixels, photometric=photometric, **options))).astype(float)
        assert shown.shape == pixels.shape
        order = np.argsort(pixels.astype(float) * (-1 if photometric == "miniswhite" else 1), axis=None, kind="stable")
        assert (np.diff(shown.ravel()[order]) >= 0).all()
        assert len(np.unique(shown)) > 200


def test_samples_where_white_is_zero_are_inverted():
    for dtype, top in (("uint8", 255), ("uint16", 65535)):
        pixels = ramp(dtype)
        assert np.array_equal(to_array(open_photo(tiff_bytes(pixels, photometric="miniswhite"))), top - pixels)
    pixels = ramp("float32")
    assert np.allclose(to_array(open_photo(tiff_bytes(pixels, photometric="miniswhite"))), 1 - pixels)


@pytest.mark.parametrize("bits", [2, 4, 10, 12, 14])
def test_odd_bit_depths_are_as_bright_as_whole_bytes(bits):
    top = (1 << bits) - 1
    pixels = (ramp("float64") * top).round().astype("uint8" if bits <= 8 else "uint16")
    data = tiff_bytes(pixels, bitspersample=bits) if bits > 4 else _packed(pixels, bits)
    shown = to_array(open_photo(data))
    full = 255 if bits <= 8 else 65535
    assert np.array_equal(shown, (pixels * (full / top)).round())


def _packed(pixels, bits):
    """A TIFF of fewer than 8 bits per sample, which tifffile does not write."""
    spread = np.unpackbits(pixels[..., None], axis=2)[..., 8 - bits :].reshape(len(pixels), -1)
    data = np.packbits(spread, axis=1).tobytes()
    tags = {256: WIDTH, 257: HEIGHT, 258: bits, 259: 1, 262: 1, 273: 8, 277: 1, 278: HEIGHT, 279: len(data)}
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<2H2I", tag, 4, 1, v) for tag, v in tags.items())
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory + bytes(4)


def test_a_bilevel_fax_page_is_read_in_both_polarities():
    dots = (COLUMNS // 5 + ROWS // 3) % 2 == 0
    for compression in ("group3", "group4", "tiff_ccitt"):
        Image.fromarray(dots).save(file := io.BytesIO(), "TIFF", compression=compression)
        for white_is_zero in (False, True):
            data = bytearray(file.getvalue())
            at = data.index(struct.pack("<2HI", 262, 3, 1)) + 8
            as_stored = data[at] == 1
            data[at] = 0 if white_is_zero else 1
            shown = np.asarray(open_photo(bytes(data)))
            assert np.array_equal(shown, dots if as_stored != white_is_zero else ~dots)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_extra_samples_are_alpha_only_where_the_file_says_so(dtype):
    pixels = ramp(dtype, 4)
    for declared, mode in (("unassalpha", "RGBA"), ("assocalpha", "RGBA"), ("unspecified", "RGB")):
        photo = open_photo(tiff_bytes(pixels, extrasamples=[declared]))
        assert photo.mode == mode
        if declared != "assocalpha":
            assert np.array_equal(to_array(photo), pixels[..., : len(photo.mode)])
    grey = np.stack([ramp(dtype), ramp(dtype)[::-1]], axis=-1)
    for declared, mode in (("unassalpha", "LA"), ("unspecified", "L" if dtype == "uint8" else "I;16")):
        options = {"photometric": "minisblack", "extrasamples": [declared], "planarconfig": "contig"}
        photo = open_photo(tiff_bytes(grey, **options))
        assert photo.mode == mode
        assert np.array_equal(to_array(photo), grey if mode == "LA" else grey[..., 0])


def test_premultiplied_colours_are_divided_by_alpha():
    alpha = np.full((HEIGHT, WIDTH, 1), 128, np.uint8)
    colours = np.full((HEIGHT, WIDTH, 3), (64, 128, 0), np.uint8)
    photo = open_photo(tiff_bytes(np.concatenate([colours, alpha], axis=2), extrasamples=["assocalpha"]))
    assert photo.getpixel((3, 4)) == (128, 255, 0, 128)


def test_palettes_and_cmyk_keep_their_modes():
    indices = (COLUMNS % 7).astype(np.uint8)
    table = np.random.default_rng(0).integers(0, 65536, (3, 256), dtype=np.uint16)
    photo = open_photo(tiff_bytes(indices, photometric="palette", colormap=table))
    assert photo.mode == "P"
    assert np.array_equal(np.asarray(photo.convert("RGB")), (table >> 8).astype(np.uint8).T[indices])
    inks = ramp("uint16", 4)
    photo = open_photo(tiff_bytes(inks, photometric="separated"))
    assert photo.mode == "CMYK"
    assert np.array_equal(to_array(photo), inks)


@pytest.mark.parametrize("photometric", ["cielab", "icclab"])
@pytest.mark.parametrize("bits", [8, 16])
def test_lab_colours_are_shown_as_littlecms_shows_them(photometric, bits):
    rgb = Image.fromarray(ramp("uint8", 3))
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB", 5000), "RGB", "LAB", renderingIntent=1
    )
    stored = np.asarray(ImageCms.applyTransform(rgb, to_lab)).astype(np.int32)  # Pillow has a* and b* signed
    if photometric == "icclab":
        stored[..., 1:] ^= 128
    if bits == 16:
        stored[..., 0] = (stored[..., 0] * ((65535 if photometric == "cielab" else 65280) / 255)).round()
        stored[..., 1:] *= 256
    pixels = stored.astype(f"u{bits // 8}")
    shown = to_array(open_photo(tiff_bytes(pixels, photometric=photometric)))
    assert abs(shown / 257 - np.asarray(rgb)).mean() < 1.5
    assert np.percentile(abs(shown / 257 - np.asarray(rgb)), 99) < 6


@pytest.mark.parametrize("options", [{"compression": "jpeg"}, {"compression": "jpeg", "tile": (16, 16)}])
def test_jpeg_strips_and_tiles_are_read_as_tifffile_reads_them(options):
    data = tiff_bytes(ramp("uint8", 3), photometric="ycbcr" if "tile" in options else "rgb", **options)
    expected = tifffile.imread(io.BytesIO(data)).astype(int)
    assert abs(np.asarray(open_photo(data)).astype(int) - expected).max() <= 2


@pytest.mark.parametrize("compression", ["webp", "jpeg2000"])
def test_webp_and_jpeg_2000_strips_are_read_as_tifffile_reads_them(compression):
    data = tiff_bytes(ramp("uint8", 3), compression=compression)
    assert np.array_equal(np.asarray(open_photo(data)), tifffile.imread(io.BytesIO(data)))


def test_floating_point_colours_are_read_by_their_range():
    pixels = ramp("float32", 3)
    assert abs(to_array(open_photo(tiff_bytes(pixels))) / 65535 - pixels).max() < 1e-4
    assert abs(to_array(open_photo(tiff_bytes(pixels * 250))) / 257 - pixels * 250).max() < 0.01
    bright = pixels.copy()
    bright[0, 0] = 50
    bright[0, 1] = np.nan
    shown = to_array(open_photo(tiff_bytes(bright)))
    assert shown[0, 0].min() == 65535
    assert shown[0, 1].max() == 0
    assert shown[HEIGHT // 2].mean() > 3000  # linear light, which would leave a hundredth


@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_orientation_is_turned_upright(orientation):
    pixels = ramp("uint16", 3)
    data = tiff_bytes(pixels, extratags=[(274, "H", 1, orientation, True)])
    turned = [pixels, pixels[:, ::-1], pixels[::-1, ::-1], pixels[::-1]]
    across = np.swapaxes(pixels, 0, 1)
    turned += [across, across[:, ::-1], across[::-1, ::-1], across[::-1]]
    assert np.array_equal(to_array(open_photo(data)), turned[orientation - 1])


def test_metadata_is_where_pillow_has_it():
    options = {"resolution": (300, 150), "description": "a boat", "iccprofile": b"profile", "metadata": None}
    data = tiff_bytes(ramp("uint8", 3), **options, extratags=[(700, "B", 5, b"<xmp>", True)])
    photo = open_photo(data)
    assert photo.info["dpi"] == (300, 150)
    assert photo.info["icc_profile"] == b"profile"
    assert photo.info["xmp"] == b"<xmp>"
    assert photo.getexif()[270] == "a boat"
    assert 256 not in photo.getexif()


def test_a_mask_in_a_tiff_is_white_where_it_looks_white():
    hole = (ROWS > 10) & (ROWS < 20) & (COLUMNS > 5) & (COLUMNS < 30)
    for dtype, top in (("uint8", 255), ("uint16", 65535), ("float32", 1)):
        for photometric in ("minisblack", "miniswhite"):
            white = hole if photometric == "minisblack" else ~hole
            mask = tiff_bytes((white * top).astype(dtype), photometric=photometric)
            assert np.array_equal(to_mask(mask, (WIDTH, HEIGHT)), hole)


def test_a_reduced_copy_before_the_photo_is_not_taken_for_it():
    small, large = ramp("uint8", 3)[::4, ::4], ramp("uint8", 3)
    photo = open_photo(several([(small, {"subfiletype": 1}), (large, {}), (large[:20], {})]))
    assert np.array_equal(np.asarray(photo), large)


def test_a_thumbnail_before_the_photo_is_not_taken_for_it_even_if_it_does_not_say_so():
    large = np.repeat(np.repeat(ramp("uint8", 3), 5, axis=0), 5, axis=1)
    data = several([(large[::5, ::5], {}), (large, {})])
    assert np.array_equal(np.asarray(open_photo(data)), large)
    assert np.array_equal(np.asarray(open_photo(data, page=1)), large[::5, ::5])


def test_a_predictor_without_a_compression_that_has_one_is_ignored_as_libtiff_does():
    pixels = ramp("uint8", 3)
    data = bytearray(tiff_bytes(pixels, extratags=[(317, "H", 1, 2, True)]))
    assert np.array_equal(np.asarray(open_photo(bytes(data))), pixels)


def test_pages_are_counted_from_1_without_reduced_copies():
    pages = [ramp("uint8", 3), ramp("uint16")[:30], ramp("uint8")]
    data = several([(pages[0], {}), (pages[0][::2, ::2], {"subfiletype": 1}), (pages[1], {}), (pages[2], {})])
    for number, page in enumerate(pages, start=1):
        assert np.array_equal(to_array(open_photo(data, page=number)), page)
    for number in (0, 4):
        with pytest.raises(PhotoError, match=f"page {number} of .* it has 3 pages"):
            open_photo(data, page=number)
    Image.new("L", (3, 3)).save(file := io.BytesIO(), "PNG")
    with pytest.raises(PhotoError, match="only TIFF files have pages"):
        open_photo(file.getvalue(), page=2)


def test_a_page_that_is_written_in_a_format_without_pages_is_told():
    data = several([(ramp("uint8", 3), {}), (ramp("uint16", 3), {})])
    for page in (1, 2):
        notes = save_photo(open_photo(data, page=page), file := io.BytesIO(), "PNG")
        assert [f"page {page} of 2" in note for note in notes] == [True]
        assert np.array_equal(to_array(open_photo(file.getvalue())), to_array(open_photo(data, page=page)))
    assert save_photo(open_photo(tiff_bytes(ramp("uint8"))), io.BytesIO(), "PNG") == ()


def test_samples_that_another_format_has_no_place_for_are_told():
    for declared, told in (("unspecified", True), ("unassalpha", False)):
        data = tiff_bytes(ramp("uint16", 4), extrasamples=[declared])
        notes = save_photo(open_photo(data), io.BytesIO(), "PNG")
        assert ["such as infrared" in note and "(1 of 4)" in note for note in notes] == [True] * told


def test_grey_with_alpha_of_16_bits_from_another_format_is_written():
    pixels = np.stack([ramp("uint16"), ramp("uint16")[::-1]], axis=-1)
    options = {"photometric": "minisblack", "extrasamples": ["unassalpha"], "planarconfig": "contig"}
    photo = open_photo(tiff_bytes(pixels, **options))
    save_photo(photo, png := io.BytesIO(), "PNG")
    save_photo(open_photo(png.getvalue()), file := io.BytesIO(), "TIFF")
    file.seek(0)
    with tifffile.TiffFile(file) as written:
        assert written.pages[0].extrasamples == (2,)
        assert np.array_equal(written.asarray(), pixels)


def test_a_tiff_that_cannot_be_read_is_named_with_the_next_step():
    lab = tiff_bytes(ramp("float32", 3), photometric="cielab")
    wave = tiff_bytes(ramp("float32").astype(np.complex64))
    for data, words in ((lab, r"L\*a\*b\*"), (wave, "complex")):
        with pytest.raises(PhotoError, match=f"is a TIFF of .*({words}).* bits.*save it as an RGB TIFF"):
            open_photo(data)


def test_the_limit_of_pixels_holds_before_anything_is_decoded():
    data = tiff_bytes(ramp("uint8", 3))
    with pytest.raises(PhotoTooLargeError, match=f"{WIDTH}x{HEIGHT}"):
        open_photo(data, max_pixels=100)


def _raw(tags):
    small = several([(ramp("uint8", 3), {"extratags": tags, "metadata": None})])
    return small


def test_raw_photos_are_refused_by_name():
    dng = _raw([(50706, "B", 4, (1, 4, 0, 0), True)])
    sensor = several(
        [
            (ramp("uint8", 3)[::2, ::2], {"subfiletype": 1, "subifds": 1, "metadata": None, "extratags": [
                (271, "s", 0, "NIKON CORPORATION", True), (272, "s", 0, "NIKON D850", True)]}),
            (ramp("uint16"), {"photometric": 32803, "metadata": None, "extratags": [
                (33421, "H", 2, (2, 2), True), (33422, "B", 4, (0, 1, 1, 2), True)]}),
        ]
    )  # fmt: skip
    heads = {"RAF": b"FUJIFILMCCD-RAW 0201", "RW2": b"IIU\0" + bytes(30), "ORF": b"IIRO" + bytes(30)}
    heads["CR3"] = b"\0\0\0\x18ftypcrx \0\0\0\1" + bytes(30)
    for data, words in ((dng, "DNG"), (sensor, r"NIKON D850 \(NEF\)"), *((head, kind) for kind, head in heads.items())):
        with pytest.raises(PhotoError, match=f"is a raw photo.*{words}.*export it as 16-bit TIFF"):
            open_photo(data)
