"""A Hub without Xet storage: files go by plain HTTP, and a warning says so.

The clients are processes in which Xet is not switched off, as it is in all other tests.
"""

import pytest
from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError

from inpaint.hub.retry import retry
from inpaint.hub.weights import BUNDLED
from inpaint.hub.xet import disable_missing_xet
from tests.hub import Fault, Hub
from tests.hub.client import Client
from tests.hub.failures import http_error

WARNING = "has no Xet storage"
UPLOAD = """
from pathlib import Path
from huggingface_hub import HfApi
from inpaint.hub.retry import retry
from train.publish.repository import commit_files
api = HfApi()
api.create_repo("me/weights", exist_ok=True)
files = [Path("FOLDER/model.safetensors"), Path("FOLDER/config.json")]
print(retry(lambda: commit_files(api, "me/weights", files, "title", "text", None)))
"""
DOWNLOAD = """
from inpaint.hub.download import download
print(len((download("me/weights", "main") / "model.safetensors").read_bytes()))
"""


@pytest.fixture
def mirror():
    """A Hub that names Xet hashes, and gives no token."""
    with Hub(names_xet=True) as hub:
        yield hub


@pytest.fixture
def xet_client(mirror, tmp_path):
    client = Client(mirror.url, tmp_path / "hf_home")
    del client.env["HF_HUB_DISABLE_XET"]
    return client


def test_weights_are_published_to_a_hub_without_xet_and_downloaded_from_it(mirror, xet_client, tmp_path):
    pytest.importorskip("hf_xet")
    (tmp_path / "model.safetensors").write_bytes(b"weights " * 1000)
    (tmp_path / "config.json").write_text((BUNDLED / "config.json").read_text())
    uploaded = xet_client.run("-c", UPLOAD.replace("FOLDER", str(tmp_path)), timeout_s=60)
    assert mirror.called("GET", "/xet-write-token/") == 1
    assert WARNING in uploaded.stderr
    downloaded = xet_client.run("-c", DOWNLOAD, timeout_s=60)
    assert downloaded.stdout.strip() == "8000"
    assert mirror.called("GET", "/xet-read-token/") == 1
    assert WARNING in downloaded.stderr


def test_a_token_that_may_not_be_given_is_not_a_missing_xet(mirror, xet_client, tmp_path):
    pytest.importorskip("hf_xet")
    (tmp_path / "model.safetensors").write_bytes(b"weights " * 1000)
    (tmp_path / "config.json").write_text("{}")
    mirror.faults.append(Fault(path="/xet-write-token/", times=99, status=403))
    uploaded = xet_client.run("-c", UPLOAD.replace("FOLDER", str(tmp_path)), timeout_s=60, check=False)
    assert uploaded.returncode == 1
    assert WARNING not in uploaded.stderr


HF_XET = "Network error: Request error: HTTP status client error ({}), domain: http://hub.local/api/models/me/x/{}/main"


def refused(status, path):
    error = http_error(status)
    error.args = (f"Client error '{status}' for url 'http://hub.local/api/models/me/x/{path}/main'",)
    return error


@pytest.mark.parametrize(
    ("error", "missing"),
    [
        (ConnectionError(HF_XET.format("404 Not Found", "xet-write-token")), True),
        (RuntimeError(HF_XET.format("501 Not Implemented", "xet-read-token")), True),
        (ValueError("Xet headers have not been correctly set by the server."), True),
        (refused(404, "xet-read-token"), True),
        (refused(405, "xet-write-token"), True),
        (ConnectionError(HF_XET.format("403 Forbidden", "xet-write-token")), False),
        (ConnectionError(HF_XET.format("404 Not Found", "commit")), False),
        (refused(401, "xet-read-token"), False),
        (refused(404, "revision"), False),
        (ConnectionError("gone"), False),
    ],
)
def test_only_a_missing_token_switches_xet_off_and_only_once(error, missing, monkeypatch, caplog):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    assert disable_missing_xet(error) == missing
    assert missing == constants.HF_HUB_DISABLE_XET
    assert (WARNING in caplog.text) == missing
    assert not disable_missing_xet(error)


def test_an_action_is_called_again_at_once_without_xet(monkeypatch, pauses):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    calls = []

    def action():
        calls.append(constants.HF_HUB_DISABLE_XET)
        raise refused(404, "xet-read-token")

    with pytest.raises(HfHubHTTPError):
        retry(action)
    assert calls == [False, True]
    assert pauses == []
