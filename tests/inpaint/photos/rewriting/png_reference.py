"""Write and read PNG files of any kind with zlib alone, to compare with."""

import struct
import zlib

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
KINDS = [
    *((depth, 0) for depth in (1, 2, 4, 8, 16)),
    *((depth, 3) for depth in (1, 2, 4, 8)),
    *((depth, colour_type) for colour_type in (2, 4, 6) for depth in (8, 16)),
]
"""(depth, colour type) of every kind of PNG."""


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def samples(depth, colour_type, size=(37, 23), seed=0):
    """Random samples: uint16 (H, W, channels)."""
    shape = size[1], size[0], CHANNELS[colour_type]
    return np.random.default_rng(seed).integers(0, 2**depth, shape).astype(np.uint16)


def png_file(values, depth, colour_type, before=(), after=()):
    """The file of these samples, with chunks (name, content) before and after the pixels."""
    height, width = values.shape[:2]
    flat = values.reshape(height, -1)
    if depth == 16:
        rows = flat.astype(">u2").view(np.uint8).reshape(height, -1)
    else:
        bits = (flat[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        rows = np.packbits(bits.reshape(height, -1).astype(np.uint8), axis=1)
    lines = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1).tobytes()
    header = struct.pack(">2I5B", width, height, depth, colour_type, 0, 0, 0)
    if colour_type == 3 and not any(name == b"PLTE" for name, _ in before):
        before = [*before, (b"PLTE", palette(depth).tobytes())]
    body = [(b"IHDR", header), *before, (b"IDAT", zlib.compress(lines)), *after, (b"IEND", b"")]
    return SIGNATURE + b"".join(chunk(*pair) for pair in body)


def palette(depth):
    """Random different colours: uint8 (2**depth, 3)."""
    colours = np.random.default_rng(9).permutation(256)[: 2**depth].astype(np.uint8)
    return np.stack([colours, colours[::-1], 255 - colours], axis=1)


def chunks_of(data):
    """All chunks as (name, content), with their checksums verified."""
    found, position = [], 8
    while position < len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        name, content = data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        assert data[position : position + 12 + length] == chunk(name, content)
        found.append((name, content))
        position += 12 + length
    return found


def samples_of(data):
    """The samples of a file that is not interlaced: uint16 (H, W, channels)."""
    chunks = chunks_of(data)
    width, height, depth, colour_type, *_, interlaced = struct.unpack(">2I5B", chunks[0][1])
    assert not interlaced
    channels = CHANNELS[colour_type]
    length, step = -(-width * channels * depth // 8), max(1, channels * depth // 8)
    packed = zlib.decompress(b"".join(content for name, content in chunks if name == b"IDAT"))
    lines = np.frombuffer(packed, np.uint8).reshape(height, 1 + length)
    rows = np.zeros((height + 1, length), np.uint8)
    for y, (kind, *line) in enumerate(lines.tolist(), 1):
        row, above = rows[y], rows[y - 1].tolist()
        done = []
        for x, value in enumerate(line):
            left = done[x - step] if x >= step else 0
            corner = above[x - step] if x >= step else 0
            done.append((value + predicted(kind, left, above[x], corner)) & 255)
        row[:] = done
    if depth == 16:
        values = rows[1:].copy().view(">u2").astype(np.uint16)
    else:
        bits = np.unpackbits(rows[1:], axis=1)[:, : width * channels * depth].reshape(height, -1, depth)
        values = (bits.astype(np.uint16) << np.arange(depth - 1, -1, -1, dtype=np.uint16)).sum(axis=2).astype(np.uint16)
    return values.reshape(height, width, channels)


def predicted(kind, left, above, corner):
    if kind == 4:
        guess = left + above - corner
        return min((left, above, corner), key=lambda value: abs(guess - value))
    return (0, left, above, (left + above) // 2)[kind]
