"""The desk of the page for retraining: what the browser may ask for.

Each function takes one dict from the browser and whoever is signed in, and answers with a dict; `{"error": sentence}`
when it declines. Nothing is kept here: what runs is found again through the account, or in the folder `runs`.
"""

import base64
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from inpaint import Inpainter
from page.retrain.signin import Caller, has_sign_in, on_space
from page.server.models import Models
from page.server.refusal import Refusal
from train.jobs.cancel import cancel_hub_job, cancel_local_job
from train.jobs.cost import Hardware, estimate, local_hardware
from train.jobs.dataset import dataset_info, preview
from train.jobs.hub import get_job, image_request, list_hardware, list_jobs, space_request, submit
from train.jobs.local import ROOT, list_local_jobs, read_local_job, start_local_job, started_at
from train.jobs.source import IMAGE, pack, upload
from train.jobs.spec import PRESETS, RunSpec, is_hub_dataset, is_repo_id
from train.jobs.watch import JobSnapshot, fetch_weights, is_public, watch_hub_job, watch_local_job

HERE = "here"
"""The flavor that stands for this machine."""
LONGEST_IMAGES = 20_000_000
RECENT = 6
DECIMALS = 4


class RetrainDesk:
    """What the browser may ask for.

    Args:
        models: gets the weights that somebody wants to use.
        root: where runs of this machine lie.
    """

    def __init__(self, models: Models, root: Path = ROOT) -> None:
        self.models, self.root = models, root

    @property
    def actions(self) -> list[Callable[[dict, Caller], dict]]:
        """All of them, for the browser."""
        return [self.arrive, self.check, self.preview, self.estimate, self.start, self.watch, self.cancel, self.use]

    def arrive(self, call: dict, caller: Caller) -> dict:
        """{} -> who is signed in and how, the hardware, and the runs that there are."""
        account = caller.account
        machines = list_hardware(account.token) if account else []
        machines += [local_hardware(HERE, os.cpu_count() or 2)] if caller.owner else []
        return {
            "account": account.name if account else None,
            "sign_in": "oauth" if has_sign_in() else "none" if on_space() else "token" if caller.owner else "away",
            "hardware": [machine._asdict() for machine in machines],
            "runs": self._runs(caller),
        }

    def _runs(self, caller: Caller) -> list[dict]:
        """The newest runs of whoever asks: {job, repo, stage, created}."""
        found = []
        if caller.account:
            for job in list_jobs(caller.account.token, caller.account.name)[:RECENT]:
                repo = job.repo_id
                found.append({"job": job.id, "repo": repo, "stage": job.stage, "created": job.created})
        if caller.owner:
            for local in list_local_jobs(self.root)[:RECENT]:
                repo, name = local.description.get("repo_id", ""), f"{HERE}:{local.folder.name}"
                created = started_at(local)
                found.append({"job": name, "repo": repo, "stage": local.stage, "created": created})
        return sorted(found, key=lambda run: run["created"], reverse=True)[:RECENT]

    def check(self, call: dict, caller: Caller) -> dict:
        """{dataset} -> {private, rows, files} of a dataset that is there and may be read."""
        name = _dataset(call, caller)
        if not is_hub_dataset(name):
            return {"private": True, "rows": None, "files": None, "local": True}
        return dataset_info(name, caller.account.token if caller.account else None)._asdict()

    def preview(self, call: dict, caller: Caller) -> dict:
        """{dataset, preset} -> {pictures}: nine data URLs, with the masks that the preset trains on."""
        name, preset = _dataset(call, caller), _preset(call)
        return {"pictures": preview(name, preset, caller.account.token if caller.account else None)}

    def estimate(self, call: dict, caller: Caller) -> dict:
        """{dataset, preset, images, repo, flavor, rows} -> {seconds, usd}; a rough guess."""
        run, rows = self._run(call, caller), call.get("rows")
        guess = estimate(run, self._machine(call, caller), rows if isinstance(rows, int) else None)
        return {"seconds": guess.seconds, "usd": round(guess.usd, 2)}

    def start(self, call: dict, caller: Caller) -> dict:
        """{dataset, preset, images, repo, flavor, private} -> {job}: starts the run."""
        run, machine = self._run(call, caller), self._machine(call, caller)
        if machine.flavor == HERE:
            started = start_local_job(run, self.root, publish=caller.account is not None)
            return {"job": f"{HERE}:{started.folder.name}"}
        account = caller.known()
        guess = estimate(run, machine)
        if account.seconds_left is not None and account.seconds_left < guess.seconds:
            raise Refusal("retrain_expires")
        if space := os.getenv("SPACE_ID"):
            request = space_request(run, space, machine.flavor, guess.timeout_s)
        else:
            start = upload(pack(), run, account.token)
            request = image_request(run, IMAGE, start, machine.flavor, guess.timeout_s)
        return {"job": submit(request, account.token, account.name).id}

    def watch(self, call: dict, caller: Caller) -> dict:
        """{job, sheet} -> how the run is; the newest sheet unless it is the one that is named."""
        known = str(call.get("sheet") or "")
        if (folder := self._folder(call, caller)) is not None:
            local = read_local_job(folder)
            watched, repo, url = watch_local_job(local, known), local.description.get("repo_id", ""), ""
        else:
            account = caller.known()
            job = get_job(_job(call), account.token, account.name)
            watched = watch_hub_job(job, account.token, account.name, known)
            repo, url = job.repo_id, job.url
        return _shown(watched) | {"repo": repo, "url": url, "can_use": self._usable(watched, folder)}

    def _usable(self, watched: JobSnapshot, folder: Path | None) -> bool:
        if folder is None:
            return watched.stage == "COMPLETED" and watched.status.published is not None
        return watched.stage != "RUNNING" and (folder / "weights" / "config.json").exists()

    def cancel(self, call: dict, caller: Caller) -> dict:
        """{job}: stops the run; what it reached is kept."""
        if (folder := self._folder(call, caller)) is not None:
            cancel_local_job(folder)
        else:
            account = caller.known()
            cancel_hub_job(_job(call), account.token, account.name)
        return {}

    def use(self, call: dict, caller: Caller) -> dict:
        """{job} of a finished run -> {model}: the name by which the painter has its weights, for this visitor only."""
        if (folder := self._folder(call, caller)) is not None:
            source = read_local_job(folder).description.get("repo_id", folder.name)
            weights, device = str(folder / "weights"), self.models.own.device
            inpainter = Inpainter.from_pretrained(weights, source=source, device=device)
            return {"model": self.models.hand_over(inpainter)}
        account = caller.known()
        job = get_job(_job(call), account.token, account.name)
        published = watch_hub_job(job, account.token, account.name).status.published
        if published is None or not is_repo_id(published["repo_id"]):
            raise Refusal("retrain_not_published")
        name = f"{published['repo_id']}@{published['revision']}"
        if is_public(published["repo_id"]):
            self.models.get(name)
            return {"model": name}
        with tempfile.TemporaryDirectory(prefix="weights-") as place:
            folder = fetch_weights(published["repo_id"], published["revision"], account.token, Path(place))
            inpainter = Inpainter.from_pretrained(str(folder), source=name, device=self.models.own.device)
        return {"model": self.models.hand_over(inpainter)}

    def _run(self, call: dict, caller: Caller) -> RunSpec:
        """The run that a call describes; Refusal or JobError if it describes none."""
        images, repo = call.get("images"), call.get("repo")
        if not isinstance(repo, str) or not is_repo_id(repo):
            raise Refusal("retrain_repo")
        if isinstance(images, bool) or not isinstance(images, int) or not 1 <= images <= LONGEST_IMAGES:
            raise Refusal("retrain_images_range", limit=LONGEST_IMAGES)
        private = True if call.get("private") is True else None
        return RunSpec(_preset(call), _dataset(call, caller), repo, {"images": images, "epochs": None}, private)

    def _machine(self, call: dict, caller: Caller) -> Hardware:
        """The hardware that a call names, with its price of today."""
        flavor = call.get("flavor")
        if flavor == HERE:
            if not caller.owner:
                raise Refusal("retrain_sign_in")
            return local_hardware(HERE, os.cpu_count() or 2)
        machines = list_hardware(caller.known().token)
        found = next((machine for machine in machines if machine.flavor == flavor), None)
        if found is None:
            raise Refusal("retrain_hardware_gone")
        return found

    def _folder(self, call: dict, caller: Caller) -> Path | None:
        """The folder of a run on this machine, for its owner; None for a job of the Hub."""
        where, _, name = str(call.get("job")).partition(":")
        if where != HERE:
            return None
        if not caller.owner or not re.fullmatch(r"\w[\w.-]{0,200}", name, re.ASCII):
            raise Refusal("retrain_gone")
        return self.root / "runs" / name


def _preset(call: dict) -> str:
    if call.get("preset") not in PRESETS:
        raise Refusal("bad_request")
    return call["preset"]


def _job(call: dict) -> str:
    job = call.get("job")
    if not isinstance(job, str) or not re.fullmatch(r"[\w-]{1,64}", job, re.ASCII):
        raise Refusal("retrain_gone")
    return job


def _dataset(call: dict, caller: Caller) -> str:
    """The dataset that a call names: of the Hub, or a folder or file for the owner of this machine."""
    caller.owner or caller.known()
    name = call.get("dataset")
    name = name.strip() if isinstance(name, str) else ""
    if is_hub_dataset(name) and not (caller.owner and Path(name).exists()):
        return name
    path = Path(name).expanduser()
    if not caller.owner or not name or name.startswith("-") or "\0" in name or len(name) > 1000 or not path.exists():
        raise Refusal("retrain_no_dataset")
    return str(path.resolve())


def _shown(watched: JobSnapshot) -> dict:
    """How a run is, for the browser."""
    happened = watched.status
    lines = [{name: round(value, DECIMALS) for name, value in line.items()} for line in happened.lines]
    picture = "data:image/png;base64," + base64.b64encode(watched.sheet).decode() if watched.sheet else None
    return {
        "stage": watched.stage,
        "images_seen": happened.images_seen,
        "total": happened.total,
        "images_per_s": happened.images_per_s,
        "seconds_left": watched.seconds_left,
        "lines": lines,
        "published": happened.published,
        "words": watched.log_tail,
        "sheet": {"id": watched.sheet_id, "picture": picture},
    }
