"""How likely damage is in a photo."""

import math

import numpy as np

USUAL_SHARE, SHARE_OFFSET = 0.01, 0.0003
"""The share of damaged pixels at which probabilities are left unchanged, and what is added to the share of
a photo, so that it is never 0."""
PLAIN = 0.0
"""Logit from which a pixel counts for the share: doubtful pixels all over gravel must not raise each other."""
MIN_SHIFT, MAX_SHIFT = -2.5, 0.6
"""Bounds of the shift of a photo's logits."""


def adjust_to_prior(logits: np.ndarray) -> np.ndarray:
    """Return logits adjusted to the share of damage in the photo: more damage raises the weak ones.

    Args:
        logits: float32 (H, W), as the network predicts them for each pixel; not modified.

    Returns:
        float32 (H, W): the logarithm of the share of pixels above PLAIN, over the usual share, is added to all. It is
        clamped to MIN_SHIFT and MAX_SHIFT.

    Reference:
        Saerens et al. 2002, "Adjusting the Outputs of a Classifier to New a Priori Probabilities", Neural Computation
        14(1), Eq. 2.4, with the photo as the new distribution.
    """
    share = np.count_nonzero(logits > PLAIN) / logits.size
    shift = math.log((share + SHARE_OFFSET) / USUAL_SHARE)
    return logits + np.float32(min(max(shift, MIN_SHIFT), MAX_SHIFT))
