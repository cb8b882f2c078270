"""Runs that are cancelled say so at once, and those whose upload failed can be published again."""

import json
import time

import pytest

from page.retrain.run_state import only_publishing_failed
from tests.hub.seeds import seed
from tests.hub.store import Repo
from tests.page.retrain.test_retrain import RUN, call_action, site  # noqa: F401 - a fixture
from tests.page.serving import GRADIO_WARNINGS
from train.jobs.cost import publishing_timeout_s
from train.jobs.hub import HubJob, JobRequest, request_again, submit
from train.jobs.spec import JobError
from train.jobs.watch import JobSnapshot
from train.run.events import RunStatus

pytestmark = GRADIO_WARNINGS


TRAINING = """#!/bin/sh
echo '{"event": "progress", "images_seen": %(seen)d, "total": 16}'
%(then)s
"""
"""Stands for a run's process, which takes half a minute."""


@pytest.fixture
def processes(tmp_path, monkeypatch):
    """Let the next runs of this machine be shell scripts that report this number of images, and end in this way."""

    def use(seen, then):
        script = tmp_path / "training"
        script.write_text(TRAINING % {"seen": seen, "then": then})
        script.chmod(0o700)
        monkeypatch.setattr("train.jobs.local.sys.executable", str(script))

    return use


def wait_for_end(site, job):  # noqa: F811
    deadline = time.monotonic() + 60
    while (shown := call_action(site, "watch_run", {"job": job}))["stage"] == "RUNNING":
        assert time.monotonic() < deadline, shown
        time.sleep(0.05)
    return shown


def test_a_run_whose_upload_failed_is_published_again_as_it_was_submitted(site, processes):  # noqa: F811
    processes(16, "echo 'The Hub cannot be reached'; exit 1")
    job = call_action(site, "start_run", RUN | {"flavor": "here", "images": 16, "repo": "me/unlucky"})["job"]
    failed = wait_for_end(site, job)
    assert (failed["stage"], failed["can_publish"], failed["published"]) == ("ERROR", True, None), failed
    submitted = next(site.folder.glob("runs/me--unlucky-*/submitted.json"))
    before = submitted.read_text()
    processes(
        16,
        """echo '{"event": "published", "repo_id": "me/unlucky", "revision": "r", "url": "u"}'
echo '{"event": "finished"}'""",
    )
    assert call_action(site, "publish_again", {"job": job}) == {"job": job}
    published = wait_for_end(site, job)
    assert (published["stage"], published["can_publish"]) == ("COMPLETED", False), published
    assert published["published"]["repo_id"] == published["repo"] == "me/unlucky"
    assert submitted.read_text() == before


def test_a_cancelled_run_is_shown_as_being_cancelled_until_it_has_ended(site, processes, tmp_path):  # noqa: F811
    processes(
        4,
        f"""trap 'while [ ! -e {tmp_path}/end ]; do sleep 0.05; done; exit 130' TERM
while true; do sleep 0.05; done""",
    )
    job = call_action(site, "start_run", RUN | {"flavor": "here", "repo": "me/long"})["job"]
    while not (shown := call_action(site, "watch_run", {"job": job}))["images_seen"]:
        assert shown["stage"] == "RUNNING"
    assert not shown["cancelling"]
    assert call_action(site, "cancel_run", {"job": job}) == {}
    shown = call_action(site, "watch_run", {"job": job})
    assert (shown["stage"], shown["cancelling"]) == ("RUNNING", True)
    assert "already being trained" in call_action(site, "publish_again", {"job": job})["error"]
    (tmp_path / "end").touch()
    ended = wait_for_end(site, job)
    assert (ended["stage"], ended["cancelling"], ended["can_publish"]) == ("CANCELED", False, False)


@pytest.mark.parametrize(
    ("stage", "seen", "published", "expected"),
    [
        ("ERROR", 16, None, True),
        ("ERROR", 8, None, False),
        ("ERROR", 16, {"repo_id": "me/w"}, False),
        ("COMPLETED", 16, None, False),
        ("RUNNING", 16, None, False),
    ],
)
def test_publishing_again_is_offered_only_where_nothing_else_is_missing(stage, seen, published, expected):
    status = RunStatus([{"images_seen": seen}], 16, published, False, "")
    assert only_publishing_failed(JobSnapshot(stage, status, [], None, "")) == expected


def test_the_same_job_is_requested_once_more_and_an_unknown_one_is_refused():
    command = ("python", "-m", "train", "--config", '{"preset": "tiny", "push_to_hub": "me/weights"}')
    job = HubJob("1", "ERROR", "", "url", "t4-small", command, "", "hf.co/spaces/me/inpaint")
    request = request_again(job)
    assert (request.image, tuple(request.command), request.flavor) == (job.image, command, "t4-small")
    assert request.labels == {"inpaint": "retrain", "preset": "tiny"}
    with pytest.raises(JobError, match="start the same run"):
        request_again(HubJob("1", "ERROR", "", "url", "t4-small", command, ""))


@pytest.mark.parametrize("state", [bytes(50_000), bytes(5_000_000), None], ids=["small", "large", "none"])
def test_a_job_that_publishes_again_has_time_for_what_it_transfers(site, state, monkeypatch):  # noqa: F811
    monkeypatch.setattr("train.jobs.cost.MIN_BYTES_PER_S", 500)
    if state:
        seed(site.hub, Repo("model", "me/late-checkpoint", private=True), {"checkpoint.pt": state})
    settings = {"preset": "tiny", "push_to_hub": "me/late"} | (
        {"checkpoint_repo": "me/late-checkpoint"} if state else {}
    )
    command = ["python", "-c", "raise SystemExit(1)", "--config", json.dumps(settings)]
    job = submit(JobRequest("image", command, "cpu-basic", 60, "late"), "hf_me", "me")
    while (found := site.hub.jobs.all[job.id]).stage != "ERROR":
        time.sleep(0.05)
    assert found.spec["timeoutSeconds"] == 60
    again = site.hub.jobs.all[call_action(site, "publish_again", {"job": job.id})["job"]].spec
    assert again["command"] == command
    expected = 3600 + 2 * len(state) / 500 if state else publishing_timeout_s(None)
    assert again["timeoutSeconds"] == pytest.approx(expected, rel=0.05)


def test_a_job_whose_state_is_of_unknown_size_has_time_for_a_large_one_and_none_longer_than_a_week():
    assert publishing_timeout_s(0) == 3600 < publishing_timeout_s(100_000_000) < publishing_timeout_s(None)
    assert publishing_timeout_s(10**15) == 7 * 24 * 3600
