"""Undamaged photos in which most is marked."""

import numpy as np
import pytest
from PIL import Image

from train.damage.evaluate import scratched_photo
from train.damage.hard_negatives import LONG_SIDE, hard_negatives, main


class BrightPixels:
    """A finder that marks what is brighter than the threshold."""

    def masks(self, pixels, thresholds):
        return [pixels[..., 0] > 255 * threshold for threshold in thresholds]


def with_bright(share: float, side: int = 40) -> Image.Image:
    pixels = np.zeros((side, side, 3), np.uint8)
    pixels[: round(share * side)] = 200
    return Image.fromarray(pixels)


def test_the_photos_with_the_largest_marked_shares_come_first_and_sound_ones_not_at_all():
    photos = [with_bright(share) for share in (0.1, 0, 0.5, 0.1, 0.25)]
    hardest = hard_negatives(iter(photos), BrightPixels(), 3)
    assert [(one.number, one.share) for one in hardest] == [(2, 0.5), (4, 0.25), (0, pytest.approx(0.1))]
    assert [one.number for one in hard_negatives(photos, BrightPixels(), 9)] == [2, 4, 0, 3]


def test_large_photos_are_reduced_and_the_photo_itself_stays():
    photo = with_bright(0.5, 1000)
    (found,) = hard_negatives([photo], BrightPixels(), 1)
    assert found.photo.size == (LONG_SIDE, LONG_SIDE)
    assert photo.size == (1000, 1000)


def test_the_command_writes_the_hardest_photos_into_a_new_folder(tmp_path, capsys):
    photos, output = tmp_path / "photos", tmp_path / "hard"
    photos.mkdir()
    scratched = scratched_photo(256, 256, 8)
    Image.fromarray(scratched).save(photos / "a.png")
    Image.new("RGB", (160, 160), "#5a5a5a").save(photos / "b.png")
    assert main([str(photos), "-o", str(output), "--count", "5"]) == 0
    assert [file.name for file in output.iterdir()] == ["0000.png"]
    assert (np.asarray(Image.open(output / "0000.png")) == scratched).all()
    assert "hard: 1, with " in capsys.readouterr().out
    assert main([str(photos), "-o", str(output)]) == 1
    assert "not empty; name a new folder" in capsys.readouterr().err


def test_a_dataset_that_is_not_there_is_an_error_in_a_sentence(tmp_path, capsys):
    assert main([str(tmp_path / "missing"), "-o", str(tmp_path / "hard")]) == 1
    assert capsys.readouterr().err.startswith("error: ")
