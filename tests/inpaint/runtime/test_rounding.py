"""Fills of the runtimes differ by the rounding errors of their number formats only."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from inpaint.hub.weights import load_generator
from inpaint.inpainter import Inpainter
from inpaint.runtime.onnxruntime import OnnxRuntimeRuntime
from inpaint.runtime.openvino import OpenVinoRuntime
from inpaint.runtime.pytorch import PyTorchRuntime
from tests.inpaint.runtime.crops import crop
from tests.inpaint.runtime.rounding import UNIT_ROUNDOFF, bfloat16_bound, rms
from tests.pictures import picture

EXAMPLE = Path(__file__).parents[3] / "page/static/examples/farmhouse.jpg"


def photo(height, width):
    """The middle of a photo, float32 (1, 3, height, width) in [-1, 1]."""
    with Image.open(EXAMPLE) as image:
        left, top = (image.width - width) // 2, (image.height - height) // 2
        pixels = np.asarray(image.convert("RGB").crop((left, top, left + width, top + height)), np.float32)
    return pixels.transpose(2, 0, 1)[None] / np.float32(127.5) - 1


def rounded(x, bits):
    """Values rounded to a number of significant bits."""
    mantissa, exponent = torch.frexp(x)
    return torch.ldexp((mantissa * 2**bits).round() / 2**bits, exponent)


@pytest.fixture(scope="module")
def bundled():
    generator = load_generator().generator
    return generator, PyTorchRuntime(generator), OpenVinoRuntime(generator)


@pytest.mark.parametrize("size", [(128, 128), (256, 192), (512, 512), (16, 320)])
def test_openvino_differs_from_pytorch_by_rounding_at_every_size(bundled, size):
    generator, exact, faster = bundled
    _, mask, noise = crop(*size)
    masked_image = photo(*size) * (1 - mask)  # on noise, which no network was trained on, layers amplify errors
    for coarse_fill in (None, noise):
        expected = torch.from_numpy(exact(masked_image, mask, coarse_fill))
        # only values in the hole mean something; the bound is one for the whole picture
        difference = torch.from_numpy(faster(masked_image, mask, coarse_fill) * mask) - expected * torch.from_numpy(
            mask
        )
        arguments = (torch.from_numpy(x) for x in (masked_image, mask, coarse_fill) if x is not None)
        bound = bfloat16_bound(generator, generator.initial_fill(*arguments), expected)
        assert rms(difference) < bound.rms
        assert difference.abs().max() < bound.largest


@pytest.mark.parametrize("runtime", [OnnxRuntimeRuntime, lambda source: OpenVinoRuntime(source, half=False)])
def test_in_float32_fills_are_those_of_pytorch(bundled, runtime):
    generator, exact, _ = bundled
    other = runtime(generator)
    for size, batch in (((256, 192), 1), ((64, 96), 3)):
        masked_image, mask, noise = crop(*size, batch=batch)
        for coarse_fill in (None, noise):
            difference = other(masked_image, mask, coarse_fill) - exact(masked_image, mask, coarse_fill)
            assert np.abs(difference * mask).max() < 1e-4


@pytest.mark.parametrize(("bits", "is_within"), [(8, True), (5, False)])
def test_the_bound_holds_for_8_significant_bits_and_not_for_5(bundled, bits, is_within):
    generator = bundled[0]
    masked_image, mask = (torch.from_numpy(x) for x in crop(128, 128)[:2])
    coarser = copy.deepcopy(generator)
    for module in coarser.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.weight.data = rounded(module.weight.data, bits)
            module.register_forward_hook(lambda module, inputs, output: rounded(output, bits))
    with torch.inference_mode():
        initial = generator.initial_fill(masked_image, mask)
        expected = generator.refine(initial, mask)
        difference = coarser.refine(initial, mask) - expected
    assert (rms(difference) < bfloat16_bound(generator, initial, expected).rms) == is_within


def fills_of_both_runtimes(generator, photo, mask, **options):
    """The fills by PyTorch and by OpenVINO, which round differently."""
    for name in ("pytorch", "openvino"):
        yield np.asarray(Inpainter(generator, device="cpu", runtime=name)(photo, mask, **options)).astype(int)


def thick_hole():
    mask = np.zeros((260, 300), bool)
    mask[30:200, 40:220] = True
    return mask


def test_a_fill_of_two_passes_differs_from_pytorch_by_rounding(bundled):
    mask = thick_hole()
    one, other = fills_of_both_runtimes(bundled[0], picture("RGB", (300, 260)), mask, texture_strength=0)
    difference = one - other
    assert not difference[~mask].any()
    # in levels of 255: values up to 1 are rounded in two passes, whose fills are rounded to whole levels
    assert np.sqrt(np.square(difference[mask]).mean()) < 2 * (127.5 * UNIT_ROUNDOFF + np.sqrt(2 / 12))


def test_synthesised_fills_of_both_runtimes_have_the_same_colours_and_the_same_detail(bundled):
    mask = thick_hole()
    one, other = fills_of_both_runtimes(bundled[0], picture("RGB", (300, 260)), mask)
    assert np.array_equal(one[~mask], other[~mask])
    assert np.abs(one[mask].mean(0) - other[mask].mean(0)).max() < 8  # of 255: other patches fit equally well
    assert np.allclose(one[mask].std(0), other[mask].std(0), rtol=0.1)
