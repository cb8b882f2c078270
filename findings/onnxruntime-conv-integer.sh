#!/usr/bin/env bash
# onnxruntime 1.32.0, onnx 1.23.2: quantize_dynamic makes a network of convolutions seven times as slow as it was.
#
# Expected: it makes the network faster, or leaves its speed at least. The ConvInteger that it writes multiplies
# integers of 8 bits, as QLinearConv does.
# Seen (x86-64, one thread): QLinearConv takes a third of the time of the Conv of floats, ConvInteger seven times as
# long as Conv, with the same weights (int8, the default) and input. So does a whole network. The result is right.
# What is slow are signed weights: the same values as uint8 (weight_type=QuantType.QUInt8) take a quarter of that time,
# still more than in floats. QLinearConv is the other way round, fast with int8 and slow with uint8. By quantize_static,
# the network takes 0.4 of the time in floats.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
[ "$(uname -m)" = x86_64 ] || { echo "was seen on x86-64 only"; exit 1; }
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import logging
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_dynamic, quantize_static

folder = Path(sys.argv[1])
logging.disable(logging.WARNING)  # the quantizer's advice to optimise the model first
rng = np.random.default_rng(0)
SHAPE = (1, 48, 256, 256)
FLOAT, UINT8, INT32 = TensorProto.FLOAT, TensorProto.UINT8, TensorProto.INT32


class Calibration(CalibrationDataReader):
    def __init__(self, photo):
        self.rest = iter([{"photo": photo}])

    def get_next(self):
        return next(self.rest, None)


def graph_of(nodes, stored, kinds):
    values = [helper.make_tensor_value_info(*pair, SHAPE) for pair in zip(("photo", "result"), kinds, strict=True)]
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in stored.items()]
    graph = helper.make_graph(nodes, "layers", values[:1], values[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def layer(kind, inputs, stored, kinds):
    return graph_of([helper.make_node(kind, inputs.split(), ["result"], pads=[1] * 4)], stored, kinds)


def measured(content, photo):
    """Return the least time of five passes on one thread, and the result."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    session.run(None, {"photo": photo})
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        (result,) = session.run(None, {"photo": photo})
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def report(what, seconds, of):
    print(f"{what}: {1000 * seconds:.0f} ms, {seconds / of:.2f} times as long as in floats")


# one layer: the same integers everywhere
signed = rng.integers(-64, 64, (48, 48, 3, 3)).astype(np.int8)  # 7 bits, so that CPUs without VNNI do not saturate
unsigned = (signed.astype(np.int16) + 128).astype(np.uint8)
photo = rng.integers(0, 256, SHAPE).astype(np.uint8)
middle, one, step = np.uint8(128), np.float32(1), np.float32(4000)
content = layer("Conv", "photo weights", {"weights": signed.astype(np.float32)}, (FLOAT, FLOAT))
in_floats, exact = measured(content, photo.astype(np.float32) - 128)
times = {}
for weights, zero in ((signed, np.int8(0)), (unsigned, middle)):
    stored = {"weights": weights, "middle": middle, "zero": zero, "one": one, "step": step}
    part = {name: stored[name] for name in ("weights", "middle", "zero")}
    integer = layer("ConvInteger", "photo weights middle zero", part, (UINT8, INT32))
    linear = layer("QLinearConv", "photo one middle weights one zero step middle", stored, (UINT8, UINT8))
    for kind, content in (("ConvInteger", integer), ("QLinearConv", linear)):
        case = kind, str(weights.dtype)
        times[case], result = measured(content, photo)
        report(" of ".join(case), times[case], in_floats)
        if kind == "ConvInteger":
            assert np.array_equal(result, exact), "the behaviour has changed"
        else:
            assert np.abs(result - np.clip(exact / step + 128, 0, 255)).max() < 0.51, "the behaviour has changed"

# two layers, quantized
nodes = [
    helper.make_node("Conv", ["photo", "first"], ["middle"], pads=[1] * 4),
    helper.make_node("Relu", ["middle"], ["positive"]),
    helper.make_node("Conv", ["positive", "second"], ["result"], pads=[1] * 4),
]
stored = {name: (rng.standard_normal((48, 48, 3, 3)) / 20).astype(np.float32) for name in ("first", "second")}
path = folder / "float.onnx"
path.write_bytes(graph_of(nodes, stored, (FLOAT, FLOAT)))
quantize_dynamic(path, folder / "dynamic.onnx")
quantize_dynamic(path, folder / "dynamic uint8.onnx", weight_type=QuantType.QUInt8)
photo = rng.random(SHAPE, dtype=np.float32)
quantize_static(path, folder / "static.onnx", Calibration(photo))
as_it_was, _ = measured(path.read_bytes(), photo)
for name in ("dynamic", "dynamic uint8", "static"):
    times[name], _ = measured((folder / f"{name}.onnx").read_bytes(), photo)
    report(f"network, {name}", times[name], as_it_was)

slow, fast = times["ConvInteger", "int8"], times["QLinearConv", "int8"]
assert slow > 3 * in_floats and times["dynamic"] > 3 * as_it_was, "the behaviour has changed"
assert slow > 2 * times["ConvInteger", "uint8"], "the behaviour has changed"
assert times["dynamic"] > 2 * times["dynamic uint8"], "the behaviour has changed"
assert slow > 4 * fast and times["dynamic"] > 4 * times["static"], "the behaviour has changed"
PYTHON
