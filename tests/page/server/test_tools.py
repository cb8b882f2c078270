"""/restore, /find_damage and /remove with the clients that call them: Python, HTTP with named parameters, MCP."""

import base64
import io
import json
from pathlib import Path

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from inpaint import Inpainter, restore_tone
from tests.page.server.test_api import data_uri, with_mcp_session
from tests.page.serving import FILL, GRADIO_WARNINGS, OneColour, noise, serving

pytestmark = GRADIO_WARNINGS
HEIGHT, WIDTH = 64, 96
DAMAGE = np.zeros((HEIGHT, WIDTH), bool)
DAMAGE[10:14, 20:80] = True


class KnownDamage:
    """A damage finder that marks DAMAGE, and a row more below each tenth under the default threshold."""

    def find_damage(self, pixels, *, threshold, grow_px, kinds, on_progress):
        mask = DAMAGE.copy() if pixels.shape[:2] == DAMAGE.shape else np.zeros(pixels.shape[:2], bool)
        if mask.any():
            mask[14 : 14 + round(10 * (0.5 - threshold)) + int(grow_px) - 1, 20:80] = True
        return mask, mask.astype(np.float32)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    inpainter = Inpainter(OneColour(), source="me/weights@abc123", damage_finder=KnownDamage())
    with serving(tmp_path_factory.mktemp("uploads").resolve(), inpainter=inpainter) as running:
        yield running


@pytest.fixture
def pixels(tmp_path, monkeypatch):
    """photo.png in the current folder; its pixels."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(noise(HEIGHT, WIDTH)).save("photo.png")
    return noise(HEIGHT, WIDTH)


def box_mask(left, top, right, bottom):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top:bottom, left:right] = True
    return mask


def check_filled(result, pixels, mask):
    """The masked pixels have the colour of a fill, and all others are the photo's."""
    assert (result[~mask] == pixels[~mask]).all()
    assert mask.any() and (np.abs(result[mask].astype(int) - FILL) <= 1).all()


def file_data(served, file):
    return {"path": served.upload(Path(file).read_bytes(), file), "meta": {"_type": "gradio.FileData"}}


def post(served, endpoint, arguments):
    """Call an endpoint with named parameters over HTTP; the last event and its data."""
    url = f"{served.url}gradio_api/call"
    started = httpx.post(f"{url}/v2/{endpoint}", json=arguments)
    if started.status_code != 200:
        return "refused", started.text
    event = started.json()["event_id"]
    answer = httpx.get(f"{url}/{endpoint}/{event}", timeout=60).text
    last = answer.strip().rpartition("event: ")[2]
    return last.partition("\n")[0], json.loads(last.partition("data: ")[2] or "null")


def fetched(served, data):
    """The pixels of a result that a call over HTTP has answered."""
    answer = httpx.get(data[0]["url"]).raise_for_status()
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def predict(served, *arguments, endpoint, **options):
    client = Client(served.url, verbose=False)
    try:
        return Path(client.predict(*arguments, **options, api_name=endpoint))
    finally:
        client.close()


def pixels_of(file):
    with Image.open(file) as opened:
        return np.asarray(opened)


def test_remove_fills_a_box_that_is_named_over_http_and_nothing_else(served, pixels):
    photo = file_data(served, "photo.png")
    event, data = post(served, "remove", {"photo": photo, "boxes": [[30, 20, 60, 40]], "grow_px": 0})
    assert event == "complete", data
    assert data[0]["orig_name"] == "photo-filled.png"
    check_filled(fetched(served, data), pixels, box_mask(30, 20, 60, 40))


@pytest.mark.parametrize(
    "region",
    [
        {"boxes": [0.25, 0.25, 0.5, 0.5], "unit": "fractions"},
        {"boxes": [[250, 250, 500, 500]], "unit": "thousandths"},
    ],
    ids=str,
)
def test_regions_in_each_form_reach_the_fill(served, pixels, region):
    event, data = post(served, "remove", {"photo": file_data(served, "photo.png"), "grow_px": 0} | region)
    assert event == "complete", data
    check_filled(fetched(served, data), pixels, box_mask(24, 16, 48, 32))


def test_the_inside_of_a_polygon_is_filled(served, pixels):
    event, data = post(
        served,
        "remove",
        {"photo": file_data(served, "photo.png"), "grow_px": 0, "polygon": [[24, 16], [48, 16], [48, 32], [24, 32]]},
    )
    assert event == "complete", data
    changed = (fetched(served, data) != pixels).any(-1)
    assert changed[box_mask(24, 16, 48, 32)].all() and not changed[~box_mask(23, 15, 49, 33)].any()


def test_a_mask_and_boxes_are_filled_together_and_grow_px_dilates_both(served, pixels):
    Image.fromarray(box_mask(60, 40, 70, 50)).save("mask.png")
    result = predict(
        served, photo=handle_file("photo.png"), mask=handle_file("mask.png"), boxes=[[10, 10, 20, 20]], grow_px=3,
        endpoint="/remove",
    )  # fmt: skip
    changed = (pixels_of(result) != pixels).any(-1)
    assert changed[box_mask(60, 40, 70, 50) | box_mask(10, 10, 20, 20)].all() and changed[45, 58] and changed[15, 22]
    assert not changed[~(box_mask(55, 35, 75, 55) | box_mask(5, 5, 25, 25))].any()


def test_points_are_removed_with_a_disc_around_them(served, pixels):
    result = predict(served, handle_file("photo.png"), points=[[48, 32]], point_radius=9, grow_px=0, endpoint="/remove")
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot(columns - 48, rows - 32)
    changed = (pixels_of(result) != pixels).any(-1)
    assert changed[distance < 8].all() and not changed[distance > 10].any()


def test_restore_fills_the_damage_and_evens_out_the_tones_unless_told_not_to(served, pixels):
    photo = handle_file("photo.png")
    plain = predict(served, photo, tone=False, endpoint="/restore")
    assert plain.name == "photo-restored.png"
    check_filled(pixels_of(plain), pixels, DAMAGE)
    toned, _ = restore_tone(pixels_of(plain))
    assert (pixels_of(predict(served, photo, endpoint="/restore")) == np.asarray(toned)).all()


def test_find_damage_returns_the_mask_and_a_lower_threshold_marks_more(served, pixels):
    photo = handle_file("photo.png")
    mask = predict(served, photo, endpoint="/find_damage")
    assert mask.name == "photo-damage.png" and (pixels_of(mask) == DAMAGE * 255).all()
    more = pixels_of(predict(served, photo, threshold=0.2, endpoint="/find_damage")) > 0
    assert (more & ~DAMAGE).any() and more[DAMAGE].all()
    check_filled(pixels_of(predict(served, photo, mask=handle_file(str(mask)), grow_px=0, endpoint="/remove")),
                 pixels, DAMAGE)  # fmt: skip


def test_a_photo_without_damage_gives_a_black_mask_and_stays_as_it_is(served, pixels):
    Image.fromarray(noise(50, 70)).save("sound.png")
    assert not pixels_of(predict(served, handle_file("sound.png"), endpoint="/find_damage")).any()
    client = Client(served.url, verbose=False)
    try:
        job = client.submit(handle_file("sound.png"), tone=False, api_name="/restore")
        assert (pixels_of(job.result()) == noise(50, 70)).all()
        updates = [job.communicator.updates.get_nowait() for _ in range(job.communicator.updates.qsize())]
    finally:
        client.close()
    assert "No damage was found." in [update.log[0] for update in updates if getattr(update, "log", None)]


def test_seed_reaches_the_fill_of_each_tool(served, pixels, monkeypatch):
    seeds, call, fill = [], Inpainter.__call__, Inpainter.fill_in_place

    def recording(inpainter, photo, mask, *, seed, **options):
        seeds.append(seed)
        return call(inpainter, photo, mask, seed=seed, **options)

    def recording_fill(inpainter, photo, mask, *, seed, **options):
        seeds.append(seed)
        return fill(inpainter, photo, mask, seed=seed, **options)

    monkeypatch.setattr(Inpainter, "__call__", recording)
    monkeypatch.setattr(Inpainter, "fill_in_place", recording_fill)
    predict(served, handle_file("photo.png"), boxes=[[1, 1, 9, 9]], seed=5, endpoint="/remove")
    predict(served, handle_file("photo.png"), seed=6, endpoint="/restore")
    assert seeds == [5, 6]


def test_mcp_clients_restore_find_damage_and_remove_without_painting(served, pixels):
    async def scene(session):
        photo = data_uri("photo.png")
        Image.fromarray(box_mask(5, 5, 15, 15)).save("mask.png")
        return [
            await session.call_tool("find_damage", {"photo": photo}),
            await session.call_tool("restore", {"photo": photo, "tone": False}),
            await session.call_tool("remove", {"photo": photo, "boxes": [[30, 20, 60, 40]], "grow_px": 0}),
            await session.call_tool("remove", {"photo": photo, "mask": data_uri("mask.png"), "grow_px": 0}),
        ]

    answers = with_mcp_session(served, scene)
    assert not any(answer.isError for answer in answers), answers
    mask, *results = (np.asarray(Image.open(io.BytesIO(base64.b64decode(each.content[0].data)))) for each in answers)
    assert (mask == DAMAGE * 255).all()
    for result, hole in zip(results, [DAMAGE, box_mask(30, 20, 60, 40), box_mask(5, 5, 15, 15)], strict=True):
        check_filled(result, pixels, hole)


@pytest.mark.parametrize(
    ("endpoint", "arguments", "words"),
    [
        ("remove", {}, "nothing says what to remove"),
        ("remove", {"boxes": []}, "nothing says what to remove"),
        ("remove", {"boxes": [[60, 20, 30, 40]]}, "x0 must be less than x1"),
        ("remove", {"boxes": [[0, 0, 96, 64]]}, "cover 100% of the photo"),
        ("remove", {"boxes": [[1, 1, 9, 9]], "unit": "miles"}, "one of pixels"),
        ("remove", {"boxes": [[1, 1, 9, 9]], "seed": -1}, "seed is -1"),
        ("remove", {"boxes": [[1, 1, 9, 9]], "grow_px": 101}, "from 0 to 100"),
        ("remove", {"boxes": [[1, 1, 9, 9]], "grow_px": "2"}, "must be a number"),
        ("remove", {"boxes": [[1, 1, 9, 9]], "tone": "yes"}, "true or false"),
        ("restore", {"threshold": 1.5}, "threshold is 1.5"),
        ("restore", {"grow_px": -1}, "from 0 to 100"),
        ("find_damage", {"threshold": 10**400}, "must lie between 0 and 1"),
    ],
    ids=str,
)
def test_wrong_arguments_are_answered_with_the_value_and_the_rule(served, pixels, endpoint, arguments, words):
    event, data = post(served, endpoint, {"photo": file_data(served, "photo.png")} | arguments)
    assert event == "error" and words in str(data), data


def test_a_file_outside_the_uploads_and_one_that_is_no_picture_are_not_read(served, pixels, tmp_path):
    outside = {"path": str(tmp_path / "photo.png"), "meta": {"_type": "gradio.FileData"}}
    Path("text.png").write_text("no picture")
    for endpoint in ("restore", "find_damage", "remove"):
        for photo in (outside, file_data(served, "text.png"), None, {"path": "/etc/passwd"}, "photo.png", 7):
            event, data = post(
                served, endpoint, {"photo": photo, **({"boxes": [[1, 1, 9, 9]]} if endpoint == "remove" else {})}
            )
            assert event in ("error", "refused"), (endpoint, photo, data)
            assert "Traceback" not in str(data)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_any_json_as_arguments_is_answered_with_a_result_or_a_sentence(served, pixels, caplog):
    photo = file_data(served, "photo.png")
    leaf = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=5)
    )
    value = st.recursive(leaf, lambda inner: st.lists(inner, max_size=4), max_leaves=8)
    numbers = st.lists(st.lists(st.integers(-10, 110), min_size=2, max_size=4), max_size=3)
    names = ("boxes", "points", "polygon", "mask", "unit", "point_radius", "grow_px", "seed", "tone", "threshold")
    fields = dict.fromkeys(names, value | numbers)

    @settings(max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=HealthCheck)
    @given(st.sampled_from(["restore", "find_damage", "remove"]), st.fixed_dictionaries({}, optional=fields))
    def fuzz(endpoint, arguments):
        event, data = post(served, endpoint, {"photo": photo} | arguments)
        assert event in ("complete", "error", "refused") and "Traceback" not in str(data)

    fuzz()
    unexpected = [record.getMessage() for record in caplog.records if record.name == "page.server.api_calls"]
    assert not unexpected, "no call ends in an exception that nobody expected"
    check_filled(pixels_of(predict(served, handle_file("photo.png"), tone=False, endpoint="/restore")), pixels, DAMAGE)
