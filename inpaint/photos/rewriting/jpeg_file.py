"""Reading the structure of a JPEG file: segments, frame, and where the entropy-coded data of its scans lie."""

import numpy as np

from inpaint.photos.metadata.jpeg_segments import Segment

from .jpeg_structure import (
    BASELINE,
    DQT,
    DRI,
    EOI,
    EXTENDED,
    PROGRESSIVE,
    SOI,
    SOS,
    Component,
    Frame,
    JpegFile,
    Scan,
    damaged,
)
from .rewrite import CannotRewriteError

_OTHER_FRAMES = {
    **dict.fromkeys((0xC9, 0xCA, 0xCB, 0xCC, 0xCD, 0xCE, 0xCF), "is coded arithmetically"),
    **dict.fromkeys((0xC3, 0xC7), "is lossless"),
    **dict.fromkeys((0xC5, 0xC6, 0xDE), "is hierarchical"),
}
_MOST_SCANS = 1000
_MOST_BLOCKS = 10  # in an interleaved unit (MCU)


def read(data: bytes) -> JpegFile:
    """Return the structure of a JPEG file.

    Raises:
        CannotRewriteError: it is damaged, or coded in a way that cannot be edited.

    Reference:
        ITU-T T.81 (1992), Annex B.
    """
    parts: list[Segment | Scan] = []
    frame: Frame | None = None
    quantization: dict[int, np.ndarray] = {}
    used: dict[int, np.ndarray] = {}
    left_out = np.full((4, 64), -1)  # bits that the scans so far have left out of each coefficient, -1: all
    at, interval, scans = 2, 0, 0
    while True:
        marker, at = _marker(data, at)
        if marker in (EOI, -1):
            break
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2 or at + length > len(data):
            raise damaged("a segment is cut off")
        segment = Segment(marker, data[at + 2 : at + length])
        at += length
        if marker == SOS:
            scans += 1
            if frame is None or scans > _MOST_SCANS:
                raise damaged("it has no frame, or more than 1000 scans")
            scan = _scan(data, at, segment, frame, interval)
            for index, _, _ in scan.components:
                if frame.components[index].table not in quantization:
                    raise damaged("a quantization table is missing")
                used.setdefault(index, quantization[frame.components[index].table])
            _check_order(scan, left_out)
            parts.append(scan)
            at = scan.end
            continue
        parts.append(segment)
        if marker in _OTHER_FRAMES:
            raise CannotRewriteError(f"this JPEG {_OTHER_FRAMES[marker]}, so all of the photo was encoded anew")
        if marker in (BASELINE, EXTENDED, PROGRESSIVE):
            if frame is not None:
                raise damaged("it has two frames")
            frame = _frame(segment)
        elif marker == DQT:
            quantization |= _quantization_tables(segment.payload)
        elif marker == DRI:
            interval = int.from_bytes(segment.payload[:2], "big")
    if frame is None or len(used) < len(frame.components):
        raise damaged("a component has no scan")
    return JpegFile(parts, frame, [used[index] for index in range(len(used))], at)


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """Return the next marker and where it ends; -1 at the end of the file. Other bytes are skipped, as in libjpeg."""
    at = data.find(b"\xff", at)
    while 0 <= at < len(data) - 1:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker == 0:
            at = data.find(b"\xff", at + 2)
        elif marker < 0xC0 or 0xD0 <= marker <= SOI or marker == 0xDC:  # DNL: the height follows the first scan
            raise damaged(f"the marker FF{marker:02X} is at a wrong place")
        else:
            return marker, at + 2
    return -1, len(data)


def _frame(segment: Segment) -> Frame:
    payload = segment.payload
    count = payload[5] if len(payload) >= 6 else 0
    if len(payload) != 6 + 3 * count or not 1 <= count <= 4:
        raise damaged("its frame has a wrong length")
    if payload[0] != 8:
        raise CannotRewriteError(f"this JPEG has {payload[0]} bits per sample, so all of the photo was encoded anew")
    height, width = int.from_bytes(payload[1:3], "big"), int.from_bytes(payload[3:5], "big")
    fields = [payload[at : at + 3] for at in range(6, len(payload), 3)]
    factors = [(field[1] >> 4, field[1] & 15) for field in fields]
    if not width or not height or any(not 1 <= factor <= 4 for pair in factors for factor in pair):
        raise damaged("its frame has no size")
    across, down = (max(pair[axis] for pair in factors) for axis in (0, 1))
    units, unit_rows = -(-width // (8 * across)), -(-height // (8 * down))
    components: list[Component] = []
    first = 0
    for field, (horizontal, vertical) in zip(fields, factors, strict=True):
        if across % horizontal or down % vertical:
            raise CannotRewriteError("this JPEG has fractional chroma sampling, so all of the photo was encoded anew")
        columns, rows = units * horizontal, unit_rows * vertical
        own = -(-width * horizontal // (8 * across)), -(-height * vertical // (8 * down))
        components.append(Component(field[0], horizontal, vertical, field[2], first, columns, rows, *own))
        first += columns * rows
    return Frame(width, height, segment.marker == PROGRESSIVE, tuple(components), across, down)


def _scan(data: bytes, start: int, header: Segment, frame: Frame, interval: int) -> Scan:
    payload = header.payload
    count = payload[0] if payload else 0
    if not 1 <= count <= 4 or len(payload) != 2 * count + 4:
        raise damaged("a scan header has a wrong length")
    order = {component.identifier: index for index, component in reversed(list(enumerate(frame.components)))}
    fields = [payload[at : at + 2] for at in range(1, 2 * count, 2)]
    if any(field[0] not in order or field[1] >> 4 > 3 or field[1] & 15 > 3 for field in fields):
        raise damaged("a scan has a component or table that does not exist")
    components = tuple((order[field[0]], field[1] >> 4, field[1] & 15) for field in fields)
    first, last, high, low = payload[-3], payload[-2], payload[-1] >> 4, payload[-1] & 15
    if not frame.is_progressive:
        first, last, high, low = 0, 63, 0, 0
    used = [frame.components[index] for index, _, _ in components]
    is_wrong = (
        first > last
        or last > 63
        or low > 13
        or (high and high != low + 1)
        or len({part[0] for part in components}) < count
    )
    if is_wrong or (frame.is_progressive and (first == 0) != (last == 0)) or (first > 0 and count > 1):
        raise damaged("a scan has wrong parameters")
    if count > 1 and sum(component.across * component.down for component in used) > _MOST_BLOCKS:
        raise damaged("a scan has too large units")
    return Scan(header, components, first, last, high, low, start, _end_of_scan(data, start), interval)


def _check_order(scan: Scan, left_out: np.ndarray) -> None:
    """Raise an error if a scan does not go on where those before it have ended; otherwise note which bits it has."""
    for index, _, _ in scan.components:
        band = left_out[index, scan.first : scan.last + 1]
        if (band != (scan.high or -1)).any():
            raise damaged("its scans do not follow each other")
        band[:] = scan.low


def _end_of_scan(data: bytes, start: int) -> int:
    """Return where the next marker is that does not belong to the entropy-coded data from `start` on."""
    at = data.find(b"\xff", start)
    while 0 <= at < len(data) - 1:
        after = data[at + 1]
        if after != 0 and not 0xD0 <= after <= 0xD7:
            if after != 0xFF:
                return at
            at += 1  # a fill byte
        else:
            at = data.find(b"\xff", at + 2)
    return len(data)


def _quantization_tables(payload: bytes) -> dict[int, np.ndarray]:
    """Return float32 (64,) in zigzag order, by number."""
    tables, at = {}, 0
    while at < len(payload):
        size = 128 if payload[at] >> 4 else 64
        if at + 1 + size > len(payload):
            raise damaged("a quantization table is cut off")
        values = np.frombuffer(payload[at + 1 : at + 1 + size], ">u2" if size == 128 else np.uint8)
        tables[payload[at] & 15] = values.astype(np.float32)
        at += 1 + size
    return tables
