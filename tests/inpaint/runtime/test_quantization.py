"""Convolutions in 8-bit integers compute nearly what those in floats do, on every x86 CPU the same."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from inpaint.damage import BUNDLED_DAMAGE
from inpaint.hub.files import read_folder
from inpaint.hub.weights import BUNDLED, load_weights
from inpaint.networks.activation_ranges import RANGES_FILE, ConvRanges, read_ranges
from inpaint.networks.config import damage_config_from_dict
from inpaint.networks.errors import WeightsError
from inpaint.runtime import damage_runtimes, onnxruntime, openvino
from inpaint.runtime.damage_graph import damage_graph
from inpaint.runtime.damage_runtimes import OpenVinoDamage, load_damage_runtime
from inpaint.runtime.free_form_graph import free_form_graph
from inpaint.runtime.graph_generators import graph_generator
from inpaint.runtime.onnx_file import Graph
from inpaint.runtime.onnxruntime import OnnxRuntimeRuntime, open_session
from inpaint.runtime.openvino import OpenVinoRuntime
from inpaint.runtime.quantization import int8_is_fast, quantized_input, quantized_weights
from inpaint.segmentation.network_input import unshuffled_with_contrast
from train.calibrate import Observer
from train.damage.evaluate import scratched_photo
from train.masks.families import free_form_strokes

from .crops import crop

ON_X86 = pytest.mark.skipif(not int8_is_fast(), reason="other CPUs compute in floats")


def damage_network():
    return read_folder(BUNDLED_DAMAGE, "The bundled damage weights", damage_config_from_dict)


def masked_photo():
    image = scratched_photo(320, 256, 0).transpose(2, 0, 1)[None].astype(np.float32) / np.float32(127.5) - 1
    mask = np.zeros((1, 1, 256, 320), np.float32)
    mask[..., 60:68, 40:280] = mask[..., 30:220, 150:156] = mask[..., 120:200, 60:140] = 1
    return image * (1 - mask), mask


def levels_off(found, exact, mask):
    """Root mean square over the hole, in levels of 255."""
    return 127.5 * np.sqrt(((found - exact)[np.broadcast_to(mask, exact.shape) > 0] ** 2).mean())


@pytest.fixture
def float32(monkeypatch):
    """OpenVINO without bfloat16, whose rounding would hide what 8-bit integers change."""
    monkeypatch.setattr(openvino, "_has_bfloat16", lambda core: False)


@ON_X86
def test_fills_in_8_bit_integers_differ_by_less_than_a_level(float32):
    weights = load_weights("bundled")
    masked_image, mask = masked_photo()
    exact = OpenVinoRuntime(weights._replace(ranges={}))(masked_image, mask)
    runtime = OpenVinoRuntime(weights)
    assert 0.01 < levels_off(runtime(masked_image, mask), exact, mask) < 1
    assert runtime.name == "OpenVINO, int8 and float32"
    assert OpenVinoRuntime(load_weights("bundled-thin")).name == "OpenVINO, float32"


@ON_X86
def test_the_same_damage_is_found_in_8_bit_integers(float32):
    config, tensors = damage_network()
    pixels = scratched_photo(320, 256, 8)
    exact = OpenVinoDamage(damage_graph(config, tensors))(pixels)
    found = load_damage_runtime(config, tensors, read_ranges(BUNDLED_DAMAGE))(pixels)
    assert not np.array_equal(found, exact)
    either = (found > 0) | (exact > 0)
    assert either.sum() > 400
    assert ((found > 0) & (exact > 0)).sum() > 0.95 * either.sum()
    assert np.sqrt(((found - exact)[either] ** 2).mean()) < 0.4


@ON_X86
def test_fills_of_onnx_runtime_in_8_bit_integers_differ_by_less_than_a_level():
    weights = load_weights("bundled")
    masked_image, mask = masked_photo()
    runtime = OnnxRuntimeRuntime(weights)
    exact = OnnxRuntimeRuntime(weights._replace(ranges={}))(masked_image, mask)
    assert 0.01 < levels_off(runtime(masked_image, mask), exact, mask) < 0.6
    assert runtime.name == "ONNX Runtime, int8 and float32"
    assert OnnxRuntimeRuntime(load_weights("bundled-thin")).name == "ONNX Runtime, float32"


def test_onnx_runtime_computes_what_has_no_range_of_outputs_in_floats():
    weights = load_weights("bundled")
    masked_image, mask, _ = crop(64, 96)
    inputs_only = {name: ranges._replace(output=None) for name, ranges in weights.ranges.items()}
    exact = OnnxRuntimeRuntime(weights._replace(ranges={}))(masked_image, mask)
    runtime = OnnxRuntimeRuntime(weights._replace(ranges=inputs_only))
    assert np.array_equal(runtime(masked_image, mask), exact)
    assert runtime.name == "ONNX Runtime, float32"


def test_other_cpus_than_x86_compute_in_floats(monkeypatch):
    assert int8_is_fast("x86_64") and int8_is_fast("AMD64")
    assert not int8_is_fast("arm64") and not int8_is_fast("aarch64")
    config, tensors = damage_network()
    pixels = scratched_photo(96, 96, 2)
    monkeypatch.setattr(damage_runtimes, "int8_is_fast", lambda: False)
    found = load_damage_runtime(config, tensors, read_ranges(BUNDLED_DAMAGE))(pixels)
    assert np.array_equal(found, OpenVinoDamage(damage_graph(config, tensors))(pixels))
    monkeypatch.setattr(openvino, "int8_is_fast", lambda: False)
    assert "int8" not in OpenVinoRuntime(load_weights("bundled")).name
    monkeypatch.setattr(onnxruntime, "int8_is_fast", lambda: False)
    assert OnnxRuntimeRuntime(load_weights("bundled")).name == "ONNX Runtime, float32"


def test_only_bundled_weights_have_ranges(tmp_path):
    assert load_weights("bundled").ranges
    for file in ("config.json", "model.safetensors", RANGES_FILE):
        (tmp_path / file).write_bytes((BUNDLED / file).read_bytes())
    weights = load_weights(tmp_path)
    assert weights.ranges is None  # its weights may be others than those whose ranges these are
    assert pickle.loads(pickle.dumps(weights)).source == str(tmp_path)
    assert int8_is_fast() == ("int8" in OpenVinoRuntime(load_weights("bundled")).name)
    assert "int8" not in OpenVinoRuntime(weights).name


@pytest.mark.parametrize(
    "content",
    [
        '{"a": ',
        "[]",
        '{"a": 3}',
        '{"a": [1]}',
        '{"a": [0, 0]}',
        '{"a": [1, 2]}',
        '{"a": [0, Infinity]}',
        '{"a": [0, 1, 2]}',
        '{"a": [0, 1, 0, 0]}',
        '{"a": [0, 1, 0, 1, 0]}',
    ],
)
def test_a_damaged_file_of_ranges_is_named(content, tmp_path):
    (tmp_path / RANGES_FILE).write_text(content)
    with pytest.raises(WeightsError, match=f"{RANGES_FILE} holds no ranges of activations"):
        read_ranges(tmp_path)


def test_ranges_of_another_network_are_refused():
    weights = load_weights("bundled")
    with pytest.raises(ValueError, match="a range of stem.9"):
        free_form_graph(weights.config, weights.tensors, {"stem.9": ConvRanges((0.0, 1.0))})
    with pytest.raises(ValueError, match="a range of stem.9"):
        damage_graph(*damage_network(), {"stem.9": ConvRanges((0.0, 1.0))})


def check_fit(ranges, observed):
    """What is seen in a few pictures lies in the ranges, and fills a good part of most of them."""
    assert set(ranges) <= set(observed)
    pairs = [
        (expected, seen)
        for name in ranges
        for expected, seen in zip(ranges[name], observed[name], strict=True)
        if expected is not None
    ]
    parts = np.array([max(np.abs(seen)) / max(np.abs(expected)) for expected, seen in pairs])
    assert 0.4 < np.median(parts) < 1.1
    assert parts.min() > 0.05 and parts.max() < 1.5
    assert all((expected[0] < 0) == (seen[0] < -1e-6) for expected, seen in pairs)


def test_the_ranges_are_those_of_the_bundled_damage_network():
    config, tensors = damage_network()
    observer = Observer(damage_graph(config, tensors, observed=True))
    for count in range(4, 8):
        observer({"unshuffled": unshuffled_with_contrast(scratched_photo(256, 256, count))[None]})
    ranges = read_ranges(BUNDLED_DAMAGE)
    assert set(ranges) == set(observer.ranges)
    check_fit(ranges, observer.ranges)


def test_the_ranges_are_those_of_the_bundled_generator():
    weights = load_weights("bundled")
    observer, generator = Observer(graph_of(weights)), graph_generator(weights.config)
    for seed in range(4):
        image = scratched_photo(256, 192, 4 + seed).transpose(2, 0, 1)[None].astype(np.float32) / np.float32(127.5) - 1
        hole = free_form_strokes(192, 256, np.random.default_rng(seed))[None, None].astype(np.float32)
        generator.predict(observer, image * (1 - hole), hole, None)
    check_fit(weights.ranges, observer.ranges)


def graph_of(weights):
    return free_form_graph(weights.config, weights.tensors, observed=True)


@pytest.mark.parametrize(("low", "high"), [(0.0, 5.0), (-3.0, 5.0), (-5.0, 3.0)])
def test_an_input_is_rounded_to_its_range(low, high):
    graph = Graph("one value")
    x = graph.input("x", ["n"])
    graph.output(quantized_input(graph, x, (low, high)), "y", ["n"])
    values = np.linspace(-8, 8, 2001, dtype=np.float32)
    (rounded,) = open_session(graph.to_bytes()).run(None, {"x": values})
    step = 5 / (127 if low < 0 else 255)
    least = 0.0 if low == 0 else -5 - step  # int8 has one more value below 0
    assert np.allclose(rounded, np.clip(values, least, 5), atol=0.51 * step)
    assert len(np.unique(rounded)) == 256


def test_weights_take_seven_bits_and_a_scale_for_each_output():
    rng = np.random.default_rng(0)
    weight = rng.normal(0, 1, (8, 4, 3, 3)).astype(np.float32) * 10.0 ** np.arange(-4, 4).reshape(-1, 1, 1, 1)
    weight[3] = 0
    graph = Graph("weights")
    graph.output(quantized_weights(graph, weight), "y", list(weight.shape))
    (rounded,) = open_session(graph.to_bytes()).run(None, {})
    largest = np.abs(weight).max((1, 2, 3), keepdims=True)
    assert (np.abs(rounded - weight) <= 0.501 * largest / 63 + 1e-12).all()
    steps = np.abs(rounded) * 63 / np.maximum(largest, 1e-8)
    assert np.allclose(steps, np.rint(steps), atol=1e-3)
    assert (np.rint(steps).max((1, 2, 3)) == np.where(largest.ravel() > 0, 63, 0)).all()


WHITE = """
import numpy as np
from inpaint.networks.activation_ranges import ConvRanges
from inpaint.runtime import openvino, quantization
from inpaint.runtime.graph_layers import GraphLayers
from inpaint.runtime.onnx_file import Graph

def middle(largest_weight):
    quantization._LARGEST_WEIGHT = largest_weight
    graph = Graph("one convolution")
    x = graph.input("x", [1, 32, "rows", "columns"])
    layers = GraphLayers(graph, {}, {"conv": ConvRanges((0.0, 5.0))})
    y = layers.conv(x, np.full((32, 32, 3, 3), 0.5, np.float32), name="conv")
    graph.output(y, "y", [1, 32, "rows", "columns"])
    model, _ = openvino.compile_graph(graph.to_bytes(), half=False)
    (result,) = model({"x": np.full((1, 32, 24, 24), 5, np.float32)}).values()
    return float(result[0, 0, 12, 12])

print(middle(quantization._LARGEST_WEIGHT), middle(127))
"""


@ON_X86
def test_the_largest_sums_are_exact_on_a_cpu_without_vnni():
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"}
    run = subprocess.run([sys.executable, "-c", WHITE], env=environment, capture_output=True, text=True, check=True)
    seven_bits, eight_bits = map(float, run.stdout.split())
    assert seven_bits == pytest.approx(5 * 0.5 * 9 * 32, rel=1e-5)
    assert eight_bits < 0.6 * seven_bits  # what saturation would do, so that this CPU can show it
