"""A bucket of the Hub as the place of a run's state, mounted into its job."""

import httpx2
from huggingface_hub import HfApi, Volume

from inpaint.hub.errors import explain_error
from inpaint.hub.retry import retry

from .spec import BUCKET_FOLDER, JobError, RunSpec


def prepare_bucket(bucket: str, token: str) -> bool:
    """Create a private bucket unless it exists; return whether a job can use it.

    Args:
        bucket: OWNER/NAME.
        token: may create it.

    Returns:
        False, after a message, if the Hub has no buckets, refuses, or cannot be reached.

    Raises:
        JobError: the bucket exists and is public.
    """
    api = HfApi(token=token)
    try:
        retry(lambda: api.create_bucket(bucket, private=True, exist_ok=True))
        private = retry(lambda: api.bucket_info(bucket)).private
    except (httpx2.HTTPError, OSError, ValueError) as error:
        attempt = f"The bucket {bucket} cannot be used"
        reason = explain_error(error, attempt, right=f"write to {bucket}", token=token)
        print(f"{reason} The state of the run goes to a private repository instead.")
        return False
    if not private:
        raise JobError(f"The bucket {bucket} is public; the state of a run must be private: give another one.")
    return True


def volumes_of(spec: RunSpec) -> list[Volume]:
    """Return the volumes that the job of a run mounts: its bucket, if it has one."""
    if spec.bucket is None:
        return []
    return [Volume(type="bucket", source=spec.bucket, mount_path=BUCKET_FOLDER, read_only=False)]
