"""Runs as jobs of a local Hub that runs them: submitted from the command line, watched, killed, resumed, cancelled."""

import io
import json
import tarfile
import time
from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi

from tests.hub import Hub, User
from tests.hub.client import Client
from tests.hub.seeds import seed_pictures, seed_space
from train.jobs import hub as jobs_hub
from train.jobs import source as jobs_code
from train.jobs import token_scope
from train.jobs.spec import RunSpec
from train.presets import PRESETS
from train.settings import with_overrides

TOKEN = "hf_the_secret_of_me"
IMAGES = 96


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A Hub with a Space that holds this code and a private dataset, and a machine that is signed in."""
    home = tmp_path_factory.mktemp("jobs")
    with Hub(users=[User("me", TOKEN), User("you", "hf_you")]) as hub:
        seed_space(hub, "me/inpaint")
        seed_pictures(hub, "me/photos", private=True)
        client = Client(hub.url, home / "machine", token=TOKEN)
        yield SimpleNamespace(hub=hub, client=client, api=HfApi(endpoint=hub.url, token=TOKEN), home=home)


def submit(place, weights, *options, images=IMAGES):
    """Submit a run of the tiny preset; return its job."""
    sizes = ["--data.resolution", 32, "--data.shuffle-buffer", 8, "--images", images, "--checkpoint-every", 16]
    run = ["tiny", "--data.dataset", "me/photos", "--push-to-hub", weights, "--log-every", 8, *sizes]
    output = place.client.run("-m", "train.jobs", "submit", "--flavor", "cpu-basic", *options, *run).stdout
    return place.hub.jobs.all[output.rpartition(" ")[2].strip()]


def ended(job, seconds=200):
    deadline = time.monotonic() + seconds
    while job.stage == "RUNNING":
        assert time.monotonic() < deadline, [text for text, _ in job.log]
        time.sleep(0.05)
    return job.stage


def log_text(job):
    return "\n".join(text for text, _ in job.log)


def weights(place, repo_id):
    path = place.api.hf_hub_download(repo_id, "model.safetensors", cache_dir=place.home / "downloads")
    with open(path, "rb") as file:
        return file.read()


@pytest.fixture(scope="module")
def finished(place):
    """A completed job in the image of a Space, and the log that the command line printed."""
    job = submit(place, "me/weights", "--space", "me/inpaint")
    logs = place.client.run("-m", "train.jobs", "logs", "--follow", job.id).stdout
    assert ended(job) == "COMPLETED", log_text(job)
    return SimpleNamespace(job=job, logs=logs)


def test_a_job_in_the_image_of_a_space_trains_and_publishes(place, finished):
    assert finished.job.spec["spaceId"] == "me/inpaint"
    assert finished.job.spec["timeoutSeconds"] >= 3600
    assert {"model.safetensors", "config.json", "README.md"} <= set(place.api.list_repo_files("me/weights"))
    assert finished.logs.splitlines() == log_text(finished.job).splitlines()
    last = json.loads(finished.logs.splitlines()[-1])
    assert (last["event"], last["images"]) == ("finished", IMAGES)
    assert {"minutes", "generator/reconstruction", "discriminator/adversarial"} <= last.keys()
    assert finished.job.spec["labels"] == {
        "inpaint": "retrain", "preset": "tiny", "name": "inpaint-tiny-me-weights",
    }  # fmt: skip
    status = place.client.run("-m", "train.jobs", "status", finished.job.id).stdout
    assert "completed, 96 of 96 images" in status
    assert f"published at {place.hub.url}/me/weights" in status
    assert finished.job.id in place.client.run("-m", "train.jobs", "status").stdout


def test_the_state_is_stored_in_a_private_repository_without_old_copies(place, finished):
    info = place.api.model_info("me/weights-checkpoint")
    assert info.private
    assert {"checkpoint.pt", "config.json", "losses.jsonl", "sheet.png"} <= {file.rfilename for file in info.siblings}
    assert len(place.api.list_repo_commits("me/weights-checkpoint")) <= 2


def test_the_token_is_in_the_secrets_of_the_job_and_nowhere_else(place, finished):
    assert finished.job.secrets == {"HF_TOKEN": TOKEN}
    shown = json.dumps(finished.job.to_json()) + json.dumps(finished.job.spec) + log_text(finished.job) + finished.logs
    assert TOKEN not in shown
    for path in place.hub.store.root.rglob("*"):
        assert path.is_dir() or TOKEN.encode() not in path.read_bytes(), path
    for path in finished.job.folder.rglob("*"):
        assert path.is_dir() or TOKEN.encode() not in path.read_bytes(), path
    assert not any(TOKEN in address for _, address in place.hub.calls)


def test_a_killed_job_is_resumed_from_the_hub_and_ends_with_the_same_weights(place, finished):
    first = submit(place, "me/again", "--space", "me/inpaint")
    state = "/me/again-checkpoint/commit"
    deadline = time.monotonic() + 120
    while not place.hub.called("POST", state):
        assert time.monotonic() < deadline and first.stage == "RUNNING", log_text(first)
        time.sleep(0.01)
    place.hub.jobs.kill(first, "the machine is gone")
    assert ended(first) == "ERROR"
    assert not place.api.repo_exists("me/again"), "it ended before it was killed"
    second = submit(place, "me/again", "--space", "me/inpaint")
    assert ended(second) == "COMPLETED", log_text(second)
    assert "Resuming from the state in me/again-checkpoint." in log_text(second)
    seen = [json.loads(line)["images_seen"] for line in log_text(second).splitlines() if '"progress"' in line]
    assert seen[0] > 8 and seen[-1] == IMAGES
    assert weights(place, "me/again") == weights(place, "me/weights")


def test_a_job_without_a_space_downloads_the_code_of_its_commit(place, monkeypatch):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for part in jobs_code.PACKED_PATHS:
            archive.add(jobs_code.ROOT / part, part)
    given = {"data.dataset": ("me/photos",), "push_to_hub": "me/plain", "images": 8, "data.resolution": 32}
    spec = RunSpec.from_config(with_overrides(PRESETS["tiny"][1], given))
    for module in (jobs_code, jobs_hub, token_scope):
        monkeypatch.setattr(module, "HfApi", lambda token: HfApi(endpoint=place.hub.url, token=token))
    bootstrap = jobs_code.upload(jobs_code.PackedCode("0123abcd", packed.getvalue()), spec, TOKEN)
    request = jobs_hub.image_request(spec, jobs_code.IMAGE, bootstrap, "cpu-basic", 3600)
    state = jobs_hub.submit(request, TOKEN, "me")
    job = place.hub.jobs.all[state.id]
    assert job.spec["dockerImage"] == jobs_code.IMAGE
    assert ended(job) == "COMPLETED", log_text(job)
    assert place.api.file_exists("me/plain", "model.safetensors")
    assert place.api.file_exists("me/plain-checkpoint", "code/0123abcd.tar.gz")
    assert place.api.model_info("me/plain-checkpoint").private


def test_only_the_owner_cancels_a_job_and_its_state_is_kept(place):
    job = submit(place, "me/long", "--space", "me/inpaint", images=100_000)
    stranger = Client(place.hub.url, place.home / "stranger", token="hf_you")
    for namespace in ([], ["--namespace", "me"]):
        refused = stranger.run("-m", "train.jobs", "cancel", job.id, *namespace, check=False)
        assert refused.returncode == 1 and "could not be cancelled" in refused.stderr
        unseen = stranger.run("-m", "train.jobs", "logs", job.id, *namespace, check=False)
        assert unseen.returncode == 1 and "could not be read" in unseen.stderr
    while '"progress"' not in log_text(job):
        assert job.stage == "RUNNING", log_text(job)
        time.sleep(0.05)
    assert "is being cancelled" in place.client.run("-m", "train.jobs", "cancel", job.id).stdout
    job.process.wait(timeout=60)
    assert job.stage == "CANCELED"
    assert place.api.file_exists("me/long-checkpoint", "checkpoint.pt")
    assert not place.api.repo_exists("me/long")


@pytest.mark.parametrize(
    ("status", "message"),
    [(402, "add credits"), (403, "may start jobs"), (401, "sign in again"), (503, "try again later")],
)
def test_a_refusal_of_the_hub_is_explained_and_the_job_is_not_submitted_twice(place, status, message):
    started = place.hub.called("POST", "/api/jobs/me")
    place.hub.fail(method="POST", path="/api/jobs/me", status=status, message="no")
    run = ["tiny", "--data.dataset", "me/photos", "--push-to-hub", "me/none"]
    command = ["-m", "train.jobs", "submit", "--flavor", "cpu-basic", "--space", "me/inpaint", *run]
    refused = place.client.run(*command, check=False)
    assert refused.returncode == 1
    assert message in refused.stderr and "Traceback" not in refused.stderr
    assert place.hub.called("POST", "/api/jobs/me") == started + 1, "a job may run although its response got lost"


def test_hardware_is_listed_with_its_price(place):
    shown = place.client.run("-m", "train.jobs", "hardware").stdout
    assert "t4-small         $  0.40 an hour" in shown
    wrong = place.client.run("-m", "train.jobs", "submit", "--flavor", "abacus", "tiny", "--data.dataset", "me/photos",
                             "--push-to-hub", "me/none", check=False)  # fmt: skip
    assert "There is no hardware 'abacus'" in wrong.stderr
