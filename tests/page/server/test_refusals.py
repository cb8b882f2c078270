"""Models whose weights are refused: the reason is in the language of the page, for each kind of reason."""

import errno
import json
from typing import get_args

import httpx2
import pytest
import torch
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError
from safetensors.torch import load_file, save_file

from inpaint import Inpainter, WeightsError
from inpaint.hub import public
from inpaint.hub.weights import save_generator
from inpaint.networks.config import ContextEncoderConfig
from inpaint.networks.errors import Kind
from inpaint.networks.generators import build_generator
from page.server import model_files, models
from page.server.answers import error_answer
from page.server.errors import PageError
from page.server.model_files import ModelFiles
from page.server.models import Models
from page.server.refusals import MAX_REASON
from page.server.texts import LANGUAGES, TEXTS
from tests.hub.failures import http_error
from tests.inpaint.exploding import TINY, exploding
from tests.page.serving import GRADIO_WARNINGS, OneColour, serving

pytestmark = GRADIO_WARNINGS
CONFIG, WEIGHTS = "config.json", "model.safetensors"
HUB_ERRORS = {
    "gated": http_error(403, kind=GatedRepoError),
    "no_access": http_error(403),
    "missing": http_error(401, kind=RepositoryNotFoundError),
    "revision": http_error(404, kind=RevisionNotFoundError),
    "hub_failed": http_error(503),
    "unreachable": httpx2.ConnectError("refused"),
}


def with_config(folder, **values):
    (folder / CONFIG).write_text(json.dumps(json.loads((folder / CONFIG).read_text()) | values))


def without_weights(folder):
    (folder / WEIGHTS).unlink()


def with_pickle(folder):
    without_weights(folder)
    (folder / "pytorch_model.bin").write_bytes(b"pickle")


def with_tensor(folder, change):
    tensors = load_file(folder / WEIGHTS)
    save_file(tensors | {"to_rgb.bias": change(tensors["to_rgb.bias"])}, folder / WEIGHTS)


SPOILED = {
    "files": without_weights,
    "pickle": with_pickle,
    "config": lambda folder: (folder / CONFIG).write_text("not JSON"),
    "config_range": lambda folder: with_config(folder, blocks=int("9" * 1000)),
    "architecture": lambda folder: with_config(folder, architecture="bert"),
    "parameters": lambda folder: with_config(folder, channels=[512, 512, 512], blocks=64, expansion=8),
    "size": lambda folder: (folder / WEIGHTS).write_bytes(bytes(3_000_000)),
    "damaged": lambda folder: (folder / WEIGHTS).write_bytes(bytes(100)),
    "tensors": lambda folder: with_config(folder, blocks=2),
    "number_format": lambda folder: with_tensor(folder, lambda bias: bias.int()),
    "not_finite": lambda folder: save_generator(exploding(), folder, dtype=torch.float32),
}
"""What is wrong with weights that have been downloaded."""


def raise_full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device", "/tmp/secret/model.safetensors")


def run_out_of_time(repo_id, file, sha, folder, limit, limits):
    public._check_time(repo_id, limits._replace(deadline_s=0))


def prepare(monkeypatch, kind):
    """Let the Hub, or what it sends, be such that the weights of any repository are refused for this reason."""

    def raise_error(*_, **__):
        raise HUB_ERRORS[kind]

    def download(repo_id, sha, folder, limits):
        limits.check_space(10**12 if kind == "no_room" else 0)
        save_generator(build_generator(TINY), folder, dtype=torch.float32)
        SPOILED[kind](folder)

    if kind in HUB_ERRORS:
        monkeypatch.setattr(public, "commit_of", raise_error)
        return
    monkeypatch.setattr(models, "public_commit", lambda repo_id, revision: "c0ffee")
    if kind == "not_stored":
        monkeypatch.setattr(public, "_download_file", raise_full)
    elif kind == "too_slow":
        monkeypatch.setattr(public, "_download_file", run_out_of_time)
    else:
        monkeypatch.setattr(model_files, "download_public", download)


@pytest.mark.parametrize("kind", [kind for kind in get_args(Kind) if kind])
def test_each_kind_of_refusal_is_a_sentence_in_each_language(kind, tmp_path, monkeypatch):
    prepare(monkeypatch, kind)
    known = Models(Inpainter(OneColour()), files=ModelFiles(tmp_path / "models", min_free_bytes=0))
    with pytest.raises(PageError) as error:
        known.get("owner/name@v2")
    for language in LANGUAGES:
        answer = error_answer(error.value, "load_model", language)
        assert answer["code"] == f"refused_{kind}"
        template = TEXTS[language][answer["code"]]
        assert ("owner/name" in answer["error"]) == ("{repo}" in template)
        assert ("v2" in answer["error"]) == ("{revision}" in template)
        assert str(tmp_path) not in str(answer) and "/tmp" not in str(answer) and len(answer["error"]) < 700


def test_a_long_value_of_a_config_is_cut(tmp_path, monkeypatch):
    prepare(monkeypatch, "config_range")
    known = Models(Inpainter(OneColour()), files=ModelFiles(tmp_path / "models", min_free_bytes=0))
    with pytest.raises(PageError) as error:
        known.get("owner/name")
    assert error.value.values["value"] == "9" * MAX_REASON


def test_variances_below_zero_are_damage(tmp_path, monkeypatch):
    def download(repo_id, sha, folder, limits):
        save_generator(build_generator(ContextEncoderConfig(channels=8, bottleneck_channels=16)), folder)
        tensors = load_file(folder / WEIGHTS)
        name = next(name for name in tensors if name.endswith("running_var"))
        save_file({**tensors, name: -tensors[name]}, folder / WEIGHTS)

    monkeypatch.setattr(models, "public_commit", lambda repo_id, revision: "c0ffee")
    monkeypatch.setattr(model_files, "download_public", download)
    with pytest.raises(PageError, match="refused_damaged"):
        Models(Inpainter(OneColour()), files=ModelFiles(tmp_path / "models", min_free_bytes=0)).get("owner/name")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("uploads").resolve(), away_s=3600) as running:
        yield running


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("revision", "owner/name 没有版本 main。请使用其已有的分支、标签或提交的 sha。"),
        ("architecture", "owner/name 的 config.json 中没有本页支持的网络。请选择适用于本页的权重。"),
        ("tensors", "owner/name 的 model.safetensors 与其 config.json 不符。请选择其他权重。"),
    ],
    ids=["revision", "architecture", "tensors"],
)
def test_a_visitor_with_a_chinese_browser_reads_in_chinese_why_a_model_is_refused(served, kind, sentence, monkeypatch):
    prepare(monkeypatch, kind)
    status, answer = served.call("load_model", {"model": "owner/name"}, "zh-CN,zh;q=0.9")
    assert (status, answer["code"], answer["error"]) == (200, f"refused_{kind}", sentence)


def test_a_reason_without_a_kind_is_shown_as_the_error_says_it(served, monkeypatch):
    def refuse(repo_id, revision):
        raise WeightsError("The weights are of another age.")

    monkeypatch.setattr(models, "public_commit", refuse)
    answer = served.call("load_model", {"model": "owner/name"}, "zh")[1]
    assert answer["error"] == "模型未更改。The weights are of another age."
