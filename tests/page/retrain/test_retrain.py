"""The retrain actions over HTTP, and who may call them."""

import json
import time
import urllib.request
from types import SimpleNamespace

import pytest
import torch
from huggingface_hub import constants

from inpaint import Inpainter
from page.retrain import actions as retrain_actions
from page.retrain import signin, trained_weights
from page.retrain.actions import RetrainActions
from page.server.answers import error_answer
from page.server.errors import PageError
from page.server.models import Models
from page.server.owner import OwnerKey
from page.server.texts import TEXTS
from page.server.uploads import Uploads
from tests.hub import Hub, User
from tests.hub.seeds import seed, seed_pictures, seed_space
from tests.hub.store import Repo
from tests.page.serving import GRADIO_WARNINGS, OWNER_KEY, OneColour, serving
from train.jobs import local as jobs_local

pytestmark = GRADIO_WARNINGS
RUN = {"dataset": "me/photos", "preset": "tiny", "images": 40, "repo": "me/weights", "flavor": "cpu-basic"}
OTHER_CLIENTS = [
    {"X-Forwarded-For": "203.0.113.7"},
    {"X-Forwarded-Host": "page.example.org"},
    {"X-Real-IP": "203.0.113.7"},
    {"Forwarded": "for=203.0.113.7"},
    {"Via": "1.1 proxy.example.org"},
    {"Host": "page.gradio.live"},
    {"Host": "inpaint.example.org:7860"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A page on a private machine whose owner is signed in as "me", beside a Hub."""
    folder = tmp_path_factory.mktemp("retrain").resolve()
    with Hub(users=[User("me", "hf_me"), User("you", "hf_you")]) as hub, pytest.MonkeyPatch.context() as patch:
        seed_space(hub, "me/inpaint")
        seed_pictures(hub, "me/photos", private=True)
        seed_pictures(hub, "you/secret", private=True)
        seed_pictures(hub, "you/gated").gated = "manual"
        seed(hub, Repo("dataset", "me/words"), {"data.txt": b"no pictures"})
        files = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, hub.url)
        patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", files)
        patch.setattr(constants, "ENDPOINT", hub.url)
        patch.setattr(signin, "_names", {})
        patch.setattr("page.retrain.actions.RetrainActions.__init__.__defaults__", (folder,))
        for name, value in {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_me", "HF_HOME": str(folder / "home")}.items():
            patch.setenv(name, value)
        with serving(folder) as served:
            yield SimpleNamespace(hub=hub, served=served, folder=folder)


def call_action(site, function, call=None, language="en", key=OWNER_KEY, **headers):
    """Call a server function of the page as a browser does, with this owner's key."""
    with urllib.request.urlopen(site.served.url + "config") as response:
        parts = json.load(response)["components"]
    part = next(part["id"] for part in parts if part["props"].get("elem_id") == "retrain")
    data = call if isinstance(call, list) else {"owner_key": key} | (call or {})
    body = {"data": data, "component_id": part, "session_hash": "test", "fn_name": function}
    request = urllib.request.Request(
        site.served.url + "gradio_api/component_server/",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Accept-Language": language, **headers},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def test_the_owner_of_a_private_machine_is_signed_in_with_its_token_and_can_train_locally(site):
    answer = call_action(site, "load_page")
    assert (answer["account"], answer["sign_in"]) == ("me", "token")
    assert [machine["flavor"] for machine in answer["hardware"]] == ["cpu-basic", "t4-small", "here"]
    assert [machine["usd_per_hour"] for machine in answer["hardware"]] == [0.01, 0.4, 0]
    own = call_action(site, "load_page", Origin=site.served.url.rstrip("/"))
    assert own["account"] == "me", "the page's own requests carry its address"


@pytest.mark.parametrize("headers", OTHER_CLIENTS, ids=str)
def test_other_clients_cannot_use_the_owners_token(site, headers):
    answer = call_action(site, "load_page", **headers)
    assert (answer["account"], answer["hardware"], answer["runs"]) == (None, [], [])
    assert answer["sign_in"] == "away"
    check_that_nothing_is_allowed(site, **headers)


def check_that_nothing_is_allowed(site, **headers):
    """Neither the token nor this machine nor its folders can be used with these headers, or without the key."""
    for function, call in [
        ("start_run", RUN), ("start_run", RUN | {"flavor": "here"}), ("estimate_cost", RUN), ("check_dataset", RUN),
        ("check_dataset", {"dataset": str(site.folder)}), ("preview_masks", {"dataset": str(site.folder)}),
        ("preview_masks", RUN), ("add_pictures", {"name": "x", "paths": ["x"]}), ("publish_again", {"job": "0123"}),
        ("add_pictures", {"name": "x", "paths": ["x"], "here": True}),
        ("watch_run", {"job": "0123"}), ("cancel_run", {"job": "0123"}), ("use_weights", {"job": "0123"}),
    ]:  # fmt: skip
        assert call_action(site, function, call, **headers)["error"] == TEXTS["en"]["retrain_sign_in"]
    for function in ("watch_run", "cancel_run", "use_weights", "publish_again"):
        assert call_action(site, function, {"job": "here:me--weights-01234567"}, **headers)["code"] == "retrain_gone"
    assert not site.hub.jobs.all and not (site.folder / "runs").exists()


@pytest.mark.parametrize("key", [None, "", 0, False, {}], ids=repr)
def test_a_local_visitor_without_the_owners_key_can_use_neither_the_token_nor_this_machine(site, key):
    """As another user of a shared computer, or a visitor through a tunnel that adds no headers."""
    answer = call_action(site, "load_page", key=key)
    assert (answer["account"], answer["hardware"], answer["runs"], answer["sign_in"]) == (None, [], [], "key")
    check_that_nothing_is_allowed(site, key=key)


@pytest.mark.parametrize("key", ["wrong", OWNER_KEY[:-1], OWNER_KEY + "x", "\ud800", [OWNER_KEY], True, 1.5], ids=repr)
def test_a_wrong_owners_key_is_declined_with_a_sentence(site, key):
    for function in ("load_page", "start_run", "cancel_run"):
        assert call_action(site, function, RUN, key=key)["error"] == TEXTS["en"]["retrain_key_wrong"]
    assert not site.hub.jobs.all


def test_the_owners_key_is_new_at_each_start_and_only_behind_the_hash_of_the_link():
    one, other = OwnerKey(), OwnerKey()
    assert one.matches(one.value) and not one.matches(other.value) and len(one.value) >= 32
    assert one.link("http://localhost:7860/", "retrain") == f"http://localhost:7860/retrain#key={one.value}"


def test_on_a_space_without_sign_in_no_run_can_be_started(site, monkeypatch):
    """The Space's own token is a secret of its owner and is not used either."""
    monkeypatch.setenv("SPACE_ID", "me/inpaint")
    answer = call_action(site, "load_page")
    assert (answer["account"], answer["sign_in"], answer["hardware"]) == (None, "none", [])
    assert call_action(site, "start_run", RUN | {"flavor": "here"})["code"] == "retrain_sign_in"
    assert call_action(site, "start_run", RUN)["code"] == "retrain_sign_in"
    assert call_action(site, "check_dataset", {"dataset": "me/photos"})["code"] == "retrain_sign_in"


def test_without_a_token_only_local_training_is_offered(site, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    answer = call_action(site, "load_page")
    assert (answer["account"], answer["sign_in"]) == (None, "token")
    assert [machine["flavor"] for machine in answer["hardware"]] == ["here"]
    assert call_action(site, "start_run", RUN)["code"] == "retrain_sign_in"
    private = call_action(site, "check_dataset", {"dataset": "me/photos"})
    assert "photos" in private["error"], "a private dataset is not found"


def test_an_invalid_token_is_answered_with_an_error(site, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_nobody")
    assert "sign in again" in call_action(site, "load_page")["error"]


def test_the_token_in_a_message_of_the_hub_is_hidden_on_the_page(site):
    site.hub.fail(path="/api/jobs/hardware", status=403, message="hf_me is not welcome")
    answer = call_action(site, "load_page")
    assert "<token> is not welcome" in answer["error"] and "hf_me" not in answer["error"]


def test_the_token_in_an_unexpected_exception_is_hidden_in_the_log(site, monkeypatch, caplog):
    def fail(token):
        raise RuntimeError(f"{token} and hf_me")

    monkeypatch.setattr("page.retrain.actions.list_hardware", fail)
    assert call_action(site, "load_page")["code"] == "unexpected"
    assert "RuntimeError: <token> and <token>" in caplog.text and "hf_me" not in caplog.text


def test_the_token_of_a_visitor_of_a_space_is_hidden_in_the_log(caplog):
    error_answer(RuntimeError("hf_visitor has failed"), "load_page", "en", "hf_visitor")
    assert "<token> has failed" in caplog.text and "hf_visitor" not in caplog.text


def test_datasets_are_checked_and_errors_say_what_to_do(site):
    assert call_action(site, "check_dataset", {"dataset": "me/photos"}) == {"private": True, "rows": None, "files": 1}
    for name, words in {
        "me/nothing": "check the name",
        "you/secret": "check the name",
        "you/gated": "accept its terms",
        "me/words": "no files with pictures",
        "nonsense": "owner/name",
        "": "owner/name",
        "../../photos\0": "owner/name",
        "-x/y": "owner/name",
        "~no-such-user/photos": "owner/name",
        "/" + "x" * 400: "owner/name",
    }.items():
        assert words in call_action(site, "check_dataset", {"dataset": name})["error"], name
    assert call_action(site, "check_dataset", {"dataset": ["me/photos"]})["code"] == "retrain_no_dataset"


def test_the_owner_can_use_a_local_folder_as_dataset(site, tmp_path):
    assert call_action(site, "check_dataset", {"dataset": str(tmp_path)})["local"]
    assert "owner/name" in call_action(site, "check_dataset", {"dataset": str(tmp_path / "absent")})["error"]


def test_the_preview_shows_nine_pictures_with_masks_of_the_preset(site):
    answer = call_action(site, "preview_masks", {"dataset": "me/photos", "preset": "photos"})
    assert len(answer["pictures"]) == 9
    assert all(picture.startswith("data:image/jpeg;base64,") for picture in answer["pictures"])


def test_errors_of_the_preview_are_sentences(site):
    assert "images" in call_action(site, "preview_masks", {"dataset": "me/words", "preset": "photos"})["error"]
    assert call_action(site, "preview_masks", {"dataset": "me/photos", "preset": "../x"})["code"] == "bad_request"


def test_the_estimate_grows_with_the_number_of_images_and_is_free_on_this_machine(site):
    runs = [RUN | {"images": count, "flavor": "t4-small"} for count in (1000, 10_000_000)]
    small, large = (call_action(site, "estimate_cost", run) for run in runs)
    assert small["seconds"] < large["seconds"] and small["usd"] < large["usd"]
    assert call_action(site, "estimate_cost", RUN | {"flavor": "here"})["usd"] == 0


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
def test_invalid_fields_start_no_run(site, changes, code):
    assert call_action(site, "start_run", RUN | changes)["code"] == code
    assert not site.hub.jobs.all


@pytest.mark.parametrize("job", ["../me", "x/../../y", "", None, 7, "here:../../etc", "here:", "here:a/b", "a" * 99])
def test_invalid_job_ids_are_declined(site, job):
    for function in ("watch_run", "cancel_run", "use_weights", "publish_again"):
        answer = call_action(site, function, {"job": job})
        assert answer["code"] in ("retrain_gone", "job"), answer
    unknown = call_action(site, "watch_run", {"job": "here:nothing"})
    assert unknown["error"].endswith("holds no run that was started here.")


def test_errors_are_in_the_language_of_the_browser(site):
    answer = call_action(site, "start_run", RUN | {"repo": "x"}, language="zh-CN,zh;q=0.9")
    assert answer["error"] == TEXTS["zh"]["retrain_repo"]


def test_a_call_that_is_not_a_dict_is_declined(site):
    assert call_action(site, "load_page", [1])["code"] == "bad_request"


def test_runs_of_other_accounts_are_not_listed(site):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_TOKEN", "hf_you")
        assert call_action(site, "load_page")["account"] == "you"
        assert call_action(site, "load_page")["runs"] == []


def test_a_local_run_is_listed_again_and_its_weights_get_an_unguessable_name(site):
    run = RUN | {"flavor": "here", "images": 16}
    job = call_action(site, "start_run", run)["job"]
    deadline = time.monotonic() + 120
    while (shown := call_action(site, "watch_run", {"job": job}))["stage"] == "RUNNING":
        assert time.monotonic() < deadline, shown
        time.sleep(0.2)
    assert shown["stage"] == "COMPLETED", shown
    assert (shown["images_seen"], shown["total"], shown["repo"]) == (16, 16, "me/weights")
    assert shown["published"]["repo_id"] == "me/weights"
    assert shown["sheet"]["picture"].startswith("data:image/png;base64,")
    assert call_action(site, "watch_run", {"job": job, "sheet": shown["sheet"]["id"]})["sheet"]["picture"] is None
    assert [found["job"] for found in call_action(site, "load_page")["runs"]] == [job]
    name = call_action(site, "use_weights", {"job": job})["model"]
    assert name.startswith("retrained/") and len(name) > 30
    _, loaded = site.served.call("load_model", {"model": name})
    assert (loaded["name"], loaded["model"]["weights"]) == (name, "me/weights")
    _, guessed = site.served.call("load_model", {"model": "retrained/me"})
    assert guessed["code"] == "model_gone"
    assert not any("retrained" in address for _, address in site.hub.calls)


def test_the_oldest_registered_model_is_dropped(tmp_path):
    models = Models(Inpainter(OneColour()), max_loaded=2)
    names = [models.register(Inpainter(OneColour())) for _ in range(3)]
    assert len(set(names)) == 3
    with pytest.raises(PageError, match="model_gone"):
        models.get(names[0])
    assert models.get(names[2]) is not models.default


def test_local_runs_are_in_the_folder_of_the_command_line():
    assert (jobs_local.ROOT / "train" / "jobs" / "local.py").exists()


def test_weights_of_a_run_are_loaded_on_the_cpu_of_a_zerogpu_space(monkeypatch, tmp_path):
    (tmp_path / "runs" / "run").mkdir(parents=True)
    jobs_local.write_description(tmp_path / "runs" / "run", {"repo_id": "me/weights"})
    devices = []
    monkeypatch.setattr(trained_weights, "load_model", lambda *arguments: devices.append(str(arguments[-1])))
    actions = RetrainActions(Models(SimpleNamespace(device=torch.device("cuda"))), Uploads(tmp_path), tmp_path)
    for value in ("false", "true"):
        monkeypatch.setenv("SPACES_ZERO_GPU", value)
        actions.use_weights({"job": "here:run"}, signin.Caller(None, owner=True))
    assert devices == ["cuda", "cpu"]


def test_a_run_that_would_outlast_the_sign_in_is_not_started(site, monkeypatch):
    account = signin.Account("me", "hf_me", seconds_left=60)
    monkeypatch.setattr(signin, "signed_in_account", lambda *_: account)
    monkeypatch.setattr(retrain_actions, "submit", lambda *_: pytest.fail("a job was submitted"))
    assert call_action(site, "start_run", RUN)["code"] == "retrain_expires"


def test_a_job_that_still_runs_is_not_started_a_second_time_to_publish(site, monkeypatch):
    monkeypatch.setattr(retrain_actions, "get_job", lambda *_: SimpleNamespace(ended=False))
    monkeypatch.setattr(retrain_actions, "submit", lambda *_: pytest.fail("a job was submitted"))
    assert call_action(site, "publish_again", {"job": "a1b2"})["code"] == "retrain_running"
