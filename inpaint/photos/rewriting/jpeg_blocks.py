"""New coefficients for the blocks of a JPEG file that an edit touches, and for no others."""

import numpy as np
from PIL import Image

from inpaint.photos.metadata.jpeg_segments import APP0, APP14, Segment

from .differences import Change, stored_rows
from .jpeg_structure import Component, JpegFile

_ZIGZAG = sorted(range(64), key=lambda at: (at // 8 + at % 8, (at // 8 if (at // 8 + at % 8) % 2 else at % 8)))
_DCT = np.sqrt(np.where(np.arange(8) == 0, 1, 2) / 8)[:, None] * np.cos(
    (2 * np.arange(8) + 1) * np.arange(8)[:, None] * np.pi / 16
)
BASIS = np.kron(_DCT, _DCT)[_ZIGZAG].astype(np.float32)
"""(coefficients in zigzag order, samples of a block row by row), orthonormal."""
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
    strip = stored_rows(photo, orientation, change.top, change.top + change.rows)
    high, wide = 8 * frame.down, 8 * frame.across
    margins = ((0, -change.rows % high), (0, -frame.width % wide))
    changed = np.pad(change.mask(frame.width), margins, mode="edge")
    units = np.flatnonzero(changed.reshape(len(changed), -1, wide).any(axis=(0, 2)))
    weight = _units(changed, units, wide).astype(np.float32)
    pixels = np.asarray(strip)
    pixels = _units(np.pad(pixels, (*margins, (0, 0))[: pixels.ndim], mode="edge"), units, wide)
    for index, plane in enumerate(_planes(pixels, transform)):
        component = frame.components[index]
        shrink = frame.down // component.down, frame.across // component.across
        share, values = _mean(weight, shrink), _mean(plane * weight, shrink)
        columns = (units[:, None] * component.across + np.arange(component.across)).ravel()
        row = change.top // high * component.down
        _change_component(component, file.tables[index], coefficients, share, values, row, columns)


def _units(values: np.ndarray, units: np.ndarray, wide: int) -> np.ndarray:
    """Return some columns of values, (h, w, ...): those of units of `wide` pixels."""
    height, more = len(values), values.shape[2:]
    return values.reshape(height, -1, wide, *more)[:, units].reshape(height, -1, *more)


def _change_component(
    component: Component,
    table: np.ndarray,
    coefficients: np.ndarray,
    share: np.ndarray,
    values: np.ndarray,
    first_row: int,
    block_columns: np.ndarray,
) -> None:
    """Write the changed blocks of a component.

    Args:
        component: of the frame.
        table: float32 (64,), its quantization table.
        coefficients: of all components, written in place.
        share: float32 (h, w), how much of each sample is changed, 0 to 1.
        values: float32 (h, w), the new value times that share.
        first_row: row of the first block among the blocks of the component.
        block_columns: (w / 8,), the column of each block among them.
    """
    shares, news = _blocks(share), _blocks(values)
    highest = share.reshape(-1, 8, share.shape[1]).max(axis=1)
    rows, columns = np.nonzero(highest.reshape(len(highest), -1, 8).max(axis=2))
    places = component.first + (first_row + rows) * component.columns + block_columns[columns]
    shares, news = (part[rows, columns].reshape(-1, 64) for part in (shares, news))
    steps = np.maximum(table, 1)
    before = _product(coefficients[places] * steps, BASIS) + _MIDDLE
    after = before * (1 - shares) + news
    spectra = _product(after - _MIDDLE, BASIS.T)
    coefficients[places] = np.clip(np.rint(spectra / steps), -_LARGEST, _LARGEST).astype(np.int16)


def _product(blocks: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return (n, 64) @ (64, 64), in parts so small that BLAS wakes up no threads for them, which then wait busily."""
    whole = len(blocks) // 64 * 64
    parts = (blocks[:whole].reshape(-1, 64, 64) @ matrix).reshape(-1, 64)
    return np.concatenate([parts, blocks[whole:] @ matrix])


def _planes(pixels: np.ndarray, transform: str) -> list[np.ndarray]:
    """Return the samples of the components of pixels, uint8 (h, w) or (h, w, C): float32 (h, w) each, 0 to 255."""
    if transform == "grey":
        return [pixels.astype(np.float32)]
    colours = [pixels[..., channel].astype(np.float32) for channel in range(pixels.shape[2])]
    if transform == "RGB":
        return colours
    if transform == "CMYK":  # Pillow inverts all CMYK, as Adobe does
        return [255 - colour for colour in colours]
    red, green, blue = colours[:3]
    converted = [row[0] * red + row[1] * green + row[2] * blue for row in _YCC]
    converted[1:] = [plane + _MIDDLE for plane in converted[1:]]
    return [*converted, *([255 - colours[3]] if transform == "YCCK" else [])]


def _mean(plane: np.ndarray, shrink: tuple[int, int]) -> np.ndarray:
    """Return the means of rectangles of pixels: (h, w) -> (h / shrink[0], w / shrink[1])."""
    if shrink == (1, 1):
        return plane
    down, across = shrink
    parts = [plane[row::down, column::across] for row in range(down) for column in range(across)]
    return np.add.reduce(parts) / np.float32(down * across)


def _blocks(plane: np.ndarray) -> np.ndarray:
    """Return a view as blocks: (h, w) -> (h / 8, w / 8, 8, 8)."""
    return plane.reshape(plane.shape[0] // 8, 8, plane.shape[1] // 8, 8).swapaxes(1, 2)
