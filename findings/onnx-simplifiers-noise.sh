#!/usr/bin/env bash
# onnxsim 0.8.1, onnxslim 0.1.98, onnxoptimizer 0.4.2: two noises of a network become one noise, or no noise at all.
#
# Expected: a simplified model computes what the model computes. Two RandomNormalLike nodes draw two independent noises, as
# the layers of a generator do, and each run draws anew, as a latent vector from RandomNormal does.
# Seen: two noise nodes with equal inputs and attributes count as the same computation, and one of them is removed: both
# layers get the same values, so that their difference is 0 all over. onnxslim also runs RandomNormal, which has no
# inputs, once and stores its values: each run returns the same, for good. No warning; onnxsim's comparison with the
# original (check_n) returns True. ONNX Runtime keeps noises apart, but two Bernoulli masks only where its optimisations
# are off. Make noise an input of the model; a `seed` attribute that differs keeps two nodes apart.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet onnxsim==0.8.1 onnxslim==0.1.98 onnxoptimizer==0.4.2 onnx==1.23.2 \
    onnxruntime==1.32.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxoptimizer
import onnxruntime
import onnxsim
import onnxslim
from onnx import helper

SHAPE = (1, 1, 64, 64)


def network(kind, *seeds):
    """Add a noise to each of two layers; the outputs are what was added."""
    inputs, attributes = ([], {"shape": SHAPE}) if kind == "RandomNormal" else (["layer"], {})
    nodes = []
    for name, seed in zip(("first", "second"), seeds or (None, None), strict=True):
        seeded = attributes if seed is None else {**attributes, "seed": seed}
        nodes += [
            helper.make_node(kind, inputs, [f"{name} noise"], **seeded),
            helper.make_node("Add", ["layer", f"{name} noise"], [f"{name} sum"]),
            helper.make_node("Sub", [f"{name} sum", "layer"], [name]),
        ]
    values = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, SHAPE) for name in ("layer", "first", "second")]
    graph = helper.make_graph(nodes, "noise", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def ran(model, optimise=False):
    """Say whether the two noises of a run differ, and whether two runs do."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if not optimise:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    layer = np.full(SHAPE, 0.5, np.float32)
    (first, second), (again, _) = (session.run(None, {"layer": layer}) for _ in range(2))
    return not np.allclose(first, second, atol=1e-5), not np.allclose(first, again, atol=1e-5)


tools = {
    "onnxsim": lambda model: onnxsim.simplify(model)[0],
    "onnxslim": onnxslim.slim,
    "onnxoptimizer": onnxoptimizer.optimize,
}
seen = {}
for kind in ("RandomNormalLike", "RandomNormal", "Bernoulli"):
    seen[kind, "as exported"] = ran(network(kind))
    seen[kind, "ONNX Runtime"] = ran(network(kind), optimise=True)
    seen.update({(kind, name): ran(tool(network(kind))) for name, tool in tools.items()})
for (kind, name), (noises, runs) in seen.items():
    print(f"{kind}, {name}: two noises {'differ' if noises else 'are one'}, two runs {'differ' if runs else 'are equal'}")
checked = onnxsim.simplify(network("RandomNormalLike"), check_n=3)[1]
seeded = [ran(tool(network("RandomNormalLike", 1.0, 2.0)))[0] for tool in tools.values()]
print("onnxsim with check_n=3 returns", checked, "- noises with two seeds stay apart:", seeded)
both, one, frozen = (True, True), (False, True), (True, False)
expected = {
    "RandomNormalLike": [both, both, one, one, one],
    "RandomNormal": [both, both, one, frozen, one],
    "Bernoulli": [both, one, one, one, one],
}
assert list(seen.values()) == sum(expected.values(), []), "the behaviour has changed"
assert checked and all(seeded), "the behaviour has changed"
PYTHON
