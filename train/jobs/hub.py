"""Runs as Hugging Face Jobs: pure functions build the request, and thin ones send it, look, and cancel.

The token is handed over in `secrets`, which the Hub keeps encrypted and shows to nobody; a run's command, environment
and log never hold it.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
from huggingface_hub import HfApi, JobInfo, get_token

from inpaint.hub.errors import explain_error
from inpaint.hub.retry import retry

from .cost import Hardware, hardware_of, max_minutes
from .spec import JobError, Run

LABEL = {"inpaint": "retrain"}
"""Marks our jobs among the others of an account."""
SPACE_IMAGE = "hf.co/spaces/"
ENVIRONMENT = {"PYTHONUNBUFFERED": "1", "TQDM_DISABLE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
ENDED = ("COMPLETED", "CANCELED", "ERROR", "DELETED")


@dataclass(frozen=True)
class JobRequest:
    """What the Hub is asked to run; without the token, so that it can be printed.

    Attributes:
        image: a Docker image, or `hf.co/spaces/OWNER/NAME`.
        command: the program and its arguments; no shell reads them.
        flavor: the hardware.
        timeout_s: when the job is cut off.
        name: of the job, for people.
        environment: variables that anybody may see.
        labels: to find it again.
    """

    image: str
    command: list[str]
    flavor: str
    timeout_s: int
    name: str
    environment: dict[str, str] = field(default_factory=lambda: dict(ENVIRONMENT))
    labels: dict[str, str] = field(default_factory=lambda: dict(LABEL))


@dataclass(frozen=True)
class JobState:
    """A job as it is now.

    Attributes:
        id: as the Hub names it.
        stage: SCHEDULING, RUNNING, COMPLETED, CANCELED, ERROR or DELETED.
        message: what the Hub says about it.
        url: its page.
        flavor: its hardware.
        command: what runs.
        created: ISO time, or "".
    """

    id: str
    stage: str
    message: str
    url: str
    flavor: str
    command: tuple[str, ...]
    created: str

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.stage in ENDED


def space_request(run: Run, space_id: str, flavor: str, timeout_s: int) -> JobRequest:
    """A run in the image of a Space, which holds this code and all it needs.

    Raises:
        JobError: the pictures lie on this machine only.
    """
    _check(run)
    command = ["python", "-m", "train", *run.arguments(max_minutes(timeout_s))]
    return JobRequest(SPACE_IMAGE + space_id, command, flavor, timeout_s, job_name(run))


def image_request(run: Run, image: str, bootstrap: list[str], flavor: str, timeout_s: int) -> JobRequest:
    """A run in a Docker image, into which `bootstrap` brings this code before it starts what follows it.

    Raises:
        JobError: the pictures lie on this machine only.
    """
    _check(run)
    command = [*bootstrap, *run.arguments(max_minutes(timeout_s))]
    return JobRequest(image, command, flavor, timeout_s, job_name(run))


def job_name(run: Run) -> str:
    """A name that the Hub takes: letters, digits, "-" and "_"."""
    plain = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in run.repo_id)
    return f"inpaint-{run.preset}-{plain}"[:90]


def _check(run: Run) -> None:
    if not run.on_hub:
        raise JobError(
            f"The pictures of {run.dataset!r} are on this machine only: upload them as a dataset"
            " (`hf upload me/pictures FOLDER --repo-type dataset`), or train here."
        )


def submit(request: JobRequest, token: str, namespace: str | None = None) -> JobState:
    """Starts the job; not tried twice, since a lost answer may mean that it runs.

    Args:
        request: what to run.
        token: whose job it is; the run reads the pictures and publishes with it.
        namespace: the account or organisation that pays; None: the token's own.

    Raises:
        JobError: the Hub refuses, or cannot be reached.
    """
    api = HfApi(token=token)
    try:
        job = api.run_job(
            image=request.image,
            command=request.command,
            env=request.environment,
            secrets={"HF_TOKEN": token},
            flavor=request.flavor,
            timeout=request.timeout_s,
            labels={**request.labels, "name": request.name},
            namespace=namespace,
            token=token,
        )
    except (httpx2.HTTPError, OSError) as error:
        raise JobError(explain(error, "The job could not be started", token)) from None
    return _state(job)


def job_state(job_id: str, token: str, namespace: str | None = None) -> JobState:
    """How a job is; JobError if there is no such job, or the Hub cannot be reached."""
    try:
        return _state(retry(lambda: HfApi(token=token).inspect_job(job_id=job_id, namespace=namespace)))
    except (httpx2.HTTPError, OSError) as error:
        raise JobError(explain(error, f"The job {job_id} could not be looked up", token)) from None


def our_jobs(token: str, namespace: str | None = None) -> list[JobState]:
    """The account's retraining jobs, newest first; JobError if they cannot be listed."""
    try:
        jobs = retry(lambda: list(HfApi(token=token).list_jobs(labels=LABEL, namespace=namespace, token=token)))
    except (httpx2.HTTPError, OSError) as error:
        raise JobError(explain(error, "The jobs could not be listed", token)) from None
    return sorted(map(_state, jobs), key=lambda job: job.created, reverse=True)


def job_log(
    job_id: str, token: str, namespace: str | None = None, tail: int | None = None, follow: bool = False
) -> Iterator[str]:
    """Lines of a job's log: the last `tail` ones, or all; with `follow` until the job ends. JobError as above."""
    try:
        api, lines = HfApi(token=token), 0
        for line in api.fetch_job_logs(job_id=job_id, namespace=namespace, tail=tail, follow=follow):
            lines += 1
            yield line
        if follow and tail is None:  # the client stops when the job has ended, and may miss its last words
            yield from itertools.islice(api.fetch_job_logs(job_id=job_id, namespace=namespace), lines, None)
    except (httpx2.HTTPError, OSError) as error:
        raise JobError(explain(error, f"The log of {job_id} could not be read", token)) from None


def cancel_job(job_id: str, token: str, namespace: str | None = None) -> None:
    """Stops a job; JobError if the Hub does not."""
    try:
        retry(lambda: HfApi(token=token).cancel_job(job_id=job_id, namespace=namespace))
    except (httpx2.HTTPError, OSError) as error:
        raise JobError(explain(error, f"The job {job_id} could not be cancelled", token)) from None


def list_hardware(token: str | None) -> list[Hardware]:
    """What can be rented, cheapest first; JobError if the Hub does not say."""
    try:
        return hardware_of(retry(lambda: HfApi(token=token or False).list_jobs_hardware(token=token or False)))
    except (httpx2.HTTPError, OSError) as error:
        raise JobError(explain(error, "The hardware could not be listed", token)) from None


def own_token() -> str | None:
    """The token of this machine, if somebody is signed in on it."""
    return get_token()


def account(token: str) -> str:
    """Whose token it is; JobError if nobody's."""
    try:
        return str(retry(lambda: HfApi(token=token).whoami(token=token))["name"])
    except (httpx2.HTTPError, OSError) as error:
        raise JobError(explain(error, "The account could not be looked up", token)) from None


def explain(error: Exception, attempt: str, token: str | None) -> str:
    """Return what happened and what to do, for people on the command line and on the page.

    Args:
        error: of the Hub or the network.
        attempt: what failed, such as "The job could not be started".
        token: the token that was used, which is hidden; None: anonymous.
    """
    right = "start jobs and write repositories"
    return explain_error(error, attempt, right=right, token=token, sign_in="sign in again" if token else "sign in")


def _state(job: JobInfo) -> JobState:
    created = job.created_at.isoformat(timespec="seconds") if job.created_at else ""
    command: tuple[Any, ...] = tuple(job.command or ())
    stage, flavor = (str(getattr(value, "value", value or "")) for value in (job.status.stage, job.flavor))
    return JobState(job.id, stage, job.status.message or "", job.url, flavor, command, created)
