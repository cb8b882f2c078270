#!/usr/bin/env bash
# onnxruntime 1.32.0, openvino 2026.4.1, onnx 1.23.2: ONNX Runtime computes at each run what no output depends on.
#
# Expected: if a network's second output (a mask, a coarse picture) is taken out of graph.output, the branch that led to
# it is no longer computed. If it stays there, run(["picture"]) computes what "picture" needs, or does at least with
# RunOptions.only_execute_path_to_fetches, which promises that.
# Seen: at every level of optimisation, weights that nobody reads are removed and operators are not. The profile has the
# branch in each run, and a run is about as long as before. With both outputs, run(["picture"]) computes the branch as
# well, and only_execute_path_to_fetches changes nothing. OpenVINO leaves the branch out once its output is taken out.
# Cut the graph down before, for instance by onnx.utils.Extractor: a run takes 0.3 ms instead of 12 ms here.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet onnxruntime==1.32.0 openvino==2026.4.1 onnx==1.23.2 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import json
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import GraphOptimizationLevel

SHAPE = (1, 3, 512, 512)
RUNS = 5
OPERATORS = {"Relu": "picture", "Conv": "branch"}
ALL, NONE = GraphOptimizationLevel.ORT_ENABLE_ALL, GraphOptimizationLevel.ORT_DISABLE_ALL
photo = np.random.default_rng(0).standard_normal(SHAPE, dtype=np.float32)


def network(*outputs):
    """Make a picture by one operator, and beside it a mask by a branch with a convolution."""
    nodes = [
        helper.make_node("Relu", ["photo"], ["picture"]),
        helper.make_node("Conv", ["photo", "weights"], ["features"], pads=[3] * 4),
        helper.make_node("Sigmoid", ["features"], ["mask"]),
    ]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, SHAPE) for name in ("photo", *outputs)]
    stored = {"weights": (3, 3, 7, 7), "unread": (1000,)}
    tensors = [numpy_helper.from_array(np.full(shape, 0.01, np.float32), name) for name, shape in stored.items()]
    graph = helper.make_graph(nodes, "network", values[:1], values[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def by_onnxruntime(model, level=None, only_path=None):
    """Return how often each part was computed, the milliseconds of a run, and the weights that the session keeps."""
    options, run_options = onnxruntime.SessionOptions(), onnxruntime.RunOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    options.enable_profiling = True
    options.optimized_model_filepath = "optimised.onnx"
    if level is not None:
        options.graph_optimization_level = level
    if only_path is not None:
        run_options.only_execute_path_to_fetches = only_path
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        (picture,) = session.run(["picture"], {"photo": photo}, run_options)
        seconds.append(time.perf_counter() - start)
    assert np.array_equal(picture, np.maximum(photo, 0)), "the behaviour has changed"
    events = json.loads(Path(session.end_profiling()).read_text())
    names = [event["args"]["op_name"] for event in events if event["name"].endswith("_kernel_time")]
    kept = [tensor.name for tensor in onnx.load("optimised.onnx").graph.initializer]
    return {part: names.count(kind) for kind, part in OPERATORS.items() if kind in names}, 1000 * min(seconds), kept


def by_openvino(model):
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(model.SerializeToString()), "CPU", {"PERF_COUNT": True})
    request = compiled.create_infer_request()
    request.infer({"photo": photo})
    executed = {item.node_type for item in request.profiling_info if item.status == item.Status.EXECUTED}
    return "Convolution" in executed


both, one = network("picture", "mask"), network("picture")
extracted = onnx.utils.Extractor(both).extract_model(["photo"], ["picture"])
cases = {
    "both outputs in the graph": by_onnxruntime(both),
    "both outputs in the graph, only_execute_path_to_fetches": by_onnxruntime(both, only_path=True),
    "one output in the graph": by_onnxruntime(one),
    "one output in the graph, only_execute_path_to_fetches": by_onnxruntime(one, only_path=True),
    "one output in the graph, all optimisations": by_onnxruntime(one, ALL),
    "one output in the graph, no optimisations": by_onnxruntime(one, NONE),
    "extracted": by_onnxruntime(extracted),
}
for name, (counts, duration, kept) in cases.items():
    unread = "kept" if "unread" in kept else "removed"
    print(f"{name}: computed in {RUNS} runs: {counts}, {duration:.1f} ms a run, unread weights {unread}")
found = [by_openvino(model) for model in (both, one)]
print("OpenVINO computes the branch, with both outputs:", found[0], "- with one:", found[1])

*slow, (alone, duration, _) = cases.values()
assert all(counts == {"picture": RUNS, "branch": RUNS} for counts, _, _ in slow), "the behaviour has changed"
assert all("unread" not in kept for _, _, kept in slow), "the behaviour has changed"
assert alone == {"picture": RUNS} and min(case[1] for case in slow) > 3 * duration, "the behaviour has changed"
assert found == [True, False], "the behaviour has changed"
PYTHON
