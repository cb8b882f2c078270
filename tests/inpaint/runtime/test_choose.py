"""Fills of the runtimes differ by the rounding errors of their number formats only."""

import copy
import math
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from inpaint.engine.filler import Filler
from inpaint.hub.weights import load_generator
from inpaint.inpainter import Inpainter
from inpaint.networks.config import ContextEncoderConfig, FreeFormConfig
from inpaint.networks.generators import build_generator
from inpaint.runtime import choose as runtime
from inpaint.runtime.choose import OpenVinoRuntime, PyTorchRuntime, choose_runtime
from tests.inpaint.networks.test_generators import with_random_weights
from tests.inpaint.runtime.rounding import LARGEST_DEVIATION, bfloat16_bound, rms
from tests.pictures import picture

CPU = torch.device("cpu")
SMALL = FreeFormConfig(channels=(8, 12, 16), blocks=2, attention_every=1, expansion=2, key_channels=8)


def small():
    return with_random_weights(build_generator(SMALL)).eval()


def crop(height, width, seed=0):
    torch.manual_seed(seed)
    image, mask = torch.rand(1, 3, height, width) * 2 - 1, torch.zeros(1, 1, height, width)
    mask[..., height // 4 : height // 2, width // 4 : -3] = 1
    return image * (1 - mask), mask, torch.rand(1, 3, height, width) * 2 - 1


def rounded(x, bits):
    """Values rounded to a number of significant bits."""
    mantissa, exponent = torch.frexp(x)
    return torch.ldexp((mantissa * 2**bits).round() / 2**bits, exponent)


@pytest.fixture(scope="module")
def bundled():
    generator = load_generator().generator
    return generator, choose_runtime(generator, CPU, "openvino")


@pytest.mark.parametrize("size", [(128, 128), (256, 192), (512, 512), (16, 320)])
def test_openvino_differs_from_pytorch_by_rounding_at_every_size(bundled, size):
    generator, faster = bundled
    masked_image, mask, noise = crop(*size)
    for coarse_fill in ((), (noise,)):
        with torch.inference_mode():
            expected = generator(masked_image, mask, *coarse_fill)
            difference = faster(masked_image, mask, *coarse_fill) - expected
            initial = generator.initial_fill(masked_image, mask, *coarse_fill)
        bound = bfloat16_bound(generator, initial, expected)
        assert rms(difference) < bound.rms
        assert difference.abs().max() < bound.largest


@pytest.mark.parametrize(("bits", "is_within"), [(8, True), (5, False)])
def test_the_bound_holds_for_8_significant_bits_and_not_for_5(bundled, bits, is_within):
    generator, _ = bundled
    masked_image, mask, _ = crop(128, 128)
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


def test_a_fill_differs_from_pytorch_by_rounding_in_every_pass(bundled):
    """Each pass is compared from the same input, and the last one with the differences of all passes added up."""
    generator, faster = bundled
    photo, mask = np.asarray(picture("RGB", (300, 260))), np.zeros((260, 300), bool)
    mask[30:200, 40:220] = True
    bounds = []

    def compared(masked_image, mask, *coarse_fill):
        expected = generator(masked_image, mask, *coarse_fill)
        difference = (faster(masked_image, mask, *coarse_fill) - expected)[hole := mask.expand_as(expected) > 0]
        initial = generator.initial_fill(masked_image, mask, *coarse_fill)
        bounds.append(bfloat16_bound(generator, initial[hole], expected[hole]))
        assert rms(difference) < bounds[-1].rms
        assert difference.abs().max() < bounds[-1].largest
        return expected

    def filled(runtime):
        pixels = photo.astype(int)
        for fill in Filler(generator, runtime).without_texture().fills(photo, mask):
            area = pixels[fill.top :, fill.left :][: fill.pixels.shape[0], : fill.pixels.shape[1]]
            area[fill.hole] = fill.pixels[fill.hole]
        return pixels

    expected = filled(compared)
    assert len(bounds) == 2
    difference = filled(faster) - expected
    assert not difference[~mask].any()
    # In levels of 255. Each pass rounds both fills to whole levels: two errors with a variance of 1/12 each.
    bound = sum(127.5 * bound.rms + math.sqrt(2 / 12) for bound in bounds)
    assert rms(torch.from_numpy(difference[mask]).double()) < bound
    assert np.abs(difference).max() <= LARGEST_DEVIATION * bound


def fills_of_both_runtimes(generator, photo, mask, synthesis):
    """The fills by PyTorch and by OpenVINO, which round differently."""
    for name in ("pytorch", "openvino"):
        inpainter = Inpainter(generator, device="cpu", runtime=name)
        if not synthesis:
            inpainter = inpainter.with_fills(inpainter.filler.without_synthesis().fills)
        yield np.asarray(inpainter(photo, mask)).astype(int)


def thick_hole():
    mask = np.zeros((260, 300), bool)
    mask[30:200, 40:220] = True
    return mask


def test_textured_fills_of_both_runtimes_are_similar(bundled):
    mask = thick_hole()
    one, other = fills_of_both_runtimes(bundled[0], picture("RGB", (300, 260)), mask, synthesis=False)
    difference = np.abs(one - other)
    assert not difference[~mask].any()
    assert difference[mask].mean() < 8  # of 255: of two patches that fit equally well either may be copied


def test_synthesised_fills_of_both_runtimes_have_the_same_colours_and_the_same_detail(bundled):
    mask = thick_hole()
    one, other = fills_of_both_runtimes(bundled[0], picture("RGB", (300, 260)), mask, synthesis=True)
    assert np.array_equal(one[~mask], other[~mask])
    assert np.abs(one[mask].mean(0) - other[mask].mean(0)).max() < 8  # of 255: other patches fit equally well
    assert np.allclose(one[mask].std(0), other[mask].std(0), rtol=0.1)


def test_many_threads_may_call_openvino_at_the_same_time():
    generator = small()
    faster = OpenVinoRuntime(generator)
    crops = [crop(64, 96, seed) for seed in range(8)]
    alone = [faster(*one) for one in crops]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda one: faster(*one), crops * 3))
    assert all(torch.equal(a, b) for a, b in zip(alone * 3, together, strict=True))


def test_where_bfloat16_is_disabled_openvino_computes_in_float32():
    def compile_model(network, device, settings):
        if settings["INFERENCE_PRECISION_HINT"] == "bf16":
            raise RuntimeError("Supported primitive descriptors list is empty")
        return "model"

    core = SimpleNamespace(compile_model=compile_model)
    assert runtime._compiled(core, None, ["bf16", "f32"]) == ("model", "f32")
    with pytest.raises(RuntimeError):
        runtime._compiled(core, None, ["bf16"])


def test_without_the_openvino_package_pytorch_runs_the_generator(monkeypatch):
    monkeypatch.setattr(runtime.importlib.util, "find_spec", lambda name: None)
    assert isinstance(choose_runtime(small(), CPU), PyTorchRuntime)
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ValueError, match="pip install openvino onnx"):
        choose_runtime(small(), CPU, "openvino")


def test_openvino_is_chosen_where_it_is_faster(monkeypatch):
    monkeypatch.setattr(runtime, "_is_faster", lambda *_: True)
    assert "OpenVINO" in choose_runtime(small(), CPU).name
    monkeypatch.setattr(runtime, "_is_faster", lambda *_: False)
    assert choose_runtime(small(), CPU).name == "PyTorch"


def test_if_openvino_fails_pytorch_is_used_with_a_warning(monkeypatch):
    monkeypatch.setattr(runtime, "_is_faster", lambda *_: True)

    def broken(*_):
        raise RuntimeError("no such operation")

    monkeypatch.setattr(runtime, "to_onnx", broken)
    with pytest.warns(UserWarning, match="no such operation"):
        assert choose_runtime(small(), CPU).name == "PyTorch"


def test_other_networks_and_devices_are_run_by_pytorch():
    paper = build_generator(ContextEncoderConfig(channels=4, bottleneck_channels=8)).eval()
    assert choose_runtime(paper, CPU).name == "PyTorch"
    assert choose_runtime(small(), torch.device("meta")).name == "PyTorch"
    with pytest.raises(ValueError, match="on a CPU only"):
        choose_runtime(paper, CPU, "openvino")
    with pytest.raises(ValueError, match="'tensorrt'.*auto, pytorch or openvino"):
        choose_runtime(paper, CPU, "tensorrt")
