"""/find_object and /remove by boxes and points: the ball of a made scene, and nothing else, is found and filled."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from inpaint.engine.regions import dilate
from page.server.named_objects import MAX_OBJECTS, objects_to_mask
from page.server.regions import RegionError, regions_to_mask
from tests.page.objects.scenes import BALL, ellipse, sand, scene
from tests.page.server.test_api import data_uri, with_mcp_session
from tests.page.server.test_tools import fetched, file_data, post
from tests.page.serving import GRADIO_WARNINGS, noise

pytestmark = GRADIO_WARNINGS
BALL_MASK = ellipse(*BALL)[..., 0] > 0.5
BOX = [BALL[0] - 10, BALL[1] - 10, BALL[2] + 10, BALL[3] + 10]


@pytest.fixture
def photo(tmp_path, monkeypatch):
    """photo.png in the current folder is the scene; its pixels."""
    monkeypatch.chdir(tmp_path)
    scene().save("photo.png")
    return np.asarray(scene())


def is_ball(mask):
    """Whether a mask holds the ball, and little beside it."""
    return mask[BALL_MASK].mean() > 0.99 and (mask & ~dilate(BALL_MASK, 9)).sum() < 0.01 * mask.sum()


@pytest.mark.parametrize(
    "named",
    [
        {"points": [245, 165]},
        {"points": [[0.5104, 0.4583]], "unit": "fractions"},
        {"boxes": [BOX]},
        {"boxes": [[394, 305, 625, 611]], "unit": "thousandths"},
    ],
    ids=str,
)
def test_what_a_point_or_a_box_names_is_removed_and_the_answer_says_where_it_is(served, photo, named):
    event, data = post(served, "remove", {"photo": file_data(served, "photo.png")} | named)
    assert event == "complete", data
    assert is_ball((fetched(served, data) != photo).any(axis=2))
    (note,) = data[0]["notes"]
    name = "points[0]" if "points" in named else "boxes[0]"
    assert note.startswith(f"{name}: an object of ") and "within [19" in note, note


def test_find_object_shows_the_mask_that_remove_takes(served, photo):
    named = {"photo": file_data(served, "photo.png"), "points": [[245, 165]]}
    event, data = post(served, "find_object", named)
    assert event == "complete", data
    mask = fetched(served, data)
    assert data[0]["orig_name"] == "photo-object.png" and set(np.unique(mask)) == {0, 255} and is_ball(mask > 0)
    _, data = post(served, "remove", {"photo": file_data(served, "photo.png"), "points": [[245, 165]], "grow_px": 0})
    assert np.array_equal((fetched(served, data) != photo).any(axis=2), mask > 0)


def test_without_fit_the_whole_box_is_removed_and_with_a_radius_the_whole_disc(served, photo):
    for named in ({"boxes": [BOX], "fit": False}, {"points": [[245, 165]], "point_radius": 60}):
        arguments = {"photo": file_data(served, "photo.png"), "grow_px": 0} | named
        event, data = post(served, "remove", arguments)
        assert event == "complete" and not data[0]["notes"], data
        regions = {name: value for name, value in named.items() if name != "fit"}
        changed = (fetched(served, data) != photo).any(axis=2)
        assert np.array_equal(changed, regions_to_mask((480, 360), **regions))


def test_a_polygon_is_taken_as_it_is_beside_a_fitted_box():
    corners = [[20, 20], [80, 20], [80, 60], [20, 60]]
    mask, notes = objects_to_mask(scene(), boxes=[BOX])
    assert is_ball(mask) and len(notes) == 1
    assert not mask[regions_to_mask((480, 360), polygon=corners)].any()


def test_where_nothing_stands_out_the_box_and_a_disc_are_taken_and_the_answer_says_so():
    mask, notes = objects_to_mask(sand(), boxes=[[100, 100, 160, 150]], points=[[300, 200]])
    assert np.array_equal(mask, regions_to_mask((480, 360), boxes=[[100, 100, 160, 150]], points=[[300, 200]]))
    assert "boxes[0]: no object stands out" in notes[0] and "points[0]: no object stands out" in notes[1]


def test_a_shadow_is_suggested_and_taken_on_request():
    shadow = (ellipse(250, 190, 390, 225)[..., 0] > 0.5) & ~dilate(BALL_MASK, 6)
    mask, notes = objects_to_mask(scene(0.45), boxes=[BOX])
    assert mask[shadow].mean() < 0.05 and "shadow=true" in notes[0]
    mask, notes = objects_to_mask(scene(0.45), boxes=[BOX], with_shadow=True)
    assert mask[shadow].mean() > 0.95 and notes[0].endswith("with its shadow")


def test_more_objects_than_can_be_looked_for_are_refused_before_any_is():
    with pytest.raises(RegionError, match="21 boxes and points, and at most 20.*fit=false"):
        objects_to_mask(scene(), boxes=[BOX] * MAX_OBJECTS, points=[[1, 1]])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "nothing says where to look"),
        ({"points": []}, "nothing says where to look"),
        ({"points": [[900, 20]]}, "outside the photo of 480x360 pixels"),
        ({"boxes": [[1, 2, 3]]}, "with 4 numbers"),
        ({"boxes": [[1, 1, 9, 9]], "shadow": "yes"}, "true or false"),
    ],
    ids=str,
)
def test_find_object_refuses_what_cannot_be_meant(served, photo, arguments, words):
    event, data = post(served, "find_object", {"photo": file_data(served, "photo.png")} | arguments)
    assert event == "error" and words in str(data), data


def test_mcp_clients_get_the_outline_and_the_notes_as_text(served, photo):
    async def calls(session):
        picture = data_uri("photo.png")
        found = await session.call_tool("find_object", {"photo": picture, "points": [[245, 165]]})
        Image.fromarray(noise(90, 120)).save("noise.png")
        unknown = await session.call_tool("remove", {"photo": data_uri("noise.png"), "boxes": [[20, 20, 60, 60]]})
        return found, unknown

    found, unknown = with_mcp_session(served, calls)
    mask = np.asarray(Image.open(io.BytesIO(base64.b64decode(found.content[0].data))))
    assert is_ball(mask > 0)
    assert any("points[0]: an object of" in getattr(each, "text", "") for each in found.content)
    assert any("no object stands out" in getattr(each, "text", "") for each in unknown.content)


@pytest.mark.parametrize(
    "file",
    [
        {"path": "data:image/png;base64,AAAA", "meta": {"_type": "gradio.FileData"}},
        {"url": "https://example.com/photo.png"},
        {"path": "/tmp/gone.png", "meta": {"_type": "gradio.FileData"}},
        {"x": 1},
    ],
    ids=str,
)
def test_a_call_without_a_file_is_told_how_to_send_one(served, file):
    event, data = post(served, "remove", {"photo": file, "points": [[245, 165]]})
    assert event == "error" and "/gradio_api/upload" in data["error"] and "public URL" in data["error"]
