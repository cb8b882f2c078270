"""Whether trained weights are better on one's own pictures is shown before they are offered."""

import io
import json

import pytest
from PIL import Image

from page.retrain.run_state import comparison, run_state
from page.server.texts import translate
from tests.page.browsing import open_tab
from tests.page.retrain.test_retrain import site  # noqa: F401 - a fixture
from tests.page.serving import GRADIO_WARNINGS, OWNER_KEY, noise
from train.jobs import local as jobs_local
from train.jobs.watch import JobSnapshot, watch_local_job
from train.run.events import read_events

pytestmark = GRADIO_WARNINGS


def png(seed):
    Image.fromarray(noise(120, 300, seed)).save(file := io.BytesIO(), "PNG")
    return file.getvalue()


def snapshot(score, other=None, stage="COMPLETED", sheet=b"png"):
    """A run whose weights have this mean ratio of distances to those of the start."""
    found = {"event": "compared", "score": score, "other_score": other, "groups": {"own": {"photos": 12}}}
    status = read_events(['{"event": "progress", "images_seen": 16, "total": 16}', json.dumps(found)])
    return JobSnapshot(stage, status, [], None, "", sheet, "comparison.png-1")


@pytest.mark.parametrize(
    ("score", "other", "percent", "other_percent"),
    [(0.95, 1.004, 5.0, -0.4), (1.2, None, -20.0, None), (1.0, 1.0, 0.0, 0.0)],
)
def test_the_number_is_by_how_many_percent_the_distance_became_smaller(score, other, percent, other_percent):
    shown = comparison(snapshot(score, other))
    assert (shown["percent"], shown["other_percent"], shown["photos"]) == (percent, other_percent, 12)
    assert shown["better"] == (score < 1) and shown["sheet"]["picture"].startswith("data:image/png;base64,")


def test_nothing_is_claimed_while_a_run_trains_or_where_nothing_was_measured():
    assert comparison(snapshot(0.9, stage="RUNNING")) is None
    assert comparison(snapshot(None)) is None
    assert run_state(snapshot("better"))["comparison"] is None


def test_the_sheet_of_a_run_on_this_machine_is_sent_once(tmp_path):
    (tmp_path / "samples").mkdir()
    jobs_local.write_description(tmp_path, {"repo_id": "me/weights"})
    job = jobs_local.read_local_job(tmp_path)
    assert (watch_local_job(job).comparison_sheet, watch_local_job(job).comparison_id) == (None, "")
    (tmp_path / "comparison.png").write_bytes(png(1))
    first = watch_local_job(job)
    assert first.comparison_sheet == png(1)
    again = watch_local_job(job, "", first.comparison_id)
    assert (again.comparison_sheet, again.comparison_id) == (None, first.comparison_id)


@pytest.mark.browser
@pytest.mark.parametrize(("score", "number", "words"), [(0.95, "+5.0 %", "better"), (1.12, "\u221212.0 %", "worse")])
def test_number_and_sheet_are_shown_beside_the_button_that_uses_the_weights(
    browser, site, monkeypatch, score, number, words  # noqa: F811
):  # fmt: skip
    folder = site.folder / "runs" / "compared"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights").mkdir(exist_ok=True)
    (folder / "weights" / "config.json").write_text("{}")
    jobs_local.write_description(folder, {"repo_id": "me/compared", "started": 1.0})
    shown = snapshot(score, 1.001, sheet=png(2))
    monkeypatch.setattr("page.retrain.actions.watch_local_job", lambda *_: shown)
    tab = open_tab(browser)
    tab.goto(f"{site.served.url}retrain#key={OWNER_KEY}")
    tab.wait_for_selector("[data-testid=form]:not([hidden])")
    tab.get_by_text("me/compared").click()
    tab.get_by_test_id("comparison").wait_for()
    assert tab.get_by_test_id("comparison-number").inner_text() == number
    text = tab.get_by_test_id("comparison-text").inner_text()
    assert text.startswith(translate(f"retrain_comparison_{words}", "en", photos=12)) and "\u22120.1 %" in text
    tab.wait_for_function("document.querySelector('[data-testid=comparison-sheet]').naturalWidth === 300")
    verdict, use, sheet = (
        tab.get_by_test_id(name).bounding_box()["y"] for name in ("comparison", "use", "comparison-sheet")
    )
    assert verdict < use < sheet, "the answer comes before the offer, and a large picture after it"
    assert ("primary" in tab.get_by_test_id("use").get_attribute("class")) == (score < 1)
    tab.context.close()


@pytest.mark.browser
def test_a_folder_becomes_the_dataset_and_start_says_what_is_missing(browser, site, tmp_path):  # noqa: F811
    for number in range(9):
        Image.fromarray(noise(90, 120, number)).save(tmp_path / f"{number}.jpg")
    (tmp_path / "notes.txt").write_text("no picture")
    tab = open_tab(browser)
    tab.goto(f"{site.served.url}retrain#key={OWNER_KEY}")
    tab.wait_for_selector("[data-testid=form]:not([hidden])")
    missing = translate("retrain_missing", "en", what=translate("retrain_missing_dataset", "en"))
    tab.get_by_test_id("start").click()
    assert tab.get_by_test_id("missing").inner_text() == missing
    assert tab.evaluate("document.activeElement.dataset.testid") == "dataset" and not site.hub.jobs.all
    tab.get_by_test_id("flavor").select_option("here")
    tab.get_by_test_id("folder").set_input_files(str(tmp_path))
    tab.wait_for_selector("[data-testid=upload-note][data-kind=good]")
    assert tab.get_by_test_id("upload-note").inner_text() == translate("retrain_pictures_sent", "en", count=9)
    assert tab.get_by_test_id("dataset").input_value().startswith(str(site.folder / "pictures"))
    tab.wait_for_selector("[data-testid=dataset-note][data-kind=good]")
    tab.context.close()


@pytest.mark.browser
def test_a_run_comes_back_when_the_page_is_reloaded(browser, site, monkeypatch):  # noqa: F811
    folder = site.folder / "runs" / "compared"
    folder.mkdir(parents=True, exist_ok=True)
    jobs_local.write_description(folder, {"repo_id": "me/reloaded", "started": 2.0})
    monkeypatch.setattr("page.retrain.actions.watch_local_job", lambda *_: snapshot(0.9))
    address = f"{site.served.url}retrain?__theme=dark"
    tab = open_tab(browser)
    tab.goto(f"{address}#key={OWNER_KEY}")
    tab.wait_for_selector("[data-testid=form]:not([hidden])")
    assert tab.url == address, "the key is no longer in it"
    tab.get_by_text("me/reloaded").click()
    tab.wait_for_selector("[data-testid=run]:not([hidden])")
    tab.reload()
    tab.wait_for_selector("[data-testid=run]:not([hidden])")
    tab.get_by_test_id("new-run").click()
    tab.wait_for_selector("[data-testid=form]:not([hidden])")
    assert tab.url == address
    tab.context.close()


@pytest.mark.browser
def test_cancelling_is_shown_before_the_server_has_answered(browser, site, monkeypatch):  # noqa: F811
    folder = site.folder / "runs" / "compared"
    folder.mkdir(parents=True, exist_ok=True)
    jobs_local.write_description(folder, {"repo_id": "me/cancelled", "started": 2.0})
    running = snapshot(None, stage="RUNNING")
    monkeypatch.setattr("page.retrain.actions.watch_local_job", lambda *_: running)
    tab = open_tab(browser)
    tab.goto(f"{site.served.url}retrain#key={OWNER_KEY}")
    tab.wait_for_selector("[data-testid=form]:not([hidden])")
    tab.get_by_text("me/cancelled").click()
    tab.get_by_test_id("cancel").wait_for()
    waiting = []
    tab.route("**/component_server/**", lambda route: waiting.append(route))  # no answer from now on
    tab.get_by_test_id("cancel").click()
    assert tab.get_by_test_id("stage").inner_text() == translate("retrain_stage_cancelling", "en")
    assert not tab.get_by_test_id("cancel").is_visible()
    tab.context.close()
