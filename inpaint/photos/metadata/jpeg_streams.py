"""Finding complete JPEG files inside other data, such as the previews in a camera's maker notes."""

from collections.abc import Iterator

_MOST = 64  # previews of one block
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA})
_SCAN = 0xDA


def jpeg_streams(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where JPEG files begin and end in data: those that are complete, with a frame and a scan."""
    at = 0
    for _ in range(_MOST):
        at = data.find(b"\xff\xd8\xff", at)
        if at < 0:
            return
        end = _end(data, at)
        if end is not None:
            yield at, end
        at = end or at + 2


def _end(data: bytes, start: int) -> int | None:
    """Return where the JPEG file that begins at `start` ends; None if it is none, or not complete."""
    at, has_frame = start + 2, False
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _WITHOUT_LENGTH:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker < 0xC0 or length < 2:
            return None
        has_frame = has_frame or marker in _FRAMES
        at += 2 + length
        if marker == _SCAN:
            end = data.find(b"\xff\xd9", at)  # FF in a scan is never followed by D9
            return end + 2 if has_frame and end >= 0 else None
    return None
