"""What a token of the Hub may do, looked up before a job that costs money starts."""

from collections.abc import Mapping
from typing import Any

from huggingface_hub import HfApi

from inpaint.hub.retry import retry

from .errors import explained
from .spec import JobError

WRITE = "repo.write"
SETTINGS_URL = "https://huggingface.co/settings/tokens"


def check_token(token: str, repo_ids: list[str]) -> None:
    """Look a token up, and raise JobError if it cannot write the repositories of a run.

    Args:
        token: owner of the job.
        repo_ids: as for `check_may_write`.

    Raises:
        JobError: it cannot, is invalid, or the Hub cannot be reached.
    """
    with explained("The job could not be started", token):
        account = retry(lambda: HfApi(token=token).whoami(token=token))
    check_may_write(account, repo_ids)


def check_may_write(account: Mapping[str, Any], repo_ids: list[str]) -> None:
    """Raise JobError if a token cannot write the repositories of a run, which would be noticed at the run's end.

    Tokens of a sign-in with OAuth, whose scopes the Hub does not tell here, are not checked.

    Args:
        account: the Hub's answer to whoami.
        repo_ids: OWNER/NAME of each repository that the run writes. Names without an owner, which stand for none or for
            a place on the job's own machine, are left out.

    Reference:
        https://huggingface.co/docs/hub/security-tokens: the roles read, write and fineGrained.
    """
    auth = account.get("auth")
    token = auth.get("accessToken") if isinstance(auth, Mapping) else None
    if not isinstance(token, Mapping):
        return
    name = f"the token {token['displayName']!r}" if token.get("displayName") else "your token"
    if token.get("role") == "read":
        raise JobError(
            f"The job was not started: {name} may only read, and the run could not save its weights. Create a token "
            f"that may write at {SETTINGS_URL}, then sign in with it."
        )
    if token.get("role") != "fineGrained":
        return
    for repo_id in repo_ids:
        if "/" in repo_id and not _may_write(token.get("fineGrained"), repo_id):
            owner = repo_id.partition("/")[0]
            raise JobError(
                f"The job was not started: {name} may not write {repo_id}, and the run could not save its weights. "
                f"Give it write access to repositories of {owner} at {SETTINGS_URL}, or use another token."
            )


def _may_write(scopes: object, repo_id: str) -> bool:
    """Return whether fine-grained scopes hold the right to write a repository: of its owner, or its own."""
    if not isinstance(scopes, Mapping):
        return True  # the Hub tells no scopes
    entries = [entry for entry in scopes.get("scoped") or [] if isinstance(entry, Mapping)]
    entities = [(entry.get("entity") or {}, entry.get("permissions") or []) for entry in entries]
    places = (repo_id, repo_id.partition("/")[0])
    return WRITE in (scopes.get("global") or []) or any(
        entity.get("name") in places and WRITE in permissions for entity, permissions in entities
    )
