"""Cancel a run, and what runs when it is cancelled.

1. `cancel_hub_job` asks the Hub, which stops the container of the job with SIGTERM. `cancel_local_job` sends SIGTERM to
   the process group of the run.
2. In the process of the run, `train.run.signals` receives the signal, and the training loop (`train.run.loop`) finishes
   the step in progress, writes a checkpoint and the weights, and raises KeyboardInterrupt.
3. `train.__main__` closes the mirror (`train.run.mirror.Mirror.close`), which uploads that checkpoint to the run's
   checkpoint repository. It prints "Interrupted" and exits with code 130. Nothing is published.
4. The same submit command resumes from the checkpoint, on this machine or another.

A process that is killed before it has finished these steps resumes from the last checkpoint that was copied.
"""

import contextlib
import os
import signal
from pathlib import Path

from huggingface_hub import HfApi

from inpaint.hub.retry import retry

from .errors import explained
from .local import LocalJob, read_local_job, write_description


def cancel_hub_job(job_id: str, token: str, namespace: str | None = None) -> None:
    """Cancel a job on the Hub. The job ends a little later.

    Args:
        job_id: of the job.
        token: owner of the job.
        namespace: the account or organisation of the job; None: the token's account.

    Raises:
        JobError: there is no such job, the token may not cancel it, or the Hub cannot be reached.
    """
    with explained(f"The job {job_id} could not be cancelled", token):
        retry(lambda: HfApi(token=token).cancel_job(job_id=job_id, namespace=namespace))


def cancel_local_job(folder: Path) -> LocalJob:
    """Cancel a run on this machine. Its process ends a little later.

    Args:
        folder: of the run.

    Raises:
        JobError: no run was started in this folder.
    """
    job = read_local_job(folder)
    if not job.ended:
        write_description(folder, job.description | {"cancelled": True})
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(job.description["pid"], signal.SIGTERM)
    return read_local_job(folder)
