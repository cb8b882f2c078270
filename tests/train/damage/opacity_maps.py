"""Opacity maps for tests."""

import numpy as np


def map_of_line():
    """A horizontal line of two pixels: uint8 (120, 150)."""
    opacity = np.zeros((120, 150), np.uint8)
    opacity[60:62, 10:140] = 255
    return opacity
