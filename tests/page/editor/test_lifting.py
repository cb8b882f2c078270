"""Half-transparent damage that restoring finds is lifted: the picture comes back, and each step can be undone."""

import io
import urllib.parse
import urllib.request

import numpy as np
import pytest
from PIL import Image

from inpaint import Inpainter
from inpaint.engine.fills import Fill
from inpaint.engine.options import DEFAULT_OPTIONS
from inpaint.engine.regions import Box, find_regions
from page.editor.lifting import with_lifting
from tests.inpaint.engine.test_veils import BROWN, COLUMNS, ROWS, STAIN, filled, hole_of, picture, psnr, veiled
from tests.page.server.test_tools import fetched, post
from tests.page.serving import GRADIO_WARNINGS, OneColour, serving

pytestmark = GRADIO_WARNINGS
FOUND = {"level": 3, "kinds": ["lines", "specks", "areas"], "left_out": []}
NOTHING = FOUND | {"kinds": []}
HOLE = hole_of(STAIN)
FILLED = filled(HOLE)
DISTANCE = np.hypot(ROWS - 120, COLUMNS - 160)
CORE = DISTANCE < 50
BETTER = psnr(FILLED, CORE) + 4


def stained(opacity):
    return veiled(STAIN, opacity, BROWN)


def continued(pixels, mask, within=None, options=None, cancelled=None):
    """Fill holes as a network might: right at the rim, a plain tone inside."""
    for box, hole in find_regions(mask, within):
        yield Fill(box.left, box.top, FILLED[box.slices], hole)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page that finds the stain in the middle of each photo, and fills with `continued`."""

    def find_damage(self, photo, *, return_probability=False, **options):
        mask = Image.fromarray(HOLE.astype(np.uint8) * 255)
        return (mask, np.where(DISTANCE < 64, 0.9, 0).astype(np.float32)) if return_probability else mask

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Inpainter, "find_damage", find_damage)
        inpainter = Inpainter(OneColour(), source="me/weights@abc").with_fills(continued)
        with serving(tmp_path_factory.mktemp("uploads").resolve(), inpainter=inpainter) as running:
            yield running


def result(page, visit):
    _, answer = page.call("finish", {"visit": visit})
    with urllib.request.urlopen(urllib.parse.urljoin(page.url, answer["file"]["url"])) as response:
        return np.asarray(Image.open(io.BytesIO(response.read())))


def test_a_found_stain_is_lifted_and_an_opaque_one_is_filled(page):
    for opacity, visible in ((0.45, True), (1.0, False)):
        scan = stained(opacity)
        visit = page.open(Image.fromarray(scan))
        page.call("fill_found", {"visit": visit} | FOUND)
        restored = result(page, visit)
        assert (psnr(restored, CORE) > BETTER) == visible
        assert np.array_equal(restored[CORE], FILLED[CORE]) != visible
        assert np.array_equal(restored[DISTANCE > 85], scan[DISTANCE > 85])


def test_the_browser_is_sent_the_lifted_pixels(page):
    visit = page.open(Image.fromarray(stained(0.45)))
    page.call("fill_found", {"visit": visit} | FOUND)
    shown = page.visits.get(visit).session.patches()
    whole = stained(0.45)
    for left, top, pixels in shown:
        whole[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    assert np.array_equal(whole, result(page, visit))


def test_undo_redo_and_the_switch_bring_back_exactly_what_was(page):
    scan = stained(0.45)
    visit = page.open(Image.fromarray(scan))
    page.call("fill_found", {"visit": visit} | FOUND)
    lifted = result(page, visit)
    page.call("undo_stroke", {"visit": visit})
    assert np.array_equal(result(page, visit), scan)
    page.call("redo_stroke", {"visit": visit})
    assert np.array_equal(result(page, visit), lifted)
    page.call("fill_found", {"visit": visit} | NOTHING)
    assert np.array_equal(result(page, visit), scan)
    page.call("fill_found", {"visit": visit} | FOUND)
    assert np.array_equal(result(page, visit), lifted)
    page.call("paint", {"visit": visit, "strokes": [{"points": [[80, 40], [140, 52]], "brush": 9, "erase": False}]})
    assert not np.array_equal(result(page, visit), lifted)
    page.call("undo_stroke", {"visit": visit})
    assert np.array_equal(result(page, visit), lifted)


def test_what_a_visitor_paints_over_a_stain_is_replaced(page):
    visit = page.open(Image.fromarray(stained(0.45)))
    page.call("paint", {"visit": visit, "strokes": [{"points": [[160, 120]], "brush": 140, "erase": False}]})
    assert np.array_equal(result(page, visit)[CORE], FILLED[CORE])
    page.call("use_model", {"visit": visit, "model": ""})
    assert np.array_equal(result(page, visit)[CORE], FILLED[CORE])


def test_another_model_lifts_too(page):
    visit = page.open(Image.fromarray(stained(0.45)))
    page.call("fill_found", {"visit": visit} | FOUND)
    lifted = result(page, visit)
    page.call("use_model", {"visit": visit, "model": ""})
    assert np.array_equal(result(page, visit), lifted)


def test_a_part_of_a_stain_that_is_filled_anew_changes_nothing_outside_that_part():
    photo = Image.fromarray(stained(0.45))

    def right_half(pixels, mask, within, options, cancelled):
        yield Fill(160, 0, FILLED[:, 160:], HOLE[:, 160:])

    fill_holes = with_lifting(right_half, photo, lambda mask: mask)
    fills = list(fill_holes(FILLED, HOLE, Box(160, 0, 320, 240), DEFAULT_OPTIONS, None))
    assert len(fills) == 2 and fills[1].hole.any()
    marked = np.zeros(HOLE.shape, bool)
    marked[fills[1].box.slices] = fills[1].hole
    assert not marked[:, :160].any() and (marked <= HOLE).all()


def test_a_cancelled_fill_lifts_nothing():
    fill_holes = with_lifting(continued, Image.fromarray(stained(0.45)), lambda mask: mask)
    assert len(list(fill_holes(FILLED, HOLE, None, DEFAULT_OPTIONS, lambda: True))) == 1


def test_a_grey_photo_is_lifted_too(page):
    grey = Image.fromarray(stained(0.45)).convert("L")
    visit = page.open(grey)
    page.call("fill_found", {"visit": visit} | FOUND)
    below, fill = (np.asarray(Image.fromarray(pixels).convert("L")).astype(int) for pixels in (picture(), FILLED))
    restored = result(page, visit)
    assert restored.ndim == 2 and np.abs(restored - below)[CORE].mean() < 0.7 * np.abs(fill - below)[CORE].mean()


def test_restoring_over_the_api_lifts_the_stain_as_the_page_does(page):
    photo = {"path": page.upload(Image.fromarray(stained(0.45))), "meta": {"_type": "gradio.FileData"}}
    event, data = post(page, "restore", {"photo": photo, "tone": False})
    assert event == "complete", data
    assert psnr(fetched(page, data), CORE) > BETTER
