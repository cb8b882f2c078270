"""Weights that are not better than those at the start are kept, and published if that is asked for."""

import json
from types import SimpleNamespace

import pytest

from page.server.texts import TEXTS
from tests.page.browsing import open_tab
from tests.page.retrain.test_retrain import RUN, call_action, site  # noqa: F401 - a fixture
from tests.page.retrain.test_run_again import processes, wait_for_end  # noqa: F401 - a fixture
from tests.page.serving import GRADIO_WARNINGS, OWNER_KEY
from tests.page.test_looks import check_layout
from train.config_file import parse_config, read_config
from train.jobs.hub import HubJob, request_again
from train.presets import PRESETS

pytestmark = GRADIO_WARNINGS
COMPARED = {"event": "compared", "score": 1.03, "better": False, "groups": {"own": {"photos": 12}}}
WITHHELD = {"event": "withheld", "repo_id": "me/kept"}
EVENTS = [COMPARED, WITHHELD, {"event": "finished"}]
PUBLISHED = """echo '{"event": "published", "repo_id": "me/kept", "revision": "r", "url": "u"}'
echo '{"event": "finished"}'"""


def echo(events):
    return "\n".join(f"echo '{json.dumps(event)}'" for event in events)


@pytest.fixture
def withheld(site, processes):  # noqa: F811
    """The id of a run of this machine whose weights were kept."""
    processes(16, echo(EVENTS))
    job = call_action(site, "start_run", RUN | {"flavor": "here", "images": 16, "repo": "me/kept"})["job"]
    wait_for_end(site, job)
    return job


def submitted(site):  # noqa: F811
    return read_config(str(next(site.folder.glob("runs/me--kept-*/submitted.json"))), PRESETS)


def test_weights_that_were_kept_are_published_by_the_same_run_with_the_option_on(site, processes, withheld):  # noqa: F811
    shown = call_action(site, "watch_run", {"job": withheld})
    assert (shown["stage"], shown["withheld"], shown["can_publish"]) == ("COMPLETED", True, False)
    assert (shown["published"], shown["comparison"]["percent"]) == (None, -3.0)
    assert not submitted(site).even_if_worse
    processes(16, PUBLISHED)
    assert call_action(site, "publish_again", {"job": withheld, "anyway": True}) == {"job": withheld}
    published = wait_for_end(site, withheld)
    assert (published["stage"], published["withheld"]) == ("COMPLETED", False)
    assert published["published"]["repo_id"] == "me/kept"
    assert submitted(site).even_if_worse and not submitted(site).if_better


def test_nothing_is_lost_if_publishing_anyway_fails_before_anything_is_measured_again(site, processes, withheld):  # noqa: F811
    processes(0, "echo 'The Hub cannot be reached'; exit 1")
    call_action(site, "publish_again", {"job": withheld, "anyway": True})
    failed = wait_for_end(site, withheld)
    assert (failed["stage"], failed["can_publish"], failed["comparison"]["percent"]) == ("ERROR", True, -3.0)
    assert failed["log"][-1] == "The Hub cannot be reached"
    processes(16, PUBLISHED)
    call_action(site, "publish_again", {"job": withheld})
    assert wait_for_end(site, withheld)["published"]
    assert submitted(site).even_if_worse, "as it was asked for"


@pytest.mark.parametrize(
    "settings",
    [
        ["--config", '{"preset": "finetune", "push_to_hub": "me/w", "if_better": true}'],
        ["finetune", "--push-to-hub", "me/w", "--if-better"],  # as earlier versions wrote it
    ],
    ids=["config", "flags"],
)
def test_a_job_is_requested_again_with_the_option(settings):
    command = ("python", "-m", "train", *settings)
    job = HubJob("1", "COMPLETED", "", "url", "t4-small", command, "", "hf.co/spaces/me/inpaint")
    config = parse_config(request_again(job, anyway=True).command[3:], PRESETS, "train")
    assert (config.push_to_hub, config.even_if_worse, config.if_better) == ("me/w", True, False)


@pytest.mark.browser
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_publish_anyway_is_offered_with_the_verdict_and_works_by_keyboard(
    browser, site, processes, withheld, locale, tmp_path  # noqa: F811
):  # fmt: skip
    language = locale[:2]
    tab = open_tab(browser, locale=locale)
    tab.goto(f"{site.served.url}retrain#key={OWNER_KEY}")
    tab.wait_for_selector("[data-testid=form]:not([hidden])")
    tab.locator(f"[data-job='{withheld}']").click()
    button = tab.get_by_role("button", name=TEXTS[language]["retrain_publish_anyway"])
    button.wait_for()
    assert tab.get_by_test_id("published").inner_text().strip() == TEXTS[language]["retrain_withheld"]
    assert "primary" not in (button.get_attribute("class") or "")
    check_layout(SimpleNamespace(page=tab), f"withheld-{language}", tmp_path)
    processes(0, "exit 1")
    button.focus()
    tab.keyboard.press("Enter")
    again = tab.get_by_test_id("publish-again")
    again.wait_for()
    assert tab.get_by_test_id("comparison-number").inner_text() == "\u22123.0 %"
    processes(16, PUBLISHED)
    again.focus()
    tab.keyboard.press(" ")
    tab.wait_for_function("document.querySelector('[data-testid=published] a')?.textContent === 'u'")
    assert not button.is_visible() and not again.is_visible()
    tab.context.close()
