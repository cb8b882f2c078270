#!/usr/bin/env bash
# huggingface_hub 2.4.0: a ModelCard with two models in its model-index gives the first model's results to the second.
#
# Expected: ModelCard reads a model-index with two entries (it is a list) and writes two, or refuses it.
# Seen: the results of both are joined and the last name is kept. After an unchanged load and save, the first model's score
# stands under the second model's name, without an error or a warning. RepoCard keeps the index as it is.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet huggingface_hub==2.4.0
"$folder/venv/bin/python" - <<'PYTHON'
from huggingface_hub import ModelCard, RepoCard

def entry(name, value):
    return (
        f"- name: {name}\n  results:\n  - task: {{type: image-to-image}}\n"
        f"    dataset: {{type: photos, name: Photos}}\n    metrics: [{{type: psnr, value: {value}}}]\n"
    )

def scores(card):
    index = card.data.to_dict()["model-index"]
    return [(model["name"], m["value"]) for model in index for result in model["results"] for m in result["metrics"]]

text = f"---\nmodel-index:\n{entry('small', 20.0)}{entry('large', 25.0)}---\n# Models\n"
seen = [scores(kind(str(kind(text)))) for kind in (RepoCard, ModelCard)]
print("loaded, saved and loaded again: RepoCard {}, ModelCard {}".format(*seen))
assert seen == [[("small", 20.0), ("large", 25.0)], [("large", 20.0), ("large", 25.0)]], "the behaviour has changed"
PYTHON
