"""Weights from folders and from the Hub. Those of the Hub are loaded in separate processes, with the real client."""

import json
import os
import pickle
import re
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from huggingface_hub import CommitOperationAdd, HfApi
from safetensors.torch import load_file, save_file

import inpaint.hub.weights as pretrained
from inpaint.hub import files
from inpaint.hub.weights import WeightsError, load_generator, load_weights, save_generator
from inpaint.networks.config import ContextEncoderConfig, FreeFormConfig
from inpaint.networks.generators import build_generator
from inpaint.networks.layout import tensor_shapes
from tests.hub import Hub, User
from tests.hub.client import Client

SMALL = FreeFormConfig(channels=(4, 8, 8), blocks=2, attention_every=1, attention_heads=2, expansion=1)

LOAD = """
import time
import inpaint.hub.download, inpaint.networks.generators  # are not part of the times
from inpaint.hub.weights import WeightsError, load_generator
def load(*args):
    start = time.monotonic()
    try:
        generator, source, revision = load_generator(*args)
        found = {"source": source, "revision": revision, "first": next(generator.parameters()).flatten()[0].item()}
    except WeightsError as error:
        found = {"error": str(error)}
    return {**found, "seconds": time.monotonic() - start}
"""


def small_generator(first: float = 0.5):
    """A generator whose first weight is `first`, to distinguish versions."""
    torch.manual_seed(0)
    generator = build_generator(SMALL)
    with torch.no_grad():
        next(generator.parameters()).view(-1)[0] = first
    return generator


@pytest.fixture
def folder(tmp_path):
    save_generator(small_generator(), tmp_path / "weights")
    return tmp_path / "weights"


def refusal(*args) -> str:
    with pytest.raises(WeightsError) as refused:
        load_generator(*args)
    return str(refused.value)


# Folders


@pytest.mark.parametrize("config", [SMALL, ContextEncoderConfig(bottleneck_channels=8, channels=2)])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_saved_weights_are_loaded_rounded_to_the_dtype_of_the_file(config, dtype, tmp_path):
    generator = build_generator(config)
    save_generator(generator, tmp_path, dtype=dtype)
    loaded = load_generator(tmp_path)
    assert (loaded.source, loaded.revision, loaded.generator.training) == (str(tmp_path), None, False)
    assert loaded.generator.config == config
    for name, value in generator.state_dict().items():
        expected = value.to(dtype).to(value.dtype) if value.is_floating_point() else value
        assert torch.equal(loaded.generator.state_dict()[name], expected)
    assert sorted(os.listdir(tmp_path)) == ["config.json", "model.safetensors"]


@pytest.mark.parametrize("config", [SMALL, ContextEncoderConfig(bottleneck_channels=8, channels=2)])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_weights_for_numpy_are_those_of_the_generator_in_every_stored_dtype(config, dtype, tmp_path):
    generator = build_generator(config)
    save_generator(generator, tmp_path, dtype=dtype)
    weights = load_weights(tmp_path)
    assert (weights.config, weights.source, weights.revision) == (config, str(tmp_path), None)
    state = generator.state_dict()
    assert list(weights.tensors) == list(tensor_shapes(config)) and set(weights.tensors) == set(state)
    for name, value in weights.tensors.items():
        expected = state[name].to(dtype).float() if state[name].is_floating_point() else state[name]
        assert value.dtype == expected.numpy().dtype
        assert np.array_equal(value, expected.numpy())


def test_the_bundled_weights_are_read_without_torch_scipy_and_the_hub():
    code = "import sys; from inpaint.hub.weights import load_weights; load_weights()"
    code += "; sys.exit(str({'torch', 'scipy', 'huggingface_hub', 'httpx2'} & set(sys.modules) or ''))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stderr.strip() == ""
    )


def test_weights_too_large_for_half_precision_are_not_saved_as_infinity(tmp_path):
    with pytest.raises(ValueError, match=r"not finite in torch\.float16"):
        save_generator(small_generator(1e6), tmp_path)
    assert not os.listdir(tmp_path)


def test_without_a_name_the_bundled_weights_are_loaded(folder, monkeypatch):
    monkeypatch.setattr(pretrained, "BUNDLED", folder)
    loaded = load_generator()
    assert (loaded.source, loaded.revision) == ("bundled", None)
    assert "bundled" in refusal(None, "v1")


def test_the_names_of_bundled_weights_win_over_folders_and_need_no_hub(tmp_path, monkeypatch):
    (tmp_path / "context-encoder").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    paper = pretrained.load_weights("context-encoder")
    assert (paper.config.architecture, paper.source, paper.revision) == ("context-encoder", "context-encoder", None)
    assert pretrained.load_weights("bundled").config == pretrained.load_weights().config != paper.config
    assert "context-encoder have no revision 'v1'" in refusal("context-encoder", "v1")
    assert refusal("context-encoder@v1") == refusal("context-encoder", "v1")
    assert "bundled weights have no revision 'v1'" in refusal("bundled@v1")
    assert "config.json" in refusal("./context-encoder")


@pytest.mark.parametrize(
    "name", ["Context-Encoder", "context_encoder", "context-encoders", "contextencoder", "Bundled"]
)
def test_a_name_that_is_nearly_that_of_bundled_weights_is_not_looked_for_on_the_hub(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert re.search(r"use '(context-encoder|bundled)'", refusal(name))


def test_keys_and_shapes_must_match_and_the_first_mismatches_are_named(folder):
    tensors = load_file(folder / "model.safetensors")
    gone = sorted(tensors)[:5]
    save_file(
        {**{k: v for k, v in tensors.items() if k not in gone}, "spare": torch.zeros(1)}, folder / "model.safetensors"
    )
    message = refusal(folder)
    assert f"missing {gone[0]}, {gone[1]}, {gone[2]} and 2 more" in message
    assert "unexpected spare" in message
    name = gone[-1]
    save_file({**tensors, name: torch.zeros(2, 3, 5)}, folder / "model.safetensors")
    assert f"{name} is (2, 3, 5) and not {tuple(tensors[name].shape)}" in refusal(folder)


def test_a_batch_norm_whose_variance_is_below_zero_is_refused(tmp_path):
    save_generator(build_generator(ContextEncoderConfig(channels=8, bottleneck_channels=16)), tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    name = next(name for name in tensors if name.endswith("running_var"))
    save_file({**tensors, name: -tensors[name]}, tmp_path / "model.safetensors")
    assert f"{name} holds variances below 0" in refusal(tmp_path)


def test_a_weight_of_another_dtype_or_not_finite_is_refused(folder):
    tensors = load_file(folder / "model.safetensors")
    name = sorted(tensors)[0]
    save_file({**tensors, name: tensors[name].to(torch.int32)}, folder / "model.safetensors")
    assert f"{name} is I32 and not float32" in refusal(folder)
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        save_file({**tensors, name: (tensors[name] * float("nan")).to(dtype)}, folder / "model.safetensors")
        assert "not finite" in refusal(folder)


def test_a_folder_with_only_a_pickle_is_refused_and_the_pickle_is_not_opened(tmp_path):
    class Payload:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "executed"),)

    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "config.json").write_text("{}")
    (weights / "pytorch_model.bin").write_bytes(pickle.dumps(Payload()))
    message = refusal(weights)
    assert "pytorch_model.bin, a pickle" in message
    assert "model.safetensors" in message
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"architecture": "os.system"}', "architecture is 'os.system'"),
        ('{"architecture": "free-form", "channels": [4, 8, 8], "blocks": 9}', "does not fit"),
        ("[" * 99_000, "weights"),
        ("not json", "config.json is not JSON"),
        (" " * 200_000, "at most 100,000"),
    ],
)
def test_an_invalid_config_is_refused_with_a_message(folder, content, sentence):
    (folder / "config.json").write_text(content)
    assert sentence in refusal(folder)


def test_a_config_beyond_the_size_limits_is_refused_before_allocation(folder):
    config = json.loads((folder / "config.json").read_text())
    for values in ({"channels": [512, 512, 512], "blocks": 64, "expansion": 8}, {"channels": [4, 8, 10**9]}):
        (folder / "config.json").write_text(json.dumps({**config, **values}))
        assert refusal(folder)


def test_damaged_or_huge_safetensors_are_refused(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    assert "cannot be read" in refusal(folder)
    path.write_bytes(b"")
    assert "cannot be read" in refusal(folder)
    with path.open("wb") as file:
        file.truncate(2_000_000_000)
    assert "at most 1,058,664 are allowed for its config" in refusal(folder)


def test_a_long_header_is_refused_before_it_is_parsed(folder, monkeypatch):
    monkeypatch.setattr(files, "HEADER_BYTES", 1000)
    assert re.search(r"model.safetensors has a header of \d,\d{3} bytes; at most 1,000", refusal(folder))


def test_a_folder_that_is_missing_or_incomplete_is_named(folder, tmp_path):
    assert "runs/none/weights is not a folder" in refusal("runs/none/weights")
    assert "./none is not a folder" in refusal("./none")
    assert "is not a folder" in refusal(folder / "model.safetensors")
    assert "no config.json and no model.safetensors" in refusal(tmp_path)
    (folder / "config.json").unlink()
    assert "has no config.json" in refusal(folder)
    assert "no revision 'v1'" in refusal(folder, "v1")


def test_an_invalid_repository_id_is_refused_without_a_request():
    assert "neither a folder nor a repository id" in refusal("not an id!")
    assert "give one of them" in refusal("me/weights@v1", "v2")
    assert "cannot be a revision" in refusal("me/weights", "../../etc")


# The Hub


def push(api, repo_id, tmp_path, first=0.5, **kwargs):
    """One commit with a generator whose first weight is `first`; returns its sha."""
    save_generator(small_generator(first), tmp_path / "pushed", dtype=torch.float32)
    files = [CommitOperationAdd(p.name, p.read_bytes()) for p in sorted((tmp_path / "pushed").iterdir())]
    return api.create_commit(repo_id, files, commit_message=f"weights {first}", **kwargs).oid


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A Hub with one repository of every kind, and the outcome of loading each with every account."""
    home = tmp_path_factory.mktemp("world")
    with Hub(users=[User("me", "hf_me"), User("you", "hf_you")]) as hub:
        api = HfApi(endpoint=hub.url, token="hf_me")
        for name in ("open", "private", "gated", "pickle", "empty", "half", "huge"):
            api.create_repo(f"me/{name}", private=name == "private")
        shas = [push(api, "me/open", home, 0.25)]
        api.create_tag("me/open", tag="v1")
        shas.append(push(api, "me/open", home, 0.5))
        push(api, "me/private", home)
        push(api, "me/gated", home)
        api.update_repo_settings("me/gated", gated="auto")
        api.upload_file(repo_id="me/pickle", path_in_repo="pytorch_model.bin", path_or_fileobj=b"\x80")
        push(api, "me/half", home)
        api.delete_file("config.json", "me/half")
        push(api, "me/huge", home)
        api.upload_file(repo_id="me/huge", path_in_repo="config.json", path_or_fileobj=b" " * 200_000)
        sources = [
            ("me/open",), ("me/open", "v1"), ("me/open@v1",), ("me/open", shas[0]), ("me/open", "v9"), ("me/none",),
            ("me/private",), ("me/gated",), ("me/pickle",), ("me/empty",), ("me/half",), ("me/huge",),
        ]  # fmt: skip
        code = LOAD + f"answer = [load(*args) for args in {sources!r}]"
        loaded = {}
        for account, token in (
            ("me", "hf_me"),
            ("you", "hf_you"),
            ("nobody", None),
            ("expired", "hf_expired"),
            ("odd", "hf_é"),
        ):
            answers = Client(hub.url, home / account, token).evaluate(code)
            loaded[account] = {"@".join(args): answer for args, answer in zip(sources, answers, strict=True)}
        yield SimpleNamespace(loaded=loaded, shas=shas, calls=list(hub.calls))


@pytest.mark.parametrize("account", ["me", "you", "nobody"])
def test_branches_tags_and_shas_load_their_own_weights(world, account):
    loaded, (first, second) = world.loaded[account], world.shas
    assert (loaded["me/open"]["first"], loaded["me/open"]["revision"]) == (0.5, second)
    assert loaded["me/open"]["source"] == "me/open"
    for pinned in ("me/open@v1", f"me/open@{first}"):
        assert (loaded[pinned]["first"], loaded[pinned]["revision"]) == (0.25, first)


def test_only_the_two_files_are_ever_fetched(world):
    requested = {path.rpartition("/")[2] for _, path in world.calls if "/resolve/" in path}
    assert requested == {"config.json", "model.safetensors"}


@pytest.mark.parametrize(
    ("account", "name", "sentence"),
    [
        ("me", "me/none", "missing or private: check the name, or use the token of an account"),
        ("nobody", "me/none", "missing or private: check the name, or sign in with `hf auth login`"),
        ("nobody", "me/private", "missing or private: check the name, or sign in with `hf auth login`"),
        ("you", "me/private", "missing or private: check the name, or use the token of an account"),
        ("you", "me/gated", "is gated: accept its terms at http"),
        ("nobody", "me/gated", "is gated: accept its terms at http"),
        ("me", "me/open@v9", "has no revision 'v9'"),
        ("nobody", "me/open@v9", "has no revision 'v9'"),
        ("me", "me/pickle", "holds pytorch_model.bin, a pickle"),
        ("me", "me/empty", "has no config.json and no model.safetensors"),
        ("me", "me/half", "has no config.json: it needs both"),
        ("me", "me/huge", "config.json has 200,000 bytes; at most 100,000"),
        ("expired", "me/open", "did not accept your token"),
        ("odd", "me/open", "your token contains a character that no token has"),
    ],
)
def test_refusals_of_the_hub_are_explained_without_a_retry(world, account, name, sentence):
    answer = world.loaded[account][name]
    assert sentence in answer.get("error", "no error")
    assert answer["seconds"] < 4
    assert "hf_" not in answer["error"].replace("hf_auth", "")


def test_both_files_come_from_one_commit_while_the_branch_moves(hub, client, tmp_path):
    api = HfApi(endpoint=hub.url, token="hf_me")
    api.create_repo("me/weights")
    first = push(api, "me/weights", tmp_path, 0.25)
    hub.fail(method="GET", path="config.json", status=None, before=lambda: push(api, "me/weights", tmp_path, 0.5))
    loaded = client.evaluate(LOAD + "answer = load('me/weights')")
    assert (loaded["revision"], loaded["first"]) == (first, 0.25)
    assert api.repo_info("me/weights").sha != first


def test_transient_failures_of_the_hub_are_retried(hub, client, tmp_path):
    api = HfApi(endpoint=hub.url, token="hf_me")
    api.create_repo("me/weights")
    push(api, "me/weights", tmp_path)
    faults = [
        hub.fail(method="HEAD", path="config.json", status=503),
        hub.fail(method="GET", path="config.json", drop=True),
        hub.fail(method="GET", path="/cdn/", status=503, times=2),
    ]
    assert client.evaluate(LOAD + "answer = load('me/weights')")["first"] == 0.5
    assert [fault.times for fault in faults] == [0, 0, 0]


@pytest.fixture
def silent():
    """The URL of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_without_network_the_cache_is_used_or_an_error_is_raised_within_seconds(hub, client, silent, tmp_path):
    api = HfApi(endpoint=hub.url, token="hf_me")
    api.create_repo("me/weights")
    sha = push(api, "me/weights", tmp_path)
    assert client.evaluate(LOAD + "answer = load('me/weights')")["revision"] == sha
    code = LOAD + f"answer = [load(*a) for a in [('me/weights',), ('me/weights', {sha!r}), ('me/other',)]]"
    slow_names = "import socket, time\nsocket.getaddrinfo = lambda *args, **kwargs: time.sleep(60)\n"

    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = f"http://127.0.0.1:{server.getsockname()[1]}"
    hub.fail(path="/resolve/", status=503, times=1000)
    cases = [  # endpoint, HF_HUB_OFFLINE, code to run first, message about what is not cached, time limit in s
        (closed, "1", "", "HF_HUB_OFFLINE", 2),
        (closed, "", "", f"{closed} cannot be reached", 4),
        (silent, "", "", f"{silent} cannot be reached", 10),
        ("http://hub.invalid", "", slow_names, "http://hub.invalid cannot be reached", 12),
        (hub.url, "", "", "answered 503", 8),
    ]

    def answers(case):
        machine = Client(case[0], tmp_path / "hf_home")
        machine.env["HF_HUB_OFFLINE"] = case[1]
        return machine.evaluate(case[2] + code)

    with ThreadPoolExecutor() as pool:
        for (*_, sentence, seconds), loaded in zip(cases, pool.map(answers, cases), strict=True):
            cached, pinned, missing = loaded
            assert (cached["first"], cached["revision"], pinned["revision"]) == (0.5, sha, sha)
            assert sentence in missing["error"]
            assert max(cached["seconds"], missing["seconds"]) < seconds
            assert pinned["seconds"] < 2
