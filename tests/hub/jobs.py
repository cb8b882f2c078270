"""Jobs: a submitted command runs as a local process with the environment and secrets of the job."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.hub.access import signed_in
from tests.hub.messages import HubError, Request, Response, reply

if TYPE_CHECKING:
    from tests.hub.server import Hub

HARDWARE = [
    {"name": "cpu-basic", "prettyName": "CPU Basic", "cpu": "2 vCPU", "ram": "16 GB", "ephemeralStorage": "20 GB",
     "accelerator": None, "unitCostMicroUSD": 167, "unitCostUSD": 0.000167, "unitLabel": "minute"},
    {"name": "t4-small", "prettyName": "Nvidia T4 - small", "cpu": "4 vCPU", "ram": "15 GB",
     "accelerator": {"type": "gpu", "model": "T4", "quantity": "1", "vram": "16 GB", "manufacturer": "Nvidia"},
     "unitCostMicroUSD": 6667, "unitCostUSD": 0.006667, "unitLabel": "minute"},
    {"name": "l4x4", "prettyName": "4x Nvidia L4", "cpu": "48 vCPU", "ram": "186 GB",
     "accelerator": {"type": "gpu", "model": "L4", "quantity": "4", "vram": "96 GB", "manufacturer": "Nvidia"},
     "unitCostMicroUSD": 63333, "unitCostUSD": 0.063333, "unitLabel": "minute"},
]  # fmt: skip
DEFAULT_TIMEOUT_S = 1800
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT")


@dataclass
class Job:
    """A submitted job. No response holds the values of its `secrets`."""

    id: str
    namespace: str
    spec: dict[str, Any]
    folder: Path
    created: str
    secrets: dict[str, str]
    stage: str = "SCHEDULING"
    message: str | None = None
    process: subprocess.Popen | None = None
    log: list[tuple[str, str]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the job as the API does, without the values of its secrets."""
        shown = ("command", "arguments", "environment", "flavor", "labels", "dockerImage", "spaceId", "volumes")
        owner = {"id": f"id-{self.namespace}", "name": self.namespace, "type": "user"}
        return {
            "id": self.id,
            "createdAt": self.created,
            "owner": owner,
            "initiator": owner,
            "status": {"stage": self.stage, "message": self.message},
            "secrets": dict.fromkeys(self.secrets),
            **{name: self.spec.get(name) for name in shown},
        }


class Jobs:
    """The jobs of a Hub, each with its own folder."""

    def __init__(self) -> None:
        self.all: dict[str, Job] = {}

    def start(self, hub: "Hub", job: Job) -> None:
        """Run the job's command in a folder with the files of its Space, or in an empty one for a Docker image."""
        work = job.folder / "work"
        if space := job.spec.get("spaceId"):
            _check_out(hub, space, work)
        else:
            work.mkdir()
        inherited = {name: value for name, value in os.environ.items() if name in INHERITED}
        settings = {
            "HF_ENDPOINT": hub.url, "HF_HOME": str(job.folder / "hf_home"), "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1", "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive",
            "NO_PROXY": "127.0.0.1,localhost", "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }  # fmt: skip
        program, *arguments = [*job.spec["command"], *job.spec.get("arguments", [])]
        job.process = subprocess.Popen(
            [sys.executable if program == "python" else program, *arguments],
            cwd=work,
            env={**inherited, **settings, **job.spec.get("environment", {}), **job.secrets},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        job.stage = "RUNNING"
        threading.Thread(target=self._follow, args=(job,), daemon=True).start()
        timeout_s = job.spec.get("timeoutSeconds") or DEFAULT_TIMEOUT_S
        timer = threading.Timer(timeout_s, self.kill, (job, "Job timeout"))
        timer.daemon = True
        timer.start()

    def _follow(self, job: Job) -> None:
        assert job.process is not None and job.process.stdout is not None
        with job.process:
            for line in job.process.stdout:
                job.log.append((line.rstrip("\n"), _now()))
        if job.stage == "RUNNING":
            code = job.process.returncode
            job.stage, job.message = ("ERROR", f"Exit code {code}") if code else ("COMPLETED", None)

    def cancel(self, job: Job) -> None:
        """Cancel a job for its owner: SIGTERM."""
        if job.stage in ("RUNNING", "SCHEDULING"):
            job.stage = "CANCELED"
            _send_signal(job, signal.SIGTERM)

    def kill(self, job: Job, message: str) -> None:
        """End a job at once, as a failing machine or a timeout does: SIGKILL."""
        if job.stage == "RUNNING":
            job.stage, job.message = "ERROR", message
            _send_signal(job, signal.SIGKILL)

    def stop_all(self) -> None:
        """Kill all processes and remove the folders."""
        for job in self.all.values():
            self.kill(job, "the Hub was closed")
            if job.process is not None:
                job.process.wait(timeout=20)
            shutil.rmtree(job.folder, ignore_errors=True)


def _send_signal(job: Job, number: int) -> None:
    if job.process is not None and job.process.poll() is None:
        os.killpg(job.process.pid, number)


def _check_out(hub: "Hub", space: str, folder: Path) -> None:
    repo = hub.store.repos["space", space]
    for name, file in repo.commits[repo.branches["main"]].files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(hub.store.read(file.sha256))


def _now() -> str:
    moment = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment % 1 * 1000):03d}Z"


def hardware(hub: "Hub", request: Request) -> Response:
    return reply(HARDWARE)


def create(hub: "Hub", request: Request) -> Response:
    spec, namespace = request.json(), _own(request, write=True)
    if spec["flavor"] not in {machine["name"] for machine in HARDWARE}:
        raise HubError(400, f"Invalid flavor: {spec['flavor']}")
    space = spec.get("spaceId")
    if space is not None and ("space", space) not in hub.store.repos:
        raise HubError(404, "Space not found", "RepoNotFound")
    if not (space or spec.get("dockerImage")) or not spec.get("command"):
        raise HubError(400, "A job needs an image and a command")
    for volume in spec.get("volumes") or ():
        if not volume["mountPath"].startswith("/") or volume["mountPath"] == "/":
            raise HubError(400, f"Invalid mount path: {volume['mountPath']}")
        if (volume["type"], volume["source"]) not in hub.store.repos:
            raise HubError(404, f"{volume['type']} {volume['source']} not found", "RepoNotFound")
    job_id = uuid.uuid4().hex[:24]
    secrets = {str(name): str(value) for name, value in (spec.pop("secrets", None) or {}).items()}
    job = Job(job_id, namespace, spec, Path(tempfile.mkdtemp(prefix="hub-job-")), _now(), secrets)
    hub.jobs.all[job_id] = job
    hub.jobs.start(hub, job)
    return reply(job.to_json())


def listing(hub: "Hub", request: Request) -> Response:
    namespace, stages = _own(request), request.query.get("stage", [])
    labels = dict(label.split("=", 1) for label in request.query.get("label", []))
    return reply([
        job.to_json()
        for job in hub.jobs.all.values()
        if job.namespace == namespace
        and labels.items() <= (job.spec.get("labels") or {}).items()
        and (not stages or job.stage in stages)
    ])  # fmt: skip


def inspect(hub: "Hub", request: Request) -> Response:
    return reply(_job(hub, request).to_json())


def cancel(hub: "Hub", request: Request) -> Response:
    job = _job(hub, request, write=True)
    hub.jobs.cancel(job)
    return reply(job.to_json())


def logs(hub: "Hub", request: Request) -> Response:
    """Return the log so far as server-sent events; a client that follows it polls until the job has ended."""
    lines = [("===== Job started =====", _job(hub, request).created), *_job(hub, request).log]
    tail = request.query.get("tail")
    if tail:
        lines = lines[-int(tail[0]) :]
    events = (f"data: {json.dumps({'data': text, 'timestamp': moment})}\n\n" for text, moment in lines)
    return Response(200, "".join(events).encode(), {"Content-Type": "text/event-stream"})


def _own(request: Request, write: bool = False) -> str:
    """Return the namespace of the call, if the caller may use it."""
    namespace = request.params["namespace"]
    if not signed_in(request, write).owns(namespace):
        raise HubError(403, f"You don't have the rights to use jobs of {namespace}")
    return namespace


def _job(hub: "Hub", request: Request, write: bool = False) -> Job:
    namespace = _own(request, write)
    job = hub.jobs.all.get(request.params["job"])
    if job is None or job.namespace != namespace:
        raise HubError(404, "Job not found")
    return job
