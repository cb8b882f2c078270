"""Found damage: its masks, and the map that the browser shows."""

import base64
import zlib

import numpy as np
import pytest

from inpaint.damage_masks import damage_mask
from inpaint.engine.regions import Box, Part
from page.editor.found import SHOWN_PIXELS, THRESHOLDS, USUAL_LEVEL, Choice, Found, check_choice
from page.server.errors import PageError

ALL = frozenset(("lines", "specks", "areas"))


def probability(height=200, width=300):
    """A line, a speck, an area, and a faint speck."""
    values = np.zeros((height, width), np.float32)
    values[20:23, 10:200] = 0.7
    values[60:64, 60:64] = 0.95
    values[100:160, 100:180] = 0.85
    values[180:184, 250:254] = 0.3
    return values


def decoded(found):
    shown = found.describe()
    return np.frombuffer(zlib.decompress(base64.b64decode(shown["map"])), "<u4").reshape(
        shown["height"], shown["width"]
    )


@pytest.mark.parametrize("level", range(len(THRESHOLDS)))
@pytest.mark.parametrize("kinds", [ALL, frozenset(("lines",)), frozenset(("specks", "areas"))])
def test_the_mask_and_the_map_are_those_of_damage_mask(level, kinds):
    values = probability()
    found, rounded = Found(values), np.rint(values * 255).astype(np.uint8)
    expected = damage_mask(rounded, threshold=THRESHOLDS[level], kinds=kinds)
    assert np.array_equal(found.mask(Choice(level, kinds, ())), expected)
    kind = decoded(found) >> (2 * level) & 3
    numbers = [1 + ("lines", "specks", "areas").index(each) for each in kinds]
    assert np.array_equal(np.isin(kind, numbers), expected)


def test_what_is_left_out_is_not_filled_and_its_neighbours_are():
    found = Found(probability())
    everything = found.mask(Choice(USUAL_LEVEL, ALL, ()))
    mask = found.mask(Choice(USUAL_LEVEL, ALL, ((100.5, 21.5), (400, 0), (0.5, 0.5))))
    assert everything[21, 100] and not mask[:40].any()
    assert np.array_equal(mask[50:], everything[50:])


def test_large_photos_have_a_smaller_map_in_which_thin_lines_stay():
    values = np.zeros((1500, 2600), np.float32)
    values[700, 100:2500] = 0.9
    found = Found(values)
    assert found.kinds.size <= SHOWN_PIXELS
    kind = decoded(found) >> (2 * USUAL_LEVEL) & 3
    row, scale = 700 * kind.shape[0] // 1500, kind.shape[1] / 2600
    assert (kind[row, round(150 * scale) : round(2450 * scale)] == 1).all()
    assert not found.mask(Choice(USUAL_LEVEL, ALL, ((1300, 700),))).any()
    assert found.mask(Choice(USUAL_LEVEL, ALL, ()))[700, 200:2400].all()


def test_no_kinds_mark_nothing():
    assert not Found(probability()).mask(Choice(8, frozenset(), ())).any()


def test_a_stroke_for_damage_only_takes_faint_damage_too_but_nothing_around_it():
    area = Part(Box(200, 170, 290, 195), np.ones((25, 90), bool))
    part = Found(probability()).within(area)
    assert part.box == area.box and part.hole[10:14, 50:54].all()
    assert part.hole.sum() <= 36
    assert not Found(probability()).within(Part(Box(200, 60, 260, 90), np.ones((30, 60), bool))).hole.any()


VALID = {"level": 2, "kinds": ["lines"], "left_out": [[3, 4.5]]}


def test_a_valid_choice_is_taken_over():
    assert check_choice(VALID) == Choice(2, frozenset(["lines"]), ((3.0, 4.5),))


@pytest.mark.parametrize(
    "wrong",
    [
        {"level": 9}, {"level": -1}, {"level": True}, {"level": 1.0}, {"kinds": "lines"}, {"kinds": ["scratch"]},
        {"kinds": [["lines"]]}, {"left_out": None}, {"left_out": [[1]]}, {"left_out": [[1, "2"]]},
        {"left_out": [[float("nan"), 2]]}, {"left_out": [[1, 2]] * 2001},
    ],
)  # fmt: skip
def test_other_choices_are_declined(wrong):
    with pytest.raises(PageError, match="bad_request"):
        check_choice(VALID | wrong)
