"""`python -m inpaint --find-damage`: masks that are found instead of read."""

import numpy as np
import pytest
from PIL import Image

from inpaint.__main__ import main
from inpaint.benchmark.workloads import synthetic_photo
from inpaint.photos.opening import open_photo
from tests.inpaint.photo_folders import outside_is_equal, write
from tests.pictures import picture


@pytest.fixture
def find_damage_calls(monkeypatch):
    """Replace find_damage by one that returns the mask of `write`; return the settings of its calls."""
    calls = []

    def find_damage(self, photo, **settings):
        calls.append(settings)
        mask = Image.new("L", photo.size)
        mask.paste(255, (10, 20, 40, 50))
        return mask

    monkeypatch.setattr("inpaint.inpainter.Inpainter.find_damage", find_damage)
    return calls


def test_find_damage_needs_no_masks(tmp_path, model, capsys, find_damage_calls):
    for name in ("a.png", "b.tif"):
        write(tmp_path, name)
    photos, out = tmp_path / "photos", tmp_path / "out"
    assert main([str(photos), "--find-damage", "-o", str(out), "--model", model]) == 0
    assert capsys.readouterr().out == f"2 photos filled, 0 failed; written to {out}\n"
    for name in ("a.png", "b.tif"):
        assert outside_is_equal(open_photo(photos / name), open_photo(out / name))
    assert find_damage_calls == [{"threshold": 0.5}] * 2


@pytest.mark.parametrize(("size", "arguments", "expected"), [
    ((96, 80), [], 1), ((96, 80), ["--mask-only"], 0), ((80, 80), [], 0),
])  # fmt: skip
def test_the_networks_are_prepared_once_a_large_photo_has_been_searched(
    tmp_path, monkeypatch, size, arguments, expected
):
    prepared = []
    monkeypatch.setattr("inpaint.batch.PREPARED_PIXELS", 80 * 80)
    monkeypatch.setattr("inpaint.inpainter.Inpainter.start_preparing", lambda self: prepared.append(self))
    picture("RGB", size).save(tmp_path / "photo.png")
    assert main([str(tmp_path / "photo.png"), "--find-damage", *arguments, "-o", str(tmp_path / "out.png")]) == 0
    assert len(prepared) == expected


def test_kinds_of_damage_can_be_chosen(tmp_path, model, capsys, find_damage_calls):
    write(tmp_path, "a.png")
    command = [str(tmp_path / "photos/a.png"), "-o", str(tmp_path / "out.png"), "--model", model]
    assert main([*command, "--find-damage", "--damage", "lines, specks"]) == 0
    assert find_damage_calls == [{"threshold": 0.5, "kinds": {"lines", "specks"}}]
    assert main([*command[:1], "mask.png", *command[1:], "--damage", "lines"]) == 1
    assert "--damage applies to masks that are found; add --find-damage" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*command, "--find-damage", "--damage", "cracks"])
    assert "'cracks' is no kind of damage; use one or more of lines, specks, areas" in capsys.readouterr().err


def test_mask_only_writes_the_masks(tmp_path, model, capsys, find_damage_calls):
    write(tmp_path, "a.jpg")
    write(tmp_path, "b.tif", "I;16")
    photos, out = tmp_path / "photos", tmp_path / "masks-found"
    settings = ["--threshold", "0.3", "--grow-px", "4"]
    command = [str(photos), "--find-damage", "--mask-only", "-o", str(out), "--model", model, *settings]
    assert main(command) == 0
    assert capsys.readouterr().out == f"2 masks found, 0 failed; written to {out}\n"
    assert find_damage_calls == [{"threshold": 0.3, "grow_px": 4}] * 2
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "b.png"]
    mask = np.asarray(Image.open(out / "a.png"))
    assert mask[20:50, 10:40].all() and np.count_nonzero(mask) == 900
    corrected = [str(photos), str(out), "-o", str(tmp_path / "filled"), "--model", model]
    assert main(corrected) == 0  # the masks serve as masks
    one = [str(photos / "a.jpg"), "--find-damage", "--mask-only", "-o", str(tmp_path / "one.bmp"), "--model", model]
    assert main(one) == 0
    with Image.open(tmp_path / "one.bmp") as mask_file:
        assert mask_file.format == "BMP"


def test_a_photo_without_damage_is_not_reported_as_filled(tmp_path, model, capsys, monkeypatch):
    monkeypatch.setattr("inpaint.inpainter.Inpainter.find_damage", lambda self, photo, **_: Image.new("L", photo.size))
    write(tmp_path, "a.png")
    command = [str(tmp_path / "photos/a.png"), "--find-damage", "-o", str(tmp_path / "out.png"), "--model", model]
    for option, expected in (
        ([], "1 photo unchanged: no damage found"),
        (["--mask-only"], "1 mask empty: no damage found"),
        (["--restore-tone"], "1 photo restored in tone only: no damage found"),
    ):
        assert main([*command, *option]) == 0
        assert capsys.readouterr().out.startswith(f"{expected}; written to ")


def test_real_damage_is_found_from_the_command_line(tmp_path):
    pixels = synthetic_photo(240, 200)
    pixels[60:63, 20:220] = 250
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert main([str(tmp_path / "a.png"), "--find-damage", "-o", str(tmp_path / "out.png")]) == 0
    after = np.asarray(open_photo(tmp_path / "out.png"))
    assert np.abs(after[61, 30:210].astype(int) - 250).mean() > 40


def test_restore_tone_restores_faded_contrast(tmp_path, model, find_damage_calls):
    (tmp_path / "photos").mkdir()
    faded = Image.fromarray((np.asarray(picture("RGB", (90, 70))) // 3 + 80).astype(np.uint8))
    faded.save(tmp_path / "photos/a.png")
    command = [str(tmp_path / "photos/a.png"), "--find-damage", "-o", str(tmp_path / "out.png"), "--model", model]
    assert main(command) == 0
    assert outside_is_equal(faded, open_photo(tmp_path / "out.png"))
    assert main([*command, "--restore-tone"]) == 0
    assert np.ptp(np.asarray(open_photo(tmp_path / "out.png"))) > 1.5 * np.ptp(np.asarray(faded))


def test_a_batch_leaves_sound_photos_untouched_and_says_how_many(tmp_path, model, capsys, monkeypatch):
    for name in ("a.jpg", "b.png", "damaged.png"):
        write(tmp_path, name)

    photos, out = tmp_path / "photos", tmp_path / "out"
    damaged = np.array(open_photo(photos / "damaged.png"))
    damaged[0, 0] = 7  # a sign by which the finder below knows it
    Image.fromarray(damaged).save(photos / "damaged.png")

    def find_damage(self, photo, **_):
        mask = Image.new("L", photo.size)
        if (np.asarray(photo)[0, 0] == 7).all():
            mask.paste(255, (10, 20, 40, 50))
        return mask

    monkeypatch.setattr("inpaint.inpainter.Inpainter.find_damage", find_damage)
    assert main([str(photos), "--find-damage", "-o", str(out), "--model", model]) == 0
    summary = capsys.readouterr().out
    assert summary == f"1 photo filled, 2 of 3 photos had no damage (unchanged), 0 failed; written to {out}\n"
    for name in ("a.jpg", "b.png"):
        assert (out / name).read_bytes() == (photos / name).read_bytes()
    assert (out / "damaged.png").read_bytes() != (photos / "damaged.png").read_bytes()
