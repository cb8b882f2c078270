"""Photo files as they come from cameras, scanners, phones and image editors, each of another kind."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from inpaint import open_photo, save_photo
from inpaint.photos.formats import register_heic

EXAMPLES = Path(__file__).parents[2] / "page" / "static" / "examples"
PHOTOS = ("farmhouse", "harbour")
SIZE = 480, 360
HOLE_HEIGHT, MARGIN = 6, 40
"""The hole is a bar across the middle of the photo, in pixels; the margin is left and right of it."""
CAPTION = "Grandmother's farm, May 1936"

_ORIENTATION, _DESCRIPTION, _EXIF_IFD, _GPS_IFD, _TAKEN = 0x0112, 0x010E, 0x8769, 0x8825, 0x9003
_XMP = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:Headline="{CAPTION}"/></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>""".encode()
_ADOBE_RGB = {
    b"rXYZ": (0.60974, 0.31111, 0.01947),
    b"gXYZ": (0.20528, 0.62567, 0.06087),
    b"bXYZ": (0.14919, 0.06322, 0.74457),
}
"""Primaries of Adobe RGB (1998), annex C, adapted to D50."""


def _exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[_ORIENTATION], exif[_DESCRIPTION] = orientation, CAPTION
    exif.get_ifd(_EXIF_IFD)[_TAKEN] = "1936:05:01 12:00:00"
    exif.get_ifd(_GPS_IFD).update({1: "N", 2: (53.0, 33.0, 7.0), 3: "E", 4: (9.0, 59.0, 36.0)})
    return exif


def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _adobe_rgb() -> bytes:
    """Return a profile with the primaries of Adobe RGB: that of sRGB, in which they are replaced."""
    profile = bytearray(_srgb())
    for entry in range(int.from_bytes(profile[128:132], "big")):
        tag = bytes(profile[132 + 12 * entry : 136 + 12 * entry])
        start = int.from_bytes(profile[136 + 12 * entry : 140 + 12 * entry], "big")
        for index, value in enumerate(_ADOBE_RGB.get(tag, ())):
            profile[start + 8 + 4 * index : start + 12 + 4 * index] = round(value * 65536).to_bytes(4, "big")
    return bytes(profile)


def _iptc() -> bytes:
    """Return the JPEG segment in which Photoshop keeps captions: data set 2:120 of IPTC, resource 1028."""
    caption = b"\x1c\x02\x78" + len(CAPTION).to_bytes(2, "big") + CAPTION.encode()
    resource = b"8BIM\x04\x04\0\0" + len(caption).to_bytes(4, "big") + caption + b"\0" * (len(caption) % 2)
    segment = b"Photoshop 3.0\0" + resource
    return b"\xff\xed" + (len(segment) + 2).to_bytes(2, "big") + segment


def _jpeg(photo: Image.Image, path: Path, dpi: int, exif: Image.Exif, profile: bytes | None = None) -> None:
    photo.save(path, quality=90, dpi=(dpi, dpi), exif=exif, icc_profile=profile)


def _with_alpha(photo: Image.Image, mode: str = "RGBA") -> Image.Image:
    photo = photo.convert(mode)
    photo.putalpha(Image.linear_gradient("L").resize(photo.size))
    return photo


def _deep(photo: Image.Image) -> Image.Image:
    """Return a photo of 16 bits per channel, with lower bytes that are not those of 8 bits stretched."""
    pixels = np.asarray(photo).astype(np.uint16)
    return open_photo(pixels * 256 + np.arange(pixels.size, dtype=np.uint16).reshape(pixels.shape) % 251)


def _logo(photo: Image.Image) -> Image.Image:
    """Return a photo of 64 colours, one of which is transparent: a corner."""
    palette = photo.quantize(63)
    palette.paste(63, (0, 0, 120, 90))
    return palette


def _texts() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", CAPTION)
    info.add_itxt("Description", f"{CAPTION}, Großmutters Hof")
    info.add(b"gAMA", (45455).to_bytes(4, "big"))
    return info


def _pages(photo: Image.Image, path: Path) -> None:
    pages = [photo.rotate(180), photo.convert("L")]
    photo.save(path, compression="tiff_lzw", dpi=(300, 300), save_all=True, append_images=pages)


FILES: dict[str, Callable[[Image.Image, Path], object]] = {
    "camera.jpg": lambda photo, path: _jpeg(photo, path, 300, _exif(), _srgb()),
    "phone-upright.jpg": lambda photo, path: _jpeg(photo, path, 72, _exif(6)),
    "phone-upside-down.jpg": lambda photo, path: _jpeg(photo, path, 72, _exif(3), _srgb()),
    "grey.jpg": lambda photo, path: _jpeg(photo.convert("L"), path, 300, _exif()),
    "cmyk.jpg": lambda photo, path: photo.convert("CMYK").save(path, quality=90),
    "progressive.jpg": lambda photo, path: photo.save(path, quality=95, subsampling=0, progressive=True),
    "adobe-rgb.jpg": lambda photo, path: _jpeg(photo, path, 240, _exif(), _adobe_rgb()),
    "captions.jpg": lambda photo, path: photo.save(path, quality=90, xmp=_XMP, comment=CAPTION, extra=_iptc()),
    "scan.png": lambda photo, path: photo.save(path, icc_profile=_srgb(), dpi=(300, 300)),
    "alpha.png": lambda photo, path: _with_alpha(photo).save(path),
    "grey-alpha.png": lambda photo, path: _with_alpha(photo, "LA").save(path),
    "grey-16.png": lambda photo, path: save_photo(_deep(photo.convert("L")), path),
    "colour-16.png": lambda photo, path: save_photo(_deep(photo), path),
    "palette.png": lambda photo, path: photo.quantize(64).save(path),
    "palette-transparent.png": lambda photo, path: _logo(photo).save(path, transparency=63),
    "bilevel.png": lambda photo, path: photo.convert("1").save(path, dpi=(600, 600)),
    "texts.png": lambda photo, path: photo.save(path, pnginfo=_texts(), dpi=(72, 72), exif=_exif()),
    "web.webp": lambda photo, path: photo.save(path, quality=85, exif=_exif(), icc_profile=_srgb(), xmp=_XMP),
    "sticker.webp": lambda photo, path: _with_alpha(photo).save(path, lossless=True, icc_profile=_srgb()),
    "scan.tif": lambda photo, path: photo.save(path, compression="tiff_lzw", dpi=(600, 600), icc_profile=_srgb()),
    "colour-16.tif": lambda photo, path: save_photo(_deep(photo), path),
    "pages.tif": _pages,
    "cmyk.tif": lambda photo, path: photo.convert("CMYK").save(path, dpi=(300, 300)),
    "phone.heic": lambda photo, path: photo.save(path, quality=80, exif=_exif(), icc_profile=_srgb(), xmp=_XMP),
    "web.avif": lambda photo, path: photo.save(path, quality=80, exif=_exif(), icc_profile=_srgb()),
    "archive.jp2": lambda photo, path: photo.save(path),
    "drawing.gif": lambda photo, path: photo.quantize(64).save(path, comment=CAPTION),
    "old.bmp": lambda photo, path: photo.save(path, dpi=(96, 96)),
}
"""File name -> what writes a photo to it. What a file of its kind usually carries is in it."""


def write_files(photos: Path, masks: Path) -> list[Path]:
    """Write the files, and a mask for each, upright as the photo is seen; return the paths of the photos."""
    if not register_heic():
        raise SystemExit("phone.heic cannot be written: run  pip install pillow-heif")
    paths = []
    for index, (name, save) in enumerate(FILES.items()):
        with Image.open(EXAMPLES / f"{PHOTOS[index % len(PHOTOS)]}.jpg") as file:
            photo = file.convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)
        path = photos / f"{index + 1:02d}-{name}"
        save(photo, path)
        Image.fromarray(hole_of(open_photo(path).size).astype(np.uint8) * 255).save(masks / f"{path.stem}.png")
        paths.append(path)
    return paths


def hole_of(size: tuple[int, int]) -> np.ndarray:
    """Return the hole of a photo of (width, height): bool (H, W), True = hole."""
    hole = np.zeros(size[::-1], bool)
    middle = size[1] // 2
    hole[middle : middle + HOLE_HEIGHT, MARGIN:-MARGIN] = True
    return hole
