"""End to end in a browser, on a Space: sign in, train, watch, and use the trained weights in the editor.

Only the Hub is a fake: its jobs run as processes on this machine.
"""

import json
import time
import urllib.request
from functools import partial
from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi

from page.server.texts import translate
from tests.hub import Hub, User, routes
from tests.hub.client import Client
from tests.hub.seeds import seed_pictures, seed_space
from tests.page.browsing import Visitor, open_tab
from tests.page.serving import noise
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]
IMAGES = 48
SPACES_TOKEN = "hf_of_the_space"


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    """A page that runs as a Space, and all requests to the Hub."""
    home = tmp_path_factory.mktemp("space")
    (home / "files").mkdir()
    requests = []

    def recording(hub, request):
        headers = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
        requests.append((request.method, request.path, str(request.query), headers, request.body))
        return answer(hub, request)

    answer = routes.answer
    users = [User("me", "hf_me"), User("you", "hf_you"), User("owner", SPACES_TOKEN)]
    with Hub(users=users) as hub, pytest.MonkeyPatch.context() as patch:
        patch.setattr(routes, "answer", recording)
        seed_space(hub, "owner/inpaint")
        seed_pictures(hub, "me/photos", private=True)
        port = free_port()
        machine = Client(hub.url, home / "hf_home", token=SPACES_TOKEN)
        machine.env |= {
            "SYSTEM": "spaces", "SPACE_ID": "owner/inpaint", "OAUTH_CLIENT_ID": "the-space",
            "OAUTH_CLIENT_SECRET": "its-secret", "OAUTH_SCOPES": "openid profile jobs", "OPENID_PROVIDER_URL": hub.url,
            "GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": str(home / "files"),
        }  # fmt: skip
        url = f"http://127.0.0.1:{port}/"
        with (home / "page.log").open("w") as log, machine.start("app.py", stdout=log, stderr=log) as process:
            try:
                wait_for(url, process, home / "page.log")
                yield SimpleNamespace(hub=hub, url=url, home=home, requests=requests)
            finally:
                process.terminate()


def wait_for(url, process, log, seconds=120):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return urllib.request.urlopen(url).read()
        except OSError:
            time.sleep(0.2)
    raise AssertionError(log.read_text())


class Trainer(Visitor):
    """A browser with the page for retraining open."""

    def __init__(self, browser, url):
        super().__init__(open_tab(browser), url)
        self.page.goto(url + "retrain")
        self.page.wait_for_selector("[data-testid=retrain-page][data-state=ready]")

    def sign_in(self, name):
        self["sign-in"].click()
        self.page.locator(f"#{name}").click()
        self.page.wait_for_selector("[data-testid=form]:not([hidden])")

    def fill_in(self, **fields):
        for name, value in fields.items():
            self[name].fill(str(value))

    def wait_for(self, test_id):
        self.page.wait_for_selector(f"[data-testid={test_id}]:not([hidden])", timeout=150_000)

    def progress_percent(self):
        """The value of the progress bar."""
        return int(self["progress"].get_attribute("aria-valuenow") or 0)


@pytest.fixture(scope="module")
def journey(browser, space):
    """A visitor who signs in, trains and selects the weights; what the page showed on the way."""
    me = Trainer(browser, space.url)
    seen = SimpleNamespace(me=me, space=space, before=me["form"].is_visible())
    seen.sign_in_text = me["sign-in-card"].inner_text()
    me.sign_in("me")
    seen.account = me["account"].inner_text()
    seen.hardware = me["flavor"].inner_text()
    me.page.check("[data-testid=preset-tiny]")  # whose weights are published, however good they are
    me.fill_in(dataset="me/photos", images=IMAGES)
    me["flavor"].select_option("cpu-basic")
    me.page.wait_for_selector(".preview[data-count='9']", timeout=120_000)
    seen.note, seen.suggested = me["dataset-note"].inner_text(), me["repo"].input_value()
    me.fill_in(repo="me/own-weights")
    me.page.wait_for_function("document.querySelector('[data-testid=estimate]').innerText.includes('$')")
    seen.estimate = me["estimate"].inner_text()
    me.page.wait_for_selector("[data-testid=start]:not([disabled])", timeout=120_000)
    me["start"].click()
    me.wait_for("run")
    me.page.goto(space.url + "retrain")  # as after closing the page and coming back
    me.wait_for("run")
    seen.found_again = me["run"].inner_text()
    seen.job = next(iter(space.hub.jobs.all.values()))
    seen.progress, seen.curves_while_running = [], 0
    deadline = time.monotonic() + 200
    while me.page.locator(".run").get_attribute("data-stage") != "COMPLETED":
        assert time.monotonic() < deadline and seen.job.stage != "ERROR", seen.job.log
        seen.progress.append(me.progress_percent())
        if seen.job.stage == "RUNNING":
            seen.curves_while_running = max(seen.curves_while_running, me.page.locator(".curves path").count())
        time.sleep(0.1)
    me.wait_for("use")
    me.page.wait_for_function("document.querySelector('[data-testid=samples]').naturalWidth > 0")
    seen.published = me["published"].inner_text()
    me["use"].click()
    me.wait_for("open-editor")
    yield seen
    me.leave()


def test_the_form_is_hidden_until_sign_in(journey):
    assert not journey.before
    assert "Sign in with Hugging Face" in journey.sign_in_text
    assert journey.account.startswith("Signed in as me.")


def test_dataset_hardware_price_and_estimate_are_shown_before_the_start(journey):
    assert translate("retrain_found_private", "en") in journey.note
    assert journey.suggested == "me/inpaint-photos"
    assert "CPU Basic, $0.01/hour" in journey.hardware and "This computer" not in journey.hardware
    assert "$" in journey.estimate and "min" in journey.estimate


def test_the_run_is_a_job_in_the_image_of_the_space_with_a_timeout(journey):
    assert journey.job.namespace == "me"
    assert journey.job.spec["spaceId"] == "owner/inpaint"
    assert journey.job.spec["timeoutSeconds"] >= 3600
    assert len(journey.space.hub.jobs.all) == 1


def test_reloading_the_page_shows_the_run(journey):
    assert "me/own-weights" in journey.found_again


def test_progress_and_losses_are_updated_during_the_run(journey):
    assert journey.progress == sorted(journey.progress)
    assert any(0 < share < 100 for share in journey.progress), journey.progress
    assert journey.curves_while_running > 0


def test_the_weights_of_a_private_dataset_are_published_privately(journey):
    assert f"{journey.space.hub.url}/me/own-weights" in journey.published
    api = HfApi(endpoint=journey.space.hub.url, token="hf_me")
    assert api.model_info("me/own-weights").private
    assert {"model.safetensors", "config.json", "README.md"} <= set(api.list_repo_files("me/own-weights"))


def test_the_editor_uses_the_weights_until_the_default_model_is_chosen(journey):
    me, photo = journey.me, noise(200, 260)
    me["open-editor"].click()
    me.page.wait_for_function(
        "document.querySelector('[data-testid=weights]')?.innerText.startsWith('me/own-weights@')"
    )
    me.wait("ready")
    me.upload(photo)
    me.paint((60, 60), (180, 120))
    trained = me.pixels()[..., :3]
    me["options"].click()
    me["default_model"].click()
    bundled = translate("weights_bundled", "en")
    me.page.wait_for_function(f"document.querySelector('[data-testid=weights]').innerText === {json.dumps(bundled)}")
    me.wait("ready")
    me.page.wait_for_function("document.querySelector('.page').editor.pixels().data.length > 0")
    own = me.pixels()[..., :3]
    changed = (trained != photo).any(-1)
    assert 500 < changed.sum() < photo.shape[0] * photo.shape[1] / 2
    assert (own != trained).any(-1).sum() > 100, "another network fills in another way"
    assert (own == photo)[~changed].all() and (trained == photo)[~changed].all()


def test_another_account_sees_neither_the_run_nor_the_dataset(journey, browser):
    you = Trainer(browser, journey.space.url)
    you.sign_in("you")
    assert not you["recent"].is_visible()
    you.page.goto(f"{journey.space.url}retrain#{journey.job.id}")
    you.page.reload()
    you.wait_for("error")
    assert "could not be looked up" in you["error"].inner_text()
    you.page.goto(journey.space.url + "retrain")
    you.page.reload()
    you.page.wait_for_selector("[data-testid=form]:not([hidden])")
    you.fill_in(dataset="me/photos")
    you.page.wait_for_selector("[data-testid=dataset-note][data-kind=bad]")
    you.page.context.close()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_another_site_cannot_use_the_cookies_of_the_visitor(journey, origin):
    part = next(each for each in config(journey) if each["props"].get("elem_id") == "retrain")["id"]
    body = {"data": {}, "component_id": part, "session_hash": "x", "fn_name": "load_page"}
    call = partial(journey.me.page.context.request.post, journey.space.url + "gradio_api/component_server/", data=body)
    assert call().json()["account"] == "me"
    assert call(headers={"Origin": journey.space.url.rstrip("/")}).json()["account"] == "me"
    assert call(headers={"Origin": origin}).json()["account"] is None


def config(journey):
    with urllib.request.urlopen(journey.space.url + "config") as response:
        return json.load(response)["components"]


def test_the_token_is_only_in_the_authorization_header_and_the_secrets_of_the_job(journey):
    hub = journey.space.hub
    tokens = [user.token for user in hub.users if user.token.startswith("hf_oauth_")]
    assert journey.job.secrets == {"HF_TOKEN": tokens[0]}
    searched = 0
    for method, path, query, headers, body in journey.space.requests:
        if (method, path) == ("POST", "/api/jobs/me"):
            sent = json.loads(body)
            assert sent.pop("secrets") == {"HF_TOKEN": tokens[0]}
            body = json.dumps(sent).encode()
        searched += has_no_token(f"{path} {query} {headers}".encode() + body, tokens, path)
    for request in journey.me.requests:
        searched += has_no_token(f"{request.url} {request.post_data}".encode(), tokens, request.url)
    job = json.dumps([journey.job.spec, journey.job.to_json(), journey.job.log])
    searched += has_no_token(job.encode(), tokens, "the job")
    for folder in (journey.space.home, journey.job.folder, hub.store.root):
        for path in folder.rglob("*"):
            searched += path.is_file() and has_no_token(path.read_bytes(), tokens, path)
    assert searched > 100
    # the Space's own token, a secret of its owner, was not used
    assert SPACES_TOKEN not in json.dumps(journey.job.to_json()) + json.dumps(journey.job.secrets)


def has_no_token(data, tokens, where):
    assert not any(token.encode() in data for token in [*tokens, SPACES_TOKEN]), where
    return True
