"""The segments of a JPEG file lose what shows the photo before it was edited, and nothing else."""

import hashlib
import struct

import pytest

from inpaint.photos.metadata.jpeg_segments import (
    APP0,
    APP1,
    APP2,
    APP11,
    APP13,
    COM,
    EXTENDED_XMP,
    PHOTOSHOP,
    XMP,
    Segment,
    header_segments,
    without_previews,
)  # fmt: skip
from inpaint.photos.metadata.removed import CREDENTIALS, DEPTH, GAIN_MAP, PICTURES, PREVIEW
from tests.inpaint.photos.metadata.test_exif import PREVIEW_FILE, block
from tests.inpaint.photos.metadata.test_photoshop import CAPTION, resource
from tests.pictures import file_bytes, picture

JFIF = b"JFIF\0\x01\x02\x01\0\x48\0\x48\0\0"
KEPT = [
    Segment(APP0, JFIF),
    Segment(APP2, b"ICC_PROFILE\0\x01\x01" + b"\xff\xd8\xff"),
    Segment(0xEC, b"Ducky\0\x01\0\x04\0\0\0\x3c\0\0"),
    Segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01"),
    Segment(COM, b"a comment"),
    Segment(APP13, PHOTOSHOP + resource(0x0404, CAPTION)),
    Segment(APP1, XMP + b"<x:xmpmeta/>"),
    Segment(0xDB, bytes(65)),
]
DROPPED = {
    "JFXX": (Segment(APP0, b"JFXX\0\x10" + PREVIEW_FILE), PREVIEW),
    "FlashPix": (Segment(APP2, b"FPXR\0\0" + bytes(50)), PREVIEW),
    "MPF": (Segment(APP2, b"MPF\0II*\0" + bytes(50)), PICTURES),
    "ISO gain map": (Segment(APP2, b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0"), GAIN_MAP),
    "C2PA": (Segment(APP11, b"JP\0\x01\0\0\0\x01" + b"jumb....c2pa"), CREDENTIALS),
    "a plain preview": (Segment(0xE4, b"QVGA\0" + PREVIEW_FILE), PREVIEW),
}


@pytest.mark.parametrize("case", DROPPED)
def test_a_segment_with_a_preview_goes_and_the_others_stay(case):
    segment, kind = DROPPED[case]
    assert without_previews([*KEPT[:3], segment, *KEPT[3:]]) == (KEPT, {kind})


def test_a_preview_goes_with_all_segments_in_which_it_is_continued():
    parts = [PREVIEW_FILE[:300], PREVIEW_FILE[300:500], PREVIEW_FILE[500:]]
    segments = [Segment(0xE4, part) for part in parts] + [Segment(0xE4, b"SCALADO\0other")]
    assert without_previews(segments) == (segments[3:], {PREVIEW})


def test_without_previews_all_segments_stay_the_same():
    assert without_previews(KEPT) == (KEPT, frozenset())


def test_the_pixels_of_a_jfif_thumbnail_go_and_its_density_stays():
    segment = Segment(APP0, JFIF[:12] + b"\x04\x04" + bytes(48))
    assert without_previews([segment]).segments == [Segment(APP0, JFIF)]


def test_exif_data_in_two_segments_are_cleaned_as_one():
    data = block(b"note" * 20)
    cleaned = without_previews([Segment(APP1, data[:90]), Segment(APP1, b"Exif\0\0" + data[90:])])
    joined = cleaned.segments[0].payload + cleaned.segments[1].payload[6:]
    assert joined == without_previews([Segment(APP1, data)]).segments[0].payload
    assert PREVIEW_FILE[20:60] not in joined and len(joined) == len(data)


def test_photoshop_resources_in_two_segments_are_cleaned_as_one():
    resources = resource(0x0404, CAPTION) + resource(0x040C, PREVIEW_FILE) + resource(2000, b"path")
    parts = [Segment(APP13, PHOTOSHOP + part) for part in (resources[:200], resources[200:])]
    expected = PHOTOSHOP + resource(0x0404, CAPTION) + resource(2000, b"path")
    assert without_previews([parts[0], KEPT[0], parts[1]]).segments == [Segment(APP13, expected), KEPT[0]]


def extended(packet, size=100):
    digest = hashlib.md5(packet).hexdigest().upper().encode()
    main = b"<x xmlns:xmpNote='http://ns.adobe.com/xmp/note/' xmpNote:HasExtendedXMP='" + digest + b"'/>"
    parts = [
        Segment(APP1, EXTENDED_XMP + digest + struct.pack(">II", len(packet), at) + packet[at : at + size])
        for at in range(0, len(packet), size)
    ]
    return [Segment(APP1, XMP + main), *parts]


def test_a_depth_map_in_extended_xmp_goes_and_the_rest_is_found_by_its_new_digest():
    start = b"<a xmlns:GDepth='http://ns.google.com/photos/1.0/depthmap/' xmlns:c='urn:c' c:d='kept'"
    packet = start + b" GDepth:Data='" + b"iVBORw0K" * 50 + b"'/>"
    main, *parts = without_previews(extended(packet)).segments
    assert [main, *parts] == extended(start + b"/>", 65_000)
    assert without_previews(extended(packet)).removed == {DEPTH}
    assert without_previews(extended(start + b"/>")) == (extended(start + b"/>"), frozenset())


def test_extended_xmp_of_which_a_part_is_missing_goes():
    segments = extended(b"<a>" + b"x" * 500 + b"</a>")
    assert without_previews([*segments[:2], *segments[3:]]).segments == segments[:1]


def test_the_segments_of_a_file_are_read_up_to_its_scan():
    data = file_bytes(picture("RGB"), "JPEG", comment=b"hello", exif=block())
    segments = list(header_segments(data))
    assert Segment(COM, b"hello") in segments and Segment(APP1, block()) in segments
    assert data.startswith(b"\xff\xd8" + b"".join(segment.to_bytes() for segment in segments) + b"\xff\xda")
    assert list(header_segments(data[:20] + b"junk\xff\0" + data[20:])) == segments
    for end in range(0, len(data), 7):
        assert list(header_segments(data[:end])) == segments[: len(list(header_segments(data[:end])))]
