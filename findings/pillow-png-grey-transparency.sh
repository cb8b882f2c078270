#!/usr/bin/env bash
# Pillow 12.3.0: the transparent colour of a PNG of 2 or 4 bits of grey is not scaled with the pixels.
#
# Expected: pixels of the colour that the tRNS chunk names are transparent after convert("RGBA"), at every bit depth
# (W3C, PNG specification, third edition, section 11.3.1.1).
# Seen: pixels of 2 and 4 bits are read as 8 bits (times 85 and 17), while info["transparency"] keeps the number of the
# file. So nothing is transparent, and saved again as PNG the colour is lost for good. With 1 and 8 bits it is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pillow==12.3.0
"$folder/venv/bin/python" - <<'PYTHON'
import io
import struct
import zlib

from PIL import Image


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def grey_png(bits, key):
    """Return a PNG of one row with all values of a number of bits, of which `key` is transparent."""
    width = 2**bits
    digits = "".join(f"{value:0{bits}b}" for value in range(width))
    row = int(digits.ljust(-(-len(digits) // 8) * 8, "0"), 2).to_bytes(-(-len(digits) // 8), "big")
    header = struct.pack(">2I5B", width, 1, bits, 0, 0, 0, 0)
    body = [(b"IHDR", header), (b"tRNS", struct.pack(">H", key)), (b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*pair) for pair in body)


seen = {}
for bits in (1, 2, 4, 8):
    key = 2**bits // 2
    image = Image.open(io.BytesIO(grey_png(bits, key)))
    alpha = image.convert("RGBA").getchannel("A").tobytes()
    clear = [value for value, number in enumerate(alpha) if number == 0]
    seen[bits] = clear == [key]
    print(f"{bits} bits: transparent is {key}, shown as transparent: {clear}")
assert seen == {1: True, 2: False, 4: False, 8: True}, "the behaviour has changed"
PYTHON
