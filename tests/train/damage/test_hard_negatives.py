"""Undamaged photos in which most is marked."""

import numpy as np
import pytest
from PIL import Image

from inpaint.damage_masks import THRESHOLD
from train.damage.evaluate import scratched_photo
from train.damage.hard_negatives import DOUBTFUL, hard_negatives, main
from train.damage.overlay_scans import LONG_SIDE
from train.data.held_out import find_held_out
from train.data_config import DataConfig


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


def test_doubtful_pixels_count():
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[:10] = round(255 * (DOUBTFUL + 0.1))
    assert DOUBTFUL + 0.1 < THRESHOLD
    (found,) = hard_negatives([Image.fromarray(pixels)], BrightPixels(), 1)
    assert found.share == 0.25


def save_scratched(path, seed=0):
    pixels = np.roll(scratched_photo(256, 256, 8), 31 * seed, axis=1)
    Image.fromarray(pixels).save(path, quality=90)
    return pixels


def test_the_command_writes_the_hardest_photos_into_a_new_folder(tmp_path, capsys):
    photos, more, output = tmp_path / "photos", tmp_path / "more", tmp_path / "hard"
    photos.mkdir(), more.mkdir()
    scratched = save_scratched(more / "a.png")
    Image.new("RGB", (160, 160), "#5a5a5a").save(photos / "b.png")
    assert main([str(photos), str(more), "-o", str(output), "--count", "5"]) == 0
    assert [file.name for file in output.iterdir()] == ["0000.png"]
    assert (np.asarray(Image.open(output / "0000.png")) == scratched).all()
    assert "hard: 1, of which" in capsys.readouterr().out
    assert main([str(photos), "-o", str(output)]) == 1
    assert "not empty; name a new folder" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([str(photos), "-o", str(tmp_path / "none"), "--count", "0"])
    assert "it must be at least 1" in capsys.readouterr().err


def test_photos_that_a_run_holds_out_are_not_copied(tmp_path, monkeypatch):
    photos, output = tmp_path / "photos", tmp_path / "hard"
    photos.mkdir()
    for number in range(12):
        save_scratched(photos / f"{number}.jpg", number)
    held_out = find_held_out(DataConfig(dataset=(str(photos),)), None)
    assert len(held_out.photos) == 3
    monkeypatch.setattr("train.damage.hard_negatives.DamageFinder", lambda network: BrightPixels())
    assert main([str(photos), "-o", str(output)]) == 0
    copied = [np.asarray(Image.open(file)) for file in output.iterdir()]
    assert len(copied) == 9
    assert not any(np.array_equal(one, other) for one in copied for other in held_out.photos)


def test_a_dataset_that_is_not_there_is_an_error_in_a_sentence(tmp_path, capsys):
    assert main([str(tmp_path / "missing"), "-o", str(tmp_path / "hard")]) == 1
    assert capsys.readouterr().err.startswith("error: ")
