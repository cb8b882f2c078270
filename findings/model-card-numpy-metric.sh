#!/usr/bin/env bash
# huggingface_hub 2.4.0 with numpy 2.4.6: a metric that is a NumPy number makes a model card that cannot be read again.
#
# Expected: np.mean() of scores serves as metric_value like a float, of which np.float64 is a subclass, or is refused.
# Seen: the card is written without an error and holds `value: !!python/object/apply:numpy...` with the number's bytes.
# Loading it raises ConstructorError, because the tag is not one of safe YAML. The same happens with a tuple in
# metric_args (!!python/tuple). Convert with float() and list() before building the EvalResult.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet huggingface_hub==2.4.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from huggingface_hub import EvalResult, ModelCard, ModelCardData

def read_again(value, args=None):
    result = EvalResult("image-to-image", "photos", "Photos", "psnr", value, metric_args=args)
    card = f"---\n{ModelCardData(model_name='model', eval_results=[result])}\n---\n# Model\n"
    try:
        return ModelCard(card).data.eval_results[0].metric_value
    except Exception as error:
        return type(error).__name__

seen = [
    read_again(float(np.mean([20.0, 21.0]))),
    read_again(np.mean([20.0, 21.0])),
    read_again(20.5, {"size": [256, 256]}),
    read_again(20.5, {"size": (256, 256)}),
]
print("read again: float {}, np.float64 {}, list {}, tuple {}".format(*seen))
assert seen == [20.5, "ConstructorError", 20.5, "ConstructorError"], "the behaviour has changed"
PYTHON
