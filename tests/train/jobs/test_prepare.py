"""What is checked before anything of a run is put on the Hub."""

import json

import pytest
from huggingface_hub import HfApi

from tests.hub import Hub, User
from train.jobs import buckets, hub, source, token_scope
from train.jobs.__main__ import main
from train.jobs.cost import Hardware
from train.jobs.prepare import prepare_request
from train.jobs.source import PackedCode
from train.jobs.spec import JobError, RunSpec

SPEC = RunSpec("tiny", "me/photos", "me/weights")
PLACES = [{}, {"bucket": "me/state"}, {"space": "me/inpaint"}, {"space": "me/inpaint", "bucket": "me/state"}]
FLAGS = ["tiny", "--data.dataset", "me/photos", "--push-to-hub", "me/weights"]


@pytest.fixture
def local(monkeypatch):
    """A Hub on this machine with a token that writes and one that reads; the code of each job is the same."""
    with Hub(users=[User("me", "hf_me"), User("you", "hf_reader", role="read")]) as server:
        for module in (buckets, hub, source, token_scope):
            monkeypatch.setattr(module, "HfApi", lambda token: HfApi(endpoint=server.url, token=token))
        monkeypatch.setattr("train.jobs.prepare.pack", lambda: PackedCode("0123abcd", b"code"))
        yield server


def changes(server):
    return [address for method, address in server.calls if method != "GET"]


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_token_that_only_reads_is_refused_before_anything_is_put_on_the_hub(place, local):
    with pytest.raises(JobError, match="may only read"):
        prepare_request(SPEC, "t4-small", 3600, "hf_reader", **place)
    assert not local.store.repos and not changes(local)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_dataset_of_this_machine_is_refused_before_anything_is_put_on_the_hub(place, local, tmp_path):
    with pytest.raises(JobError, match="on this machine only"):
        prepare_request(RunSpec("tiny", str(tmp_path), "me/weights"), "t4-small", 3600, "hf_me", **place)
    assert not local.store.repos and not changes(local)


def test_code_that_cannot_be_packed_creates_no_bucket(local, monkeypatch):
    def refuse():
        raise JobError("is not committed")

    monkeypatch.setattr("train.jobs.prepare.pack", refuse)
    with pytest.raises(JobError, match="is not committed"):
        prepare_request(SPEC, "t4-small", 3600, "hf_me", bucket="me/state")
    assert not local.store.repos


def test_a_token_needs_no_right_to_the_repository_of_a_state_that_is_in_a_bucket_of_a_space(local, monkeypatch):
    """But where the code is uploaded, that repository receives it."""
    scopes = [{"entity": {"name": name}, "permissions": ["repo.write"]} for name in ("me/weights", "me/state")]
    token = {"role": "fineGrained", "fineGrained": {"scoped": scopes}}
    monkeypatch.setattr(HfApi, "whoami", lambda *_, **__: {"auth": {"accessToken": token}})
    request = prepare_request(SPEC, "t4-small", 3600, "hf_me", space="me/inpaint", bucket="me/state")
    assert [volume.source for volume in request.volumes] == ["me/state"]
    with pytest.raises(JobError, match="may not write me/weights-checkpoint"):
        prepare_request(SPEC, "t4-small", 3600, "hf_me", bucket="me/state")


def test_the_code_is_uploaded_to_the_repository_of_the_state(local):
    request = prepare_request(SPEC, "t4-small", 3600, "hf_me")
    assert local.store.repos["model", "me/weights-checkpoint"].private
    url = request.command[3]
    assert url.startswith(f"{local.url}/me/weights-checkpoint/resolve/") and url.endswith("/code/0123abcd.tar.gz")
    assert json.loads(request.command[-1])["checkpoint_repo"] == "me/weights-checkpoint"


def test_a_request_that_is_only_shown_needs_no_account_and_creates_nothing(local):
    request = prepare_request(SPEC, "t4-small", 3600, None, bucket="me/state")
    assert request.command[:3] == ["python", "-c", "..."] and request.volumes[0].source == "me/state"
    assert not local.calls


def test_the_command_line_asks_for_a_sign_in_before_it_packs_the_code(local, monkeypatch, capsys):
    machines = [Hardware("t4-small", "T4", "", 0.4, 4, "T4")]
    monkeypatch.setattr("train.jobs.__main__.list_hardware", lambda token: machines)
    monkeypatch.setattr("train.jobs.prepare.pack", lambda: pytest.fail("it was packed"))
    for token, message in ((None, "You are not signed in"), ("hf_reader", "may only read")):
        monkeypatch.setattr("train.jobs.__main__.get_token", lambda token=token: token)
        assert main(["submit", *FLAGS]) == 1
        assert message in capsys.readouterr().err
