"""The comparison of methods in docs/compare: its pictures, its page in a browser, and the animation of the README."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from docs.before_after.animation import BEFORE_MS, MASK_MS, SIZE, STEPS, Scene, write_animation
from docs.compare import __main__ as command
from docs.compare.subjects import DRAWN, REMOVED, Subject
from train.evaluate.methods import Method
from train.evaluate.results import OURS

FOLDER = Path(__file__).parents[1] / "docs" / "compare"
COMPARED = json.loads((FOLDER / "pictures.js").read_text(encoding="utf-8").partition("COMPARED = ")[2].rstrip(";\n"))


def test_every_picture_that_the_page_names_is_there_with_the_size_of_its_photo():
    assert [photo["name"] for photo in COMPARED] == [*REMOVED, *DRAWN]
    wanted = set()
    for photo in COMPARED:
        for suffix in ("", "-hole", *(f"-{method['file']}" for method in photo["methods"])):
            wanted.add(file := FOLDER / "pictures" / f"{photo['name']}{suffix}.webp")
            with Image.open(file) as picture:
                assert picture.size == (photo["width"], photo["height"])
    assert set((FOLDER / "pictures").iterdir()) == wanted


@pytest.mark.parametrize("has_truth", [True, False])
def test_the_picture_of_a_fill_has_the_hole_alone_and_scores_that_fit(tmp_path, monkeypatch, has_truth):
    monkeypatch.setattr(command, "PICTURES", tmp_path)
    pixels = np.full((40, 60, 3), 90, np.uint8)
    mask = np.zeros((40, 60), bool)
    mask[10:30, 20:50] = True
    fill = Method(OURS, lambda pixels, mask: np.where(mask[:, :, None], 200, pixels).astype(np.uint8))
    monkeypatch.setattr(command, "DISTANCES", ())  # their networks are slow, and have tests of their own
    about = command.compare(Subject("square", "A square", "drawn", pixels, mask, has_truth), [fill])
    with Image.open(tmp_path / "square-inpaint.webp") as picture:
        shown = np.asarray(picture.convert("RGBA"))
    assert np.array_equal(shown[:, :, 3], mask * np.uint8(255))
    assert np.abs(shown[mask][:, :3].astype(int) - 200).max() < 8
    assert about["hole"] == {"left": 20, "top": 10, "right": 50, "bottom": 30}
    scores = about["methods"][0]["scores"]
    assert list(scores) == (["PSNR", "SSIM", "ELP", "ELP2"] if has_truth else ["detail", "seam"])
    if has_truth:
        assert scores["PSNR"] == f"{20 * np.log10(255 / 110):.2f}"


@pytest.fixture(scope="module")
def comparison(tab):
    """The page in a browser."""
    problems = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.goto((FOLDER / "index.html").as_uri())
    yield tab
    assert problems == []


@pytest.mark.browser
def test_dragging_the_line_shows_more_of_the_left_fill(comparison):
    box = comparison.locator("#stage").bounding_box()
    comparison.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 0.5 * box["height"])
    share = float(comparison.locator("#position").input_value())
    assert 77 <= share <= 83
    clips = [
        comparison.locator(f"#{side}-fill").evaluate("image => image.style.clipPath") for side in ("left", "right")
    ]
    assert clips == [f"inset(0px {100 - share:g}% 0px 0px)", f"inset(0px 0px 0px {share:g}%)"]
    comparison.locator("#position").press("ArrowLeft")
    assert float(comparison.locator("#position").input_value()) == share - 1


@pytest.mark.browser
def test_a_chosen_photo_and_method_are_loaded_and_swapped(comparison):
    comparison.get_by_role("button", name=DRAWN["gravel"][1]).click()
    comparison.locator("#left").select_option(label="OpenCV Telea")
    for side in ("left", "right"):
        comparison.wait_for_function(f"document.getElementById('{side}-fill').naturalWidth === 512")
    assert comparison.locator("#left-fill").get_attribute("src") == "pictures/gravel-opencv-telea.webp"
    assert comparison.locator("#scores tr").count() == len(COMPARED[0]["methods"])
    comparison.locator("#swap").click()
    assert comparison.locator("#right-fill").get_attribute("src") == "pictures/gravel-opencv-telea.webp"
    comparison.locator("#right").select_option(label="ground truth")
    assert comparison.locator("#right-fill").is_hidden()


def test_the_animation_begins_with_the_photo_shows_its_mask_and_ends_with_the_result(tmp_path):
    rng = np.random.default_rng(0)
    colours = [Image.new("RGB", (82, 51), tuple(map(int, rng.integers(40, 200, 3)))) for _ in range(2)]
    mask = Image.new("L", (82, 51))
    mask.paste(255, (20, 10, 60, 40))
    write_animation(tmp_path / "all.webp", [Scene(colours[0], mask, colours[1])])
    with Image.open(tmp_path / "all.webp") as animation:
        assert (animation.n_frames, animation.size) == (STEPS + 2, SIZE)
        durations, corners, middles = [], [], []
        for number in range(animation.n_frames):
            animation.seek(number)
            animation.load()
            durations.append(animation.info["duration"])
            frame = animation.convert("RGB")
            corners.append(np.array(frame.getpixel((5, 5)), int))
            middles.append(np.array(frame.getpixel((SIZE[0] // 2, SIZE[1] // 2)), int))
    before, after = (np.array(colour.getpixel((0, 0)), int) for colour in colours)
    assert durations[:2] == [BEFORE_MS, MASK_MS]
    assert np.abs(corners[1] - before).max() < 12 and np.abs(middles[1] - before).max() > 20
    assert np.abs(middles[0] - before).max() < 12 and np.abs(middles[-1] - after).max() < 12
    assert np.abs(corners[STEPS // 2] - after).max() < 12  # the line comes from the left
