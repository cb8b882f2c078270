"""Say in words what a TIFF file is, for messages to its owner."""

from .structure import Directory, Structure

_COMPRESSIONS = {
    1: "no compression", 2: "CCITT", 3: "CCITT group 3", 4: "CCITT group 4", 5: "LZW", 6: "old JPEG", 7: "JPEG",
    8: "deflate", 32773: "PackBits", 32809: "ThunderScan", 32908: "PixarFilm", 32909: "PixarLog", 32946: "deflate",
    33003: "JPEG 2000", 33004: "JPEG 2000", 33005: "JPEG 2000", 34676: "SGILog", 34677: "SGILog24", 34661: "JBIG",
    34712: "JPEG 2000", 34887: "LERC", 34892: "lossy JPEG", 34925: "LZMA", 34933: "PNG", 34934: "JPEG XR",
    50000: "Zstandard", 50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL",
}  # fmt: skip
_COLOURS = {
    0: "grey (white is 0)", 1: "grey", 2: "RGB", 3: "a palette", 4: "a transparency mask", 5: "CMYK", 6: "YCbCr",
    8: "CIE L*a*b*", 9: "ICC L*a*b*", 10: "ITU L*a*b*", 32844: "LogL", 32845: "LogLuv",
}  # fmt: skip
_TYPES = {2: "signed ", 3: "floating-point ", 5: "complex ", 6: "complex "}


def describe_tiff(structure: Structure, directory: Directory) -> str:
    """Return what a picture of a TIFF file is, such as "a TIFF of RGB, 3 samples of 16 bits, with LZW"."""
    samples = max(1, structure.first(directory, 277, 1))
    bits = "/".join(map(str, dict.fromkeys(structure.numbers(directory, 258)[:8].tolist()))) or "1"
    photometric = structure.first(directory, 262, 1)
    colours = _COLOURS.get(photometric, f"colours of kind {photometric}")
    compression = structure.first(directory, 259, 1)
    packing = _COMPRESSIONS.get(compression, f"compression {compression}")
    number = f"{samples} {_TYPES.get(structure.first(directory, 339, 1), '')}sample" + ("s" if samples > 1 else "")
    return f"a TIFF of {colours}, {number} of {bits} bit{'' if bits == '1' else 's'}, with {packing}"
