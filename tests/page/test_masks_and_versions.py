"""Masks, versions, models and file formats of the editor in a real browser."""

import io

import numpy as np
import pytest
from PIL import Image

from inpaint import FreeFormConfig
from inpaint.hub.weights import save_generator
from inpaint.networks.generators import build_generator
from inpaint.photos.formats import register_heic
from page.server import model_files, models
from page.server.texts import translate
from tests.page.browsing import filled, near, picture_of
from tests.page.serving import FILL, GRADIO_WARNINGS, noise
from tests.pictures import file_bytes, landscape

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]


# --- masks


def upload_mask(visitor, mask):
    file = io.BytesIO()
    Image.fromarray(mask).save(file, "PNG")
    visitor["mask-file"].set_input_files({"name": "mask.png", "mimeType": "image/png", "buffer": file.getvalue()})
    visitor.wait("ready")


def test_an_uploaded_mask_is_filled_undilated_and_downloads_unchanged(visitor):
    photo, mask = noise(300, 400), np.zeros((300, 400), bool)
    mask[50:90, 100:220], mask[200, 300] = True, True
    visitor.upload(photo, "holiday.png")
    upload_mask(visitor, mask)
    result = visitor.pixels()[..., :3]
    assert (result[~mask] == photo[~mask]).all() and (result[mask] != photo[mask]).any(-1).all()
    visitor["options"].click()
    download = visitor.download("download_mask")
    assert download.suggested_filename == "holiday-mask.png"
    assert (np.asarray(Image.open(download.path())) == mask).all()
    visitor["undo"].click()
    visitor.wait("ready")
    assert (visitor.pixels()[..., :3] == photo).all()


def test_a_mask_of_another_size_is_declined_with_both_sizes(visitor):
    visitor.upload(noise(300, 400))
    upload_mask(visitor, np.ones((30, 40), bool))
    assert "40x30" in visitor["error"].inner_text() and "400x300" in visitor["error"].inner_text()


def test_the_current_mask_is_expanded_by_the_chosen_number_of_pixels(visitor):
    mask = np.zeros((300, 400), bool)
    mask[100:140, 100:180] = True
    visitor.upload(noise(300, 400))
    upload_mask(visitor, mask)
    visitor["options"].click()
    visitor["expand"].fill("5")
    visitor["apply_expansion"].click()
    visitor.wait("ready")
    assert filled(visitor.pixels(), (96, 120), (120, 183)) and not filled(visitor.pixels(), (93, 120), (120, 187))


def test_an_erased_copy_of_the_photo_is_a_mask_and_the_page_says_so_until_the_next_action(visitor):
    photo = landscape((400, 300))
    visitor.upload(np.asarray(photo))
    hole = np.zeros((300, 400), bool)
    hole[50:90, 100:220] = True
    alpha = np.where(hole, 0, 255).astype(np.uint8)
    upload_mask(visitor, np.dstack([np.asarray(photo), alpha]))
    visitor.page.wait_for_function("document.querySelector('[data-testid=notes]').innerText")
    assert visitor["notes"].inner_text() == translate("mask_erased", "en")
    assert (visitor.pixels()[~hole][..., :3] == np.asarray(photo)[~hole]).all()
    visitor["undo"].click()
    visitor.wait("ready")
    assert visitor["notes"].inner_text() == ""


def test_a_mask_that_marks_nothing_is_told(visitor):
    visitor.upload(noise(300, 400))
    upload_mask(visitor, np.zeros((300, 400), bool))
    assert visitor["error"].inner_text() == translate("mask_empty", "en")


def test_the_message_about_a_mask_goes_with_the_next_one(visitor):
    visitor.upload(noise(300, 400))
    upload_mask(visitor, np.zeros((300, 400), bool))
    assert visitor["error"].inner_text() == translate("mask_empty", "en")
    outline = b"[[10, 20, 130, 20, 130, 150]]"
    visitor["mask-file"].set_input_files({"name": "a.json", "mimeType": "application/json", "buffer": outline})
    visitor.page.wait_for_function("!document.querySelector('[data-testid=error]').innerText")
    visitor.wait("ready")
    assert filled(visitor.pixels(), (30, 120))


def test_notes_of_a_download_are_sentences(visitor):
    frames = [Image.fromarray(noise(300, 400, seed)).quantize(16) for seed in (0, 1)]
    visitor.upload(file_bytes(frames[0], "GIF", save_all=True, append_images=frames[1:]), "moving.gif")
    visitor.paint((100, 100), (150, 100))
    visitor.download()
    visitor.page.wait_for_function("document.querySelector('[data-testid=notes]').innerText")
    assert visitor["notes"].inner_text().startswith("It is an animation") and visitor["notes"].inner_text()[-1] == "."


def test_an_upload_that_a_proxy_refuses_is_not_called_our_limit(visitor):
    html = "<html><body><h1>413 Request Entity Too Large</h1><hr>nginx</body></html>"
    visitor.page.route("**/upload*", lambda route: route.fulfill(status=413, content_type="text/html", body=html))
    visitor["file"].set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": file_bytes(landscape())})
    visitor.page.wait_for_function("document.querySelector('[data-testid=error]').innerText")
    assert "A server between your browser and this page refused" in visitor["error"].inner_text()
    visitor.page.unroute("**/upload*")


# --- versions


def versions(visitor, count):
    visitor.page.wait_for_function("n => document.querySelectorAll('[data-testid=version]').length === n", arg=count)
    return visitor["version"]


def test_versions_are_restored_in_any_order_and_a_restore_can_be_undone(visitor, served):
    visitor.upload(noise(300, 400))
    visitor.paint((60, 60))
    versions(visitor, 2)
    visitor.paint((200, 200))
    strip = versions(visitor, 3)
    thumbnail = picture_of(strip.nth(2).locator("img").get_attribute("src"))
    assert thumbnail.shape[0] < thumbnail.shape[1] < 200
    strip.nth(1).click()
    visitor.wait("ready")
    assert filled(visitor.pixels(), (60, 60)) and not filled(visitor.pixels(), (200, 200))
    strip.nth(2).click()
    visitor.wait("ready")
    assert filled(visitor.pixels(), (60, 60), (200, 200))
    visitor["undo"].click()  # a restore is an undo step
    visitor.wait("ready")
    assert not filled(visitor.pixels(), (200, 200))
    current = "[data-testid=version][aria-current]:nth-child({})"
    visitor.page.wait_for_selector(current.format(2))  # what undo brings back has its thumbnail already
    visitor["redo"].click()
    visitor.page.wait_for_selector(current.format(3))
    visitor["clear"].click()
    visitor.page.wait_for_selector(current.format(1))
    assert strip.count() == 3


def test_a_version_is_restored_even_if_the_visit_has_expired_on_the_server(visitor, served):
    visitor.upload(noise(300, 400))
    visitor.paint((60, 60))
    versions(visitor, 2)
    visitor["clear"].click()
    visitor.page.wait_for_selector("[data-testid=version][aria-current]:nth-child(1)")
    served.visits.end_all()
    visitor["version"].nth(1).click()
    visitor.wait("ready")
    assert filled(visitor.pixels(), (60, 60))


def test_versions_of_a_photo_that_was_opened_again_are_numbered_after_those_before(visitor, served):
    visitor.upload(noise(300, 400))
    visitor.paint((60, 60))
    versions(visitor, 2)
    served.visits.end_all()
    visitor.paint((200, 200))
    strip = versions(visitor, 3)
    assert [strip.nth(place).get_attribute("title") for place in (1, 2)] == ["Version 1", "Version 2"]
    strip.nth(1).click()
    visitor.page.wait_for_selector("[data-testid=version][aria-current]:nth-child(2)")
    visitor.wait("ready")
    assert filled(visitor.pixels(), (60, 60)) and not filled(visitor.pixels(), (200, 200))
    strip.nth(2).click()
    visitor.wait("ready")
    assert filled(visitor.pixels(), (60, 60), (200, 200))


# --- models


def test_another_model_fills_the_mask_anew_and_is_named_in_the_footer(visitor, monkeypatch):
    generator = build_generator(FreeFormConfig(channels=(8, 8, 16), blocks=2))
    monkeypatch.setattr(models, "public_commit", lambda repo_id, revision: "abc123")
    monkeypatch.setattr(
        model_files, "download_public", lambda repo_id, sha, folder, limits: save_generator(generator, folder)
    )
    photo = noise(300, 400)
    visitor.upload(photo)
    visitor.paint((100, 100))
    assert filled(visitor.pixels(), (100, 100))
    visitor["options"].click()
    visitor["model"].fill("owner/weights")
    visitor["load_model"].click()
    visitor.page.wait_for_function(
        "document.querySelector('[data-testid=weights]').textContent === 'owner/weights@abc123'"
    )
    visitor.wait("ready")
    assert not filled(visitor.pixels(), (100, 100)) and (visitor.pixels()[100, 100, :3] != photo[100, 100]).any()
    assert visitor["card"].get_attribute("href").endswith("/owner/weights/tree/abc123")
    visitor["default_model"].click()
    visitor.page.wait_for_function("document.querySelector('[data-testid=weights]').textContent.startsWith('me/')")
    visitor.wait("ready")
    assert filled(visitor.pixels(), (100, 100))


def test_the_network_of_2016_is_chosen_from_the_list_and_the_list_follows_the_model_in_use(visitor):
    visitor.upload(noise(300, 400))
    visitor.paint((100, 100))
    visitor["options"].click()
    choice = visitor["model_choice"]
    assert choice.input_value() == "" and translate("weights_context-encoder", "en") in choice.inner_text()
    choice.select_option("context-encoder")
    visitor.page.wait_for_function("document.querySelector('[data-testid=weights]').textContent.startsWith('2016')")
    visitor.wait("ready")
    assert not filled(visitor.pixels(), (100, 100)) and visitor["about"].inner_text() == translate("about_center", "en")
    visitor["model"].fill("../secret")
    visitor["load_model"].click()
    visitor.page.wait_for_function("document.querySelector('[data-testid=error]').textContent")
    assert choice.input_value() == "context-encoder"
    choice.select_option("")
    visitor.page.wait_for_function("document.querySelector('[data-testid=weights]').textContent.startsWith('me/')")
    visitor.wait("ready")
    assert filled(visitor.pixels(), (100, 100)) and not visitor["about"].is_visible()


def test_an_invalid_model_name_is_declined_and_the_model_stays(visitor):
    visitor["options"].click()
    visitor["model"].fill("../secret")
    visitor["load_model"].click()
    visitor.page.wait_for_function("document.querySelector('[data-testid=error]').textContent")
    assert visitor["error"].inner_text() == translate("model_name", "en")
    assert visitor["weights"].inner_text() == "me/weights@abc123"


# --- formats that a browser cannot show


@pytest.mark.parametrize("suffix", ["tif", "heic"])
def test_a_format_that_browsers_cannot_decode_is_shown_and_downloads_in_that_format(visitor, suffix):
    photo = np.broadcast_to(np.linspace(30, 220, 200, dtype=np.uint8)[None, :, None], (150, 200, 3)).copy()
    photo[..., 2] //= 2  # a photo without colour would get a fill without colour
    register_heic()
    visitor.upload(photo, f"scan.{suffix}")
    assert np.abs(visitor.pixels()[..., :3].astype(int) - photo).max() < 12
    visitor.paint((60, 60))
    download = visitor.download()
    assert download.suggested_filename == f"scan-filled.{suffix}"
    result = np.asarray(Image.open(download.path())).astype(int)
    outside = ~near(photo.shape, [(60, 60)], 30)
    assert np.abs(result[60, 60] - FILL).max() < 20
    assert np.abs(result[outside] - photo[outside]).max() <= (0 if suffix == "tif" else 12)
