"""XMP packets lose pictures and what refers to them, and nothing else."""

import time
import xml.etree.ElementTree as ET

import pytest

from inpaint.photos.metadata import xmp
from inpaint.photos.metadata.removed import CREDENTIALS, DEPTH, GAIN_MAP, PREVIEW, VIDEO

PLAIN = (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:g="http://ns.adobe.com/xap/1.0/g/img/"'
    ' xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" xmlns:Container="http://ns.google.com/photos/1.0/container/"'
    ' xmlns:Item="http://ns.google.com/photos/1.0/container/item/" xmlns:cam="http://ns.google.com/photos/1.0/camera/"'
    ' xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/" xmlns:dcterms="http://purl.org/dc/terms/"'
    " xmlns:dc='http://purl.org/dc/elements/1.1/' xmp:Rating=\"5\"{attributes}>"
    "<!-- don't stop --><dc:title>a &gt; b</dc:title>{elements}<xmp:Label>red</xmp:Label></rdf:Description></rdf:RDF>"
    '</x:xmpmeta><?xpacket end="w"?>'
)
THUMBNAILS = (
    "<xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType='Resource'><g:width>2</g:width><g:image>/9j/4AAQ</g:image></rdf:li>"
    "</rdf:Alt></xmp:Thumbnails>"
)
DIRECTORY = (
    "<Container:Directory><rdf:Seq><rdf:li rdf:parseType='Resource'><Container:Item Item:Semantic='GainMap'"
    " Item:Length='77'/></rdf:li></rdf:Seq></Container:Directory>"
)
CASES = {
    "thumbnails": ("", THUMBNAILS, {PREVIEW}),
    "a lone image": ("", "<g:image>/9j/4AAQ</g:image>", {PREVIEW}),
    "an image in an attribute": (" g:image='/9j/4AA\n&gt;>Q'", "", {PREVIEW}),
    "a gain map": (' hdrgm:Version = "1.0"', DIRECTORY + "<hdrgm:GainMapMax>3</hdrgm:GainMapMax>", {GAIN_MAP, PREVIEW}),
    "a motion photo": (' cam:MicroVideo="1" cam:MicroVideoOffset="99"', "<cam:MotionPhoto/>", {VIDEO}),
    "a depth map": (' GDepth:Format="RangeInverse" GDepth:Data="iVBORw0"', "", {DEPTH}),
    "a manifest elsewhere": (' dcterms:provenance="https://example.com/x.c2pa"', "", {CREDENTIALS}),
}


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("case", CASES)
def test_pictures_and_what_refers_to_them_go_and_the_rest_stays_byte_for_byte(case, codec):
    attributes, elements, removed = CASES[case]
    cleaned = xmp.without_previews(PLAIN.format(attributes=attributes, elements=elements).encode(codec))
    assert cleaned.removed == removed
    assert cleaned.data.decode(codec) == PLAIN.format(attributes="", elements="")


def test_the_result_is_well_formed_and_keeps_the_other_properties():
    packet = PLAIN.format(attributes=' cam:MicroVideo="1"', elements=THUMBNAILS + DIRECTORY).encode()
    texts = [element.text for element in ET.fromstring(xmp.without_previews(packet).data).iter() if element.text]
    assert texts == ["a > b", "red"]


def test_another_namespace_under_a_usual_prefix_stays():
    packet = b"<a xmlns:xmp='urn:other' xmp:Thumbnails='1'><xmp:Thumbnails>x</xmp:Thumbnails></a>"
    assert xmp.without_previews(packet) == (packet, frozenset())


def test_nested_elements_of_one_name_go_as_a_whole():
    inner = "<xmp:Thumbnails>{0}</xmp:Thumbnails>"
    packet = PLAIN.format(attributes="", elements=inner.format(inner.format("<xmp:Thumbnails/>") + "tail")).encode()
    assert xmp.without_previews(packet).data == PLAIN.format(attributes="", elements="").encode()


@pytest.mark.parametrize(
    "part",
    [b"<xmp:Thumbnails ", b"<xmp:Thumbnails>", b"<", b" xmp:Thumbnails=", b"<!--", b"<a 'b", b"  \t ", b"\xff\0"],
)
def test_broken_packets_end_quickly(part):
    started = time.process_time()
    xmp.without_previews(b"<a xmlns:xmp='http://ns.adobe.com/xap/1.0/'>" + part * 100_000)
    xmp.without_previews(b"<a xmlns:xmp='http://ns.adobe.com/xap/1.0/'" + part * 100_000 + b"xmp:>")
    assert time.process_time() - started < 2
