"""Prepare a run as a Hugging Face Job: check everything first, then put on the Hub what its job needs."""

import dataclasses

from .buckets import prepare_bucket
from .hub import JobRequest, check_dataset, image_request, space_request
from .source import IMAGE, pack, upload
from .spec import RunSpec
from .token_scope import check_token

_SHOWN = ["python", "-c", "..."]
"""Stands in a request that is only shown for the program that downloads the code."""


def prepare_request(
    spec: RunSpec,
    flavor: str,
    timeout_s: int,
    token: str | None,
    *,
    space: str | None = None,
    image: str = IMAGE,
    bucket: str | None = None,
) -> JobRequest:
    """Return the request for a run, and create and upload what its job needs: a bucket, this code.

    A run that cannot be started leaves nothing on the Hub: the dataset, the token and the code are checked first.

    Args:
        spec: the run.
        flavor: the hardware.
        timeout_s: seconds after which the Hub stops the job.
        token: of the account that will own the job; None: the request is only shown, nothing is created or uploaded.
        space: OWNER/NAME of a Space that holds this code; None: this code is uploaded.
        image: the Docker image if there is no Space.
        bucket: OWNER/NAME of a private bucket for the state of the run; None: a repository.

    Raises:
        JobError: the dataset is on this machine only, the token may not write what the run writes, the code cannot be
            packed, the Hub refuses, or cannot be reached.
    """
    check_dataset(spec)
    if token:
        state = "" if bucket and space else spec.checkpoint_repo  # it receives the code too
        check_token(token, [spec.repo_id, state, spec.config.trackio or ""])
    if space:
        return space_request(_with_bucket(spec, bucket, token), space, flavor, timeout_s)
    code = pack()
    spec = _with_bucket(spec, bucket, token)
    return image_request(spec, image, upload(code, spec, token) if token else _SHOWN, flavor, timeout_s)


def _with_bucket(spec: RunSpec, bucket: str | None, token: str | None) -> RunSpec:
    """Return the run with its state in a bucket, which is created if needed; as it is if there is none to be had."""
    if not bucket:
        return spec
    placed = dataclasses.replace(spec, bucket=bucket)  # refuses a name that is none, before it is created
    return placed if token is None or prepare_bucket(bucket, token) else spec
