"""The cards of the bundled weights, as huggingface_hub reads them."""

import re

import pytest
from huggingface_hub import ModelCard, RepoCard
from huggingface_hub.repocard_data import eval_results_to_model_index

from inpaint.hub.weights import BUNDLED

CARDS = sorted(BUNDLED.rglob("README.md"))


@pytest.fixture(params=CARDS, ids=lambda path: path.parent.name)
def text(request):
    return request.param.read_text(encoding="utf-8")


def test_every_folder_of_weights_has_a_card():
    assert {path.parent for path in BUNDLED.rglob("model.safetensors")} == {path.parent for path in CARDS}


def test_the_metadata_is_what_huggingface_hub_reads_and_writes(text):
    data = ModelCard(text, ignore_metadata_errors=False).data
    raw = RepoCard(text).data.to_dict()
    assert data.to_dict() == raw
    assert eval_results_to_model_index(data.model_name, data.eval_results) == raw["model-index"]


def test_every_result_has_its_task_dataset_and_name_and_stands_in_the_text(text):
    card = ModelCard(text)
    results = [(result.dataset_type, result.metric_type, result.metric_name) for result in card.data.eval_results]
    assert len(results) == len(set(results)), "a figure is stated twice"
    stated = {float(number) for number in re.findall(r"(?<![\w.])\d+\.\d+(?![\w.]*\.\d)", card.text)}
    for result in card.data.eval_results:
        assert result.task_name and result.dataset_name and result.metric_name
        assert result.task_type == card.data.pipeline_tag
        assert result.metric_value in stated, f"{result.metric_type} {result.metric_value} is not in the text"
