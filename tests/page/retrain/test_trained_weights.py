"""The weights of a job, published or kept, are used in the editor; why they are refused is in the page's language."""

import json
import time

import pytest

from inpaint.hub.weights import save_generator
from inpaint.networks.generators import build_generator
from page.server.texts import TEXTS, translate
from tests.hub.seeds import seed
from tests.hub.store import Repo
from tests.inpaint.exploding import TINY
from tests.page.retrain.test_retrain import RUN, call_action, site  # noqa: F401 - a fixture
from tests.page.serving import GRADIO_WARNINGS
from train.jobs.hub import JobRequest, submit

pytestmark = GRADIO_WARNINGS
SETTINGS = {"preset": "tiny", "push_to_hub": "me/late", "checkpoint_repo": "me/late-checkpoint"}
STATE = "me/late-checkpoint"
WITHHELD = {"event": "withheld", "repo_id": "me/late"}
PUBLISHED = {"event": "published", "repo_id": "me/late", "revision": "main", "url": "u"}


@pytest.fixture
def job(site):  # noqa: F811
    """Return the id of a job that has logged an event. Its repositories are deleted after the test."""

    def completed(event):
        command = ["python", "-c", f"print({json.dumps(event)!r})", "--config", json.dumps(SETTINGS)]
        job = submit(JobRequest("image", command, "cpu-basic", 60, "late"), "hf_me", "me")
        while site.hub.jobs.all[job.id].stage != "COMPLETED":
            time.sleep(0.05)
        return job.id

    yield completed
    for name in ("me/late", STATE):
        if repo := site.hub.store.repos.get(("model", name)):
            site.hub.store.delete(repo)


def weights(folder):
    save_generator(build_generator(TINY), folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_weights_that_a_job_has_kept_beside_its_state_can_be_used(site, job, tmp_path):  # noqa: F811
    kept = job(WITHHELD)
    assert not call_action(site, "watch_run", {"job": kept})["can_use"], "there is no state yet"
    files = {f"weights/{name}": content for name, content in weights(tmp_path).items()}
    seed(site.hub, Repo("model", STATE, private=True), {"comparison.png": b"png", **files})
    shown = call_action(site, "watch_run", {"job": kept})
    assert (shown["stage"], shown["withheld"], shown["can_use"]) == ("COMPLETED", True, True)
    name = call_action(site, "use_weights", {"job": kept})["model"]
    assert name.startswith("retrained/")
    assert site.served.call("load_model", {"model": name})[1]["model"]["weights"] == STATE
    started = call_action(site, "start_run", RUN | {"preset": "finetune", "model": name})
    assert started["code"] == "retrain_start_unpublished"


def test_weights_that_a_job_has_kept_are_published_by_the_same_job_with_the_option_on(site, job):  # noqa: F811
    kept = job(WITHHELD)
    again = call_action(site, "publish_again", {"job": kept, "anyway": True})["job"]
    command = site.hub.jobs.all[kept].spec["command"]
    assert site.hub.jobs.all[again].spec["command"] == [*command, "--even-if-worse", "--no-if-better"]


@pytest.mark.parametrize("language", TEXTS)
def test_why_kept_weights_are_refused_is_said_in_the_language_of_the_page(site, job, language):  # noqa: F811
    kept = job(WITHHELD)
    for files, key, values in [
        ({}, "refused_files", {"files": "config.json, model.safetensors"}),
        ({"weights/config.json": b"{"}, "refused_config", {}),
    ]:
        repo = seed(site.hub, Repo("model", STATE, private=True), {"comparison.png": b"png", **files})
        refused = call_action(site, "use_weights", {"job": kept}, language)
        assert (refused["code"], refused["error"]) == (key, translate(key, language, repo=STATE, **values))
        site.hub.store.delete(repo)
    assert call_action(site, "use_weights", {"job": kept}, language)["code"] == "retrain_not_published"


@pytest.mark.parametrize("language", TEXTS)
def test_why_published_private_weights_are_refused_is_said_in_the_language_of_the_page(
    site, job, language, tmp_path  # noqa: F811
):  # fmt: skip
    published = job(PUBLISHED)

    def refused(key):
        answer = call_action(site, "use_weights", {"job": published}, language)
        assert (answer["code"], answer["error"]) == (key, translate(key, language, repo="me/late", revision="main"))

    refused("refused_own_missing")
    seed(site.hub, Repo("model", "me/late", private=True), weights(tmp_path))
    assert call_action(site, "use_weights", {"job": published}, language)["model"].startswith("retrained/")
    site.hub.fail(method="HEAD", path="/me/late/resolve", status=403)
    refused("refused_own_no_access")
