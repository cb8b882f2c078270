"""`python -m inpaint`: one photo, many photos, and what the command reports."""

import errno
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from inpaint.__main__ import main
from inpaint.batch import Outcome
from inpaint.inpainter import Inpainter
from inpaint.photos.opening import open_photo
from tests.inpaint.photo_folders import outside_is_equal, write
from tests.pictures import landscape, picture


def test_one_photo_is_filled(tmp_path, model, capsys):
    write(tmp_path, "a.png", mask_name="a.png")
    photo, out = tmp_path / "photos/a.png", tmp_path / "new/out.png"
    assert main([str(photo), str(tmp_path / "masks/a.png"), "-o", str(out), "--model", model]) == 0
    assert outside_is_equal(open_photo(photo), open_photo(out))
    assert capsys.readouterr().out == f"1 photo filled, 0 failed; written to {out}\n"
    assert [path.name for path in out.parent.iterdir()] == ["out.png"]


def test_the_network_of_2016_is_a_model_that_needs_no_pytorch(tmp_path):
    write(tmp_path, "a.png", mask_name="a.png")
    photo, out = tmp_path / "photos/a.png", tmp_path / "out.png"
    code = (
        "import sys; from inpaint.__main__ import main; main(sys.argv[1:]);"
        "sys.exit(sorted({'torch', 'huggingface_hub'} & set(sys.modules)) or 0)"
    )
    command = [sys.executable, "-c", code, photo, tmp_path / "masks/a.png", "-o", out, "--model", "context-encoder"]
    subprocess.run(command, check=True)
    before, after = open_photo(photo), open_photo(out)
    assert outside_is_equal(before, after) and before.tobytes() != after.tobytes()


def test_an_error_does_not_stop_a_batch(tmp_path, model, capsys):
    write(tmp_path, "a.png", mask_name="a.bmp")
    write(tmp_path, "b.jpg", mask_name="b.png", quality=60, subsampling=1)
    write(tmp_path, "c.tif", "I;16", mask_name="c.png")
    write(tmp_path, "d.png")
    write(tmp_path, "e.png", mask_name="e.png", mask_size=(5, 5))
    (tmp_path / "photos/f.jpg").write_bytes(b"no photo")
    (tmp_path / "photos/notes.txt").write_text("no photo either")
    Image.new("L", (90, 70)).save(tmp_path / "masks/f.png")
    photos, masks, out = tmp_path / "photos", tmp_path / "masks", tmp_path / "out"
    assert main([str(photos), str(masks), "-o", str(out), "--model", model]) == 1
    output = capsys.readouterr()
    assert output.out == f"3 photos filled, 3 failed; written to {out}\n"
    assert "d.png: it has no mask" in output.err
    assert "e.png: the mask is 5x5" in output.err
    assert "f.jpg is not an image" in output.err
    assert "Traceback" not in output.err
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "b.jpg", "c.tif"]
    assert outside_is_equal(open_photo(photos / "a.png"), open_photo(out / "a.png"))
    assert outside_is_equal(open_photo(photos / "c.tif"), open_photo(out / "c.tif"))
    before, after = open_photo(photos / "b.jpg"), open_photo(out / "b.jpg")
    assert after.format == "JPEG"
    assert after.info["qtables"] == before.info["qtables"]
    assert after.info["subsampling"] == 1


def test_one_photo_can_be_written_to_a_folder(tmp_path, model):
    write(tmp_path, "a.webp", mask_name="a.png", lossless=True)
    (tmp_path / "out").mkdir()
    assert (
        main(
            [
                str(tmp_path / "photos/a.webp"),
                str(tmp_path / "masks/a.png"),
                "-o",
                str(tmp_path / "out"),
                "--model",
                model,
            ]
        )
        == 0
    )
    assert open_photo(tmp_path / "out/a.webp").format == "WEBP"


def test_a_photo_with_the_wrong_suffix_keeps_its_format(tmp_path, model):
    write(tmp_path, "a.jpg", mask_name="a.png", format="PNG")
    out = tmp_path / "out.jpg"
    assert main([str(tmp_path / "photos/a.jpg"), str(tmp_path / "masks/a.png"), "-o", str(out), "--model", model]) == 0
    assert outside_is_equal(open_photo(tmp_path / "photos/a.jpg"), open_photo(out))


def test_a_photo_is_replaced_only_with_overwrite(tmp_path, model, capsys):
    write(tmp_path, "a.png", mask_name="a.png")
    photo = tmp_path / "photos/a.png"
    before = photo.read_bytes()
    command = [str(photo), str(tmp_path / "masks/a.png"), "-o", str(photo), "--model", model]
    assert main(command) == 1
    assert photo.read_bytes() == before
    assert "--overwrite" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0
    assert photo.read_bytes() != before


def test_a_failed_save_leaves_no_file(tmp_path, model, capsys):
    write(tmp_path, "a.png", "RGBA", mask_name="a.png")
    out = tmp_path / "out/a.jpg"
    assert main([str(tmp_path / "photos/a.png"), str(tmp_path / "masks/a.png"), "-o", str(out), "--model", model]) == 1
    assert "cannot be saved as JPEG" in capsys.readouterr().err
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("photo", "mask", "output", "message"),
    [
        ("absent.png", "masks", "out", "no such photo"),
        ("photos/a.png", "absent.png", "out", "no such mask"),
        ("photos/*.tif", "masks", "out", "matches no photo"),
        ("photos", "masks/*.tif", "out", "matches no mask"),
        ("photos", "masks/a.png", "-", "for many, OUT must be a folder"),
        ("photos/a.png", "masks/a.png", "out.psd", "does not end like the name of an image file"),
        ("photos", "masks", "photos/a.png", "OUT must be a folder"),
        ("empty", "masks", "out", "holds no photo"),
    ],
)
def test_a_wrong_path_is_reported_on_stderr(tmp_path, model, capsys, photo, mask, output, message):
    write(tmp_path, "a.png", mask_name="a.png")
    (tmp_path / "empty").mkdir()
    output = output if output == "-" else str(tmp_path / output)
    code = main([str(tmp_path / photo), str(tmp_path / mask), "-o", output, "--model", model])
    error = capsys.readouterr().err
    assert code == 1
    assert message in error
    assert error.count("\n") == 1


def test_one_mask_can_be_used_for_many_photos(tmp_path, model, capsys):
    for name in ("a.png", "b.png", "c.bmp"):
        write(tmp_path, name, mask_name="a.png")
    out = tmp_path / "out"
    command = [str(tmp_path / "photos/*.png"), str(tmp_path / "masks/a.png"), "-o", str(out), "--model", model]
    assert main(command) == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "b.png"]
    output = capsys.readouterr()
    assert output.out == f"2 photos filled, 0 failed; written to {out}\n"
    assert output.err == ""  # the progress bar is for terminals
    listed = [str(tmp_path / "photos/a.png"), str(tmp_path / "photos/c.bmp")]
    assert main([*listed, str(tmp_path / "masks/a.png"), "-o", str(out), "--model", model]) == 0
    assert (out / "c.bmp").exists()


def test_a_terminal_shows_a_progress_bar(tmp_path, model, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for name in ("a.png", "b.png"):
        write(tmp_path, name, mask_name=name)
    monkeypatch.setattr(sys, "stderr", Terminal())
    command = [str(tmp_path / name) for name in ("photos", "masks")] + ["-o", str(tmp_path / "out"), "--model", model]
    assert main(command) == 0
    assert "2/2" in sys.stderr.getvalue()


def test_skip_existing_leaves_existing_results_unchanged(tmp_path, model, capsys):
    for name in ("a.png", "b.png"):
        write(tmp_path, name, mask_name=name)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.png").write_bytes(b"existing")
    command = [str(tmp_path / name) for name in ("photos", "masks")] + ["-o", str(tmp_path / "out"), "--model", model]
    assert main([*command, "--skip-existing"]) == 0
    assert capsys.readouterr().out == f"1 photo filled, 1 skipped, 0 failed; written to {tmp_path / 'out'}\n"
    assert (tmp_path / "out/a.png").read_bytes() == b"existing"
    assert main(command) == 0
    assert (tmp_path / "out/a.png").read_bytes() != b"existing"


def test_format_and_quality_can_be_chosen(tmp_path, model):
    for name in ("a.png", "b.jpg"):
        write(tmp_path, name, mask_name=f"{name[0]}.png")
    command = [str(tmp_path / name) for name in ("photos", "masks")] + ["-o", str(tmp_path / "out"), "--model", model]
    assert main([*command, "--format", "jpeg", "--quality", "20"]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.jpg", "b.jpg"]
    assert open_photo(tmp_path / "out/b.jpg").info["qtables"][0][0] > 30


def test_the_mask_can_be_dilated_and_inverted(tmp_path, model):
    write(tmp_path, "a.png", mask_name="a.png")
    mask = np.asarray(Image.open(tmp_path / "masks/a.png"))
    Image.fromarray(255 - mask).save(tmp_path / "masks/a.png")
    out = tmp_path / "out.png"
    command = [str(tmp_path / "photos/a.png"), str(tmp_path / "masks/a.png"), "-o", str(out), "--model", model]
    assert main([*command, "--invert", "--grow-px", "2"]) == 0
    changed = (np.asarray(open_photo(out)) != np.asarray(picture("RGB", (90, 70)))).any(axis=2)
    assert changed[18:52, 8:42].sum() == changed.sum() > 30 * 30 + 4 * 50
    assert main([*command, "--grow-px", "-2", "--invert"]) == 1


def test_a_date_stamp_with_a_mask_of_exactly_its_pixels_becomes_unreadable(tmp_path, capsys):
    photo = landscape((300, 120))
    coverage = Image.new("L", photo.size)
    ImageDraw.Draw(coverage).text((20, 40), "24.12.1998", font=ImageFont.load_default(32), fill=255)
    Image.composite(Image.new("RGB", photo.size, (255, 160, 40)), photo, coverage).save(tmp_path / "a.png")
    coverage.point(lambda value: 255 * (value >= 128)).save(tmp_path / "mask.png")
    rim = (np.asarray(coverage) > 0) & (np.asarray(coverage) < 128)

    def left(*options):
        out = tmp_path / "out.png"
        assert main([str(tmp_path / "a.png"), str(tmp_path / "mask.png"), "-o", str(out), *options]) == 0
        difference = np.asarray(open_photo(out)).astype(int) - np.asarray(photo)
        return np.abs(difference[rim]).mean(), capsys.readouterr().err

    exact, error = left("--grow-px", "0")
    assert error == ""
    automatic, error = left()
    assert "dilated by 2 px" in error and "--grow-px 0" in error
    assert automatic < exact / 2


def test_the_annotations_of_a_dataset_serve_all_its_photos(tmp_path, model, capsys):
    for name in ("a.png", "b.png", "c.png"):
        write(tmp_path, name)
    images = [{"id": key, "file_name": f"{name}.png", "width": 90, "height": 70} for key, name in enumerate("abc")]
    annotations = [{"image_id": key, "segmentation": [[10, 20, 40, 20, 40, 50, 10, 50]]} for key in (0, 1)]
    (tmp_path / "all.json").write_text(json.dumps({"images": images, "annotations": annotations}))
    photos, out = tmp_path / "photos", tmp_path / "out"
    assert main([str(photos), str(tmp_path / "all.json"), "-o", str(out), "--model", model, "--grow-px", "0"]) == 0
    assert capsys.readouterr().out.startswith("2 photos filled, 1 photo unchanged (its mask marks nothing), 0 failed")
    assert outside_is_equal(open_photo(photos / "b.png"), open_photo(out / "b.png"))


def test_a_mask_of_nearly_everything_needs_max_share(tmp_path, model, capsys):
    write(tmp_path, "a.png", mask_name="a.png")
    mask = np.full((70, 90), 255, np.uint8)
    mask[0] = 0
    Image.fromarray(mask).save(tmp_path / "masks/a.png")
    command = [str(tmp_path / "photos/a.png"), str(tmp_path / "masks/a.png"), "-o", str(tmp_path / "out.png")]
    assert main([*command, "--model", model]) == 1
    assert "--max-share 1" in capsys.readouterr().err
    assert main([*command, "--model", model, "--max-share", "1"]) == 0


def test_a_photo_that_is_not_filled_is_counted_as_unchanged(tmp_path, model, capsys):
    for name in ("a.png", "b.png"):
        write(tmp_path, name, mask_name=name)
    Image.new("L", (90, 70)).save(tmp_path / "masks/a.png")
    photos, masks, out = tmp_path / "photos", tmp_path / "masks", tmp_path / "out"
    assert main([str(photos), str(masks), "-o", str(out), "--model", model]) == 0
    expected = f"1 photo filled, 1 photo unchanged (its mask marks nothing), 0 failed; written to {out}\n"
    assert capsys.readouterr().out == expected
    assert main([str(photos / "a.png"), str(masks / "a.png"), "-o", str(out / "c.png"), "--model", model]) == 0
    assert capsys.readouterr().out == f"1 photo unchanged: its mask marks nothing; written to {out / 'c.png'}\n"


def test_what_of_a_folder_is_left_out_is_told_in_the_last_line(tmp_path, model, capsys):
    write(tmp_path, "a.png", mask_name="a.png")
    (tmp_path / "photos/b.png").symlink_to("gone.png")
    out = tmp_path / "out"
    assert main([str(tmp_path / "photos"), str(tmp_path / "masks"), "-o", str(out), "--model", model]) == 0
    told = "1 photo filled, 0 failed, 1 left out: b.png (a link to nothing)"
    assert capsys.readouterr().out == f"{told}; written to {out}\n"


def test_a_mask_that_is_an_erased_copy_of_the_photo_is_recognised_and_noted(tmp_path, model, capsys):
    photo = landscape()
    photo.save(tmp_path / "a.png")
    alpha = Image.new("L", photo.size, 255)
    alpha.paste(0, (10, 20, 40, 50))
    photo.putalpha(alpha)
    photo.save(tmp_path / "erased.png")
    out = tmp_path / "out.png"
    assert main([str(tmp_path / "a.png"), str(tmp_path / "erased.png"), "-o", str(out), "--model", model]) == 0
    assert outside_is_equal(open_photo(tmp_path / "a.png"), open_photo(out))
    assert "note: " in (error := capsys.readouterr().err) and "erased to transparency" in error


def test_a_photo_with_nothing_to_fill_is_copied_byte_for_byte(tmp_path, model):
    write(tmp_path, "a.jpg", mask_name="a.png", quality=50)
    Image.new("L", (90, 70)).save(tmp_path / "masks/a.png")
    photo, out = tmp_path / "photos/a.jpg", tmp_path / "out.jpg"
    command = [str(photo), str(tmp_path / "masks/a.png"), "-o", str(out), "--model", model]
    assert main(command) == 0
    assert out.read_bytes() == photo.read_bytes()
    assert main([*command, "--quality", "20"]) == 0
    assert len(out.read_bytes()) < len(photo.read_bytes())


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--grow-px", "-1", "grow_px is -1"),
        ("--quality", "0", "quality is 0"),
        ("--max-share", "2", "max_share is 2"),
        ("--seed", "-1", "seed is -1"),
        ("--texture-strength", "1.5", "texture_strength is 1.5"),
    ],
)
def test_a_number_out_of_range_is_reported_before_any_photo_is_filled(tmp_path, model, capsys, option, value, message):
    for name in ("a.png", "b.png"):
        write(tmp_path, name, mask_name=name)
    command = [str(tmp_path / name) for name in ("photos", "masks")] + ["-o", str(tmp_path / "out"), "--model", model]
    assert main([*command, option, value]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: {message}")
    assert error.count("\n") == 1


def test_seed_and_texture_strength_reach_every_fill(tmp_path, model, monkeypatch):
    options, fill = [], Inpainter.fill_in_place

    def recording(*arguments, seed, texture_strength, **more):
        options.append((seed, texture_strength))
        fill(*arguments, **more)

    monkeypatch.setattr(Inpainter, "fill_in_place", recording)
    for name in ("a.png", "b.png"):
        write(tmp_path, name, mask_name=name)
    command = [str(tmp_path / name) for name in ("photos", "masks")] + ["-o", str(tmp_path / "out"), "--model", model]
    assert main([*command, "--seed", "7", "--texture-strength", "0.5"]) == 0
    assert main(command) == 0
    assert options == [(7, 0.5)] * 2 + [(0, 1.0)] * 2


@pytest.mark.parametrize("number", ["0", "-3", "nan", "inf", "many"])
def test_max_megapixels_must_be_a_number_above_0(number, capsys):
    with pytest.raises(SystemExit):
        main(["photo.jpg", "mask.png", "-o", "out.jpg", f"--max-megapixels={number}"])
    assert "is no number of megapixels above 0" in capsys.readouterr().err


def test_several_photos_without_a_hole_are_counted_in_the_plural(tmp_path, model, capsys):
    for name in "ab":
        picture("RGB").save(tmp_path / f"{name}.png")
    Image.new("L", picture("RGB").size).save(tmp_path / "mask.webp", lossless=True)
    command = [str(tmp_path / "*.png"), str(tmp_path / "mask.webp"), "-o", str(tmp_path / "out"), "--model", model]
    assert main(command) == 0
    assert "2 photos unchanged: their masks mark nothing" in capsys.readouterr().out


def test_max_megapixels_limits_the_size_of_photos(tmp_path, model, capsys):
    write(tmp_path, "a.png", mask_name="a.png")
    command = [str(tmp_path / "photos/a.png"), str(tmp_path / "masks/a.png"), "-o", str(tmp_path / "out.png")]
    assert main([*command, "--model", model, "--max-megapixels", "0.001"]) == 1
    error = capsys.readouterr().err
    assert "the limit is 0.001 million" in error and "--max-megapixels" in error


def test_a_folder_that_cannot_be_written_is_found_out_before_the_first_fill(tmp_path, model, capsys, monkeypatch):
    def refused(*, dir):
        raise PermissionError(errno.EACCES, "Permission denied", str(Path(dir) / "hidden"))

    monkeypatch.setattr("inpaint.__main__.fill_file", lambda *_: pytest.fail("a photo was filled"))
    write(tmp_path, "a.png", mask_name="a.png")
    command = [str(tmp_path / "photos"), str(tmp_path / "masks"), "--model", model]
    (tmp_path / "file").write_text("")
    assert main([*command, "-o", str(tmp_path / "file/out")]) == 1
    error = capsys.readouterr().err
    assert (
        error
        == f"error: nothing can be written to {tmp_path / 'file'}: it is a file, not a folder; choose another OUT\n"
    )
    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    assert main([*command, "-o", str(tmp_path / "new/out")]) == 1
    error = capsys.readouterr().err
    assert error == f"error: nothing can be written to {tmp_path}: this user has no permission; choose another OUT\n"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("code", "words"), [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "the disk or folder is read-only")]
)
def test_errors_of_the_system_are_told_in_words_without_hidden_names(tmp_path, model, capsys, monkeypatch, code, words):
    def full(source, target):
        raise OSError(code, os.strerror(code), source, None, target)

    write(tmp_path, "a.png", mask_name="a.png")
    monkeypatch.setattr("os.replace", full)
    out = tmp_path / "out.png"
    assert main([str(tmp_path / "photos/a.png"), str(tmp_path / "masks/a.png"), "-o", str(out), "--model", model]) == 1
    told = f"error: {tmp_path / 'photos/a.png'}: {out} cannot be written: {words}; choose another OUT\n"
    assert capsys.readouterr().err == told


def test_a_photo_that_may_not_be_read_is_told_in_words(tmp_path, model, capsys, monkeypatch):
    write(tmp_path, "a.png", mask_name="a.png")
    photo = tmp_path / "photos/a.png"
    opened = Path.open

    def refused(path, *arguments, **options):
        if path == photo:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refused)
    assert main([str(photo), str(tmp_path / "masks/a.png"), "-o", str(tmp_path / "out.png"), "--model", model]) == 1
    assert f"cannot open {photo}: this user has no permission" in (error := capsys.readouterr().err)
    assert "Errno" not in error


def test_a_photo_is_read_from_stdin_and_written_to_stdout(tmp_path, model):
    write(tmp_path, "a.jpg", mask_name="a.png", quality=70)
    command = [sys.executable, "-m", "inpaint", "-", "masks/a.png", "-o", "-", "--model", model]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        input=(tmp_path / "photos/a.jpg").read_bytes(),
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    result, photo = open_photo(done.stdout), open_photo(tmp_path / "photos/a.jpg")
    assert (result.format, result.size, result.info["qtables"]) == ("JPEG", (90, 70), photo.info["qtables"])
    assert done.stderr == b"1 photo filled, 0 failed; written to standard output\n"


def test_an_interrupt_ends_a_batch_with_its_summary(tmp_path, model, capsys, monkeypatch):
    for name in ("a.png", "b.png"):
        write(tmp_path, name, mask_name=name)

    def interrupted(inpainter, task, *others):
        if task.photo.name == "b.png":
            raise KeyboardInterrupt
        return Outcome(True)

    monkeypatch.setattr("inpaint.__main__.fill_file", interrupted)
    command = [str(tmp_path / name) for name in ("photos", "masks")] + ["-o", str(tmp_path / "out"), "--model", model]
    assert main(command) == 130
    assert capsys.readouterr().out == (
        f"interrupted: 1 photo filled, 0 failed; written to {tmp_path / 'out'}; 1 not done; "
        "the same command with --skip-existing continues\n"
    )


def test_an_interrupt_before_the_first_photo_is_told_without_a_traceback(tmp_path, model, capsys, monkeypatch):
    write(tmp_path, "a.png", mask_name="a.png")
    monkeypatch.setattr(
        "inpaint.__main__.Inpainter.from_pretrained", lambda *_, **__: signal.raise_signal(signal.SIGTERM)
    )
    command = [str(tmp_path / name) for name in ("photos", "masks")] + ["-o", str(tmp_path / "out"), "--model", model]
    assert main(command) == 143
    assert capsys.readouterr().out == "interrupted: nothing was written; 1 not done\n"


def test_missing_weights_are_reported_on_stderr(tmp_path, capsys):
    write(tmp_path, "a.png", mask_name="a.png")
    (tmp_path / "no-weights").mkdir()
    command = [str(tmp_path / "photos/a.png"), str(tmp_path / "masks/a.png"), "-o", str(tmp_path / "out.png")]
    assert main([*command, "--model", str(tmp_path / "no-weights")]) == 1
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.png"], "MASK is missing"),
        (["a.png", "a.png", "--mask-only"], "--mask-only applies to masks that are found"),
        (["a.png", "a.png", "--threshold", "0.4"], "--threshold applies to masks that are found"),
        (["a.png", "--find-damage", "--invert"], "--invert applies to masks that are read"),
        (["a.png", "--find-damage", "--threshold", "1.5"], "threshold is 1.5"),
        (["a.png", "--find-damage", "--grow-px", "-1"], "grow_px is -1"),
    ],
)
def test_options_that_contradict_each_other_are_reported(tmp_path, model, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    picture("RGB", (90, 70)).save("a.png")
    assert main([*arguments, "-o", "out.png", "--model", model]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: {message}") and error.count("\n") == 1


def test_the_command_runs_as_a_module(tmp_path, model):
    write(tmp_path, "a.png", mask_name="a.png")
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "inpaint", "photos", "masks", "-o", "out", "--model", model]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1 photo filled, 0 failed; written to out\n"
    assert (tmp_path / "out/a.png").exists()
