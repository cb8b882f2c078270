"""Sizes of EfficientNet-Lite0, for programs without PyTorch too."""

STEM_CHANNELS, HEAD_CHANNELS = 32, 1280
BLOCKS = (
    # in, out, kernel, stride, expansion
    (32, 16, 3, 1, 1),
    (16, 24, 3, 2, 6), (24, 24, 3, 1, 6),
    (24, 40, 5, 2, 6), (40, 40, 5, 1, 6),
    (40, 80, 3, 2, 6), (80, 80, 3, 1, 6), (80, 80, 3, 1, 6),
    (80, 112, 5, 1, 6), (112, 112, 5, 1, 6), (112, 112, 5, 1, 6),
    (112, 192, 5, 2, 6), (192, 192, 5, 1, 6), (192, 192, 5, 1, 6), (192, 192, 5, 1, 6),
    (192, 320, 3, 1, 6),
)  # fmt: skip
"""Arguments of each `MobileBlock` of EfficientNet-Lite0. The stem before them halves the resolution too.

Reference: Tan and Le 2019, arXiv:1905.11946, table 1; the "lite" variant has ReLU6 and no squeeze-and-excitation.
"""

AROUND_CELLS = 15
"""Side, in cells of 16 pixels, of the neighbourhood whose mean features tell a blotch from its background."""
