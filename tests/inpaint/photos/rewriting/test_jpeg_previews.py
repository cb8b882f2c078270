"""An edited JPEG has nothing that shows the photo as it was, and all other metadata."""

import io

import piexif
import pytest
from PIL import Image

from inpaint.photos.opening import open_photo
from inpaint.photos.saving import save_photo
from tests.inpaint.photos.metadata.test_jpeg_segments import DROPPED, KEPT, extended
from tests.inpaint.photos.rewriting.jpegs import jpeg, markers

XMP = b"http://ns.adobe.com/xap/1.0/\0"
GAIN_MAP = (
    b"<x xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/' xmlns:C='http://ns.google.com/photos/1.0/container/'"
    b" hdrgm:Version='1.0' a='b'><C:Directory><C:Item/></C:Directory><r/></x>"
)
VIDEO = b"<x xmlns:cam='http://ns.google.com/photos/1.0/camera/' cam:MotionPhoto='1' a='b'/>"
SECOND = jpeg("4:4:4", (40, 30))


def with_segments(segments, after=b""):
    """A JPEG file with segments after its first one."""
    data = jpeg("baseline")
    parts = b"".join(bytes((255, marker)) + (len(body) + 2).to_bytes(2) + body for marker, body in segments)
    return data[:20] + parts + data[20:] + after


def edit(data):
    photo = open_photo(data)
    photo.paste("red", (30, 20, 50, 40))
    notes = save_photo(photo, file := io.BytesIO())
    return file.getvalue(), notes


@pytest.mark.parametrize("case", [case for case in DROPPED if case != "MPF"])
def test_segments_with_previews_go_and_the_others_stay_in_order(case):
    kept = [
        segment for segment in KEPT[1:] if segment.marker not in (0xEE, 0xDB) and b"ICC_PROFILE" not in segment.payload
    ]
    before = with_segments([kept[0], DROPPED[case][0], *kept[1:]])
    after, notes = edit(before)
    assert markers(after) == [segment for segment in markers(before) if segment != tuple(DROPPED[case][0])]
    assert len(notes) == (DROPPED[case][1] in ("gain map", "content credentials"))


@pytest.mark.parametrize(
    ("segments", "after", "told"),
    [
        ([(0xE1, XMP + GAIN_MAP)], SECOND, "the HDR gain map"),
        ([(0xE2, b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0")], SECOND, "the HDR gain map"),
        ([(0xE1, XMP + VIDEO)], b"\0\0\0\x18ftypmp42" + bytes(80), "the video of this motion photo"),
        ([], b"SEFT, or whatever else", "the data after the end of the picture"),
    ],
)
def test_what_follows_the_picture_goes_with_what_refers_to_it_and_is_told(segments, after, told):
    data, notes = edit(with_segments(segments, after))
    assert len(notes) == 1 and notes[0].startswith(told)
    assert data.endswith(b"\xff\xd9") and after[-40:] not in data
    if segments and segments[0][0] == 0xE1:
        rest = {GAIN_MAP: b" a='b'><r/></x>", VIDEO: b" a='b'/>"}[segments[0][1][len(XMP) :]]
        assert Image.open(io.BytesIO(data)).info["xmp"].endswith(rest)


def test_zeros_after_the_end_go_without_a_word():
    assert edit(with_segments([], bytes(100))) == edit(with_segments([]))


def test_further_pictures_of_an_mpo_go_and_are_told():
    pictures = [Image.open(io.BytesIO(jpeg("baseline", seed=seed))) for seed in (0, 1)]
    pictures[0].save(file := io.BytesIO(), "MPO", save_all=True, append_images=pictures[1:])
    data, notes = edit(file.getvalue())
    assert len(notes) == 1 and notes[0].startswith("the further pictures")
    with Image.open(io.BytesIO(data)) as saved:
        assert (saved.format, getattr(saved, "n_frames", 1)) == ("JPEG", 1)


def test_extended_xmp_stays_and_is_still_found():
    packet = b"<a xmlns:g='http://ns.google.com/photos/1.0/image/' g:Data='/9j/4AA' b='" + b"c" * 300 + b"'/>"
    after, notes = edit(with_segments([tuple(segment) for segment in extended(packet)]))
    cleaned = packet.replace(b" g:Data='/9j/4AA'", b"")
    assert [tuple(segment) for segment in extended(cleaned, 65_000)] == [s for s in markers(after) if s[0] == 0xE1]
    assert notes == ()


def test_an_exif_thumbnail_goes_and_iptc_stays():
    exif = piexif.dump({"0th": {271: b"Maker"}, "1st": {259: 6}, "thumbnail": SECOND})
    iptc = (0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + b"\0\0\0\x0a" + b"\x1c\x02\x78\0\x05Boat!")
    after, notes = edit(with_segments([(0xE1, exif), iptc]))
    assert notes == () and iptc in markers(after)
    read = piexif.load(after)
    assert read["thumbnail"] is None and read["0th"][271] == b"Maker"
