"""Random images for tests in any mode and size."""

import io

import numpy as np
from PIL import Image


def picture(mode, size=(37, 23), seed=0):
    """Return a PIL image of a mode with random values over most of the mode's range."""
    rng = np.random.default_rng(seed)
    width, height = size
    if mode.startswith("I;16"):
        order = ">u2" if mode.endswith("B") else "<u2"
        return Image.frombytes(mode, size, rng.integers(300, 60000, (height, width)).astype(order).tobytes())
    if mode == "I":
        return Image.fromarray(rng.integers(-70000, 70000, (height, width), dtype=np.int32))
    if mode == "F":
        return Image.fromarray(rng.normal(0, 3, (height, width)).astype(np.float32))
    rgba = Image.fromarray(rng.integers(0, 256, (height, width, 4), dtype=np.uint8))
    if mode in ("P", "PA"):
        palette = rgba.convert("RGB").quantize(64)
        return palette if mode == "P" else palette.convert("PA")
    return rgba if mode == "RGBA" else (rgba if mode == "LA" else rgba.convert("RGB")).convert(mode)


def raw(image):
    """Return the bytes of an image in any mode, one row per pixel: uint8 (H * W, bytes per pixel)."""
    values = np.frombuffer(image.convert("L").tobytes() if image.mode == "1" else image.tobytes(), np.uint8)
    return values.reshape(image.width * image.height, -1)


def file_bytes(image, format="PNG", **options):
    """Return the bytes of an image file."""
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def deep_pixels(channels=3, size=(37, 23), seed=0):
    """Return random uint16 pixels (H, W, channels)."""
    return np.random.default_rng(seed).integers(0, 65536, (size[1], size[0], channels)).astype(np.uint16)


def random_rectangles(height, width, seed):
    """A mask, bool (height, width), of one to four rectangles; at least one pixel is known."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), bool)
    for _ in range(rng.integers(1, 5)):
        top, left = rng.integers(height), rng.integers(width)
        mask[top : top + rng.integers(1, height + 1), left : left + rng.integers(1, width + 1)] = True
    mask[rng.integers(height), rng.integers(width)] = False
    return mask


def landscape(size=(256, 192), seed=0, noise=4):
    """Return an RGB photo: bands, ripples and a dark shape, with some noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: size[1], : size[0]].astype(float)
    x, y = (x, y) if seed % 2 == 0 else (size[0] - y, x)
    pixels = np.stack([40 + x * 0.7, 60 + y * 0.8, 200 - x * 0.4], -1)
    pixels += 25 * np.sin(x / 9 + y / 14 + 5 * seed)[..., None] + rng.normal(0, noise, pixels.shape)
    pixels[(x - 180) ** 2 + (y - 120 - 10 * seed) ** 2 < 900] *= 0.4
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
