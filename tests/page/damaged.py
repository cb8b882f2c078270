"""Photos whose damage is known, for tests of restoring."""

import numpy as np

LEFT, RIGHT, SPECK = (51, 100), (151, 300), (252, 62)
"""Row and column inside each damage of a photo of 400 x 300 pixels; the speck is faint."""


def find_damage(self, photo, **options):
    """Instead of `Inpainter.find_damage`: photos of 300 rows have two lines and a speck of damage, others have none."""
    probability = np.zeros((photo.height, photo.width), np.float32)
    if photo.height == 300:
        probability[50:53, 20:180] = probability[150:153, 220:380] = 0.9
        probability[250:255, 60:65] = 0.3
    return None, probability


def faded(photo):
    """A photo with the tones of an old print: uint8 (H, W, 3)."""
    return (photo * [0.4, 0.35, 0.25] + [90, 75, 60]).round().astype(np.uint8)
