"""Small scans with an infrared channel, as files."""

import numpy as np

from inpaint.benchmark.workloads import synthetic_photo
from train.damage.made_scans import ScanSettings, make_scan


def small_scan(seed=0, size=(480, 360), **settings):
    """A scan of a synthetic photo, with its ground truth."""
    return make_scan(synthetic_photo(*size, seed=seed), seed, ScanSettings(**settings))


def write_rgbi(path, scan):
    """Write a scan as VueScan writes raw files: four samples of 16 bits, the last one infrared."""
    import tifffile

    pixels = np.concatenate([scan.colour, scan.infrared[..., None]], axis=2)
    tifffile.imwrite(path, pixels, photometric="rgb", extrasamples=["unspecified"])
    return path


def write_two_pages(path, scan):
    """Write a scan as SilverFast writes HDRi files: colours on the first page, infrared on the second."""
    import tifffile

    with tifffile.TiffWriter(path) as file:
        file.write(scan.colour, photometric="rgb")
        file.write(scan.infrared, photometric="minisblack")
    return path
