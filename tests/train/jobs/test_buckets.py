"""The state of a job's run in a bucket that is mounted into it."""

import dataclasses
import json

import pytest
from huggingface_hub import HfApi

from tests.hub import Hub, User
from train.jobs import buckets, token_scope
from train.jobs import hub as jobs_hub
from train.jobs.buckets import prepare_bucket
from train.jobs.hub import get_job, image_request, request_again
from train.jobs.spec import JobError, RunSpec

SPEC = RunSpec("photos", "me/photos", "me/weights", bucket="me/state")


@pytest.fixture
def local(monkeypatch):
    """A Hub on this machine, which the modules under test use."""
    with Hub(users=[User("me", "hf_me"), User("you", "hf_you")]) as hub:
        for module in (buckets, jobs_hub, token_scope):
            monkeypatch.setattr(module, "HfApi", lambda token: HfApi(endpoint=hub.url, token=token))
        monkeypatch.setattr("inpaint.hub.retry.FIRST_PAUSE_S", 0.01)
        yield hub


def test_a_job_mounts_a_private_bucket_and_keeps_its_state_there(local):
    assert prepare_bucket("me/state", "hf_me") and prepare_bucket("me/state", "hf_me"), "the second time it is there"
    assert local.store.repos["bucket", "me/state"].private
    state = jobs_hub.submit(image_request(SPEC, "image", ["true"], "t4-small", 3600), "hf_me", "me")
    sent = local.jobs.all[state.id].spec
    volume = {"type": "bucket", "source": "me/state", "mountPath": "/checkpoints", "readOnly": False}
    assert sent["volumes"] == [volume]
    config = json.loads(sent["command"][-1])
    assert config["checkpoint_folder"] == "/checkpoints/" + SPEC.run_dir.removeprefix("runs/")
    assert "checkpoint_repo" not in config
    again = request_again(get_job(state.id, "hf_me", "me"))
    assert [each.to_dict() for each in again.volumes] == [volume]


def test_without_a_bucket_nothing_is_mounted_and_a_missing_one_is_refused(local):
    plain = dataclasses.replace(SPEC, bucket=None)
    state = jobs_hub.submit(image_request(plain, "image", ["true"], "t4-small", 3600), "hf_me", "me")
    assert "volumes" not in local.jobs.all[state.id].spec
    with pytest.raises(JobError, match="could not be started"):
        jobs_hub.submit(image_request(SPEC, "image", ["true"], "t4-small", 3600), "hf_me", "me")


@pytest.mark.parametrize("status", [404, 403, 503])
def test_a_hub_that_gives_no_bucket_leaves_the_state_in_a_repository(status, local, capsys):
    local.fail(method="POST", path="/api/buckets", status=status, times=9)
    assert not prepare_bucket("me/state", "hf_me")
    assert "goes to a private repository instead" in capsys.readouterr().out


def test_a_public_bucket_and_a_name_that_is_none_are_refused(local):
    HfApi(endpoint=local.url, token="hf_me").create_bucket("me/open", private=False)
    with pytest.raises(JobError, match="me/open is public"):
        prepare_bucket("me/open", "hf_me")
    with pytest.raises(JobError, match="not the id of a bucket"):
        dataclasses.replace(SPEC, bucket="state")
