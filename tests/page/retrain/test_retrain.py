"""The page for retraining: what it answers, and to whom."""

import json
import time
import urllib.request
from types import SimpleNamespace

import pytest
from huggingface_hub import constants

from inpaint import Inpainter
from page.retrain import signin
from page.server.models import Models
from page.server.refusal import Refusal
from page.server.texts import SENTENCES
from tests.hub import Hub, User
from tests.hub.seeds import seed, seed_pictures, seed_space
from tests.hub.store import Repo
from tests.page.serving import GRADIO_WARNINGS, OneColour, serving
from train.jobs import local as jobs_local

pytestmark = GRADIO_WARNINGS
RUN = {"dataset": "me/photos", "preset": "tiny", "images": 40, "repo": "me/weights", "flavor": "cpu-basic"}
STRANGERS = [
    {"X-Forwarded-For": "203.0.113.7"},
    {"Host": "page.gradio.live"},
    {"Host": "inpaint.example.org:7860"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A page on a private machine whose owner is signed in as "me", beside a Hub."""
    folder = tmp_path_factory.mktemp("retrain").resolve()
    with Hub(users=[User("me", "hf_me"), User("you", "hf_you")]) as hub, pytest.MonkeyPatch.context() as patch:
        seed_space(hub, "me/inpaint")
        seed_pictures(hub, "me/photos", private=True)
        seed_pictures(hub, "you/secret", private=True)
        seed_pictures(hub, "you/gated").gated = "manual"
        seed(hub, Repo("dataset", "me/words"), {"data.txt": b"no pictures"})
        patch.setattr(constants, "ENDPOINT", hub.url)
        patch.setattr(signin, "_names", {})
        patch.setattr("page.retrain.actions.RetrainDesk.__init__.__defaults__", (folder,))
        for name, value in {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_me", "HF_HOME": str(folder / "home")}.items():
            patch.setenv(name, value)
        with serving(folder) as served:
            yield SimpleNamespace(hub=hub, served=served, folder=folder)


def ask(place, function, call=None, language="en", **headers):
    """Calls a server function of the page as a browser does."""
    with urllib.request.urlopen(place.served.url + "config") as response:
        parts = json.load(response)["components"]
    part = next(part["id"] for part in parts if part["props"].get("elem_id") == "retrain")
    body = {"data": call or {}, "component_id": part, "session_hash": "test", "fn_name": function}
    request = urllib.request.Request(
        place.served.url + "gradio_api/component_server/",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Accept-Language": language, **headers},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def test_the_owner_of_a_private_machine_is_signed_in_and_may_train_here(place):
    answer = ask(place, "arrive")
    assert (answer["account"], answer["sign_in"]) == ("me", "token")
    assert [machine["flavor"] for machine in answer["hardware"]] == ["cpu-basic", "t4-small", "here"]
    assert [machine["usd_per_hour"] for machine in answer["hardware"]] == [0.01, 0.4, 0]
    own = ask(place, "arrive", Origin=place.served.url.rstrip("/"))
    assert own["account"] == "me", "the page's own requests carry its address"


@pytest.mark.parametrize("headers", STRANGERS, ids=str)
def test_nobody_else_gets_at_the_owners_token(place, headers):
    answer = ask(place, "arrive", **headers)
    assert (answer["account"], answer["hardware"], answer["runs"]) == (None, [], [])
    assert answer["sign_in"] == "away"
    for function, call in [
        ("start", RUN), ("start", RUN | {"flavor": "here"}), ("estimate", RUN), ("check", RUN), ("preview", RUN),
        ("watch", {"job": "0123"}), ("cancel", {"job": "0123"}), ("use", {"job": "0123"}),
    ]:  # fmt: skip
        assert ask(place, function, call, **headers)["error"] == SENTENCES["retrain_sign_in"][0]
    for function in ("watch", "cancel", "use"):
        assert ask(place, function, {"job": "here:me--weights-01234567"}, **headers)["code"] == "retrain_gone"
    assert not place.hub.jobs.all and not (place.folder / "runs").exists()


def test_on_a_space_without_sign_in_nobody_can_start_anything(place, monkeypatch):
    """Also not with the Space's own token, which is a secret of its owner."""
    monkeypatch.setenv("SPACE_ID", "me/inpaint")
    answer = ask(place, "arrive")
    assert (answer["account"], answer["sign_in"], answer["hardware"]) == (None, "none", [])
    assert ask(place, "start", RUN | {"flavor": "here"})["code"] == "retrain_sign_in"
    assert ask(place, "start", RUN)["code"] == "retrain_sign_in"
    assert ask(place, "check", {"dataset": "me/photos"})["code"] == "retrain_sign_in"


def test_without_a_token_the_page_works_and_trains_here_only(place, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    answer = ask(place, "arrive")
    assert (answer["account"], answer["sign_in"]) == (None, "token")
    assert [machine["flavor"] for machine in answer["hardware"]] == ["here"]
    assert ask(place, "start", RUN)["code"] == "retrain_sign_in"
    assert "photos" in ask(place, "check", {"dataset": "me/photos"})["error"], "a private dataset is not shown"


def test_a_token_that_is_nobodys_is_said_and_breaks_nothing(place, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_nobody")
    assert "sign in again" in ask(place, "arrive")["error"]


def test_a_dataset_is_checked_at_once(place):
    assert ask(place, "check", {"dataset": "me/photos"}) == {"private": True, "rows": None, "files": 1}
    for name, words in {
        "me/nothing": "check the name",
        "you/secret": "check the name",
        "you/gated": "accept its terms",
        "me/words": "no files with pictures",
        "nonsense": "owner/name",
        "": "owner/name",
        "../../etc/passwd\0": "owner/name",
        "-x/y": "owner/name",
    }.items():
        assert words in ask(place, "check", {"dataset": name})["error"], name
    assert ask(place, "check", {"dataset": ["me/photos"]})["code"] == "retrain_no_dataset"


def test_a_folder_of_this_machine_will_do_for_its_owner(place, tmp_path):
    assert ask(place, "check", {"dataset": str(tmp_path)})["local"]
    assert "owner/name" in ask(place, "check", {"dataset": str(tmp_path / "absent")})["error"]


def test_nine_pictures_are_shown_under_the_masks_of_the_preset(place):
    answer = ask(place, "preview", {"dataset": "me/photos", "preset": "photos"})
    assert len(answer["pictures"]) == 9
    assert all(picture.startswith("data:image/jpeg;base64,") for picture in answer["pictures"])


def test_what_is_wrong_with_the_pictures_is_a_sentence(place):
    assert "pictures" in ask(place, "preview", {"dataset": "me/words", "preset": "photos"})["error"]
    assert ask(place, "preview", {"dataset": "me/photos", "preset": "../x"})["code"] == "bad_request"


def test_time_and_cost_are_guessed_before_the_start(place):
    small, large = (
        ask(place, "estimate", RUN | {"images": count, "flavor": "t4-small"}) for count in (1000, 10_000_000)
    )
    assert small["seconds"] < large["seconds"] and small["usd"] < large["usd"]
    assert ask(place, "estimate", RUN | {"flavor": "here"})["usd"] == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"repo": "weights"}, "retrain_repo"),
        ({"repo": "me/$(touch x)"}, "retrain_repo"),
        ({"repo": None}, "retrain_repo"),
        ({"images": 0}, "retrain_images_range"),
        ({"images": True}, "retrain_images_range"),
        ({"images": "40"}, "retrain_images_range"),
        ({"images": 10**9}, "retrain_images_range"),
        ({"preset": "photos; ls"}, "bad_request"),
        ({"flavor": "abacus"}, "retrain_hardware_gone"),
        ({"flavor": None}, "retrain_hardware_gone"),
        ({"dataset": "a b/c"}, "retrain_no_dataset"),
    ],
)
def test_what_cannot_be_meant_starts_nothing(place, changes, code):
    assert ask(place, "start", RUN | changes)["code"] == code
    assert not place.hub.jobs.all


@pytest.mark.parametrize("job", ["../me", "x/../../y", "", None, 7, "here:../../etc", "here:", "here:a/b", "a" * 99])
def test_a_job_that_cannot_be_is_no_way_into_the_machine(place, job):
    for function in ("watch", "cancel", "use"):
        answer = ask(place, function, {"job": job})
        assert answer["code"] in ("retrain_gone", "job"), answer
    assert ask(place, "watch", {"job": "here:nothing"})["error"].endswith("holds no run that was started here.")


def test_answers_come_in_the_visitors_language(place):
    answer = ask(place, "start", RUN | {"repo": "x"}, language="zh-CN,zh;q=0.9")
    assert answer["error"] == SENTENCES["retrain_repo"][1]


def test_a_call_that_is_none_is_answered(place):
    assert ask(place, "arrive", [1])["code"] == "bad_request"


def test_a_run_of_another_account_cannot_be_seen(place):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_TOKEN", "hf_you")
        assert ask(place, "arrive")["account"] == "you"
        assert ask(place, "arrive")["runs"] == []


def test_a_run_here_is_found_again_and_its_weights_are_used_by_their_owner_only(place):
    run = RUN | {"flavor": "here", "images": 16}
    job = ask(place, "start", run)["job"]
    deadline = time.monotonic() + 120
    while (shown := ask(place, "watch", {"job": job}))["stage"] == "RUNNING":
        assert time.monotonic() < deadline, shown
        time.sleep(0.2)
    assert shown["stage"] == "COMPLETED", shown
    assert (shown["images_seen"], shown["total"], shown["repo"]) == (16, 16, "me/weights")
    assert shown["published"]["repo_id"] == "me/weights"
    assert shown["sheet"]["picture"].startswith("data:image/png;base64,")
    assert ask(place, "watch", {"job": job, "sheet": shown["sheet"]["id"]})["sheet"]["picture"] is None
    assert [found["job"] for found in ask(place, "arrive")["runs"]] == [job]
    name = ask(place, "use", {"job": job})["model"]
    assert name.startswith("retrained/") and len(name) > 30
    _, loaded = place.served.call("load_model", {"model": name})
    assert (loaded["name"], loaded["model"]["weights"]) == (name, "me/weights")
    _, guessed = place.served.call("load_model", {"model": "retrained/me"})
    assert guessed["code"] == "model_gone"
    assert not any("retrained" in address for _, address in place.hub.calls)


def test_models_that_were_handed_over_make_room_for_newer_ones(tmp_path):
    models = Models(Inpainter(OneColour()), most=2)
    names = [models.hand_over(Inpainter(OneColour())) for _ in range(3)]
    assert len(set(names)) == 3
    with pytest.raises(Refusal, match="model_gone"):
        models.get(names[0])
    assert models.get(names[2]) is not models.own


def test_the_runs_of_this_machine_lie_where_the_command_line_has_them():
    assert (jobs_local.ROOT / "train" / "jobs" / "local.py").exists()
