"""A token that cannot save the weights of a run is refused before its job costs money."""

import pytest
from huggingface_hub import HfApi

from tests.hub import Hub, User
from train.jobs.hub import JobRequest
from train.jobs.hub import submit as submit_request
from train.jobs.spec import JobError
from train.jobs.token_scope import check_may_write

RUN = ["me/weights", "me/weights-checkpoint"]


def fine_grained(*scoped, everywhere=()):
    """The Hub's answer to whoami for a fine-grained token with rights on names."""
    entries = [{"entity": {"type": "user", "name": name}, "permissions": list(rights)} for name, rights in scoped]
    scopes = {"canReadGatedRepos": True, "global": list(everywhere), "scoped": entries}
    return {"name": "me", "auth": {"accessToken": {"displayName": "ci", "role": "fineGrained", "fineGrained": scopes}}}


@pytest.mark.parametrize(
    "account",
    [
        fine_grained(("me", ["repo.content.read", "repo.write", "job.write"])),
        fine_grained(("me/weights", ["repo.write"]), ("me/weights-checkpoint", ["repo.write"])),
        {"name": "me", "auth": {"accessToken": {"role": "write"}}},
        {"name": "me", "auth": {"type": "oauth"}},
        {"name": "me"},
    ],
)
def test_tokens_that_may_write_or_do_not_tell_are_let_through(account):
    check_may_write(account, RUN)


@pytest.mark.parametrize(
    "account",
    [
        fine_grained(("me", ["repo.content.read", "job.write"])),
        fine_grained(("me/weights", ["repo.write"])),  # not the repository of its state
        fine_grained(("you", ["repo.write"])),
        fine_grained(),
        {"name": "me", "auth": {"accessToken": {"role": "read", "displayName": "ci"}}},
    ],
)
def test_tokens_that_cannot_save_the_weights_are_refused_with_what_to_do(account):
    with pytest.raises(JobError, match=r"'ci' may .*huggingface\.co/settings/tokens"):
        check_may_write(account, RUN)


def test_no_job_is_started_with_a_token_that_only_reads(monkeypatch):
    with Hub(users=[User("me", "hf_reader", role="read")]) as hub:
        monkeypatch.setattr("train.jobs.token_scope.HfApi", lambda token: HfApi(endpoint=hub.url, token=token))
        command = ["python", "-m", "train", "--config", '{"push_to_hub": "me/weights"}']
        with pytest.raises(JobError, match="may only read"):
            submit_request(JobRequest("image", command, "t4-small", 3600, "run"), "hf_reader")
        assert not hub.jobs.all
