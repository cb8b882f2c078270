"""The actions of the page for retraining: what the browser may call.

Each action takes a dict from the browser and the caller, and returns a dict; errors become `{"error": sentence}`. The
page keeps no state of its own: runs are found again through the account, or in the folder `runs` of this machine.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

from page.retrain.pictures import add_pictures
from page.retrain.run_state import run_state
from page.retrain.signin import Caller, has_sign_in, on_space
from page.retrain.start_weights import fits, start_weights
from page.retrain.trained_weights import has_weights, use_local, use_of_hub
from page.server.errors import PageError
from page.server.models import Models, source_name
from page.server.uploads import Uploads
from train.jobs.cancel import cancel_hub_job, cancel_local_job
from train.jobs.cost import Hardware, estimate, local_hardware
from train.jobs.dataset import dataset_info, preview
from train.jobs.hub import get_job, list_hardware, list_jobs, request_again, state_size, submit
from train.jobs.local import RUNS_ROOT, list_local_jobs, publish_local_job, read_local_job, start_local_job, started_at
from train.jobs.prepare import prepare_request
from train.jobs.spec import PRESETS, RunSpec, is_hub_dataset, is_repo_id
from train.jobs.watch import watch_hub_job, watch_local_job

LOCAL = "here"
"""The flavor that stands for this machine, and the prefix of the ids of its runs."""
MAX_IMAGES = 20_000_000
RECENT_RUNS = 6


class RetrainActions:
    """What the browser may call on the page for retraining.

    Args:
        models: where weights are registered that a visitor wants to use.
        uploads: pictures to train on that visitors have sent.
        root: folder of this machine's runs.
    """

    def __init__(self, models: Models, uploads: Uploads, root: Path = RUNS_ROOT) -> None:
        self.models, self.uploads, self.root = models, uploads, root

    @property
    def all(self) -> list[Callable[[dict, Caller], dict]]:
        """All actions."""
        before = [self.load_page, self.check_dataset, self.add_pictures, self.preview_masks, self.estimate_cost]
        return [*before, self.start_run, self.watch_run, self.cancel_run, self.publish_again, self.use_weights]

    def load_page(self, call: dict, caller: Caller) -> dict:
        """Return the caller's account, the way to sign in, the hardware, recent runs and what a run can start from.

        {model} -> them; `model` is what the caller's editor uses.
        """
        account = caller.account
        machines = list_hardware(account.token) if account else []
        machines += [local_hardware(LOCAL, os.cpu_count() or 2)] if caller.owner else []
        return {
            "account": account.name if account else None,
            "sign_in": _way_to_sign_in(caller),
            "hardware": [machine._asdict() for machine in machines],
            "runs": self._recent_runs(caller),
            "start": self._start(call),
        }

    def check_dataset(self, call: dict, caller: Caller) -> dict:
        """Look up a dataset that the caller may read: {dataset} -> {private, rows, files}, `local` if it is here."""
        name = _dataset(call, caller)
        if not is_hub_dataset(name):
            return {"private": True, "rows": None, "files": None, "local": True}
        return dataset_info(name, caller.account.token if caller.account else None)._asdict()

    def add_pictures(self, call: dict, caller: Caller) -> dict:
        """Add uploaded pictures to a dataset of the caller: {name, paths, here} -> {dataset, added, refused}."""
        return add_pictures(call, caller, self.root, self.uploads)

    def preview_masks(self, call: dict, caller: Caller) -> dict:
        """Show nine pictures with masks of the preset: {dataset, preset} -> {pictures}, as data URLs."""
        name, preset = _dataset(call, caller), _preset(call)
        return {"pictures": preview(name, preset, caller.account.token if caller.account else None)}

    def estimate_cost(self, call: dict, caller: Caller) -> dict:
        """Estimate a run: {dataset, preset, images, repo, flavor, rows} -> {seconds, usd}."""
        run, rows = self._run(call, caller), call.get("rows")
        cost = estimate(run, self._hardware(call, caller), rows if isinstance(rows, int) else None)
        return {"seconds": cost.seconds, "usd": round(cost.usd, 2)}

    def start_run(self, call: dict, caller: Caller) -> dict:
        """Start a run: {dataset, preset, images, repo, flavor, private} -> {job}."""
        run, machine = self._run(call, caller), self._hardware(call, caller)
        if machine.flavor == LOCAL:
            started = start_local_job(run, self.root, publish=caller.account is not None)
            return {"job": f"{LOCAL}:{started.folder.name}"}
        account = caller.require_account()
        cost = estimate(run, machine)
        if account.seconds_left is not None and account.seconds_left < cost.seconds:
            raise PageError("retrain_expires")
        space = os.getenv("SPACE_ID")
        request = prepare_request(run, machine.flavor, cost.timeout_s, account.token, space=space)
        return {"job": submit(request, account.token, account.name).id}

    def watch_run(self, call: dict, caller: Caller) -> dict:
        """Return the state of a run: {job, sheet, comparison} -> it, with the sheets that the caller has not by id."""
        known = str(call.get("sheet") or ""), str(call.get("comparison") or "")
        if (folder := self._run_folder(call, caller)) is not None:
            local = read_local_job(folder)
            snapshot, repo, url = watch_local_job(local, *known), local.description.get("repo_id", ""), ""
        else:
            account = caller.require_account()
            job = get_job(_job(call), account.token, account.name)
            snapshot = watch_hub_job(job, account.token, account.name, *known)
            repo, url = job.repo_id, job.url
        cancelling = folder is not None and snapshot.stage == "RUNNING" and bool(local.description.get("cancelled"))
        state = {"repo": repo, "url": url, "cancelling": cancelling, "can_use": has_weights(snapshot, folder)}
        return run_state(snapshot) | state

    def cancel_run(self, call: dict, caller: Caller) -> dict:
        """Cancel a run: {job} -> {}. Its checkpoint is kept, so that starting it again resumes it.

        The steps that follow are listed in `train.jobs.cancel`.
        """
        if (folder := self._run_folder(call, caller)) is not None:
            cancel_local_job(folder)
        else:
            account = caller.require_account()
            cancel_hub_job(_job(call), account.token, account.name)
        return {}

    def publish_again(self, call: dict, caller: Caller) -> dict:
        """Start a run again that has been trained but not published, which then does only that: {job, anyway} -> {job}.

        `anyway` publishes weights that are not better than those at the start, too.
        """
        anyway = call.get("anyway") is True
        if (folder := self._run_folder(call, caller)) is not None:
            publish_local_job(folder, anyway)
            return {"job": call["job"]}
        account = caller.require_account()
        job = get_job(_job(call), account.token, account.name)
        if not job.ended:
            raise PageError("retrain_running")
        request = request_again(job, state_size(job, account.token), anyway)
        return {"job": submit(request, account.token, account.name).id}

    def use_weights(self, call: dict, caller: Caller) -> dict:
        """Make the weights of a finished run available to this visitor's editor: {job} -> {model}, its name there."""
        if (folder := self._run_folder(call, caller)) is not None:
            return {"model": use_local(read_local_job(folder), self.models)}
        account = caller.require_account()
        job = get_job(_job(call), account.token, account.name)
        snapshot = watch_hub_job(job, account.token, account.name)
        return {"model": use_of_hub(job, snapshot, account, self.models)}

    def _recent_runs(self, caller: Caller) -> list[dict]:
        """Return the caller's newest runs: {job, repo, stage, created}."""
        found = []
        if caller.account:
            for job in list_jobs(caller.account.token, caller.account.name)[:RECENT_RUNS]:
                repo = job.repo_id
                found.append({"job": job.id, "repo": repo, "stage": job.stage, "created": job.created})
        if caller.owner:
            for local in list_local_jobs(self.root)[:RECENT_RUNS]:
                repo, name = local.description.get("repo_id", ""), f"{LOCAL}:{local.folder.name}"
                created = started_at(local)
                found.append({"job": name, "repo": repo, "stage": local.stage, "created": created})
        return sorted(found, key=lambda run: run["created"], reverse=True)[:RECENT_RUNS]

    def _run(self, call: dict, caller: Caller) -> RunSpec:
        """Return the run that a call describes; PageError if a field is not valid."""
        images, repo = call.get("images"), call.get("repo")
        if not isinstance(repo, str) or not is_repo_id(repo):
            raise PageError("retrain_repo")
        if isinstance(images, bool) or not isinstance(images, int) or not 1 <= images <= MAX_IMAGES:
            raise PageError("retrain_images_range", limit=MAX_IMAGES)
        private = True if call.get("private") is True else None
        preset, overrides = _preset(call), {"images": images, "epochs": None}
        folder = self._run_folder({"job": call.get("model_job")}, caller) if call.get("model_job") else None
        dataset = _dataset(call, caller)  # declines strangers, before a model is loaded
        start = start_weights(call, preset, self.models, folder, call.get("flavor") == LOCAL)
        return RunSpec(preset, dataset, repo, overrides | ({"init_from": start} if start else {}), private)

    def _start(self, call: dict) -> dict:
        """Return the weights that the caller's editor uses, and the presets that can start from them."""
        try:
            inpainter = self.models.in_memory(call.get("model")) or self.models.default
        except PageError:  # no longer loaded: the editor falls back to the default too
            inpainter = self.models.default
        weights = source_name(inpainter.source)
        return {"weights": weights, "presets": [preset for preset in PRESETS if fits(preset, inpainter)]}

    def _hardware(self, call: dict, caller: Caller) -> Hardware:
        """Return the hardware that a call names, with its present price."""
        flavor = call.get("flavor")
        if flavor == LOCAL:
            if not caller.owner:
                raise PageError("retrain_sign_in")
            return local_hardware(LOCAL, os.cpu_count() or 2)
        machines = list_hardware(caller.require_account().token)
        found = next((machine for machine in machines if machine.flavor == flavor), None)
        if found is None:
            raise PageError("retrain_hardware_gone")
        return found

    def _run_folder(self, call: dict, caller: Caller) -> Path | None:
        """Return the folder of a run on this machine, for its owner; None for a job on the Hub."""
        where, _, name = str(call.get("job")).partition(":")
        if where != LOCAL:
            return None
        if not caller.owner or not re.fullmatch(r"\w[\w.-]{0,200}", name, re.ASCII):
            raise PageError("retrain_gone")
        return self.root / "runs" / name


def _way_to_sign_in(caller: Caller) -> str:
    """Return how the caller can become one who may train: the end of a key of the page's texts."""
    if on_space():
        return "oauth" if has_sign_in() else "none"
    return "token" if caller.owner else "key" if caller.local else "away"


def _preset(call: dict) -> str:
    if call.get("preset") not in PRESETS:
        raise PageError("bad_request")
    return call["preset"]


def _job(call: dict) -> str:
    job = call.get("job")
    if not isinstance(job, str) or not re.fullmatch(r"[\w-]{1,64}", job, re.ASCII):
        raise PageError("retrain_gone")
    return job


def _dataset(call: dict, caller: Caller) -> str:
    """Return the dataset that a call names: on the Hub, or a folder or file for the owner of this machine."""
    if not caller.owner:
        caller.require_account()
    name = call.get("dataset")
    name = name.strip() if isinstance(name, str) else ""
    if is_hub_dataset(name) and not (caller.owner and Path(name).exists()):
        return name
    if not caller.owner or not name or name.startswith("-") or "\0" in name or len(name) > 1000:
        raise PageError("retrain_no_dataset")
    try:
        return str(Path(name).expanduser().resolve(strict=True))
    # a name that is too long, the home of a user who does not exist, and half of a character, as well
    except (OSError, RuntimeError, UnicodeEncodeError):
        raise PageError("retrain_no_dataset") from None
