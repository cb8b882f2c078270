"""Recognise raw photos of cameras that look like TIFF files with a small picture."""

from .structure import Directory, Structure

_SENSOR = (32803, 34892)
_SENSOR_COMPRESSIONS = (32767, 32769, 32770, 34713, 65535)
_KINDS = {"nikon": "NEF", "canon": "CR2", "sony": "ARW", "pentax": "PEF", "ricoh": "PEF", "samsung": "SRW"}
_KINDS |= {"hasselblad": "3FR", "phase one": "IIQ", "leaf": "MOS", "kodak": "DCR", "epson": "ERF", "mamiya": "MEF"}


def raw_kind_of_tiff(structure: Structure) -> str | None:
    """Return the kind of a raw file that is a TIFF, such as "DNG"; None for other TIFF files.

    Reference:
        Adobe, Digital Negative Specification 1.7: DNGVersion, and the photometric interpretations of sensor data.
    """
    first = structure.chain[0]
    if 50706 in first.entries:
        return "DNG"
    if structure.read(0, min(10, structure.size))[8:10] == b"CR":
        return "CR2"
    if structure.read(0, min(12, structure.size))[8:12] == b"IIII":
        return "IIQ"
    if any(_is_of_sensor(structure, directory) for directory in (*structure.chain, *structure.children)):
        make = structure.text(first, 271).lower()
        return next((kind for name, kind in _KINDS.items() if make.startswith(name)), "TIFF/EP")
    return None


def camera_of(structure: Structure) -> str:
    """Return the maker and the model of the camera, or "" if the file does not name them."""
    make, model = structure.text(structure.chain[0], 271), structure.text(structure.chain[0], 272)
    return model if make and model.lower().startswith(make.lower().split()[0]) else f"{make} {model}".strip()


def _is_of_sensor(structure: Structure, directory: Directory) -> bool:
    sensor = structure.first(directory, 262, 0) in _SENSOR
    return sensor or structure.first(directory, 259, 1) in _SENSOR_COMPRESSIONS
