"""Someone who has never seen the page restores the cracked print, removes a person, and downloads both.

With the weights of the package; what is looked for on the page are the words that it shows.
"""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from inpaint import Inpainter
from page.editor.examples import example_files
from tests.page.browsing import Visitor, open_tab
from tests.page.serving import GRADIO_WARNINGS, serving
from tests.pictures import landscape

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("uploads").resolve(), inpainter=Inpainter.from_pretrained()) as running:
        yield running


def newcomer(browser, served):
    return Visitor(open_tab(browser, 1280, 900), served.url)


def press(visitor, name):
    visitor.page.get_by_role("button", name=name, exact=True).click()


def download(visitor):
    with visitor.page.expect_download() as started:
        press(visitor, "Download")
    return np.asarray(Image.open(started.value.path()).convert("RGB")).astype(int)


def test_the_cracked_print_is_restored_and_downloaded(browser, served):
    visitor = newcomer(browser, served)
    press(visitor, "Restore this photo")
    visitor.page.get_by_label("Repair what was found").wait_for()
    visitor.page.wait_for_selector("[data-testid=download]:enabled")
    visitor.wait("ready")
    result = download(visitor)
    before, mask = (np.asarray(Image.open(path)) for path in example_files("cracked"))
    assert np.percentile(result, 95) - np.percentile(result, 5) > 1.5 * np.ptp(np.percentile(before, [5, 95]))
    near = np.asarray(Image.fromarray(mask > 0).convert("L").filter(ImageFilter.MaxFilter(25))) > 0
    cracks = (mask > 0) & (before.min(axis=2) > 215)
    brighter = [pixels[cracks].mean() - pixels[near & (mask == 0)].mean() for pixels in (before, result)]
    assert cracks.sum() > 1000 and brighter[1] < 0.3 * brighter[0]  # they no longer stand out, for all the contrast
    visitor.leave()


def with_person(photo):
    """A person in the photo, and where: left, top, right, bottom."""
    picture = Image.fromarray(photo)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((286, 148, 314, 180), (222, 178, 150))
    draw.rectangle((278, 180, 322, 250), (170, 40, 60))
    draw.rectangle((284, 250, 316, 330), (30, 30, 70))
    return np.asarray(picture), (278, 148, 322, 330)


def test_a_person_is_removed_from_an_own_photo_and_the_result_downloaded(browser, served):
    clean = np.asarray(landscape((600, 400)))
    photo, (left, top, right, bottom) = with_person(clean)
    visitor = newcomer(browser, served)
    Image.fromarray(photo).save(file := io.BytesIO(), "PNG")
    with visitor.page.expect_file_chooser() as chooser:
        press(visitor, "Open photo")
    chooser.value.set_files({"name": "beach.png", "mimeType": "image/png", "buffer": file.getvalue()})
    visitor.page.wait_for_selector(".page[data-state=ready][data-has-file]")
    visitor["size"].fill("40")
    for x in range(left, right + 12, 12):
        visitor.paint((x, top - 4), (x, bottom + 4))
    fill = visitor.page.get_by_role("button", name="Fill", exact=True)
    if fill.is_visible():
        fill.click()
    visitor.page.wait_for_selector("[data-testid=download]:enabled")
    visitor.wait("ready")
    result = download(visitor)
    person = (photo != clean).any(axis=2)
    off = [np.abs(pixels[person] - clean[person].astype(int)).mean() for pixels in (photo.astype(int), result)]
    assert person.sum() > 5000 and off[1] < 0.4 * off[0]
    outside = np.ones(person.shape, bool)
    outside[top - 60 : bottom + 60, left - 60 : right + 60] = False
    assert (result[outside] == photo[outside]).all()
    visitor.leave()
