"""Models are loaded beside the fills, within limits, and what is refused leaves nothing."""

import asyncio
import threading
import time

import httpx
import pytest
import torch
from PIL import Image

from inpaint import Inpainter, WeightsError
from inpaint.hub.public import AbandonedError
from inpaint.hub.weights import save_generator
from inpaint.networks.generators import build_generator
from page.server import model_files, model_loading, models
from page.server.errors import PageError
from page.server.model_files import ModelFiles
from page.server.model_loading import Loads, load_model
from page.server.models import Models
from page.server.refusals import MAX_REASON
from page.server.texts import translate
from tests.inpaint.exploding import TINY, exploding
from tests.page.serving import GRADIO_WARNINGS, OneColour, noise

pytestmark = GRADIO_WARNINGS
STROKE = {"points": [[10, 10], [30, 20]], "brush": 8, "erase": False}


@pytest.fixture
def hub(monkeypatch):
    """Stands in for the Hub. `release` lets downloads of owner/slow go on, which end early if they are abandoned."""
    release, abandoned, calls = threading.Event(), threading.Event(), []

    def download_public(repo_id, sha, folder, limits):
        calls.append(repo_id)
        while "slow" in repo_id and not release.wait(0.01):
            if not limits.is_wanted():
                abandoned.set()
                raise AbandonedError
        generator = exploding() if "exploding" in repo_id else build_generator(TINY)
        save_generator(generator, folder, dtype=torch.float32)
        if "damaged" in repo_id:
            (folder / "model.safetensors").write_bytes(b"\0" * 100)

    monkeypatch.setattr(models, "public_commit", lambda repo_id, revision: "c0ffee")
    monkeypatch.setattr(model_files, "download_public", download_public)
    yield type("Hub", (), {"release": release, "abandoned": abandoned, "calls": calls})
    release.set()


@pytest.fixture
def known(tmp_path):
    return Models(Inpainter(OneColour()), files=ModelFiles(tmp_path / "models", min_free_bytes=0))


def code_of(load):
    with pytest.raises(PageError) as error:
        asyncio.run(load)
    return error.value.key


# --- loads


def test_all_who_ask_wait_for_one_load_and_each_later_one_starts_another():
    release, calls = threading.Event(), []

    def work(key, load):
        calls.append(key)
        release.wait(10)
        return "result"

    loads = Loads(work)
    first, second = loads.join(("a", "main"), 10), loads.join(("a", "main"), 10)
    release.set()
    assert first is second and loads.take(("a", "main"), first) == loads.take(("a", "main"), second) == "result"
    third = loads.join(("a", "main"), 10)
    assert loads.take(("a", "main"), third) == "result" and calls == [("a", "main")] * 2


def test_loads_beyond_the_limit_are_declined_and_those_that_have_ended_do_not_count():
    release = threading.Event()
    loads = Loads(lambda key, load: str(release.wait(10)), max_loads=2)
    started = [loads.join((name, ""), 10) for name in "ab"]
    with pytest.raises(PageError, match="full"):
        loads.join(("c", ""), 10)
    assert loads.join(("a", ""), 10) is started[0]
    release.set()
    assert [load.future.result(10) for load in started] == ["True", "True"]
    assert loads.join(("c", ""), 10).future.result(10) == "True"


def test_one_client_has_two_loads_under_way_and_others_are_not_declined_for_it():
    release = threading.Event()
    loads = Loads(lambda key, load: str(release.wait(10)))
    started = [loads.join((name, ""), 10, "one") for name in "ab"]
    with pytest.raises(PageError, match="busy") as error:
        loads.join(("c", ""), 10, "one")
    assert error.value.values["loading"]
    assert loads.join(("a", ""), 10, "one") is started[0]
    assert loads.join(("c", ""), 10, "two") and loads.join(("d", ""), 10)
    release.set()
    assert started[0].future.result(10) and started[1].future.result(10)
    assert loads.join(("e", ""), 10, "one").future.result(10)


def test_a_load_that_nobody_waits_for_any_more_does_not_begin(monkeypatch):
    monkeypatch.setattr(model_loading, "LOADERS", 1)
    release, calls = threading.Event(), []

    def work(key, load):
        calls.append(key[0])
        release.wait(10)
        return key[0]

    loads = Loads(work)
    loads.join(("a", ""), 10)
    left = loads.join(("b", ""), 0.01)
    time.sleep(0.02)
    release.set()
    assert isinstance(left.future.exception(10), AbandonedError) and calls == ["a"]


def test_an_outcome_that_nobody_came_for_is_dropped(monkeypatch):
    monkeypatch.setattr(model_loading, "KEEP_S", 0)
    loads = Loads(lambda key, load: key[0])
    old = loads.join(("a", ""), 0.2)
    assert old.future.result(10) == "a"
    time.sleep(0.25)
    assert loads.join(("a", ""), 10) is not old


# --- models


def test_a_slow_model_is_answered_with_busy_and_goes_on_while_the_call_is_repeated(hub, known, monkeypatch):
    monkeypatch.setattr(models, "WAIT_S", 0.05)
    with pytest.raises(PageError, match="busy") as error:
        asyncio.run(known.load("owner/slow"))
    assert error.value.values == {"place": 1, "loading": True}
    assert code_of(known.load("owner/slow")) == "busy"
    hub.release.set()
    monkeypatch.setattr(models, "WAIT_S", 30)
    assert asyncio.run(known.load("owner/slow")).source == "owner/slow@c0ffee"
    assert hub.calls == ["owner/slow"]


def test_a_download_that_nobody_asks_for_any_more_is_cancelled_and_its_files_are_removed(hub, known, monkeypatch):
    monkeypatch.setattr(models, "WAIT_S", 0.05)
    monkeypatch.setattr(models, "ABANDON_S", 0.05)
    assert code_of(known.load("owner/slow")) == "busy"
    assert hub.abandoned.wait(10)
    deadline = time.monotonic() + 10
    while list(known.files.folder.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("repo_id", "reason"), [("owner/exploding", "values that are not finite"), ("owner/damaged", "is damaged")]
)
def test_refused_weights_are_removed_and_the_reason_names_the_repository_and_no_path(
    hub, known, tmp_path, repo_id, reason
):
    for ask in (lambda: asyncio.run(known.load(repo_id)), lambda: known.get(repo_id)):
        with pytest.raises(PageError, match="refused_") as error:
            ask()
        text = translate(error.value.key, "en", **error.value.values)
        assert repo_id in text and reason in text
        assert str(tmp_path) not in text and "/tmp" not in text
        assert not list(known.files.folder.iterdir())


def test_a_long_reason_is_cut(known, monkeypatch):
    def refuse(repo_id, revision):
        raise WeightsError("x" * 10_000)

    monkeypatch.setattr(models, "public_commit", refuse)
    with pytest.raises(PageError) as error:
        known.get("owner/one")
    assert len(error.value.values["reason"]) == MAX_REASON


def test_models_in_memory_are_limited_by_their_size_and_the_newest_one_stays(hub, known, monkeypatch):
    size = model_loading.size_of(known.get("owner/one"))
    monkeypatch.setattr(models, "MAX_LOADED_BYTES", size * 2)
    for name in ("two", "three"):
        known.get(f"owner/{name}")
    assert list(known._loaded) == ["owner/two@c0ffee", "owner/three@c0ffee"]
    monkeypatch.setattr(models, "MAX_LOADED_BYTES", size // 2)
    known.get("owner/four")
    assert list(known._loaded) == ["owner/four@c0ffee"]


def test_the_message_about_weights_in_a_folder_names_the_repository(tmp_path):
    with pytest.raises(WeightsError, match="^me/weights is not a folder") as error:
        load_model(tmp_path / "none", "me/weights", "me/weights@abc", "cpu")
    assert str(tmp_path) not in str(error.value)


# --- the page


def test_strokes_do_not_wait_for_slow_models(served, hub):
    visit = served.open(Image.fromarray(noise(60, 90)))
    path = served.upload(Image.fromarray(noise(30, 40)))
    served.call("paint", {"visit": visit, "strokes": [STROKE]})
    calls = [("open_photo", {"path": path}), ("use_model", {"visit": visit})]
    answers = []
    threads = []
    for index, (name, call) in enumerate(calls):
        work = lambda name=name, call=call, index=index: answers.append(  # noqa: E731
            served.call(name, call | {"model": f"owner/slow{index}"})[1]
        )
        threads.append(threading.Thread(target=work))
        threads[-1].start()
    try:
        deadline = time.monotonic() + 10
        while len(hub.calls) < len(calls):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        start = time.monotonic()
        more = {"points": [[60, 40], [70, 50]], "brush": 8, "erase": False}
        assert served.call("paint", {"visit": visit, "strokes": [more]})[1]["changed"] == [True]
        assert time.monotonic() - start < 5 and not answers
    finally:
        hub.release.set()
        for thread in threads:
            thread.join(60)
    assert len(answers) == 2 and not any("error" in answer for answer in answers), answers


def test_weights_that_fail_only_on_this_photo_leave_it_as_it_is(served, hub, monkeypatch):
    monkeypatch.setattr(models, "load_model", lambda *_: Inpainter(exploding()))
    visit = served.open(Image.fromarray(noise(60, 90)))
    first = served.call("paint", {"visit": visit, "strokes": [STROKE]})[1]
    answer = served.call("use_model", {"visit": visit, "model": "owner/late"})[1]
    assert answer == {"error": translate("not_finite", "en"), "code": "not_finite"}
    other = STROKE | {"points": [[60, 40]]}
    painted = served.call("paint", {"visit": visit, "strokes": [other], "revision": first["revision"]})[1]
    assert painted["changed"] == [True]


@pytest.mark.parametrize(
    ("headers", "accepted"),
    [
        ({"Origin": "https://other.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://127.0.0.1:1"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "{own}"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "{own}"}, False),
        ({}, True),
        ({"Origin": "{own}"}, True),
        ({"Origin": "https://public.example", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "https://public.example", "X-Forwarded-Host": "public.example"}, True),
    ],
)
def test_the_painters_functions_answer_only_to_a_page_of_this_origin(served, headers, accepted):
    own = served.url.rstrip("/")
    body = {
        "data": {"name": "nothing"},
        "component_id": served.editor["id"],
        "session_hash": "test",
        "fn_name": "show_example",
    }
    sent = {name: value.replace("{own}", own) for name, value in headers.items()}
    answer = httpx.post(served.url + "gradio_api/component_server/", json=body, headers=sent).json()
    assert answer["code"] == ("bad_request" if accepted else "other_site")
