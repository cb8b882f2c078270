"""The full circle in a browser, on a Space: sign in, start, watch, and paint with what was trained.

Everything is real but the Hub: its jobs run as processes of this machine.
"""

import json
import socket
import time
import urllib.request
from functools import partial
from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi

from tests.hub import Hub, User, routes
from tests.hub.client import Client
from tests.hub.seeds import seed_pictures, seed_space
from tests.page.browsing import Visitor
from tests.page.serving import noise

pytestmark = [pytest.mark.browser, pytest.mark.slow]
IMAGES = 48
SPACES_TOKEN = "hf_of_the_space"


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    """A page that runs as a Space, with everything that was asked of the Hub meanwhile."""
    home = tmp_path_factory.mktemp("space")
    (home / "files").mkdir()
    asked = []

    def noting(hub, request):
        headers = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
        asked.append((request.method, request.path, str(request.query), headers, request.body))
        return answer(hub, request)

    answer = routes.answer
    users = [User("me", "hf_me"), User("you", "hf_you"), User("owner", SPACES_TOKEN)]
    with Hub(users=users) as hub, pytest.MonkeyPatch.context() as patch:
        patch.setattr(routes, "answer", noting)
        seed_space(hub, "owner/inpaint")
        seed_pictures(hub, "me/photos", private=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
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
                yield SimpleNamespace(hub=hub, url=url, home=home, asked=asked)
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
    """Somebody in front of the page for retraining."""

    def __init__(self, browser, url):
        super().__init__(browser, url)
        self.page.goto(url + "retrain")
        self.page.wait_for_selector("[data-testid=retrain-page][data-state=ready]")

    def sign_in(self, name):
        self["sign-in"].click()
        self.page.locator(f"#{name}").click()
        self.page.wait_for_selector("[data-testid=form]:not([hidden])")

    def fill_in(self, **fields):
        for name, value in fields.items():
            self[name].fill(str(value))

    def appears(self, test_id):
        self.page.wait_for_selector(f"[data-testid={test_id}]:not([hidden])", timeout=150_000)

    def done(self):
        """The share that the progress bar shows, in percent."""
        return int(self["progress"].get_attribute("aria-valuenow") or 0)


@pytest.fixture(scope="module")
def circle(browser, space):
    """Somebody who came, signed in, trained, and paints with it; what was seen on the way."""
    me = Trainer(browser, space.url)
    seen = SimpleNamespace(me=me, space=space, before=me["form"].is_visible(), wish=me["sign"].inner_text())
    me.sign_in("me")
    seen.who = me["who"].inner_text()
    seen.hardware = me["flavor"].inner_text()
    me.page.check("[data-testid=preset-tiny]")
    me.fill_in(dataset="me/photos", images=IMAGES)
    me["flavor"].select_option("cpu-basic")
    me.page.wait_for_selector(".nine[data-count='9']", timeout=120_000)
    seen.note, seen.suggested = me["dataset-note"].inner_text(), me["repo"].input_value()
    me.fill_in(repo="me/own-weights")
    me.page.wait_for_function("document.querySelector('[data-testid=estimate]').innerText.includes('$')")
    seen.estimate = me["estimate"].inner_text()
    me.page.wait_for_selector("[data-testid=start]:not([disabled])", timeout=120_000)
    me["start"].click()
    me.appears("run")
    me.page.goto(space.url + "retrain")  # as somebody who closed the page and comes back
    me.appears("run")
    seen.found_again = me["run"].inner_text()
    seen.job = next(iter(space.hub.jobs.all.values()))
    seen.progress, seen.curves_while_running = [], 0
    deadline = time.monotonic() + 200
    while me.page.locator(".run").get_attribute("data-stage") != "COMPLETED":
        assert time.monotonic() < deadline and seen.job.stage != "ERROR", seen.job.log
        seen.progress.append(me.done())
        if seen.job.stage == "RUNNING":
            seen.curves_while_running = max(seen.curves_while_running, me.page.locator(".curves path").count())
        time.sleep(0.1)
    me.appears("use")
    me.page.wait_for_function("document.querySelector('[data-testid=sheet]').naturalWidth > 0")
    seen.published = me["published"].inner_text()
    me["use"].click()
    me.appears("paint")
    yield seen
    me.leave()


def test_nobody_trains_before_signing_in(circle):
    assert not circle.before
    assert "Sign in with Hugging Face" in circle.wish
    assert circle.who.startswith("Signed in as me.")


def test_dataset_hardware_price_and_cost_are_known_before_the_start(circle):
    assert "Found, and private." in circle.note
    assert circle.suggested == "me/inpaint-photos"
    assert "CPU Basic, $0.01 an hour" in circle.hardware and "This machine" not in circle.hardware
    assert "$" in circle.estimate and "min" in circle.estimate


def test_the_run_is_a_job_in_the_image_of_the_space_with_a_time_limit(circle):
    assert circle.job.namespace == "me"
    assert circle.job.spec["spaceId"] == "owner/inpaint"
    assert circle.job.spec["timeoutSeconds"] >= 3600
    assert len(circle.space.hub.jobs.all) == 1


def test_a_page_that_is_loaded_again_finds_the_run(circle):
    assert "me/own-weights" in circle.found_again


def test_progress_and_losses_are_live(circle):
    assert circle.progress == sorted(circle.progress)
    assert any(0 < share < 100 for share in circle.progress), circle.progress
    assert circle.curves_while_running > 0


def test_the_weights_are_published_privately_as_the_pictures_are(circle):
    assert f"{circle.space.hub.url}/me/own-weights" in circle.published
    api = HfApi(endpoint=circle.space.hub.url, token="hf_me")
    assert api.model_info("me/own-weights").private
    assert {"model.safetensors", "config.json", "README.md"} <= set(api.list_repo_files("me/own-weights"))


def test_the_painter_uses_the_weights_until_it_is_told_otherwise(circle):
    me, photo = circle.me, noise(200, 260)
    me["paint"].click()
    me.page.wait_for_function(
        "document.querySelector('[data-testid=weights]')?.innerText.startsWith('me/own-weights@')"
    )
    me.wait("ready")
    me.upload(photo)
    me.paint((60, 60), (180, 120))
    trained = me.pixels()[..., :3]
    me["options"].click()
    me["own_model"].click()
    me.page.wait_for_function("document.querySelector('[data-testid=weights]').innerText === 'bundled'")
    me.wait("ready")
    me.page.wait_for_function("document.querySelector('.page').painter.pixels().data.length > 0")
    own = me.pixels()[..., :3]
    changed = (trained != photo).any(-1)
    assert 500 < changed.sum() < photo.shape[0] * photo.shape[1] / 2
    assert (own != trained).any(-1).sum() > 100, "another network fills in another way"
    assert (own == photo)[~changed].all() and (trained == photo)[~changed].all()


def test_somebody_else_sees_nothing_of_it(circle, browser):
    you = Trainer(browser, circle.space.url)
    you.sign_in("you")
    assert not you["recent"].is_visible()
    you.page.goto(f"{circle.space.url}retrain#{circle.job.id}")
    you.page.reload()
    you.appears("trouble")
    assert "could not be looked up" in you["trouble"].inner_text()
    you.page.goto(circle.space.url + "retrain")
    you.page.reload()
    you.page.wait_for_selector("[data-testid=form]:not([hidden])")
    you.fill_in(dataset="me/photos")
    you.page.wait_for_selector("[data-testid=dataset-note][data-kind=bad]")
    you.page.context.close()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_another_site_cannot_use_the_cookies_of_a_visitor(circle, origin):
    part = next(each for each in config(circle) if each["props"].get("elem_id") == "retrain")["id"]
    body = {"data": {}, "component_id": part, "session_hash": "x", "fn_name": "arrive"}
    call = partial(circle.me.page.context.request.post, circle.space.url + "gradio_api/component_server/", data=body)
    assert call().json()["account"] == "me"
    assert call(headers={"Origin": circle.space.url.rstrip("/")}).json()["account"] == "me"
    assert call(headers={"Origin": origin}).json()["account"] is None


def config(circle):
    with urllib.request.urlopen(circle.space.url + "config") as response:
        return json.load(response)["components"]


def test_the_token_is_in_the_authorization_header_and_the_secrets_of_the_job_only(circle):
    hub = circle.space.hub
    tokens = [user.token for user in hub.users if user.token.startswith("hf_oauth_")]
    assert circle.job.secrets == {"HF_TOKEN": tokens[0]}
    searched = 0
    for method, path, query, headers, body in circle.space.asked:
        if (method, path) == ("POST", "/api/jobs/me"):
            sent = json.loads(body)
            assert sent.pop("secrets") == {"HF_TOKEN": tokens[0]}
            body = json.dumps(sent).encode()
        searched += clean(f"{path} {query} {headers}".encode() + body, tokens, path)
    for request in circle.me.requests:
        searched += clean(f"{request.url} {request.post_data}".encode(), tokens, request.url)
    searched += clean(json.dumps([circle.job.spec, circle.job.answer(), circle.job.log]).encode(), tokens, "the job")
    for folder in (circle.space.home, circle.job.folder, hub.store.root):
        for path in folder.rglob("*"):
            searched += path.is_file() and clean(path.read_bytes(), tokens, path)
    assert searched > 100
    # the Space's own token, a secret of its owner, has served nobody
    assert SPACES_TOKEN not in json.dumps(circle.job.answer()) + json.dumps(circle.job.secrets)


def clean(data, tokens, where):
    assert not any(token.encode() in data for token in [*tokens, SPACES_TOKEN]), where
    return True
