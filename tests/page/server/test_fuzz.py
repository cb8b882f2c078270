"""Property-based tests of the server functions: any JSON is answered with a dict, and the page keeps working."""

import json
import math
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from inpaint import WeightsError
from page.server import models
from page.server.texts import LANGUAGES, TEXTS
from tests.page.serving import GRADIO_WARNINGS, noise, serving

pytestmark = GRADIO_WARNINGS
EXAMPLES = 400
STROKE = {"points": [[10, 10], [30, 20]], "brush": 8, "erase": False}
OUTLINE = {"shape": "area", "points": [[5, 5], [40, 8], [20, 30]], "erase": False}
CLUES = ("Traceback", 'File "', "Error:", "site-packages", "/app.py", "\\n  ")


def fail_download(*_, **__):
    raise WeightsError("this repository is not on the Hub: check its name")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "public_commit", fail_download)
        with serving(tmp_path_factory.mktemp("uploads").resolve(), away_s=3600) as running:  # no page is open
            yield running


@pytest.fixture(scope="module")
def scene(served, tmp_path_factory):
    """Another visitor's visit, and values for each field: of an own visit and upload, and guesses of the other's id."""
    picture = Image.fromarray(noise(60, 90))
    mine, other = served.open(picture), served.open(picture)
    served.call("paint", {"visit": other, "strokes": [STROKE]})
    guesses = [other[:-1], other.swapcase(), other + "\0", [other], {"visit": other}, "", "A" * 32]
    secret = tmp_path_factory.mktemp("secrets").resolve() / "photo.png"
    picture.save(secret)
    outside = [str(secret), os.path.relpath(secret, served.visits.folder), str(served.visits.folder), "C:\\boot.ini"]
    known = {
        "visit": [mine, *guesses],
        "path": [served.upload(picture), *outside, "\ud800"],  # half of a character, which JSON can hold
        "strokes": [[STROKE], [STROKE | {"erase": True}, STROKE | {"only_damage": True}], [OUTLINE, STROKE]],
        "together": [True, False],
        "name": ["cracked", "../examples/cracked", "__class__"],
        "model": ["", "owner/name", "owner/name@main", str(secret), "../.."],
        "grow_px": [0, 3, -1, 1e9],
        "level": [0, 8, 9, -1],
        "kinds": [[], ["lines", "areas"], ["lines", "other"]],
        "left_out": [[], [[10, 20]], [[1e7, 0]]],
        "on": [None, True, False],
        "version": [1, 0, -1, 10**30],
        "after": [0, 3, -1, 10**30, True],
        "ticket": ["x", mine],
    }
    return other, known


def any_json():
    """Any JSON value, and NaN and infinities."""
    numbers = st.integers() | st.floats() | st.sampled_from([2**63, -(10**30), math.nan, math.inf, -0.0])
    special = ["NaN", "__proto__", "{limit}", "\u202e", "\ud800", "\ud83d\ude00" * 50]
    words = st.text(max_size=20) | st.sampled_from(special)
    leaves = st.none() | st.booleans() | numbers | words
    keys = st.text(max_size=5) | st.sampled_from(["visit", "points", "brush", "erase", "grow_px"])
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4))


def strokes():
    """Lists of strokes with some invalid fields."""
    number, invalid = st.integers(0, 90), any_json()
    points = st.lists(st.lists(number, min_size=2, max_size=2) | st.tuples(number, invalid) | invalid, max_size=3)
    stroke = {"points": points | invalid, "brush": st.just(8) | invalid, "erase": st.booleans() | invalid}
    shape = st.sampled_from(["line", "area", "mask"]) | invalid
    mask = {"left": number | invalid, "top": number | invalid, "png": invalid}
    return st.lists(st.fixed_dictionaries(stroke, optional={"grow_px": any_json(), "shape": shape, **mask}), max_size=3)


def calls(known):
    """Calls with mostly valid fields, and any other JSON values."""
    fields = {key: st.sampled_from(values) | any_json() for key, values in known.items()}
    own = {"visit": st.just(known["visit"][0])}
    valid = st.fixed_dictionaries(own, optional={key: fields[key] for key in fields if key != "visit"})
    return valid | st.fixed_dictionaries({}, optional=fields) | any_json()


def check_answer(answer, status, language):
    """An error is a sentence in the language of the browser, and shows no details of the implementation."""
    assert status == 200 and isinstance(answer, dict) and answer.get("code") != "unexpected"
    assert not any(clue in json.dumps(answer) for clue in CLUES)
    if "error" in answer:
        start = TEXTS[language][answer["code"]].partition("{")[0]
        assert answer["error"].startswith(start) and "{" not in answer["error"].replace("{limit}", "")


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_any_call_of_any_server_function_is_answered_with_a_dict_and_errors_are_sentences(served, scene):
    other, known = scene
    before = served.visits.get(other).session.mask

    @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=HealthCheck)
    @given(st.sampled_from(served.editor["props"]["server_fns"]), calls(known), st.sampled_from(LANGUAGES))
    def fuzz(function, call, language):
        status, answer = served.call(function, call, language)
        check_answer(answer, status, language)

    fuzz()
    assert (served.visits.get(other).session.mask == before).all()
    visit = served.open(Image.fromarray(noise(60, 90)))
    assert served.call("paint", {"visit": visit, "strokes": [STROKE]})[1]["changed"] == [True]


def test_invalid_strokes_are_declined_without_an_exception(served):
    visit = served.open(Image.fromarray(noise(60, 90)))

    @settings(max_examples=EXAMPLES // 2, deadline=None, database=None, derandomize=True)
    @given(strokes())
    def fuzz(strokes):
        status, answer = served.call("paint", {"visit": visit, "strokes": strokes})
        check_answer(answer, status, "en")
        assert answer.get("code") in (None, "bad_request", "all_painted")

    fuzz()


def nest(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [nest(500), [0] * 30_000, {str(index): index for index in range(3_000)}, "x" * 500_000, [STROKE] * 500],
    ids=["deep", "long list", "large dict", "long text", "many strokes"],
)
def test_huge_values_are_answered_by_every_server_function(served, scene, value):
    _, known = scene
    others = {key: value for key in known if key != "visit"}
    for function in served.editor["props"]["server_fns"]:
        for call in (others | {"visit": served.open(Image.fromarray(noise(20, 20)))}, {"visit": value}, value):
            status, answer = served.call(function, call)
            check_answer(answer, status, "en")
