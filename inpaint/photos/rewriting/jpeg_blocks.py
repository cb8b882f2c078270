"""New coefficients for the blocks of a JPEG file that an edit touches, and for no others."""

import numpy as np
from PIL import Image

from inpaint.photos.metadata.jpeg_segments import APP0, APP14, Segment

from .differences import Change, stored_rows
from .jpeg_file import Component, JpegFile

_ORDER = sorted(range(64), key=lambda at: (at // 8 + at % 8, (at // 8 if (at // 8 + at % 8) % 2 else at % 8)))
ZIGZAG = np.array(_ORDER)
"""Place in a block, row by row, of each coefficient in zigzag order."""
_DCT = np.sqrt(np.where(np.arange(8) == 0, 1, 2) / 8)[:, None] * np.cos(
    (2 * np.arange(8) + 1) * np.arange(8)[:, None] * np.pi / 16
)
DCT = _DCT.astype(np.float32)
"""(frequencies, samples), orthonormal."""
_YCC = np.array(
    [[0.299, 0.587, 0.114], [-0.168735892, -0.331264108, 0.5], [0.5, -0.418687589, -0.081312411]], np.float32
)
_MIDDLE = np.float32(128)
_LARGEST = 1023


def transform_of(file: JpegFile) -> str:
    """Return how the components of a JPEG file are to be understood: "grey", "YCbCr", "RGB", "YCCK" or "CMYK".

    Reference:
        The rules of libjpeg: markers of JFIF and Adobe, then the identifiers of the components.
    """
    count = len(file.frame.components)
    adobe, has_jfif = -1, False
    for part in file.parts:
        if isinstance(part, Segment):
            has_jfif |= part.marker == APP0 and part.payload.startswith(b"JFIF\0") and len(part.payload) >= 14
            if part.marker == APP14 and part.payload.startswith(b"Adobe") and len(part.payload) >= 12:
                adobe = part.payload[11]
    if count == 1:
        return "grey"
    if count == 4:
        return "YCCK" if adobe == 2 else "CMYK"
    identifiers = bytes(component.identifier for component in file.frame.components)
    is_rgb = not has_jfif and (adobe == 0 or (adobe < 0 and identifiers == b"RGB"))
    return "RGB" if is_rgb else "YCbCr"


def change_blocks(
    file: JpegFile, transform: str, coefficients: np.ndarray, photo: Image.Image, orientation: int, change: Change
) -> None:
    """Write the coefficients of all blocks with changed pixels, so that they show the photo; in place.

    In such a block a sample of changed pixels takes their mean, and another one keeps its value. A sample of a
    subsampled component of which some pixels are changed takes the mean of its own value and theirs.

    Args:
        file: structure of the photo's file.
        transform: as `transform_of` returns it.
        coefficients: int16 (blocks, 64) in zigzag order, of the file.
        photo: upright.
        orientation: EXIF orientation of the file.
        change: rows that begin and end with interleaved units, or end with the picture.
    """
    frame = file.frame
    changed = change.mask(frame.width)
    unit = 8 * frame.across
    columns = np.flatnonzero(changed.any(axis=0))
    left, right = columns[0] // unit * unit, min(columns[-1] // unit * unit + unit, frame.width)
    strip = stored_rows(photo, orientation, change.top, change.top + change.rows)
    strip = strip.crop((left, 0, right, change.rows))
    margins = ((0, -change.rows % (8 * frame.down)), (0, -(right - left) % unit))
    weight = np.pad(changed[:, left:right], margins, mode="edge").astype(np.float32)
    for index, plane in enumerate(_planes(strip, transform)):
        component = frame.components[index]
        shrink = frame.down // component.down, frame.across // component.across
        padded = np.pad(plane, margins, mode="edge")
        share, values = _mean(weight, shrink), _mean(padded * weight, shrink)
        first = change.top // (8 * frame.down) * component.down, int(left) // unit * component.across
        _change_component(component, file.tables[index], coefficients, share, values, first)


def _change_component(
    component: Component,
    table: np.ndarray,
    coefficients: np.ndarray,
    share: np.ndarray,
    values: np.ndarray,
    first: tuple[int, int],
) -> None:
    """Write the changed blocks of a component.

    Args:
        component: of the frame.
        table: float32 (64,), its quantization table.
        coefficients: of all components, written in place.
        share: float32 (h, w), how much of each sample is changed, 0 to 1.
        values: float32 (h, w), the new value times that share.
        first: row and column of the first block among the blocks of the component.
    """
    shares, news = _blocks(share), _blocks(values)
    rows, columns = np.nonzero(shares.any(axis=(2, 3)))
    places = component.first + (first[0] + rows) * component.columns + first[1] + columns
    shares, news = shares[rows, columns], news[rows, columns]
    steps = np.maximum(table, 1)
    stored = np.zeros((len(places), 64), np.float32)
    stored[:, ZIGZAG] = coefficients[places] * steps
    before = DCT.T @ stored.reshape(-1, 8, 8) @ DCT + _MIDDLE
    after = before * (1 - shares) + news
    spectra = (DCT @ (after - _MIDDLE) @ DCT.T).reshape(-1, 64)[:, ZIGZAG]
    coefficients[places] = np.clip(np.rint(spectra / steps), -_LARGEST, _LARGEST).astype(np.int16)


def _planes(strip: Image.Image, transform: str) -> list[np.ndarray]:
    """Return the samples of a picture's components at full size: float32 (h, w) each, 0 to 255."""
    pixels = np.asarray(strip).astype(np.float32)
    if transform == "grey":
        return [pixels]
    colours = list(np.moveaxis(pixels, 2, 0))
    if transform == "RGB":
        return colours
    if transform == "CMYK":  # Pillow inverts all CMYK, as Adobe does
        return [255 - colour for colour in colours]
    converted = pixels[..., :3] @ _YCC.T + np.array([0, 128, 128], np.float32)
    black = [255 - colours[3]] if transform == "YCCK" else []
    return [*np.moveaxis(converted, 2, 0), *black]


def _mean(plane: np.ndarray, shrink: tuple[int, int]) -> np.ndarray:
    """Return the means of rectangles of pixels: (h, w) -> (h / shrink[0], w / shrink[1])."""
    if shrink == (1, 1):
        return plane
    height, width = plane.shape
    return plane.reshape(height // shrink[0], shrink[0], width // shrink[1], shrink[1]).mean(axis=(1, 3))


def _blocks(plane: np.ndarray) -> np.ndarray:
    """Return a view as blocks: (h, w) -> (h / 8, w / 8, 8, 8)."""
    return plane.reshape(plane.shape[0] // 8, 8, plane.shape[1] // 8, 8).swapaxes(1, 2)
