"""Whatever a stranger sends to the server functions: a sentence, never a trace, and the page goes on for the others."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from inpaint import WeightsError
from page.server import models
from page.server.texts import LANGUAGES, SENTENCES
from tests.page.serving import GRADIO_WARNINGS, noise, serving

pytestmark = GRADIO_WARNINGS
EXAMPLES = 400
STROKE = {"points": [[10, 10], [30, 20]], "brush": 8, "erase": False}
CLUES = ("Traceback", 'File "', "Error:", "site-packages", "/app.py", "\\n  ")


def unreachable(*_, **__):
    raise WeightsError("this repository is not on the Hub: check its name")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "download", unreachable)
        with serving(tmp_path_factory.mktemp("uploads").resolve()) as running:
            yield running


@pytest.fixture(scope="module")
def scene(served):
    """What a stranger may know: an open photo of his own, an upload, and the id of somebody else's photo, nearly."""
    picture = Image.fromarray(noise(60, 90))
    mine, other = served.open(picture), served.open(picture)
    served.call("paint", {"visit": other, "strokes": [STROKE]})
    guesses = [other[:-1], other.swapcase(), other + "\0", [other], {"visit": other}, "", "A" * 32]
    known = {
        "visit": [mine, *guesses],
        "path": [served.upload(picture), "/etc/passwd", "../../app.py", str(served.visits.folder), "C:\\boot.ini"],
        "strokes": [[STROKE], [STROKE | {"erase": True}]],
        "name": ["farmhouse", "../examples/farmhouse", "__class__"],
        "model": ["", "owner/name", "owner/name@main", "/etc/passwd", "../.."],
        "grow_px": [0, 3, -1, 1e9],
        "version": [1, 0, -1, 10**30],
        "ticket": ["x", mine],
    }
    return other, known


def anything():
    """JSON of every kind, also what JSON should not contain."""
    numbers = st.integers() | st.floats() | st.sampled_from([2**63, -(10**30), math.nan, math.inf, -0.0])
    words = st.text(max_size=20) | st.sampled_from(["NaN", "__proto__", "{limit}", "\u202e", "\ud83d\ude00" * 50])
    leaves = st.none() | st.booleans() | numbers | words
    keys = st.text(max_size=5) | st.sampled_from(["visit", "points", "brush", "erase", "grow_px"])
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4))


def strokes():
    """Lists of strokes in which one thing or another may be wrong."""
    number, wrong = st.integers(0, 90), anything()
    points = st.lists(st.lists(number, min_size=2, max_size=2) | st.tuples(number, wrong) | wrong, max_size=3)
    stroke = {"points": points | wrong, "brush": st.just(8) | wrong, "erase": st.booleans() | wrong}
    return st.lists(st.fixed_dictionaries(stroke, optional={"grow_px": anything()}), max_size=3)


def calls(known):
    """Calls that are right in most parts and wrong in some, and others that are wrong altogether."""
    fields = {key: st.sampled_from(values) | anything() for key, values in known.items()}
    own = {"visit": st.just(known["visit"][0])}
    right = st.fixed_dictionaries(own, optional={key: fields[key] for key in fields if key != "visit"})
    return right | st.fixed_dictionaries({}, optional=fields) | anything()


def check(answer, status, language):
    """A refusal is a sentence in the visitor's language; nothing failed, and nothing lets see the inside."""
    assert status == 200 and isinstance(answer, dict) and answer.get("code") != "unexpected"
    assert not any(clue in json.dumps(answer) for clue in CLUES)
    if "error" in answer:
        start = SENTENCES[answer["code"]][LANGUAGES.index(language)].partition("{")[0]
        assert answer["error"].startswith(start) and "{" not in answer["error"].replace("{limit}", "")


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_no_call_of_any_server_function_is_answered_with_anything_but_a_dict_and_a_sentence(served, scene):
    other, known = scene
    before = served.visits.get(other).session.mask

    @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=HealthCheck)
    @given(st.sampled_from(served.painter["props"]["server_fns"]), calls(known), st.sampled_from(LANGUAGES))
    def strange(function, call, language):
        status, answer = served.call(function, call, language)
        check(answer, status, language)

    strange()
    assert (served.visits.get(other).session.mask == before).all()
    visit = served.open(Image.fromarray(noise(60, 90)))
    assert served.call("paint", {"visit": visit, "strokes": [STROKE]})[1]["changed"] == [True]


def test_strokes_with_something_wrong_in_them_are_refused_and_never_fail(served):
    visit = served.open(Image.fromarray(noise(60, 90)))

    @settings(max_examples=EXAMPLES // 2, deadline=None, database=None, derandomize=True)
    @given(strokes())
    def strange(strokes):
        status, answer = served.call("paint", {"visit": visit, "strokes": strokes})
        check(answer, status, "en")
        assert answer.get("code") in (None, "bad_request", "all_painted")

    strange()


def nest(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [nest(500), [0] * 100_000, {str(index): index for index in range(10_000)}, "x" * 1_000_000, [STROKE] * 2_000],
    ids=["deep", "a long list", "a large dict", "a long text", "many strokes"],
)
def test_every_function_takes_huge_values_without_harm(served, scene, value):
    _, known = scene
    others = {key: value for key in known if key != "visit"}
    for function in served.painter["props"]["server_fns"]:
        for call in (others | {"visit": served.open(Image.fromarray(noise(20, 20)))}, {"visit": value}, value):
            status, answer = served.call(function, call)
            check(answer, status, "en")
