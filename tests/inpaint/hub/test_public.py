"""Weights that a stranger has named: the config first, within limits of size and time, without this machine's token."""

import json

import pytest
import torch
from huggingface_hub import HfApi

from inpaint.hub.weights import save_generator
from inpaint.networks.config import FreeFormConfig, config_to_dict
from inpaint.networks.generators import build_generator

SMALL = FreeFormConfig(channels=(4, 8, 8), blocks=2, attention_every=1, attention_heads=2, expansion=1)
FETCH = """
import json, os, tempfile, time
from pathlib import Path
from inpaint.hub import public
from inpaint.hub.public import AbandonedError, Limits, download_public, public_commit
from inpaint.networks.errors import WeightsError
def fetch(repo_id, seconds=60.0, is_wanted=lambda: True, check_space=lambda size: None):
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="stranger-") as folder:
        try:
            download_public(
                repo_id, public_commit(repo_id, "main"), Path(folder), Limits(start + seconds, is_wanted, check_space)
            )
            found = {"sizes": {file.name: file.stat().st_size for file in Path(folder).iterdir()}}
        except WeightsError as error:
            found = {"error": str(error)}
        except AbandonedError:
            found = {"error": "abandoned"}
    return found | {"seconds": time.monotonic() - start}
"""


@pytest.fixture
def api(hub):
    return HfApi(endpoint=hub.url, token="hf_me")


def push(api, repo_id, folder, config=None, size=None, **options):
    """A repository with small weights; the config is replaced by these values and the weights by zeros of this size."""
    save_generator(build_generator(SMALL), folder, dtype=torch.float32)
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    if size is not None:
        (folder / "model.safetensors").write_bytes(bytes(size))
    api.create_repo(repo_id, **options)
    api.upload_folder(repo_id=repo_id, folder_path=folder)
    return {file.name: file.stat().st_size for file in folder.iterdir()}


def was_fetched(hub):
    """Whether the content of any weights was asked for."""
    return any(method == "GET" and ("/cdn/" in path or "model.safetensors" in path) for method, path in hub.calls)


def test_public_weights_are_downloaded_and_private_ones_are_not_though_this_machine_could(hub, client, api, tmp_path):
    sizes = push(api, "me/open", tmp_path)
    push(api, "me/private", tmp_path, private=True)
    found = client.evaluate(FETCH + "answer = [fetch('me/open'), fetch('me/private'), fetch('me/none')]")
    assert found[0]["sizes"] == sizes
    for refused in found[1:]:
        assert "missing or private: check the name, or make it public" in refused["error"]
        assert "hf auth login" not in refused["error"] and "token" not in refused["error"]


BAD_CONFIGS = [
    {"architecture": "os.system"},
    config_to_dict(SMALL) | {"key_channels": 10**9},
    config_to_dict(SMALL) | {"channels": [512, 512, 512], "blocks": 64, "expansion": 8},
    {"padding": "x" * 200_000},
]


@pytest.mark.parametrize("config", BAD_CONFIGS, ids=["architecture", "range", "parameters", "size"])
def test_weights_with_a_config_that_is_refused_are_not_fetched(hub, client, api, tmp_path, config):
    push(api, "me/bad", tmp_path, config)
    code = (
        FETCH
        + """
from inpaint.hub.weights import load_weights
def load():
    try:
        load_weights("me/bad")
    except WeightsError as error:
        return str(error)
answer = [fetch("me/bad")["error"], load()]
"""
    )
    for error in client.evaluate(code):
        assert error.startswith("me/bad: ") and "stranger-" not in error
    assert not was_fetched(hub)


def test_weights_larger_than_their_config_needs_are_not_fetched(hub, client, api, tmp_path):
    push(api, "me/fat", tmp_path, size=3_000_000)
    code = (
        FETCH
        + """
from inpaint.hub.download import download
def load():
    try:
        download("me/fat", "main")
    except WeightsError as error:
        return str(error)
answer = [fetch("me/fat")["error"], load()]
"""
    )
    for error in client.evaluate(code):
        assert "model.safetensors has 3,000,000 bytes; at most 1,0" in error and "for its config" in error
    assert not was_fetched(hub)


def test_more_bytes_than_were_announced_are_not_written(hub, client, api, tmp_path):
    push(api, "me/open", tmp_path)
    code = (
        FETCH
        + """
head_of = public.head_of
class Head:
    size = 1000
public.head_of = lambda *args, **kwargs: Head
answer = fetch("me/open")
"""
    )
    assert "at most 1,000 are allowed" in client.evaluate(code)["error"]


def test_the_size_is_asked_for_before_the_download(hub, client, api, tmp_path):
    sizes = push(api, "me/open", tmp_path)
    code = (
        FETCH
        + """
def no_room(size):
    raise WeightsError(f"no room for {size}")
answer = fetch("me/open", check_space=no_room)
"""
    )
    assert client.evaluate(code)["error"] == f"no room for {sizes['model.safetensors']}"
    assert not was_fetched(hub)


def test_a_slow_download_ends_in_time_and_one_that_nobody_waits_for_at_once(hub, client, api, tmp_path):
    push(api, "me/slow", tmp_path)
    hub.fail(method="GET", path="model.safetensors", status=None, bytes_per_s=3000, times=9)
    hub.fail(method="GET", path="/cdn/", status=None, bytes_per_s=3000, times=9)
    code = (
        FETCH
        + """
answer = [fetch("me/slow", seconds=0.8), fetch("me/slow", is_wanted=lambda: not public.time.monotonic() > start + 3)]
"""
    )
    late, left = client.evaluate(code.replace("answer =", "start = time.monotonic()\nanswer ="))
    assert "me/slow takes too long to download" in late["error"] and late["seconds"] < 3
    assert left["error"] == "abandoned" and left["seconds"] < 6


def test_a_full_disk_is_named_without_a_path(hub, client, api, tmp_path):
    push(api, "me/open", tmp_path)
    code = (
        FETCH
        + """
import errno
def full(size):
    raise OSError(errno.ENOSPC, "No space left on device", "/tmp/stranger-x/model.safetensors")
answer = fetch("me/open", check_space=full)
"""
    )
    assert client.evaluate(code)["error"] == "me/open could not be stored on the server: the disk is full."
