"""Runs as Hugging Face Jobs: build a request, submit it, look jobs up, read their logs.

The token is sent in `secrets`, which the Hub encrypts and never returns. The command, the environment and the log of
a job do not contain it.
"""

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import HfApi, JobInfo, Volume

from inpaint.hub.retry import retry

from .buckets import volumes_of
from .cost import Hardware, parse_hardware, pause_minutes, publishing_timeout_s
from .errors import explained
from .packages import train_command
from .spec import PUBLISH_ANYWAY, JobError, RunSpec, is_hub_dataset
from .token_scope import check_token

LABELS = {"inpaint": "retrain"}
"""Distinguish the jobs of this project from the others of an account."""
SPACE_IMAGE = "hf.co/spaces/"
ENVIRONMENT = {"PYTHONUNBUFFERED": "1", "TQDM_DISABLE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
ANYWAY_FLAGS = [f"--{'' if value else 'no-'}{name.replace('_', '-')}" for name, value in PUBLISH_ANYWAY.items()]
"""`PUBLISH_ANYWAY` on the command line."""
FINAL_STAGES = ("COMPLETED", "CANCELED", "ERROR", "DELETED")


@dataclass(frozen=True)
class JobRequest:
    """What the Hub is asked to run, without the token, so that it can be printed.

    Attributes:
        image: a Docker image, or `hf.co/spaces/OWNER/NAME`.
        command: the program and its arguments; no shell parses them.
        flavor: the hardware.
        timeout_s: seconds after which the Hub stops the job.
        name: shown on the job's page.
        environment: variables, visible to everyone who may see the job.
        labels: to find the job again.
        volumes: buckets and repositories that are mounted.
    """

    image: str
    command: list[str]
    flavor: str
    timeout_s: int
    name: str
    environment: dict[str, str] = field(default_factory=lambda: dict(ENVIRONMENT))
    labels: dict[str, str] = field(default_factory=lambda: dict(LABELS))
    volumes: list[Volume] = field(default_factory=list)


@dataclass(frozen=True)
class HubJob:
    """A job on the Hub as it was when it was looked up.

    Attributes:
        id: of the job.
        stage: SCHEDULING, RUNNING, COMPLETED, CANCELED, ERROR or DELETED.
        message: the Hub's explanation of the stage, or "".
        url: page of the job.
        flavor: hardware.
        command: the program and its arguments.
        created: ISO time, or "".
        image: a Docker image, or `hf.co/spaces/OWNER/NAME`; "" if the Hub does not say.
        volumes: buckets and repositories that are mounted.
    """

    id: str
    stage: str
    message: str
    url: str
    flavor: str
    command: tuple[str, ...]
    created: str
    image: str = ""
    volumes: tuple[Volume, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether the job runs no longer."""
        return self.stage in FINAL_STAGES

    @property
    def repo_id(self) -> str:
        """The repository that the weights are published to; "" if the command names none."""
        return setting_of(self.command, "push_to_hub")

    @property
    def checkpoint_repo(self) -> str:
        """The repository that the state of the run is copied to; "" if the command names none."""
        return setting_of(self.command, "checkpoint_repo")


def setting_of(command: Sequence[str], name: str) -> str:
    """Return a setting of the run that a command starts; "" if it does not have it.

    The command has the config as JSON. Jobs of earlier versions have each setting as a flag.
    """
    flag = f"--{name.replace('_', '-')}"
    if flag in command[:-1]:
        return command[command.index(flag) + 1]
    try:
        config = json.loads(command[command.index("--config") + 1])
    except (ValueError, IndexError):
        return ""
    return str(config.get(name) or "") if isinstance(config, dict) else ""


def space_request(spec: RunSpec, space_id: str, flavor: str, timeout_s: int) -> JobRequest:
    """Return the request for a run in the image of a Space, which holds this code and its requirements.

    Args:
        spec: the run.
        space_id: OWNER/NAME of the Space.
        flavor: the hardware.
        timeout_s: seconds after which the Hub stops the job.

    Raises:
        JobError: the dataset is on this machine only.
    """
    check_dataset(spec)
    command = [*train_command(spec), *spec.job_arguments(pause_minutes(timeout_s))]
    return _request(SPACE_IMAGE + space_id, command, flavor, timeout_s, spec)


def image_request(spec: RunSpec, image: str, bootstrap: list[str], flavor: str, timeout_s: int) -> JobRequest:
    """Return the request for a run in a Docker image.

    Args:
        spec: the run.
        image: the Docker image.
        bootstrap: command that downloads this code and starts training with the arguments that follow it.
        flavor: the hardware.
        timeout_s: seconds after which the Hub stops the job.

    Raises:
        JobError: the dataset is on this machine only.
    """
    check_dataset(spec)
    command = [*bootstrap, *spec.job_arguments(pause_minutes(timeout_s))]
    return _request(image, command, flavor, timeout_s, spec)


def _request(image: str, command: list[str], flavor: str, timeout_s: int, spec: RunSpec) -> JobRequest:
    labels, volumes = {**LABELS, "preset": spec.preset}, volumes_of(spec)
    return JobRequest(image, command, flavor, timeout_s, job_name(spec), labels=labels, volumes=volumes)


def job_name(spec: RunSpec) -> str:
    """Return a name that the Hub accepts: letters, digits, "-" and "_"."""
    return _plain_name(spec.preset, spec.repo_id)


def _plain_name(kind: str, repo_id: str) -> str:
    plain = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in repo_id)
    return f"inpaint-{kind}-{plain}"[:90]


def check_dataset(spec: RunSpec) -> None:
    """Raise JobError if a dataset of a run is on this machine only."""
    if not spec.is_on_hub:
        elsewhere = [name for name in spec.datasets if not is_hub_dataset(name) or Path(name).expanduser().exists()]
        raise JobError(
            f"The dataset {elsewhere[0]!r} is on this machine only: upload it"
            " (`hf upload me/pictures FOLDER --repo-type dataset`), or train on this machine."
        )


def submit(request: JobRequest, token: str, namespace: str | None = None) -> HubJob:
    """Start a job. There is no retry, since a job may run although its response got lost.

    Args:
        request: what to run.
        token: owner of the job. The run reads the dataset and publishes with it.
        namespace: the account or organisation that pays; None: the token's account.

    Raises:
        JobError: the token may not write what the run writes, the Hub refuses, or cannot be reached.
    """
    written = [setting_of(request.command, name) for name in ("push_to_hub", "checkpoint_repo", "trackio")]
    check_token(token, written)
    with explained("The job could not be started", token):
        job = HfApi(token=token).run_job(
            image=request.image,
            command=request.command,
            env=request.environment,
            secrets={"HF_TOKEN": token},
            flavor=request.flavor,
            timeout=request.timeout_s,
            name=request.name,
            labels=request.labels,
            volumes=request.volumes or None,
            namespace=namespace,
            token=token,
        )
    return _parse_job(job)


def state_size(job: HubJob, token: str) -> int | None:
    """Return the bytes of the state of a job's run on the Hub; None if it is in no repository, or unknown.

    Args:
        job: as it was looked up.
        token: owner of the job.
    """
    if not job.checkpoint_repo:
        return None
    try:
        info = retry(lambda: HfApi(token=token).model_info(job.checkpoint_repo, files_metadata=True))
    except (httpx2.HTTPError, OSError):
        return None
    return sum(file.size or 0 for file in info.siblings or [])


def request_again(job: HubJob, state_bytes: int | None = None, anyway: bool = False) -> JobRequest:
    """Return the request for the same run once more, which then publishes what it has trained.

    Args:
        job: as it was looked up.
        state_bytes: size of the state of the run on the Hub, which the time limit depends on; None: unknown.
        anyway: whether the weights are published even if they are not better than those at the start.

    Raises:
        JobError: the Hub does not say what the job ran.
    """
    if not job.image or not job.repo_id:
        raise JobError(f"The job {job.id} cannot be repeated: start the same run from the form.")
    command = [*job.command, *(ANYWAY_FLAGS if anyway else [])]
    preset = setting_of(job.command, "preset")
    name, labels = _plain_name("again", job.repo_id), LABELS | ({"preset": preset} if preset else {})
    timeout_s = publishing_timeout_s(state_bytes)
    return JobRequest(job.image, command, job.flavor, timeout_s, name, labels=labels, volumes=list(job.volumes))


def get_job(job_id: str, token: str, namespace: str | None = None) -> HubJob:
    """Return a job; JobError if there is no such job, or the Hub cannot be reached."""
    with explained(f"The job {job_id} could not be looked up", token):
        return _parse_job(retry(lambda: HfApi(token=token).inspect_job(job_id=job_id, namespace=namespace)))


def list_jobs(token: str, namespace: str | None = None) -> list[HubJob]:
    """Return the training jobs of an account, newest first; JobError if they cannot be listed."""
    with explained("The jobs could not be listed", token):
        jobs = retry(lambda: list(HfApi(token=token).list_jobs(labels=LABELS, namespace=namespace, token=token)))
    return sorted(map(_parse_job, jobs), key=lambda job: job.created, reverse=True)


def read_job_log(
    job_id: str, token: str, namespace: str | None = None, tail: int | None = None, follow: bool = False
) -> Iterator[str]:
    """Yield the lines of a job's log.

    Args:
        job_id: of the job.
        token: owner of the job.
        namespace: the account or organisation of the job; None: the token's account.
        tail: only this many of the last lines; None: all.
        follow: yield new lines until the job ends.

    Raises:
        JobError: there is no such job, or the Hub cannot be reached.
    """
    with explained(f"The log of {job_id} could not be read", token):
        api, lines = HfApi(token=token), 0
        for line in api.fetch_job_logs(job_id=job_id, namespace=namespace, tail=tail, follow=follow):
            lines += 1
            yield line
        if follow and tail is None:  # huggingface_hub stops following when the job ends, and may miss its last lines
            yield from itertools.islice(api.fetch_job_logs(job_id=job_id, namespace=namespace), lines, None)


def list_hardware(token: str | None) -> list[Hardware]:
    """Return the hardware that can be rented, cheapest first; JobError if it cannot be listed."""
    with explained("The hardware could not be listed", token):
        return parse_hardware(retry(lambda: HfApi(token=token or False).list_jobs_hardware(token=token or False)))


def _parse_job(job: JobInfo) -> HubJob:
    created = job.created_at.isoformat(timespec="seconds") if job.created_at else ""
    command: tuple[Any, ...] = tuple(job.command or ())
    stage, flavor = (str(getattr(value, "value", value or "")) for value in (job.status.stage, job.flavor))
    image = SPACE_IMAGE + job.space_id if job.space_id else job.docker_image or ""
    volumes = tuple(job.volumes or ())
    return HubJob(job.id, stage, job.status.message or "", job.url, flavor, command, created, image, volumes)
