"""The graph computes what the module in PyTorch computes, in both libraries, and its window changes nothing inside."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from inpaint.hub.weights import load_generator
from inpaint.networks.config import FreeFormConfig
from inpaint.runtime.free_form_graph import CELL_PX, REACH_PX, free_form_graph
from inpaint.runtime.openvino import compile_graph
from inpaint.runtime.source import tensors_of
from tests.inpaint.runtime.crops import SMALL, crop, small

CONFIGS = [
    SMALL,
    FreeFormConfig(channels=(7, 10, 12), blocks=1, attention_every=1, attention_heads=3, expansion=1, key_channels=3),
    FreeFormConfig(channels=(4, 6, 8), blocks=5, attention_every=2, attention_heads=2, expansion=4, key_channels=0),
    FreeFormConfig(channels=(20, 9, 16), blocks=2, attention_every=0, expansion=2, key_channels=40),
    FreeFormConfig(channels=(6, 8, 12), blocks=3, attention_every=1, expansion=2, deep_blocks=2, deep_channels=10),
]


def onnx_runtime(content):
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(None, inputs)[0]


def openvino_float32(content):
    model, _ = compile_graph(content, half=False)
    return lambda inputs: next(iter(model(inputs).values()))


LIBRARIES = [onnx_runtime, openvino_float32]


def compared(run, generator, initial, mask, window):
    """The residual in the window, and the one that PyTorch computes."""
    inputs = {"initial_fill": initial, "mask": mask, "window": np.array(window)}
    with torch.inference_mode():
        refined = generator.train().refine(torch.from_numpy(initial), torch.from_numpy(mask)).numpy()
    top, left, bottom, right = (edge * CELL_PX for edge in window)
    return run(inputs), (refined - initial)[..., top:bottom, left:right]


@pytest.fixture(scope="module")
def bundled():
    return load_generator().generator


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_every_config_computes_what_pytorch_computes(config, library):
    generator = small(config)
    content = free_form_graph(config, tensors_of(generator))
    onnx.checker.check_model(onnx.load_model_from_string(content), full_check=True)
    run = library(content)
    for height, width, batch in ((16, 16, 1), (48, 80, 2), (96, 32, 1)):
        _, mask, initial = crop(height, width, batch=batch)
        actual, expected = compared(run, generator, initial, mask, (0, 0, height // CELL_PX, width // CELL_PX))
        assert np.abs(expected).max() > 0.05
        assert np.allclose(actual, expected, atol=1e-4)


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_bundled_generator_computes_what_pytorch_computes(bundled, library):
    run = library(free_form_graph(bundled.config, tensors_of(bundled)))
    for height, width in ((128, 128), (64, 240)):
        _, mask, initial = crop(height, width)
        actual, expected = compared(run, bundled, initial, mask, (0, 0, height // CELL_PX, width // CELL_PX))
        assert np.abs(actual - expected).max() < 1e-4


def test_the_result_is_right_up_to_the_reach_from_edges_in_the_picture_and_wrong_closer_by():
    generator = small()
    _, mask, initial = crop(160, 192)
    mask[:] = 0
    mask[..., 70:90, 70:110] = 1
    window = (2, 3, 8, 12)
    run = onnx_runtime(free_form_graph(SMALL, tensors_of(generator)))
    actual, expected = compared(run, generator, initial, mask, window)
    wrong = np.abs(actual - expected).max((0, 1)) > 1e-5
    # the right edge is the picture's
    assert not wrong[REACH_PX:-REACH_PX, REACH_PX:].any()
    assert wrong[REACH_PX - 1].any() and wrong[-REACH_PX].any() and wrong[:, REACH_PX - 1].any()
